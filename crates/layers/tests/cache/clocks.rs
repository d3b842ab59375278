//! Clocks that jump, machines that sleep, and a renewing task that does not look too often or too late.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{ErrorKind, Reason};
use strongroom_layers::Limits;
use strongroom_testkit::{Gate, ManualClock, Step};
use tokio::time::sleep;

use crate::scene::{AGE, SECOND, STALE, Scene, TTL, down, settle};
use crate::timer::Timer;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn f019_a_wall_clock_that_jumps_ahead_costs_one_load() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    scene.clock.suspend(HOUR);
    assert!(scene.cache.hit("db").is_none());
    settle().await;
    assert!(live.load().is_ok() && scene.cache.hit("db").is_some());
    assert_eq!(scene.chaos.calls(), 2);
    // Then as ever: one load a TTL.
    scene.pass(600).await;
    assert!((11..=13).contains(&scene.chaos.calls()), "{}", scene.chaos.calls());
}

#[tokio::test]
async fn f019_a_wall_clock_that_is_set_back_extends_nothing() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    scene.clock.set_back(HOUR);
    settle().await;
    assert_eq!(scene.chaos.calls(), 1, "and costs nothing");
    scene.chaos.always(None, Step::fail(down()));
    scene.pass(359).await;
    assert!(live.load().is_ok());
    scene.pass(1).await;
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::AgeLimit));
    assert!(scene.get("db").await.is_err() && scene.cache.cached("db").is_none());
}

#[tokio::test]
async fn f019_a_wall_clock_that_is_set_back_does_not_hold_up_renewals() {
    let scene = Scene::new();
    scene.use_name("db").await;
    scene.clock.set_back(HOUR);
    scene.values.put("db", "canary-2");
    scene.pass(60).await;
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");
}

#[tokio::test]
async fn f020_after_two_hours_of_sleep_nothing_is_served_before_it_is_read_again() {
    for in_use in [true, false] {
        let scene = Scene::new();
        scene.get("db").await.unwrap();
        let live = match in_use {
            true => Some(scene.live("db").await),
            false => None,
        };
        scene.chaos.always(None, Step::fail(down()));
        scene.clock.suspend(2 * HOUR);
        assert!(scene.cache.hit("db").is_none());
        assert_eq!(scene.get("db").await.unwrap_err().kind(), ErrorKind::Unavailable);
        settle().await;
        assert!(scene.cache.cached("db").is_none());
        assert!(live.is_none_or(|live| live.load().is_err()));
        scene.chaos.clear();
        scene.pass(2).await;
        assert_eq!(scene.read("db").await.unwrap(), "canary-1");
    }
}

#[tokio::test]
async fn f020_a_load_that_fails_when_the_machine_wakes_up_keeps_nothing_that_is_too_old() {
    let scene = Scene::new();
    let live = scene.live("db").await;
    let held = Gate::shut();
    scene.chaos.always(None, Step::fail(down()).hold(&held));
    scene.leap(TTL).await;
    held.arrived().await;
    // Released first, so that the load ends before anybody saw what time it is.
    held.release();
    scene.clock.suspend(2 * HOUR);
    settle().await;
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::AgeLimit));
    assert!(scene.cache.cached("db").is_none());
}

fn timed(batches: bool) -> (Scene, Timer) {
    let timer = Timer::new();
    let dates = ManualClock::at(1_800_000_000);
    let limits = Limits::new(TTL, STALE);
    (Scene::timed_by(dates, Arc::new(timer.clone()), limits, batches), timer)
}

#[tokio::test(start_paused = true)]
async fn a_renewing_task_looks_about_once_a_second_and_renews_on_time() {
    let (scene, timer) = timed(false);
    let live = scene.live("db").await;
    for _ in 0..60 {
        sleep(TTL).await;
        assert!(live.load().is_ok() && !live.freshness().is_stale());
    }
    assert!((60..=62).contains(&scene.chaos.calls()), "{} loads", scene.chaos.calls());
    assert!(timer.waits() <= 3_600 + 5 * 62, "looked {} times", timer.waits());
}

#[tokio::test(start_paused = true)]
async fn a_renewing_task_of_an_empty_cache_sleeps() {
    let (scene, timer) = timed(false);
    assert!(scene.get("absent").await.is_err());
    sleep(HOUR).await;
    assert!(timer.waits() <= 5, "looked {} times", timer.waits());
    scene.get("db").await.unwrap();
    sleep(HOUR).await;
    let waits = timer.waits();
    assert!(waits <= 400, "looked {waits} times while something was held");
    sleep(HOUR).await;
    assert!(timer.waits() <= waits + 1);
}

#[tokio::test(start_paused = true)]
async fn names_that_are_not_in_use_do_not_keep_the_renewing_task_busy() {
    let (scene, timer) = timed(false);
    let _live = scene.live("db").await;
    sleep(SECOND).await;
    let waits = timer.waits();
    for number in 0..100 {
        assert!(scene.get(&format!("absent-{number}")).await.is_err());
        settle().await;
    }
    assert!(timer.waits() <= waits + 1, "looked {} times", timer.waits() - waits);
}

#[tokio::test(start_paused = true)]
async fn reads_of_a_stale_value_do_not_keep_the_renewing_task_busy() {
    let (scene, timer) = timed(false);
    let _live = scene.live("db").await;
    sleep(TTL + SECOND).await;
    let gate = Gate::shut();
    for step in [Step::fail(down()), Step::ask().wait(&gate)] {
        scene.chaos.always(None, step);
        sleep(2 * TTL).await;
        let waits = timer.waits();
        for _ in 0..100 {
            assert!(scene.get("db").await.unwrap().freshness().is_stale());
            settle().await;
        }
        assert!(timer.waits() <= waits + 1, "looked {} times", timer.waits() - waits);
    }
}

#[tokio::test(start_paused = true)]
async fn f002_a_value_in_use_ends_within_a_second_of_its_age_limit() {
    let (scene, timer) = timed(false);
    let live = scene.live("db").await;
    scene.chaos.always(None, Step::fail(down()));
    sleep(AGE - timer.elapsed() - Duration::from_millis(10)).await;
    assert!(live.load().is_ok());
    sleep(SECOND).await;
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::AgeLimit));
}

#[tokio::test(start_paused = true)]
async fn f003_names_that_failed_in_one_call_are_tried_again_in_one_call() {
    let (scene, _) = timed(true);
    let names: Vec<_> = (0..20).map(|number| format!("name-{number}")).collect();
    for name in &names {
        scene.values.put(name, "canary");
        scene.keep(name).await.unwrap();
    }
    sleep(2 * TTL).await;
    scene.chaos.always(None, Step::fail(down()));
    let before = scene.chaos.calls();
    sleep(HOUR).await;
    let calls = scene.chaos.calls() - before;
    assert!((100..=130).contains(&calls), "{calls} calls");
}
