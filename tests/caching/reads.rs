//! One call for many readers, and a new value after the TTL.

use strongroom::Freshness;
use strongroom_testkit::{Gate, Step};
use strongroom_tests::settle;

use crate::place::{Place, value};
use crate::{SECOND, TTL, on_each};

on_each!(
    case_78_two_reads_within_the_ttl_are_one_call,
    case_79_many_first_readers_at_once_are_one_call,
    case_80_a_rotated_value_is_read_once_the_ttl_has_passed,
    case_80_a_rotated_value_in_use_comes_without_anybody_waiting,
);

async fn case_78_two_reads_within_the_ttl_are_one_call(place: &Place) {
    place.put("a", "canary-78").await;
    let secrets = place.service(&[]).await;
    assert_eq!(value(&secrets.get("a").await.unwrap()), "canary-78");
    place.clock.advance(TTL - SECOND);
    for _ in 0..100 {
        let read = secrets.get("a").await.unwrap();
        assert_eq!((value(&read), read.freshness()), ("canary-78", Freshness::Fresh));
    }
    assert_eq!(secrets.cached("a").unwrap().value().expose(), b"canary-78");
    assert_eq!((place.chaos.calls(), place.chaos.reads_for("a")), (1, 1));
}

async fn case_79_many_first_readers_at_once_are_one_call(place: &Place) {
    place.put("a", "canary-79").await;
    let secrets = place.service(&[]).await;
    let gate = Gate::shut();
    place.chaos.next("a", Step::ask().wait(&gate));
    let readers: Vec<_> = (0..1_000)
        .map(|_| {
            let secrets = secrets.clone();
            tokio::spawn(async move { secrets.get("a").await.map(|read| value(&read).to_owned()) })
        })
        .collect();
    gate.arrived().await;
    settle().await;
    assert!(readers.iter().all(|reader| !reader.is_finished()));
    gate.release();
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap(), "canary-79");
    }
    assert_eq!((place.chaos.calls(), place.chaos.reads_for("a")), (1, 1));
    assert_eq!(place.chaos.most_in_flight_for("a"), 1);
}

async fn case_80_a_rotated_value_is_read_once_the_ttl_has_passed(place: &Place) {
    place.put("a", "canary-1").await;
    let secrets = place.service(&[]).await;
    let old = secrets.get("a").await.unwrap();
    place.put("a", "canary-2").await;
    place.clock.advance(TTL);
    let new = secrets.get("a").await.unwrap();
    assert_eq!((value(&old), value(&new)), ("canary-1", "canary-2"));
    assert_ne!(old.version(), new.version());
    assert_eq!((new.freshness(), place.chaos.reads_for("a")), (Freshness::Fresh, 2));
}

async fn case_80_a_rotated_value_in_use_comes_without_anybody_waiting(place: &Place) {
    place.put("a", "canary-1").await;
    let secrets = place.service(&[]).await;
    let mut live = secrets.watch("a").await.unwrap();
    secrets.get("a").await.unwrap();
    let gate = Gate::shut();
    place.chaos.next("a", Step::ask().wait(&gate));
    place.put("a", "canary-2").await;
    place.clock.advance(TTL);
    gate.arrived().await;
    // The store is being asked, and everybody goes on with what is held.
    assert_eq!(value(&secrets.get("a").await.unwrap()), "canary-1");
    assert_eq!(value(&secrets.cached("a").unwrap()), "canary-1");
    assert_eq!(value(&live.load().unwrap()), "canary-1");
    gate.release();
    live.changed().await.unwrap();
    assert_eq!(value(&live.load().unwrap()), "canary-2");
    assert_eq!(value(&secrets.cached("a").unwrap()), "canary-2");
    assert_eq!(value(&secrets.get("a").await.unwrap()), "canary-2");
    assert_eq!(place.chaos.reads_for("a"), 2);
}

mod bao {
    use crate::place::Place;

    #[tokio::test]
    async fn case_80_a_rotated_value_is_read_once_the_ttl_has_passed() {
        super::case_80_a_rotated_value_is_read_once_the_ttl_has_passed(&Place::bao().await).await;
    }

    #[tokio::test]
    async fn case_80_a_rotated_value_in_use_comes_without_anybody_waiting() {
        super::case_80_a_rotated_value_in_use_comes_without_anybody_waiting(&Place::bao().await)
            .await;
    }
}
