//! Several names in one question.

use std::pin::pin;

use strongroom_core::{ErrorKind, Result};
use strongroom_layers::Limits;
use strongroom_testkit::{Gate, Step};

use crate::scene::{SECOND, STALE, Scene, TTL, down, key, now, settle};

fn scene(batches: bool) -> Scene {
    let scene = Scene::with(Limits::new(TTL, STALE), batches);
    scene.values.put("api", "canary-1");
    scene
}

/// Writes the next value of both names at one instant.
fn write(scene: &Scene, number: usize) {
    for name in ["db", "api"] {
        scene.values.put(name, &format!("canary-{number}"));
    }
}

fn good(values: Vec<Result<String>>) -> Vec<String> {
    values.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn names_of_a_source_that_batches_come_from_one_call() {
    let scene = scene(true);
    assert_eq!(good(scene.read_many(&["db", "api"]).await), ["canary-1", "canary-1"]);
    assert_eq!(scene.chaos.calls(), 1);
    // One of them is read anew: the two are no longer of one instant.
    scene.leap(SECOND).await;
    write(&scene, 2);
    assert_eq!(scene.read_anew("db").await.unwrap(), "canary-2");
    assert_eq!(good(scene.read_many(&["db", "api"]).await), ["canary-2", "canary-2"]);
    assert_eq!(scene.chaos.calls(), 3);
    assert_eq!(good(scene.read_many(&["db", "api"]).await), ["canary-2", "canary-2"]);
    assert_eq!(scene.chaos.calls(), 3, "now they are");
}

#[tokio::test]
async fn names_of_one_call_are_never_mixed_whatever_else_is_read() {
    let scene = scene(true);
    for number in 2..40 {
        write(&scene, number);
        scene.leap(SECOND * 7).await;
        match number % 3 {
            0 => drop(scene.read_anew("db").await),
            1 => drop(scene.get("api").await),
            _ => scene.cache.expire(|name| *name == key("db")),
        }
        let values = good(scene.read_many(&["db", "api"]).await);
        assert_eq!(values[0], values[1], "at {number}");
    }
}

#[tokio::test]
async fn names_of_a_source_that_does_not_batch_are_calls_of_their_own() {
    let scene = scene(false);
    let gate = Gate::shut();
    scene.chaos.next("db", Step::ask().wait(&gate));
    let reader = scene.clone();
    let both = tokio::spawn(async move { reader.read_many(&["db", "api"]).await });
    gate.arrived().await;
    settle().await;
    assert_eq!(scene.chaos.calls(), 2);
    assert!(now(pin!(scene.read("api"))).is_some(), "one that hangs does not hold up the others");
    gate.release();
    assert_eq!(good(both.await.unwrap()), ["canary-1", "canary-1"]);
}

#[tokio::test]
async fn many_names_of_a_source_that_does_not_batch_are_read_a_few_at_a_time() {
    let scene = scene(false);
    let names: Vec<_> = (0..50).map(|number| format!("name-{number}")).collect();
    for name in &names {
        scene.values.put(name, name);
    }
    let gate = Gate::shut();
    scene.chaos.always(None, Step::ask().wait(&gate));
    let (reader, asked) = (scene.clone(), names.clone());
    let all = tokio::spawn(async move {
        reader.read_many(&asked.iter().map(String::as_str).collect::<Vec<_>>()).await
    });
    settle().await;
    assert_eq!(scene.chaos.in_flight(), 8);
    // Who asks for one that is not asked for yet does not wait for the others.
    scene.chaos.always(None, Step::ask());
    assert_eq!(scene.read("name-49").await.unwrap(), "name-49");
    drop(gate);
    assert_eq!(good(all.await.unwrap()), names);
    assert_eq!(scene.chaos.calls(), 50);
}

#[tokio::test]
async fn each_name_has_a_result_of_its_own_in_order() {
    for batches in [true, false] {
        let scene = scene(batches);
        scene.chaos.always("api", Step::fail(down()));
        for _ in 0..2 {
            let read = scene.read_many(&["absent", "db", "api", "db"]).await;
            let kinds: Vec<_> =
                read.into_iter().map(|read| read.map_err(|error| error.kind())).collect();
            let (value, none) = (Ok("canary-1".to_owned()), Err(ErrorKind::NotFound));
            assert_eq!(kinds, [none, value.clone(), Err(ErrorKind::Unavailable), value]);
        }
        assert_eq!(scene.chaos.calls(), if batches { 1 } else { 3 });
        assert_eq!(scene.chaos.most_in_flight_for("db"), 1);
    }
}

#[tokio::test]
async fn readers_of_overlapping_names_share_their_loads() {
    for batches in [true, false] {
        let scene = scene(batches);
        scene.values.put("third", "canary-1");
        let gate = Gate::shut();
        scene.chaos.always(None, Step::ask().wait(&gate));
        let mut tasks = Vec::new();
        for names in [["db", "api"], ["api", "third"], ["third", "db"]] {
            let scene = scene.clone();
            tasks.push(tokio::spawn(async move { scene.read_many(&names).await }));
        }
        settle().await;
        drop(gate);
        for task in tasks {
            assert_eq!(good(task.await.unwrap()).len(), 2);
        }
        for name in ["db", "api", "third"] {
            assert_eq!(scene.chaos.most_in_flight_for(name), 1, "{name}");
        }
    }
}

#[tokio::test]
async fn during_an_outage_the_last_values_are_served_together() {
    for batches in [true, false] {
        let scene = scene(batches);
        for _ in 0..2 {
            scene.read_many(&["db", "api"]).await;
        }
        scene.chaos.always(None, Step::fail(down()));
        for _ in 0..100 {
            scene.pass(3).await;
            assert_eq!(good(scene.read_many(&["db", "api"]).await), ["canary-1", "canary-1"]);
        }
        scene.pass(60).await;
        let read = scene.read_many(&["db", "api"]).await;
        assert!(read.iter().all(Result::is_err));
    }
}

#[tokio::test]
async fn values_of_two_calls_are_not_mixed_in_an_outage_and_asked_for_by_the_gate_only() {
    let scene = scene(true);
    scene.read_many(&["db", "api"]).await;
    scene.leap(SECOND).await;
    write(&scene, 2);
    scene.read_anew("db").await.unwrap();
    scene.chaos.always(None, Step::fail(down()));
    let before = scene.chaos.calls();
    for _ in 0..100 {
        let read = scene.read_many(&["db", "api"]).await;
        assert!(read.iter().all(|read| {
            read.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unavailable)
        }));
        assert!(scene.get("db").await.is_ok() && scene.get("api").await.is_ok(), "each alone");
        scene.pass(1).await;
    }
    let calls = scene.chaos.calls() - before;
    assert!(calls <= 6 + 4, "{calls} calls");
    scene.chaos.clear();
    scene.pass(31).await;
    assert_eq!(good(scene.read_many(&["db", "api"]).await), ["canary-2", "canary-2"]);
}

#[tokio::test]
async fn a_batch_that_panics_fails_each_name_and_is_tried_again_by_the_gate() {
    let scene = scene(true);
    scene.chaos.next("db", Step::panic());
    let read = scene.read_many(&["db", "api"]).await;
    assert!(read.iter().all(|read| read.as_ref().is_err_and(|e| e.kind() == ErrorKind::Internal)));
    scene.clock.advance(SECOND * 2);
    assert_eq!(good(scene.read_many(&["db", "api"]).await), ["canary-1", "canary-1"]);
}

#[tokio::test]
async fn no_names_are_no_call() {
    let scene = scene(true);
    assert!(scene.read_many(&[]).await.is_empty());
    assert_eq!(scene.chaos.calls(), 0);
}
