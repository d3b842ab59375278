//! Loads that began too early, and clocks that are set.

use std::time::Duration;

use strongroom::{Error, ErrorKind, Freshness, Secrets};
use strongroom_testkit::{Gate, Step};
use strongroom_tests::{settle, until};
use tokio::task::JoinHandle;

use crate::place::{Place, value};
use crate::{AGE, SECOND, TTL, on_each};

on_each!(
    case_84_a_load_that_began_before_an_invalidation_does_not_win,
    case_84_a_renewal_that_began_before_an_invalidation_does_not_win,
    case_85_the_ttl_does_not_follow_a_clock_that_is_set_back,
    case_85_the_age_limit_does_not_follow_a_clock_that_is_set_back,
    case_85_a_machine_that_slept_has_aged,
);

const HOUR: Duration = Duration::from_secs(3_600);

fn reader(secrets: &Secrets) -> JoinHandle<strongroom::Result<String>> {
    let secrets = secrets.clone();
    tokio::spawn(async move { secrets.get("a").await.map(|read| value(&read).to_owned()) })
}

async fn case_84_a_load_that_began_before_an_invalidation_does_not_win(place: &Place) {
    place.put("a", "canary-old").await;
    let secrets = place.service(&[]).await;
    let gate = Gate::shut();
    place.chaos.next("a", Step::ask().hold(&gate));
    let early = reader(&secrets);
    gate.arrived().await;
    place.put("a", "canary-new").await;
    secrets.invalidate("a").await.unwrap();
    let late = reader(&secrets).await.unwrap().unwrap();
    assert_eq!(late, "canary-new", "whoever asks after it waits for no older load");
    gate.release();
    assert_eq!(early.await.unwrap().unwrap(), "canary-old", "it had asked before");
    settle().await;
    for _ in 0..3 {
        assert_eq!(value(&secrets.get("a").await.unwrap()), "canary-new");
    }
    assert_eq!(place.chaos.reads_for("a"), 2);
}

async fn case_84_a_renewal_that_began_before_an_invalidation_does_not_win(place: &Place) {
    place.put("a", "canary-old").await;
    let secrets = place.service(&[]).await;
    let live = secrets.watch("a").await.unwrap();
    secrets.get("a").await.unwrap();
    let (early, late) = (Gate::shut(), Gate::shut());
    place.chaos.next("a", Step::ask().hold(&early));
    place.chaos.next("a", Step::ask().wait(&late));
    place.clock.advance(TTL);
    early.arrived().await;
    place.put("a", "canary-new").await;
    secrets.invalidate("a").await.unwrap();
    let shows_nothing = || live.load().is_err() && secrets.cached("a").is_none();
    assert!(shows_nothing(), "at once");
    late.arrived().await;
    early.release();
    until("the older load has ended", async || place.chaos.in_flight() == 1).await;
    settle().await;
    assert!(shows_nothing(), "not what was read before");
    late.release();
    until("it is read again", async || live.load().is_ok()).await;
    assert_eq!(value(&live.load().unwrap()), "canary-new");
    assert_eq!(value(&secrets.cached("a").unwrap()), "canary-new");
    assert_eq!(value(&secrets.get("a").await.unwrap()), "canary-new");
    assert_eq!(place.chaos.reads_for("a"), 3);
}

async fn case_85_the_ttl_does_not_follow_a_clock_that_is_set_back(place: &Place) {
    place.put("a", "canary-1").await;
    let secrets = place.service(&[]).await;
    secrets.get("a").await.unwrap();
    place.put("a", "canary-2").await;
    place.clock.set_back(HOUR);
    place.clock.advance(TTL - SECOND);
    place.chaos.next("a", Step::panic());
    assert_eq!(value(&secrets.get("a").await.unwrap()), "canary-1", "neither sooner");
    assert_eq!(place.chaos.reads_for("a"), 1);
    place.chaos.clear();
    place.clock.advance(SECOND);
    let now = async || value(&secrets.get("a").await.unwrap()) == "canary-2";
    until("the value is renewed, and no later", now).await;
    assert_eq!(place.chaos.reads_for("a"), 2);
}

async fn case_85_the_age_limit_does_not_follow_a_clock_that_is_set_back(place: &Place) {
    place.put("a", "canary-85").await;
    let secrets = place.service(&[]).await;
    let mut live = secrets.watch("a").await.unwrap();
    let down = Error::new(ErrorKind::Unavailable, "the script says so");
    place.chaos.always(None, Step::fail(down));
    place.clock.advance(AGE / 2);
    place.clock.set_back(HOUR);
    place.clock.advance(AGE / 2 - SECOND);
    assert_eq!(secrets.get("a").await.unwrap().freshness(), Freshness::Stale);
    assert!(live.load().is_ok());
    place.clock.advance(SECOND);
    assert_eq!(secrets.get("a").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(live.changed().await.unwrap_err().kind(), ErrorKind::Unavailable);
}

async fn case_85_a_machine_that_slept_has_aged(place: &Place) {
    place.put("a", "canary-1").await;
    let secrets = place.service(&[]).await;
    secrets.get("a").await.unwrap();
    place.put("a", "canary-2").await;
    place.clock.suspend(TTL);
    assert_eq!(value(&secrets.get("a").await.unwrap()), "canary-2");
    assert_eq!(place.chaos.reads_for("a"), 2);
}
