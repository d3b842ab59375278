//! Steps of names that are asked for together.

use std::time::Duration;

use strongroom_core::ErrorKind;
use strongroom_testkit::{ChaosStore, Gate, Step};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::noting::{Noting, error, get_many, secret};

type Outcomes = Vec<Result<String, ErrorKind>>;

const UNAVAILABLE: Result<&str, ErrorKind> = Err(ErrorKind::Unavailable);

fn stores() -> (Noting, ChaosStore) {
    let inner = Noting::with(&["a", "b", "c"]);
    (inner.clone(), ChaosStore::new(inner))
}

fn outcomes<const N: usize>(expected: [Result<&str, ErrorKind>; N]) -> Outcomes {
    expected.into_iter().map(|outcome| outcome.map(str::to_owned)).collect()
}

fn fail() -> Step {
    Step::fail(error(ErrorKind::Unavailable))
}

fn load_all(store: &ChaosStore) -> JoinHandle<Outcomes> {
    let store = store.clone();
    tokio::spawn(async move { get_many(&store, &["a", "b", "c"]).await })
}

#[tokio::test]
async fn each_name_does_its_own_step_and_the_rest_is_asked_in_one_batch() {
    let (inner, store) = stores();
    store.next("b", fail());
    store.next("d", Step::answer(secret("9")));
    let read = get_many(&store, &["a", "b", "c", "d", "e"]).await;
    let not_found = Err(ErrorKind::NotFound);
    assert_eq!(read, outcomes([Ok("1"), UNAVAILABLE, Ok("1"), Ok("9"), not_found]));
    assert_eq!(inner.notes(), ["get_many [\"a\", \"c\", \"e\"] None"]);
    assert_eq!((store.calls(), store.reads()), (1, 5));
}

#[tokio::test]
async fn a_batch_that_the_script_answers_does_not_reach_the_inner_store() {
    let (inner, store) = stores();
    store.always(None, fail());
    let read = get_many(&store, &["a", "b"]).await;
    assert_eq!(read, outcomes([UNAVAILABLE, UNAVAILABLE]));
    assert!(inner.notes().is_empty());
}

#[tokio::test]
async fn names_take_the_steps_for_all_in_their_order() {
    let (_, store) = stores();
    store.next(None, fail());
    store.next(None, Step::answer(secret("0")));
    store.next("a", Step::ask());
    let read = get_many(&store, &["a", "b", "c"]).await;
    assert_eq!(read, outcomes([Ok("1"), UNAVAILABLE, Ok("0")]));
}

#[tokio::test]
async fn a_name_that_is_asked_for_twice_takes_two_steps() {
    let (_, store) = stores();
    store.next("a", fail());
    assert_eq!(get_many(&store, &["a", "a"]).await, outcomes([UNAVAILABLE, Ok("1")]));
}

#[tokio::test]
async fn a_panic_of_one_name_takes_the_batch_along_and_nobody_is_asked() {
    let (inner, store) = stores();
    store.next("b", Step::panic());
    assert!(load_all(&store).await.unwrap_err().is_panic());
    assert!(inner.notes().is_empty());
    assert_eq!((store.in_flight(), store.calls()), (0, 1));
}

#[tokio::test]
async fn a_batch_arrives_once_at_a_gate_of_several_names() {
    let (inner, store) = stores();
    let gate = Gate::shut();
    store.always(None, Step::ask().wait(&gate));
    let load = load_all(&store);
    gate.arrived().await;
    inner.set("b", "2");
    gate.release();
    assert_eq!(load.await.unwrap(), outcomes([Ok("1"), Ok("2"), Ok("1")]));
}

#[tokio::test]
async fn a_batch_stands_at_the_gates_of_all_its_names_at_once() {
    let (inner, store) = stores();
    let gates = [Gate::shut(), Gate::shut()];
    for (name, gate) in ["a", "c"].into_iter().zip(&gates) {
        store.next(name, Step::ask().wait(gate));
    }
    let load = load_all(&store);
    for gate in &gates {
        gate.arrived().await;
    }
    for gate in gates.iter().rev() {
        assert!(inner.notes().is_empty());
        gate.release();
    }
    assert_eq!(load.await.unwrap(), outcomes([Ok("1"), Ok("1"), Ok("1")]));
}

#[tokio::test]
async fn a_batch_is_held_as_a_whole() {
    let (inner, store) = stores();
    let gate = Gate::shut();
    store.next("b", Step::ask().hold(&gate));
    let load = load_all(&store);
    gate.arrived().await;
    for name in ["a", "b", "c"] {
        inner.set(name, "2");
    }
    gate.release();
    assert_eq!(load.await.unwrap(), outcomes([Ok("1"), Ok("1"), Ok("1")]));
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_the_longest_delay_and_not_for_their_sum() {
    let (_, store) = stores();
    store.always(None, Step::ask().delay(Duration::from_millis(20)));
    store.next("b", Step::ask().delay(Duration::from_millis(50)));
    let started = Instant::now();
    get_many(&store, &["a", "b", "c"]).await;
    assert_eq!(started.elapsed(), Duration::from_millis(50));
}
