//! Runtimes that end.

use std::sync::Arc;
use std::time::Duration;

use strongroom::{MemoryStore, Reason, Secrets};
use strongroom_testkit::{ChaosStore, ManualClock, Step};
use strongroom_tests::{key, settle};

use crate::AGE;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn f024_handles_fail_closed_without_their_runtime_and_go_on_in_the_next() {
    let clock = ManualClock::at(1_800_000_000);
    let memory = MemoryStore::with_clock(Arc::new(clock.clone()));
    let memory = memory.with("db", "canary-1").unwrap().with("signing-key", key("1")).unwrap();
    let chaos = ChaosStore::new(memory);
    let builder = Secrets::builder().store(chaos.clone()).clock(clock.clone()).attempts(1);

    let first = runtime();
    let (secrets, live, ring) = first.block_on(async {
        let secrets = builder.build().await.unwrap();
        let live = secrets.watch("db").await.unwrap();
        let ring = secrets.key_ring().await.unwrap();
        (secrets, live, ring)
    });
    drop(first);
    clock.advance(AGE - Duration::from_secs(1));
    let signature = ring.sign(b"hi").unwrap();
    assert!(live.load().is_ok() && secrets.cached("db").is_some(), "within the age limit");
    clock.advance(Duration::from_secs(1));
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::AgeLimit));
    assert_eq!(ring.sign(b"hi").unwrap_err().reason(), Some(Reason::AgeLimit));
    assert!(ring.verify(b"hi", &signature).is_err());
    assert!(secrets.cached("db").is_none());

    let second = runtime();
    second.block_on(async {
        assert!(secrets.get("db").await.is_ok(), "the next call starts renewing again");
        let signer = secrets.signer().await.unwrap();
        assert!(signer.verify(b"hi", &signature).await.is_ok());
        settle().await;
        assert!(live.load().is_ok() && ring.sign(b"hi").is_ok());
        let before = chaos.calls();
        clock.advance(Duration::from_secs(60));
        settle().await;
        assert!(chaos.calls() > before, "and it renews");
    });
}

#[test]
fn f021_a_runtime_that_ends_during_a_load_stops_nobody() {
    let gate = strongroom_testkit::Gate::shut();
    let chaos = ChaosStore::new(MemoryStore::new().with("db", "canary-1").unwrap());
    chaos.next("db", Step::ask().wait(&gate));
    let first = runtime();
    let secrets = first.block_on(async {
        let secrets = Secrets::builder().store(chaos.clone()).build().await.unwrap();
        let asking = secrets.clone();
        let asked = tokio::spawn(async move { asking.get("db").await.map(drop) });
        gate.arrived().await;
        drop(asked);
        secrets
    });
    drop(first);
    let read = runtime().block_on(async { secrets.get("db").await.map(drop) });
    assert!(read.is_ok(), "the load that was lost does not stand in the way");
}

#[test]
fn outside_of_a_runtime_an_error_says_so() {
    let secrets = runtime().block_on(async {
        let store = MemoryStore::new().with("db", "canary-1").unwrap();
        Secrets::builder().store(store).build().await.unwrap()
    });
    let mut asked = Box::pin(secrets.get("db"));
    let waker = std::task::Waker::noop();
    let polled = asked.as_mut().poll(&mut std::task::Context::from_waker(waker));
    let std::task::Poll::Ready(Err(error)) = polled else { panic!("an error at once") };
    assert_eq!(error.kind(), strongroom::ErrorKind::Misconfigured);
}

#[test]
fn who_waits_for_a_change_in_another_runtime_renews_when_the_first_one_ends() {
    let clock = ManualClock::at(1_800_000_000);
    let memory = MemoryStore::with_clock(Arc::new(clock.clone()));
    let chaos = ChaosStore::new(memory.with("db", "canary-1").unwrap());
    let builder = Secrets::builder().store(chaos.clone()).clock(clock.clone()).attempts(1);
    let first = runtime();
    let mut live = first.block_on(async {
        let secrets = builder.build().await.unwrap();
        secrets.watch("db").await.unwrap()
    });
    runtime().block_on(async {
        let waiting = tokio::spawn(async move { live.changed().await });
        settle().await;
        drop(std::thread::spawn(move || drop(first)).join());
        settle().await;
        let other = strongroom::Secret::new("canary-2".into());
        chaos.always("db", Step::answer(other));
        clock.advance(Duration::from_secs(60));
        waiting.await.unwrap().unwrap();
    });
}
