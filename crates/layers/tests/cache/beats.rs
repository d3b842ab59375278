//! When names in use are renewed, how often that is, and when it ends.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::Result;
use strongroom_layers::Limits;
use strongroom_testkit::{Gate, ManualClock, Step};
use tokio::time::sleep;

use crate::scene::{SECOND, STALE, Scene, TTL, down, key, settle, tasks};
use crate::timer::Timer;

#[tokio::test]
async fn names_in_use_are_read_once_a_ttl_and_nobody_waits() {
    let scene = Scene::new();
    scene.use_name("db").await;
    assert_eq!(scene.chaos.calls(), 1);
    for second in 0..600 {
        scene.clock.advance(SECOND);
        if second == 300 {
            scene.values.put("db", "canary-2");
        }
        assert!(scene.cache.hit("db").is_some(), "at {second}");
        settle().await;
    }
    let renewals = scene.chaos.calls() - 1;
    assert!((10..=11).contains(&renewals), "{renewals}");
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");
}

#[tokio::test]
async fn names_in_use_are_read_together_in_one_call() {
    let scene = Scene::with(Limits::new(TTL, STALE), true);
    let names: Vec<_> = (0..20).map(|number| format!("name-{number}")).collect();
    for name in &names {
        scene.values.put(name, "canary");
        scene.keep(name).await.unwrap();
        scene.pass(3).await;
    }
    let before = scene.chaos.calls();
    scene.pass(600).await;
    let calls = scene.chaos.calls() - before;
    assert!((10..=11).contains(&calls), "{calls}");
}

#[tokio::test]
async fn names_that_are_read_one_by_one_are_read_a_few_at_a_time() {
    let scene = Scene::new();
    let names: Vec<_> = (0..50).map(|number| format!("name-{number}")).collect();
    for name in &names {
        scene.values.put(name, "canary");
        scene.keep(name).await.unwrap();
    }
    let gate = Gate::shut();
    scene.chaos.always(None, Step::ask().wait(&gate));
    scene.leap(TTL).await;
    for left in (0..50).rev() {
        assert_eq!(scene.chaos.in_flight(), 8.min(left + 1));
        gate.release();
        settle().await;
    }
    assert_eq!(scene.chaos.calls(), 100, "each of them once");
    assert!(names.iter().all(|name| scene.cache.hit(name).is_some()));
}

#[tokio::test]
async fn a_reader_does_not_queue_behind_renewals_of_other_names() {
    let scene = Scene::new();
    let names: Vec<_> = (0..50).map(|number| format!("name-{number}")).collect();
    for name in &names {
        assert!(scene.keep(name).await.is_err());
    }
    settle().await;
    for name in &names {
        scene.values.put(name, "canary");
    }
    // Whichever are renewed first hang.
    let gate = Gate::shut();
    scene.chaos.next(None, Step::ask().wait(&gate).times(8));
    scene.leap(TTL).await;
    assert_eq!(scene.chaos.in_flight(), 8);
    let mut tasks = Vec::new();
    for name in names {
        let scene = scene.clone();
        tasks.push(tokio::spawn(async move { scene.read(&name).await.is_ok() }));
    }
    settle().await;
    let waiting = tasks.iter().filter(|task| !task.is_finished()).count();
    assert_eq!(waiting, 8, "each reader waits for a call about its own name");
}

#[tokio::test]
async fn a_name_that_nobody_reads_for_two_beats_is_no_longer_renewed() {
    let scene = Scene::new();
    scene.values.put("api", "canary-a");
    for name in ["db", "api"] {
        scene.use_name(name).await;
    }
    for _ in 0..600 {
        assert!(scene.cache.cached("db").is_some());
        scene.pass(1).await;
    }
    let loads = scene.chaos.calls_for("api");
    assert!((2..=4).contains(&loads), "{loads}");
    assert!(scene.status("api").is_none() && scene.cache.cached("api").is_none());
    assert!((10..=12).contains(&scene.chaos.calls_for("db")));
    // And one that is read again is one in use again.
    scene.use_name("api").await;
    assert!(scene.cache.cached("api").is_some());
}

#[tokio::test]
async fn a_name_that_was_read_once_is_never_renewed() {
    let scene = Scene::new();
    scene.get("db").await.unwrap();
    scene.pass(600).await;
    assert_eq!(scene.chaos.calls(), 1);
    assert!(scene.cache.status().is_empty());
}

#[tokio::test]
async fn names_that_were_read_once_together_are_never_renewed_either() {
    for batches in [true, false] {
        let scene = Scene::with(Limits::new(TTL, STALE), batches);
        scene.values.put("api", "canary-a");
        scene.read_many(&["db", "api"]).await;
        let calls = scene.chaos.calls();
        scene.pass(200).await;
        assert_eq!((scene.chaos.calls(), scene.cache.status().len()), (calls, 0));
        scene.read_many(&["db", "api"]).await;
        scene.read_many(&["db", "api"]).await;
        assert_eq!(scene.cache.status().len(), 2, "read twice");
    }
}

#[tokio::test]
async fn a_name_that_is_kept_is_renewed_without_being_read() {
    let scene = Scene::new();
    scene.keep("db").await.unwrap();
    scene.values.put("db", "canary-2");
    scene.pass(600).await;
    assert!((10..=12).contains(&scene.chaos.calls()), "{}", scene.chaos.calls());
    assert!(scene.cache.hit("db").is_some());
}

#[tokio::test]
async fn a_kept_name_that_fails_at_first_is_tried_until_it_can_be_read() {
    let scene = Scene::new();
    scene.chaos.always(None, Step::fail(down()));
    assert!(scene.keep("db").await.is_err());
    scene.pass(100).await;
    scene.chaos.clear();
    scene.pass(31).await;
    assert!(scene.cache.hit("db").is_some());
}

#[tokio::test]
async fn one_name_that_always_fails_does_not_make_the_others_be_read_more_often() {
    let scene = Scene::new();
    scene.keep("db").await.unwrap();
    scene.chaos.always("api", Step::fail(down()));
    assert!(scene.keep("api").await.is_err());
    scene.pass(3_600).await;
    let loads = scene.chaos.calls_for("db");
    assert!((60..=62).contains(&loads), "{loads} in an hour");
}

/// When a process renews after an outage that ended for all at one instant.
async fn renewal_after_an_outage(seed: u64) -> Duration {
    let mut limits = Limits::new(TTL, STALE);
    limits.seed = Some(seed);
    let timer = Timer::new();
    let dates = ManualClock::at(1_800_000_000);
    let scene = Scene::timed_by(dates, Arc::new(timer.clone()), limits, false);
    scene.keep("db").await.unwrap();
    sleep(SECOND).await;
    let before = scene.chaos.calls();
    scene.chaos.always(None, Step::fail(down()));
    scene.cache.invalidate(|_| true);
    settle().await;
    assert_eq!(scene.chaos.calls() - before, 1);
    scene.chaos.clear();
    let read: Result<_> = scene.cache.get(&key("db"), None, None).await;
    assert!(read.is_err(), "not before the gate opens");
    sleep(Duration::from_millis(2_100)).await;
    assert!(scene.cache.hit("db").is_some());
    let gate = Gate::shut();
    scene.chaos.next(None, Step::ask().wait(&gate));
    gate.arrived().await;
    timer.elapsed()
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_the_next_renewal_is_drawn_anew() {
    let mut instants = Vec::new();
    for seed in 0..20 {
        instants.push(renewal_after_an_outage(seed).await.as_secs());
    }
    let early = instants.iter().filter(|at| **at < 30).count();
    assert!((3..=17).contains(&early), "{instants:?}");
    instants.sort_unstable();
    instants.dedup();
    assert!(instants.len() >= 12, "{instants:?}");
}

#[tokio::test]
async fn a_cache_of_which_nothing_is_held_runs_one_task_and_asks_nothing() {
    let scene = Scene::new();
    assert!(scene.get("absent").await.is_err());
    scene.pass(600).await;
    assert_eq!((tasks(), scene.chaos.calls()), (1, 1));
}
