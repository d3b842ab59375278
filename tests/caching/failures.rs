//! Outages that are bridged, and answers that are remembered.

use std::time::Duration;

use strongroom::{Error, ErrorKind, Freshness, GetOptions, Reason};
use strongroom_testkit::Step;
use strongroom_tests::settle;

use crate::place::{Place, value};
use crate::{AGE, SECOND, TTL, on_each};

on_each!(
    case_81_an_outage_is_bridged_within_the_grace_and_no_longer,
    case_81_a_handle_serves_through_an_outage_within_the_grace_and_no_longer,
    case_82_a_failed_load_is_remembered_as_what_it_was_and_not_for_long,
    case_82_a_value_is_not_served_after_an_answer_that_ends_it,
);

/// How long an answer about the secret itself is believed.
const NEGATIVE: Duration = Duration::from_secs(5);

fn failing(kind: ErrorKind) -> Step {
    Step::fail(Error::new(kind, "the script says so"))
}

/// Asks the store, whatever is held.
fn anew() -> GetOptions {
    GetOptions::default().max_age(Duration::ZERO)
}

async fn case_81_an_outage_is_bridged_within_the_grace_and_no_longer(place: &Place) {
    place.put("a", "canary-81").await;
    let secrets = place.service(&[]).await;
    assert_eq!(secrets.get("a").await.unwrap().freshness(), Freshness::Fresh);
    place.chaos.always(None, failing(ErrorKind::Unavailable));
    place.clock.advance(TTL);
    for _ in TTL.as_secs()..AGE.as_secs() {
        let read = secrets.get("a").await.unwrap();
        assert_eq!((value(&read), read.freshness()), ("canary-81", Freshness::Stale));
        assert_eq!(secrets.get("b").await.unwrap_err().kind(), ErrorKind::Unavailable);
        place.clock.advance(SECOND);
    }
    assert_eq!(secrets.get("a").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(secrets.cached("a").is_none());
    // Tried at most every half a minute once it has failed a few times: 6 + 300/30.
    assert!(place.chaos.reads_for("a") <= 1 + 16, "{} loads", place.chaos.reads_for("a"));
    place.chaos.clear();
    place.clock.advance(31 * SECOND);
    let read = secrets.get("a").await.unwrap();
    assert_eq!((value(&read), read.freshness()), ("canary-81", Freshness::Fresh));
}

async fn case_81_a_handle_serves_through_an_outage_within_the_grace_and_no_longer(place: &Place) {
    place.put("a", "canary-81").await;
    let secrets = place.service(&[]).await;
    let mut live = secrets.watch("a").await.unwrap();
    secrets.get("a").await.unwrap();
    place.chaos.always(None, failing(ErrorKind::Throttled));
    for passed in 0..AGE.as_secs() {
        assert_eq!(value(&live.load().unwrap()), "canary-81");
        assert_eq!(value(&secrets.cached("a").unwrap()), "canary-81");
        let read = secrets.get("a").await.unwrap();
        // A renewal that fails says so at once; one that nobody made says so a little later.
        let late = passed >= TTL.as_secs() + 5;
        assert!(!late || read.freshness() == Freshness::Stale, "{passed} s");
        place.clock.advance(SECOND);
        settle().await;
    }
    let error = live.changed().await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Unavailable, Some(Reason::AgeLimit)));
    assert!(live.load().is_err() && secrets.cached("a").is_none());
    place.chaos.clear();
    place.clock.advance(31 * SECOND);
    live.changed().await.unwrap();
    assert_eq!(value(&live.load().unwrap()), "canary-81");
}

async fn case_82_a_failed_load_is_remembered_as_what_it_was_and_not_for_long(place: &Place) {
    let secrets = place.service(&[]).await;
    for kind in ErrorKind::all() {
        let name = kind.as_str();
        place.put(name, "canary-82").await;
        place.chaos.next(name, failing(kind));
        assert_eq!(secrets.get(name).await.unwrap_err().kind(), kind);
        let again = secrets.get(name).await.unwrap_err();
        assert_eq!(again.kind(), kind, "an outage is not `NotFound`, nor the other way round");
        let left = again.retry_after().unwrap();
        let longest = if kind.is_authoritative() { NEGATIVE } else { 2 * SECOND };
        assert!(left <= longest, "{kind} for {left:?}");
        place.clock.advance(left - Duration::from_millis(1));
        assert_eq!(secrets.get(name).await.unwrap_err().kind(), kind);
        assert_eq!(place.chaos.reads_for(name), 1, "{kind}");
        place.clock.advance(Duration::from_millis(1));
        assert_eq!(value(&secrets.get(name).await.unwrap()), "canary-82", "{kind}");
        assert_eq!(place.chaos.reads_for(name), 2, "{kind}");
    }
}

async fn case_82_a_value_is_not_served_after_an_answer_that_ends_it(place: &Place) {
    let secrets = place.service(&[]).await;
    for kind in ErrorKind::all() {
        let name = kind.as_str();
        place.put(name, "canary-82").await;
        for _ in 0..2 {
            secrets.get(name).await.unwrap();
        }
        place.chaos.next(name, failing(kind));
        let asked = secrets.get_with(name, anew()).await;
        assert_eq!(asked.unwrap_err().kind(), kind);
        let reads = place.chaos.reads_for(name);
        // What says nothing about the secret, or only that its new version is of no use, leaves the last one.
        let serves_on = kind.allows_stale() || kind == ErrorKind::InvalidValue;
        for _ in 0..10 {
            let read = secrets.get(name).await.map_err(|error| error.kind());
            assert_eq!(read.map(drop), if serves_on { Ok(()) } else { Err(kind) });
            assert_eq!(secrets.cached(name).is_some(), serves_on, "{kind}");
        }
        assert_eq!(place.chaos.reads_for(name), reads, "{kind}");
        place.clock.advance(NEGATIVE);
        assert_eq!(value(&secrets.get(name).await.unwrap()), "canary-82", "{kind}");
    }
}
