//! Many callers at once, callers that go away, and loads that panic.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{ErrorKind, Result};
use strongroom_layers::Limits;
use strongroom_testkit::{Gate, ManualClock, Step};
use tokio::task::JoinHandle;

use crate::scene::{SECOND, STALE, Scene, TTL, down, now, settle};
use crate::timer::Timer;

const MANY: usize = 1_000;

async fn start_many(scene: &Scene) -> Vec<JoinHandle<Result<String>>> {
    let mut tasks = Vec::with_capacity(MANY);
    for _ in 0..MANY {
        let scene = scene.clone();
        tasks.push(tokio::spawn(async move { scene.read("db").await }));
    }
    settle().await;
    tasks
}

#[tokio::test]
async fn f004_a_thousand_cold_readers_cost_one_load() {
    let scene = Scene::new();
    let gate = Gate::shut();
    scene.chaos.next("db", Step::ask().wait(&gate));
    let tasks = start_many(&scene).await;
    gate.arrived().await;
    assert!(tasks.iter().all(|task| !task.is_finished()));
    gate.release();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), "canary-1");
    }
    assert_eq!(scene.chaos.calls(), 1);
}

#[tokio::test]
async fn f005_a_thousand_cold_readers_of_a_load_that_fails_cost_one_load_and_get_one_error() {
    let scene = Scene::new();
    let gate = Gate::shut();
    scene.chaos.next("db", Step::fail(down()).wait(&gate));
    let tasks = start_many(&scene).await;
    gate.release();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(scene.chaos.calls(), 1);
    let error = scene.get("db").await.unwrap_err();
    assert_eq!((error.kind(), scene.chaos.calls()), (ErrorKind::Unavailable, 1));
    let left = error.retry_after().unwrap();
    assert!((Duration::from_millis(970)..=SECOND).contains(&left), "{left:?}");
    scene.clock.advance(left);
    assert_eq!(scene.read("db").await.unwrap(), "canary-1");
}

#[tokio::test]
async fn f006_at_the_ttl_a_thousand_readers_get_the_last_value_without_waiting() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let gate = Gate::shut();
    scene.chaos.always(None, Step::ask().wait(&gate));
    scene.leap(TTL).await;
    gate.arrived().await;
    for _ in 0..MANY {
        assert!(now(pin!(scene.get("db"))).unwrap().is_ok(), "nobody waits");
        assert!(scene.cache.hit("db").is_some());
    }
    assert_eq!((scene.chaos.calls(), scene.chaos.most_in_flight_for("db")), (2, 1));
}

#[tokio::test]
async fn f006_what_no_renewal_came_for_is_a_hit_only_once_it_is_marked_as_stale() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let gate = Gate::shut();
    scene.chaos.always(None, Step::ask().wait(&gate));
    scene.leap(TTL).await;
    scene.clock.advance(SECOND * 4);
    assert!(!scene.cache.hit("db").unwrap().freshness().is_stale(), "a renewal may take this long");
    scene.clock.advance(SECOND);
    assert!(scene.cache.hit("db").is_none(), "somebody has to look");
    settle().await;
    assert!(scene.cache.hit("db").is_none_or(|secret| secret.freshness().is_stale()));
}

#[tokio::test]
async fn f006_readers_of_several_names_do_not_wait_for_their_renewal_either() {
    for batches in [true, false] {
        let scene = Scene::with(Limits::new(TTL, STALE), batches);
        scene.values.put("api", "canary-a");
        for _ in 0..2 {
            scene.read_many(&["db", "api"]).await;
        }
        let before = scene.chaos.calls();
        let gate = Gate::shut();
        scene.chaos.always(None, Step::ask().wait(&gate));
        scene.leap(TTL).await;
        gate.arrived().await;
        let read = now(pin!(scene.read_many(&["db", "api"]))).unwrap();
        assert_eq!(
            read.into_iter().map(Result::unwrap).collect::<Vec<_>>(),
            ["canary-1", "canary-a"]
        );
        assert_eq!(scene.chaos.calls() - before, if batches { 1 } else { 2 });
    }
}

#[tokio::test(start_paused = true)]
async fn f007_processes_that_start_together_do_not_renew_together() {
    let mut instants = Vec::new();
    for seed in 0..50 {
        let mut limits = Limits::new(TTL, STALE);
        limits.seed = Some(seed);
        let timer = Timer::new();
        let dates = ManualClock::at(1_800_000_000);
        let scene = Scene::timed_by(dates, Arc::new(timer.clone()), limits, false);
        scene.use_name("db").await;
        let gate = Gate::shut();
        scene.chaos.next("db", Step::ask().wait(&gate));
        gate.arrived().await;
        instants.push(timer.elapsed());
    }
    let (first, last) = (instants.iter().min().unwrap(), instants.iter().max().unwrap());
    assert!(*last - *first >= TTL / 10, "{first:?} to {last:?}");
    assert!(*last <= TTL + Duration::from_millis(2), "{last:?}");
    let distinct: BTreeSet<_> = instants.iter().collect();
    assert!(distinct.len() * 100 >= instants.len() * 95, "{} distinct", distinct.len());
}

#[tokio::test]
async fn f008_a_leader_that_goes_away_fails_nobody() {
    let scene = Scene::new();
    let gate = Gate::shut();
    scene.chaos.next("db", Step::ask().wait(&gate));
    let leader = scene.start_reading("db").await;
    gate.arrived().await;
    let tasks = start_many(&scene).await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    gate.release();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), "canary-1");
    }
    assert_eq!(scene.chaos.calls(), 1);
}

#[tokio::test]
async fn f009_a_load_that_all_callers_left_is_there_for_the_next_one() {
    let scene = Scene::new();
    let gate = Gate::shut();
    scene.chaos.next("db", Step::ask().wait(&gate));
    let tasks = start_many(&scene).await;
    for task in tasks {
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
    gate.release();
    settle().await;
    assert_eq!(now(pin!(scene.read("db"))).unwrap().unwrap(), "canary-1");
    assert_eq!(scene.chaos.calls(), 1);
}

#[tokio::test]
async fn f009_a_failing_load_that_all_callers_left_blocks_nobody() {
    let scene = Scene::new();
    let gate = Gate::shut();
    scene.chaos.next("db", Step::fail(down()).wait(&gate));
    let leader = scene.start_reading("db").await;
    leader.abort();
    gate.release();
    settle().await;
    assert!(scene.get("db").await.is_err());
    scene.pass(2).await;
    assert_eq!(scene.read("db").await.unwrap(), "canary-1");
    assert_eq!(scene.chaos.calls(), 2);
}

#[tokio::test]
async fn f010_a_load_that_panics_fails_the_caller_who_began_it_and_is_tried_once_more() {
    let scene = Scene::new();
    let gate = Gate::shut();
    scene.chaos.next("db", Step::panic().wait(&gate));
    let leader = scene.start_reading("db").await;
    let others = start_many(&scene).await;
    gate.release();
    assert_eq!(leader.await.unwrap().unwrap_err().kind(), ErrorKind::Internal);
    for task in others {
        assert_eq!(task.await.unwrap().unwrap(), "canary-1");
    }
    assert_eq!((scene.chaos.calls(), scene.chaos.most_in_flight_for("db")), (2, 1));
}

#[tokio::test]
async fn f010_a_renewal_that_panics_keeps_the_last_value() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    scene.chaos.next("db", Step::panic());
    scene.leap(TTL).await;
    assert_eq!(scene.chaos.calls(), 2);
    assert!(live.load().is_ok() && scene.get("db").await.unwrap().freshness().is_stale());
    scene.pass(2).await;
    assert_eq!(scene.chaos.calls(), 3);
    assert!(!scene.get("db").await.unwrap().freshness().is_stale());
}

#[tokio::test]
async fn f011_a_load_that_always_panics_is_bounded() {
    let scene = Scene::new();
    scene.chaos.always(None, Step::panic());
    let kind = |read: Result<String>| read.unwrap_err().kind();
    for task in start_many(&scene).await {
        assert_eq!(kind(task.await.unwrap()), ErrorKind::Internal);
    }
    assert_eq!(scene.chaos.calls(), 2, "the one that others wait for, and one more");
    for _ in 0..100 {
        assert_eq!(kind(scene.read("db").await), ErrorKind::Internal);
    }
    let read: Vec<_> = scene.read_many(&["db"]).await.into_iter().map(kind).collect();
    assert_eq!((read, scene.chaos.calls()), (vec![ErrorKind::Internal], 2));
}
