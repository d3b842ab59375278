//! Callers who have reason to think that there is something newer.

use std::pin::pin;
use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Result, Secret};
use strongroom_layers::{Nudged, Reloaded};
use strongroom_testkit::{Gate, Step};
use tokio::runtime::Builder;

use crate::scene::{AGE, SECOND, Scene, TTL, down, key, now, settle, text};

const COOLDOWN: Duration = Duration::from_secs(30);

async fn reload(scene: &Scene, value: &str) -> Result<Reloaded<Secret>> {
    scene.cache.reload(&key("db"), COOLDOWN, |secret| text(secret) == value).await
}

fn nudge(scene: &Scene) -> Nudged {
    scene.cache.nudge(&key("db"), COOLDOWN).unwrap()
}

#[tokio::test]
async fn a_max_age_of_zero_asks_and_one_that_fits_does_not() {
    let scene = Scene::new();
    scene.use_name("db").await;
    scene.leap(SECOND).await;
    scene.values.put("db", "canary-2");
    let most = |seconds| Some(Duration::from_secs(seconds));
    let read = scene.cache.get(&key("db"), None, most(2)).await.unwrap();
    assert_eq!((text(&read), scene.chaos.calls()), ("canary-1".into(), 1));
    assert_eq!(scene.read_anew("db").await.unwrap(), "canary-2");
    assert_eq!(text(&scene.cache.cached("db").unwrap()), "canary-2", "for everyone");
    scene.leap(SECOND).await;
    scene.chaos.next(None, Step::fail(down()));
    assert_eq!(scene.read_anew("db").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");
    assert!(!scene.get("db").await.unwrap().freshness().is_stale(), "within its TTL");
    assert!(!scene.cache.cached("db").unwrap().freshness().is_stale());
}

#[tokio::test]
async fn a_load_that_began_before_is_too_old_for_a_max_age_of_zero() {
    let scene = Scene::new();
    let held = Gate::shut();
    scene.chaos.next("db", Step::ask().hold(&held));
    let early = scene.start_reading("db").await;
    scene.clock.advance(SECOND);
    scene.values.put("db", "canary-2");
    let late = scene.clone();
    let late = tokio::spawn(async move { late.read_anew("db").await });
    settle().await;
    assert_eq!(scene.chaos.calls(), 1, "one at a time");
    held.release();
    assert_eq!(early.await.unwrap().unwrap(), "canary-1");
    assert_eq!(late.await.unwrap().unwrap(), "canary-2");
    assert_eq!((scene.chaos.calls(), scene.chaos.most_in_flight_for("db")), (2, 1));
}

#[tokio::test]
async fn a_thousand_readers_who_want_the_newest_cost_one_load() {
    let scene = Scene::new();
    scene.use_name("db").await;
    scene.leap(SECOND).await;
    let gate = Gate::shut();
    scene.chaos.always(None, Step::ask().wait(&gate));
    let mut tasks = Vec::new();
    for _ in 0..1_000 {
        let scene = scene.clone();
        tasks.push(tokio::spawn(async move { scene.read_anew("db").await }));
    }
    settle().await;
    gate.release();
    for task in tasks {
        assert!(task.await.unwrap().is_ok());
    }
    assert_eq!(scene.chaos.calls(), 2);
}

#[tokio::test]
async fn a_reload_finds_what_is_here_reads_once_and_then_cools_down() {
    let scene = Scene::new();
    scene.use_name("db").await;
    assert!(matches!(reload(&scene, "canary-1").await, Ok(Reloaded::Found(_))));
    assert_eq!(scene.chaos.calls(), 1);
    assert!(matches!(reload(&scene, "canary-9").await, Ok(Reloaded::NotFound(_))));
    assert_eq!(scene.chaos.calls(), 2);
    scene.values.put("db", "canary-2");
    for second in 0..30 {
        match reload(&scene, "canary-2").await.unwrap() {
            Reloaded::Cooling { left, failure: None } => {
                assert_eq!(left, COOLDOWN - SECOND * second)
            }
            other => panic!("{other:?} at {second}"),
        }
        assert!(matches!(reload(&scene, "canary-1").await, Ok(Reloaded::Found(_))));
        scene.clock.advance(SECOND);
    }
    assert_eq!(scene.chaos.calls(), 2);
    assert!(matches!(reload(&scene, "canary-2").await, Ok(Reloaded::Found(_))));
    assert_eq!(scene.chaos.calls(), 3);
}

#[tokio::test]
async fn who_comes_during_a_reload_waits_for_it() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let gate = Gate::shut();
    scene.values.put("db", "canary-2");
    scene.chaos.next("db", Step::ask().wait(&gate));
    let mut tasks = Vec::new();
    for _ in 0..100 {
        let scene = scene.clone();
        tasks.push(tokio::spawn(async move { reload(&scene, "canary-2").await }));
    }
    settle().await;
    gate.release();
    for task in tasks {
        assert!(matches!(task.await.unwrap(), Ok(Reloaded::Found(_))));
    }
    assert_eq!(scene.chaos.calls(), 2);
}

#[tokio::test]
async fn a_reload_that_fails_is_that_error_and_never_an_answer() {
    let scene = Scene::new();
    scene.use_name("db").await;
    scene.chaos.next("db", Step::fail(down()));
    assert_eq!(reload(&scene, "canary-2").await.unwrap_err().kind(), ErrorKind::Unavailable);
    match reload(&scene, "canary-2").await.unwrap() {
        Reloaded::Cooling { failure: Some(error), .. } => {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
        }
        other => panic!("{other:?}"),
    }
    // The renewing task reads it well meanwhile: from then on it is an answer.
    scene.pass(3).await;
    match reload(&scene, "canary-2").await.unwrap() {
        Reloaded::Cooling { left, failure: None } => assert_eq!(left, COOLDOWN - SECOND * 3),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reload_that_met_a_lagging_replica_is_an_answer() {
    let scene = Scene::new();
    let first = scene.values.secret("db");
    scene.clock.advance(TTL);
    scene.values.put("db", "canary-2");
    scene.use_name("db").await;
    scene.chaos.next("db", Step::answer(first));
    assert!(matches!(reload(&scene, "canary-9").await, Ok(Reloaded::NotFound(_))));
    match reload(&scene, "canary-9").await.unwrap() {
        Reloaded::Cooling { failure: None, .. } => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_has_used_up_the_cooldown_and_learned_nothing() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let gate = Gate::shut();
    scene.chaos.next("db", Step::fail(Error::new(ErrorKind::Throttled, "slow down")).wait(&gate));
    assert!(now(pin!(reload(&scene, "canary-2"))).is_none());
    gate.release();
    settle().await;
    match reload(&scene, "canary-2").await.unwrap() {
        Reloaded::Cooling { failure: Some(error), .. } => {
            assert_eq!(error.kind(), ErrorKind::Throttled);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(scene.chaos.calls(), 2);
}

#[test]
fn a_reload_that_went_away_with_its_runtime_is_no_answer_either() {
    let scene = Scene::new();
    let gate = Gate::shut();
    let runtime = || Builder::new_current_thread().enable_time().build().unwrap();
    runtime().block_on(async {
        scene.use_name("db").await;
        scene.chaos.next("db", Step::ask().wait(&gate));
        assert!(now(pin!(reload(&scene, "canary-2"))).is_none());
        gate.arrived().await;
    });
    runtime().block_on(async {
        match reload(&scene, "canary-2").await.unwrap() {
            Reloaded::Cooling { failure: Some(error), .. } => {
                assert_eq!(error.kind(), ErrorKind::Unavailable);
            }
            other => panic!("{other:?}"),
        }
    });
}

#[tokio::test]
async fn a_reload_finds_nothing_that_is_too_old() {
    let scene = Scene::new();
    scene.use_name("db").await;
    scene.clock.suspend(AGE);
    assert!(matches!(reload(&scene, "canary-1").await, Ok(Reloaded::Found(_))));
    assert_eq!(scene.chaos.calls(), 2);
}

#[tokio::test]
async fn a_nudge_has_it_read_in_the_background_once_a_cooldown() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    scene.values.put("db", "canary-2");
    for _ in 0..100 {
        assert!(matches!(nudge(&scene), Nudged::UnderWay));
    }
    settle().await;
    assert_eq!((text(&live.load().unwrap()), scene.chaos.calls()), ("canary-2".into(), 2));
    for _ in 0..30 {
        assert!(matches!(nudge(&scene), Nudged::Cooling { failure: None, .. }));
        scene.clock.advance(SECOND);
    }
    assert!(matches!(nudge(&scene), Nudged::UnderWay));
    settle().await;
    assert_eq!(scene.chaos.calls(), 3);
}

#[tokio::test]
async fn a_nudge_reads_what_nobody_has_read_yet() {
    let scene = Scene::new();
    assert!(matches!(nudge(&scene), Nudged::UnderWay));
    settle().await;
    assert_eq!(scene.chaos.calls(), 1);
    assert!(scene.cache.get(&key("db"), None, None).await.is_ok());
    assert_eq!(scene.chaos.calls(), 1);
}

#[tokio::test]
async fn a_nudge_during_an_outage_says_why_there_is_nothing_newer() {
    let scene = Scene::new();
    scene.use_name("db").await;
    scene.chaos.always("db", Step::fail(down()));
    assert!(matches!(nudge(&scene), Nudged::UnderWay));
    settle().await;
    match nudge(&scene) {
        Nudged::Cooling { failure: Some(error), .. } => {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
        }
        other => panic!("{other:?}"),
    }
    assert!(scene.cache.hit("db").is_some(), "and nobody else notices");
}

#[tokio::test]
async fn a_storm_of_wishes_costs_one_load_a_cooldown() {
    let scene = Scene::new();
    let _live = scene.live("db").await;
    for _ in 0..120 {
        for _ in 0..20 {
            assert!(reload(&scene, "canary-9").await.is_ok());
            nudge(&scene);
        }
        scene.leap(SECOND / 2).await;
    }
    assert!(scene.chaos.calls() <= 1 + 2 + 2, "{} in a minute", scene.chaos.calls());
}
