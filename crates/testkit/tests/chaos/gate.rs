//! Calls that wait where the test wants them to.

use std::thread;

use strongroom_core::{ErrorKind, GetOptions, Secret, SecretStore};
use strongroom_testkit::{ChaosStore, Gate, Step};
use tokio::task::JoinHandle;

use crate::noting::{Noting, error, get, load, name, secret};

/// A store and what is below it.
fn stores() -> (Noting, ChaosStore) {
    let inner = Noting::with(&["db"]);
    (inner.clone(), ChaosStore::new(inner))
}

async fn version(load: JoinHandle<Result<String, ErrorKind>>) -> String {
    load.await.expect("no panic").expect("a secret")
}

#[tokio::test]
async fn a_call_that_waits_has_not_asked_and_reads_what_is_there_when_it_goes_on() {
    let (inner, store) = stores();
    let gate = Gate::shut();
    store.next("db", Step::ask().wait(&gate));
    let load = load(&store, "db");
    gate.arrived().await;
    assert!(inner.notes().is_empty());
    inner.set("db", "2");
    gate.release();
    assert_eq!(version(load).await, "2");
}

#[tokio::test]
async fn a_result_that_is_held_is_of_the_time_it_was_asked() {
    let (inner, store) = stores();
    let gate = Gate::shut();
    store.next("db", Step::ask().hold(&gate));
    let load = load(&store, "db");
    gate.arrived().await;
    assert_eq!(inner.notes().len(), 1);
    inner.set("db", "2");
    assert_eq!(get(&store, "db").await, Ok("2".into()), "a later read overtakes it");
    gate.release();
    assert_eq!(version(load).await, "1");
}

#[tokio::test]
async fn failures_panics_and_answers_wait_too() {
    let (inner, store) = stores();
    let gate = Gate::shut();
    store.next("db", Step::fail(error(ErrorKind::Unavailable)).wait(&gate));
    store.next("db", Step::answer(secret("0")).hold(&gate));
    store.next("db", Step::panic().wait(&gate));
    let mut loads = Vec::new();
    for _ in 0..3 {
        loads.push(load(&store, "db"));
        gate.arrived().await;
    }
    assert!(loads.iter().all(|load| !load.is_finished()));
    drop(gate);
    let panicked = loads.pop().expect("three").await.unwrap_err();
    assert!(panicked.is_panic());
    assert_eq!(loads.pop().expect("two").await.unwrap(), Ok("0".into()));
    assert_eq!(loads.pop().expect("one").await.unwrap(), Err(ErrorKind::Unavailable));
    assert!(inner.notes().is_empty());
}

#[tokio::test]
async fn several_calls_at_one_gate_are_told_of_and_let_go_one_by_one_in_their_order() {
    let (inner, store) = stores();
    let gate = Gate::shut();
    store.next("db", Step::ask().wait(&gate).times(3));
    let mut loads = Vec::new();
    for _ in 0..3 {
        loads.push(load(&store, "db"));
        gate.arrived().await;
    }
    for (at, load) in loads.into_iter().enumerate() {
        let expected = (at + 2).to_string();
        inner.set("db", &expected);
        gate.release();
        assert_eq!(version(load).await, expected);
        assert_eq!(store.in_flight(), 2 - at);
    }
}

#[tokio::test]
async fn an_arrival_is_told_of_once() {
    let (_, store) = stores();
    let gate = Gate::shut();
    store.always("db", Step::ask().wait(&gate));
    let first = load(&store, "db");
    gate.arrived().await;
    tokio::select! {
        biased;
        () = gate.arrived() => panic!("there was one call"),
        () = tokio::task::yield_now() => {}
    }
    let second = load(&store, "db");
    gate.arrived().await;
    drop(gate);
    assert_eq!((version(first).await, version(second).await), ("1".into(), "1".into()));
}

#[tokio::test]
async fn a_release_before_the_call_is_not_lost() {
    let (_, store) = stores();
    let gate = Gate::shut();
    gate.release();
    store.next("db", Step::ask().wait(&gate));
    assert_eq!(get(&store, "db").await, Ok("1".into()));
    gate.arrived().await;
}

#[tokio::test]
async fn a_release_passes_on_from_a_call_that_was_given_up() {
    let (_, store) = stores();
    let gate = Gate::shut();
    store.always("db", Step::ask().wait(&gate));
    let (first, second) = (load(&store, "db"), load(&store, "db"));
    gate.arrived().await;
    gate.arrived().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gate.release();
    assert_eq!(version(second).await, "1");
}

#[tokio::test]
async fn dropping_the_gate_lets_all_go_now_and_later() {
    let (_, store) = stores();
    let gate = Gate::shut();
    store.always(None, Step::ask().wait(&gate).hold(&gate));
    let loads = [load(&store, "db"), load(&store, "db")];
    gate.arrived().await;
    gate.arrived().await;
    drop(gate);
    for load in loads {
        assert_eq!(version(load).await, "1");
    }
    assert_eq!(get(&store, "db").await, Ok("1".into()));
}

#[tokio::test]
async fn clearing_the_script_leaves_calls_at_their_gate() {
    let (_, store) = stores();
    let gate = Gate::shut();
    store.always("db", Step::ask().wait(&gate));
    let waiting = load(&store, "db");
    gate.arrived().await;
    store.clear();
    assert_eq!(get(&store, "db").await, Ok("1".into()));
    assert!(!waiting.is_finished());
    gate.release();
    assert_eq!(version(waiting).await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_works_between_threads_and_runtimes() {
    let (_, store) = stores();
    let gate = Gate::shut();
    store.next("db", Step::ask().wait(&gate));
    let elsewhere = thread::spawn({
        let store = store.clone();
        move || -> strongroom_core::Result<Secret> {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(store.get(&name("db"), GetOptions::default()))
        }
    });
    gate.arrived().await;
    assert_eq!(store.in_flight(), 1);
    gate.release();
    assert!(elsewhere.join().unwrap().is_ok());
}
