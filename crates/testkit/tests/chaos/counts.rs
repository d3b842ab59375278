//! What is passed on, and what is counted.

use std::time::{Duration, UNIX_EPOCH};

use strongroom_core::{GetOptions, Probe, PutOptions, SecretStore, SecretVersion};
use strongroom_testkit::{ChaosStore, Gate, Step};

use crate::noting::{INFO, Noting, get, get_many, load, name, secret};

#[tokio::test]
async fn without_a_script_every_method_reaches_the_inner_store_and_counts_one() {
    let inner = Noting::with(&["db"]);
    let store = ChaosStore::new(inner.clone());
    assert_eq!(store.info(), &INFO);
    assert_eq!(store.capabilities(), inner.capabilities());
    let (db, one) = (name("db"), SecretVersion::from("1"));
    let options = GetOptions::default().max_age(Duration::ZERO);
    store.get(&db, options.clone()).await.unwrap();
    assert_eq!(store.get_many(&[db.clone(), name("none")], options.clone()).await.len(), 2);
    assert!(store.get_many(&[], options).await.is_empty());
    let put = store.put(&db, "canary-2".into(), PutOptions::default()).await;
    assert_eq!(put.unwrap(), Some("2".into()));
    store.promote(&db, &one, Some(&one)).await.unwrap();
    store.retire(&db, &one).await.unwrap();
    store.restore(&db).await.unwrap();
    store.delete(&db).await.unwrap();
    store.list(Some(&db)).await.unwrap();
    store.versions(&db).await.unwrap();
    assert_eq!(store.live_versions(&db, UNIX_EPOCH).await.unwrap().len(), 1);
    store.check(&db).await.unwrap();
    assert_eq!(store.probe().await.unwrap(), Probe::Standby);
    let expected = [
        "get db Some(0ns)",
        "get_many [\"db\", \"none\"] Some(0ns)",
        "get_many [] Some(0ns)",
        "put db Current",
        "promote db 1 true",
        "retire db 1",
        "restore db",
        "delete db",
        "list true",
        "versions db",
        "live_versions db true",
        "check db",
        "probe",
    ];
    assert_eq!(inner.notes(), expected);
    assert_eq!((store.calls(), store.calls_for("db"), store.calls_for("none")), (13, 10, 1));
    assert_eq!((store.reads(), store.reads_for("db"), store.reads_for("none")), (3, 2, 1));
    assert_eq!((store.in_flight(), store.most_in_flight_for("db")), (0, 1));
}

#[tokio::test]
async fn clones_share_script_and_counters() {
    let store = ChaosStore::new(Noting::with(&["db"]));
    store.clone().next("db", Step::answer(secret("0")));
    assert_eq!(get(&store, "db").await, Ok("0".into()));
    assert_eq!(store.clone().calls(), 1);
}

#[tokio::test]
async fn a_batch_is_one_call_and_each_of_its_names_is_a_read() {
    let store = ChaosStore::new(Noting::with(&["a", "b"]));
    get_many(&store, &["a", "b", "a"]).await;
    get(&store, "a").await.unwrap();
    assert_eq!((store.calls(), store.reads()), (2, 4));
    assert_eq!((store.calls_for("a"), store.calls_for("b")), (2, 1));
    assert_eq!((store.reads_for("a"), store.reads_for("b")), (3, 1));
    assert_eq!(store.most_in_flight_for("a"), 1, "asking twice in a batch is one flight");
}

#[tokio::test]
async fn what_was_never_asked_counts_zero() {
    let store = ChaosStore::new(Noting::default());
    assert_eq!((store.calls(), store.reads(), store.in_flight()), (0, 0, 0));
    assert_eq!((store.calls_for("db"), store.reads_for("db")), (0, 0));
    assert_eq!(store.most_in_flight_for("db"), 0);
}

#[tokio::test]
async fn calls_that_overlap_raise_the_mark_of_their_names() {
    let store = ChaosStore::new(Noting::with(&["a", "b"]));
    let gate = Gate::shut();
    store.always(None, Step::ask().wait(&gate));
    let loads = [load(&store, "a"), load(&store, "a"), load(&store, "b")];
    for _ in &loads {
        gate.arrived().await;
    }
    assert_eq!(store.in_flight(), 3);
    drop(gate);
    for load in loads {
        load.await.unwrap().unwrap();
    }
    get(&store, "a").await.unwrap();
    get(&store, "b").await.unwrap();
    assert_eq!(store.in_flight(), 0);
    assert_eq!((store.most_in_flight_for("a"), store.most_in_flight_for("b")), (2, 1));
}

#[tokio::test]
async fn a_batch_and_a_read_of_one_of_its_names_overlap() {
    let store = ChaosStore::new(Noting::with(&["a", "b"]));
    let gate = Gate::shut();
    store.next("a", Step::ask().wait(&gate));
    let single = load(&store, "a");
    gate.arrived().await;
    get_many(&store, &["a", "b"]).await;
    assert_eq!((store.most_in_flight_for("a"), store.most_in_flight_for("b")), (2, 1));
    drop(gate);
    single.await.unwrap().unwrap();
}

#[tokio::test]
async fn reading_the_live_versions_is_one_call_and_one_flight_of_the_name() {
    let store = ChaosStore::new(Noting::with(&["key"]));
    let gate = Gate::shut();
    store.next("key", Step::ask().wait(&gate));
    let single = load(&store, "key");
    gate.arrived().await;
    store.live_versions(&name("key"), UNIX_EPOCH).await.unwrap();
    assert_eq!((store.calls_for("key"), store.reads_for("key")), (2, 1));
    assert_eq!(store.most_in_flight_for("key"), 2);
    drop(gate);
    single.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_write_beside_a_read_is_no_second_flight() {
    let store = ChaosStore::new(Noting::with(&["db"]));
    let gate = Gate::shut();
    store.next("db", Step::ask().wait(&gate));
    let read = load(&store, "db");
    gate.arrived().await;
    store.put(&name("db"), "canary-2".into(), PutOptions::default()).await.unwrap();
    assert_eq!(store.most_in_flight_for("db"), 1);
    drop(gate);
    read.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_call_that_is_given_up_is_counted_and_no_longer_in_flight() {
    let inner = Noting::with(&["db"]);
    let store = ChaosStore::new(inner.clone());
    let gate = Gate::shut();
    store.next("db", Step::ask().wait(&gate));
    let given_up = load(&store, "db");
    gate.arrived().await;
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    assert_eq!((store.in_flight(), store.calls()), (0, 1));
    assert!(inner.notes().is_empty());
    assert_eq!(get(&store, "db").await, Ok("1".into()), "the step is used up");
    assert_eq!(store.most_in_flight_for("db"), 1);
}

#[tokio::test]
async fn a_call_that_panics_is_counted_and_no_longer_in_flight() {
    let store = ChaosStore::new(Noting::with(&["db"]));
    store.next("db", Step::panic());
    assert!(load(&store, "db").await.unwrap_err().is_panic());
    assert_eq!((store.in_flight(), store.calls(), store.reads()), (0, 1, 1));
}

#[tokio::test]
async fn debug_shows_no_value() {
    let store = ChaosStore::new(Noting::with(&["db"]));
    let gate = Gate::shut();
    store.always(None, Step::answer(secret("always")).wait(&gate));
    store.next("db", Step::answer(secret("next")).hold(&gate));
    let shown = format!("{store:?} {store:#?} {gate:?}");
    assert!(!shown.contains("canary"), "{shown}");
}
