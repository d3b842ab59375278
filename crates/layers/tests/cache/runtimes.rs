//! Runtimes that end, handles that are dropped, and a cache that is shut down.

use std::pin::pin;

use strongroom_core::{ErrorKind, Reason};
use strongroom_layers::{Follow, Limits, Nudged};
use strongroom_testkit::{Gate, Step};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::scene::{AGE, SECOND, STALE, Scene, TTL, down, key, now, settle, tasks, text};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn f021_a_runtime_that_ends_during_a_load_leaves_nothing_stuck() {
    for in_use in [false, true] {
        let scene = Scene::new();
        let gate = Gate::shut();
        let first = runtime();
        first.block_on(async {
            if in_use {
                scene.use_name("db").await;
                scene.clock.advance(TTL);
            }
            scene.chaos.next("db", Step::ask().wait(&gate));
            scene.start_reading("db").await;
            gate.arrived().await;
            assert_eq!(scene.chaos.in_flight(), 1);
        });
        drop(first);
        assert_eq!(scene.chaos.in_flight(), 0, "dropped with its runtime");
        runtime().block_on(async {
            scene.clock.advance(SECOND);
            assert_eq!(scene.read_anew("db").await.unwrap(), "canary-1");
            scene.values.put("db", "canary-2");
            scene.pass(61).await;
            assert_eq!(scene.read("db").await.unwrap(), "canary-2");
        });
    }
}

#[test]
fn f021_who_waits_for_a_load_of_a_runtime_that_ends_loads_it_again() {
    let scene = Scene::new();
    let gate = Gate::shut();
    scene.chaos.next("db", Step::ask().wait(&gate));
    let first = runtime();
    first.block_on(async {
        scene.start_reading("db").await;
        gate.arrived().await;
    });
    runtime().block_on(async {
        let waiting = scene.start_reading("db").await;
        assert_eq!((scene.chaos.calls(), waiting.is_finished()), (1, false));
        first.shutdown_background();
        assert_eq!(waiting.await.unwrap().unwrap(), "canary-1");
    });
}

#[test]
fn f021_a_handle_fails_closed_when_nobody_renews_and_comes_back_with_the_next_call() {
    let scene = Scene::new();
    let (live, other) =
        runtime().block_on(async { (scene.live("db").await, scene.live("db").await) });
    assert!(live.load().is_ok() && scene.cache.hit("db").is_none());
    scene.clock.advance(AGE - SECOND);
    assert!(live.load().is_ok() && scene.cache.cached("db").is_some());
    scene.clock.advance(SECOND);
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::AgeLimit));
    assert!(scene.cache.cached("db").is_none());

    runtime().block_on(async {
        let mut other = other;
        assert!(now(pin!(other.changed())).is_none_or(|changed| changed.is_err()));
        settle().await;
        assert!(live.load().is_ok() && scene.cache.hit("db").is_some());
    });
}

#[test]
fn f022_the_last_handle_takes_the_tasks_along() {
    runtime().block_on(async {
        let scene = Scene::new();
        scene.use_name("db").await;
        let live = scene.live("db").await;
        settle().await;
        assert_eq!(tasks(), 1);
        drop(scene.cache);
        settle().await;
        assert_eq!(tasks(), 1, "the handle renews still");
        drop(live);
        settle().await;
        assert_eq!(tasks(), 0, "without a tick of the clock");
    });
}

#[test]
fn f022_a_load_under_way_ends_by_itself_and_holds_nothing() {
    runtime().block_on(async {
        let scene = Scene::new();
        let gate = Gate::shut();
        scene.chaos.next("db", Step::ask().wait(&gate));
        let reading = scene.start_reading("db").await;
        gate.arrived().await;
        reading.abort();
        drop(scene.cache);
        gate.release();
        settle().await;
        assert_eq!(tasks(), 0);
    });
}

#[test]
fn f024_a_second_runtime_takes_over_from_the_first() {
    let scene = Scene::new();
    let live = runtime().block_on(scene.live("db"));
    for version in 2..5 {
        let value = format!("canary-{version}");
        scene.values.put("db", &value);
        scene.clock.advance(TTL);
        runtime().block_on(async {
            scene.get("db").await.unwrap();
            settle().await;
            assert_eq!(tasks(), 1);
            assert_eq!(text(&live.load().unwrap()), value);
            assert!(scene.cache.hit("db").is_some());
        });
    }
    assert_eq!(scene.chaos.most_in_flight_for("db"), 1);
}

#[test]
fn f024_who_waits_for_a_change_takes_over_when_the_first_runtime_ends() {
    let scene = Scene::new();
    let first = runtime();
    let mut live = first.block_on(scene.live("db"));
    runtime().block_on(async {
        let waiting = tokio::spawn(async move { live.changed().await.map(|()| live) });
        settle().await;
        first.shutdown_background();
        scene.values.put("db", "canary-2");
        settle().await;
        scene.leap(TTL).await;
        assert_eq!(text(&waiting.await.unwrap().unwrap().load().unwrap()), "canary-2");
    });
}

#[test]
fn f024_a_load_in_a_runtime_that_is_not_driven_holds_up_no_renewal() {
    let scene = Scene::new();
    let (driven, idle) = (runtime(), runtime());
    driven.block_on(async {
        scene.use_name("db").await;
        scene.leap(SECOND).await;
    });
    idle.block_on(async { assert!(now(pin!(scene.read_anew("db"))).is_none()) });
    driven.block_on(async {
        scene.values.put("db", "canary-2");
        scene.pass(2 * TTL.as_secs()).await;
        assert_eq!(scene.read("db").await.unwrap(), "canary-2");
    });
    drop(idle);
}

#[test]
fn outside_of_a_runtime_a_read_is_an_error_and_a_nudge_is_kept() {
    let scene = Scene::new();
    let read = now(pin!(scene.get("db"))).unwrap();
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Misconfigured);
    let read = now(pin!(scene.read_many(&["db", "api"]))).unwrap();
    assert!(read.iter().all(|read| {
        read.as_ref().is_err_and(|error| error.kind() == ErrorKind::Misconfigured)
    }));
    let live = runtime().block_on(scene.live("db"));
    scene.values.put("db", "canary-2");
    scene.clock.advance(SECOND);
    assert!(matches!(scene.cache.nudge(&key("db"), SECOND), Ok(Nudged::UnderWay)));
    assert_eq!(scene.chaos.calls(), 1);
    runtime().block_on(async {
        assert!(scene.get("db").await.is_ok());
        settle().await;
    });
    assert_eq!((text(&live.load().unwrap()), scene.chaos.calls()), ("canary-2".into(), 2));
}

#[test]
fn after_shutdown_everything_answers_closed_and_nothing_runs() {
    runtime().block_on(async {
        let scene = Scene::new();
        scene.use_name("db").await;
        let mut live = scene.live("db").await;
        scene.cache.shutdown().await;
        assert_eq!(tasks(), 0);
        let calls = scene.chaos.calls();
        for _ in 0..2 {
            let closed = |reason| assert_eq!(reason, Some(Reason::Closed));
            closed(scene.get("db").await.unwrap_err().reason());
            closed(scene.get("absent").await.unwrap_err().reason());
            closed(scene.read_many(&["db"]).await.remove(0).unwrap_err().reason());
            closed(scene.keep("db").await.unwrap_err().reason());
            closed(
                scene
                    .cache
                    .watch(&key("db"), None, Follow::Changes, |_| Ok(()))
                    .await
                    .unwrap_err()
                    .reason(),
            );
            closed(
                scene
                    .cache
                    .attach(&key("db"), None, Follow::Changes, |_| Ok(()))
                    .unwrap_err()
                    .reason(),
            );
            closed(scene.cache.reload(&key("db"), SECOND, |_| false).await.unwrap_err().reason());
            closed(scene.cache.nudge(&key("db"), SECOND).unwrap_err().reason());
            closed(live.load().unwrap_err().reason());
            closed(live.changed().await.unwrap_err().reason());
            scene.cache.invalidate(|_| true);
            scene.cache.expire(|_| true);
            settle().await;
            assert!(scene.cache.hit("db").is_none() && scene.cache.cached("db").is_none());
            assert!(scene.cache.status().is_empty());
            assert_eq!((tasks(), scene.chaos.calls()), (0, calls), "nothing is asked any more");
            scene.clock.advance(2 * AGE);
        }
        scene.cache.shutdown().await;
    });
}

#[test]
fn a_shutdown_waits_for_the_load_that_is_under_way_and_keeps_nothing_of_it() {
    runtime().block_on(async {
        let scene = Scene::new();
        let gate = Gate::shut();
        scene.chaos.next("db", Step::ask().wait(&gate));
        let reading = scene.start_reading("db").await;
        gate.arrived().await;
        let mut shutdown = pin!(scene.cache.shutdown());
        assert!(now(shutdown.as_mut()).is_none());
        gate.release();
        shutdown.await;
        assert_eq!(reading.await.unwrap().unwrap(), "canary-1", "it asked before");
        assert_eq!(scene.get("db").await.unwrap_err().reason(), Some(Reason::Closed));
    });
}

#[test]
fn a_shutdown_waits_no_longer_than_an_operation_for_a_runtime_that_is_not_driven() {
    let scene = Scene::new();
    let idle = runtime();
    idle.block_on(scene.use_name("db"));
    let paused = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    paused.block_on(async {
        let began = Instant::now();
        scene.cache.shutdown().await;
        assert!(began.elapsed() < SECOND * 11, "{:?}", began.elapsed());
        assert_eq!(scene.get("db").await.unwrap_err().reason(), Some(Reason::Closed));
    });
    drop(idle);
}

#[test]
fn a_shutdown_does_not_wait_for_loads_that_have_not_begun() {
    runtime().block_on(async {
        let scene = Scene::with(Limits::new(TTL, STALE), false);
        let names: Vec<_> = (0..100).map(|number| format!("name-{number}")).collect();
        for name in &names {
            scene.values.put(name, "canary");
            scene.keep(name).await.unwrap();
        }
        let gate = Gate::shut();
        scene.chaos.always(None, Step::fail(down()).wait(&gate));
        scene.leap(TTL).await;
        let begun = scene.chaos.in_flight();
        assert!((1..=8).contains(&begun), "{begun} at a time");
        let mut shutdown = pin!(scene.cache.shutdown());
        assert!(now(shutdown.as_mut()).is_none());
        (0..begun).for_each(|_| gate.release());
        settle().await;
        assert!(now(shutdown.as_mut()).is_some(), "{} are under way", scene.chaos.in_flight());
    });
}
