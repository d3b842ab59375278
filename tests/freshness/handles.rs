//! `cached`, `watch` and `watch_as`, `invalidate` and `shutdown`.

use std::time::Duration;

use strongroom::{Error, ErrorKind, Freshness, GetOptions, PutOptions, Reason};
use strongroom_testkit::Step;
use strongroom_tests::{Log, settle};

use crate::{AGE, Service, TTL, down};

#[tokio::test]
async fn a_secret_is_cached_once_it_was_read_twice() {
    let service = Service::new().await;
    assert!(service.secrets.cached("db").is_none());
    for _ in 0..2 {
        assert_eq!(service.secrets.get("db").await.unwrap().freshness(), Freshness::Fresh);
    }
    assert_eq!(service.secrets.cached("db").unwrap().value().expose(), b"canary-1");
    assert_eq!(service.chaos.calls(), 1);
    assert!(service.secrets.cached("other").is_none() && service.secrets.cached("../x").is_none());
}

#[tokio::test]
async fn what_this_process_writes_it_reads_at_once() {
    let service = Service::new().await;
    let live = service.secrets.watch("db").await.unwrap();
    service.secrets.get("db").await.unwrap();
    service.secrets.put("db", "canary-2", PutOptions::default()).await.unwrap();
    assert!(service.secrets.cached("db").is_none(), "not the old one");
    assert_eq!(service.secrets.get("db").await.unwrap().value().expose(), b"canary-2");
    assert_eq!(live.load().unwrap().value().expose(), b"canary-2");
    service.secrets.delete("db").await.unwrap();
    assert!(service.secrets.cached("db").is_none() && live.load().is_err());
    assert_eq!(service.secrets.get("db").await.unwrap_err().kind(), ErrorKind::Deleted);
    service.secrets.restore("db").await.unwrap();
    assert!(service.secrets.get("db").await.is_ok() && live.load().is_ok());
}

#[tokio::test]
async fn a_handle_follows_the_secret_and_outlives_what_it_came_from() {
    let service = Service::new().await;
    let peer = service.peer().await;
    let mut live = peer.watch("db").await.unwrap();
    drop(peer);
    let same = live.clone();
    let old = same.load().unwrap();
    service.put("db", "canary-2").await;
    service.pass(TTL).await;
    live.changed().await.unwrap();
    assert_eq!(live.load().unwrap().value().expose(), b"canary-2");
    assert_eq!(old.value().expose(), b"canary-1", "what was borrowed stays what it was");
    drop(old);
    let before = service.chaos.calls();
    drop((live, same));
    service.go_on(200).await;
    assert_eq!(service.chaos.calls(), before, "the last handle ended it");
}

#[tokio::test]
async fn f031_a_value_that_is_refused_leaves_the_last_good_one_up_to_its_age_limit() {
    let log = Log::capture();
    let service = Service::new().await;
    service.put("port", "8080").await;
    let port = |secret: &strongroom::Secret| {
        let refused = |_| Error::new(ErrorKind::InvalidValue, "is not a port");
        secret.value().expose_str()?.parse::<u16>().map_err(refused)
    };
    let live = service.secrets.watch_as("port", port).await.unwrap();
    service.put("port", "canary-no-port").await;
    service.go_on(60).await;
    assert_eq!((*live.load().unwrap(), live.freshness()), (8080, Freshness::Stale));
    assert_eq!(log.text().matches("value_invalid").count(), 1, "{}", log.text());
    assert!(!log.text().contains("canary"));
    service.go_on(300).await;
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::AgeLimit));
    service.put("port", "8081").await;
    service.go_on(61).await;
    assert_eq!((*live.load().unwrap(), live.freshness()), (8081, Freshness::Fresh));
    let refused = service.secrets.watch_as("db", port).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidValue, "a first value that is refused");
}

#[tokio::test]
async fn f012_after_an_invalidation_nobody_is_served_what_was_held() {
    let service = Service::new().await;
    let live = service.secrets.watch("db").await.unwrap();
    service.chaos.always(None, Step::fail(down()));
    service.secrets.invalidate("db").await.unwrap();
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::Invalidated));
    assert!(service.secrets.cached("db").is_none());
    assert_eq!(service.secrets.get("db").await.unwrap_err().kind(), ErrorKind::Unavailable);
    service.chaos.clear();
    service.go_on(3).await;
    assert!(live.load().is_ok(), "it is read again without anybody asking");
    assert_eq!(
        service.secrets.invalidate("../x").await.unwrap_err().kind(),
        ErrorKind::Misconfigured
    );
}

#[tokio::test]
async fn versions_and_fields_are_told_apart_and_a_write_renews_them_all() {
    let service = Service::new().await;
    service.put("json", "{\"a\":\"canary-1\",\"b\":\"canary-2\"}").await;
    let live = service.secrets.watch("json#a").await.unwrap();
    assert_eq!(live.load().unwrap().value().expose(), b"canary-1");
    assert_eq!(service.secrets.get("json#b").await.unwrap().value().expose(), b"canary-2");
    let options = PutOptions::default();
    service.secrets.put("json#a", "canary-3", options).await.unwrap();
    settle().await;
    assert_eq!(live.load().unwrap().value().expose(), b"canary-3");
    assert_eq!(service.secrets.get("json#b").await.unwrap().value().expose(), b"canary-2");
    assert!(service.secrets.get("json").await.unwrap().value().expose_str().unwrap().contains("3"));
}

#[tokio::test]
async fn max_age_zero_asks_the_provider() {
    let service = Service::new().await;
    service.secrets.get("db").await.unwrap();
    service.put("db", "canary-2").await;
    assert_eq!(service.secrets.get("db").await.unwrap().value().expose(), b"canary-1");
    let now = GetOptions::default().max_age(Duration::ZERO);
    let asked = service.secrets.get_with("db", now.clone()).await.unwrap();
    assert_eq!(asked.value().expose(), b"canary-2");
    assert_eq!(service.secrets.get("db").await.unwrap().value().expose(), b"canary-2");
    service.chaos.always(None, Step::fail(down()));
    let error = service.secrets.get_with("db", now).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "no older answer instead");
    assert!(service.secrets.get("db").await.is_ok());
}

#[tokio::test]
async fn a_handle_says_when_it_serves_on_during_an_outage_and_when_it_ends() {
    let service = Service::new().await;
    let mut live = service.secrets.watch("db").await.unwrap();
    service.chaos.always(None, Step::fail(down()));
    service.go_on(66).await;
    assert!(live.freshness().is_stale() && live.load().unwrap().freshness().is_stale());
    assert!(service.secrets.get("db").await.unwrap().freshness().is_stale());
    service.go_on((AGE - TTL).as_secs() - 6).await;
    assert_eq!(live.changed().await.unwrap_err().reason(), Some(Reason::AgeLimit));
    service.chaos.clear();
    service.go_on(32).await;
    live.changed().await.unwrap();
    assert_eq!(live.freshness(), Freshness::Fresh);
}

#[tokio::test]
async fn after_shutdown_everything_is_closed() {
    let service = Service::new().await;
    let mut live = service.secrets.watch("db").await.unwrap();
    let ring = service.secrets.key_ring().await.unwrap();
    let signer = service.secrets.signer().await.unwrap();
    service.secrets.shutdown().await;
    for error in [
        live.load().map(drop).unwrap_err(),
        live.changed().await.unwrap_err(),
        ring.sign(b"hi").unwrap_err(),
        signer.sign(b"hi").await.unwrap_err(),
        service.secrets.get("db").await.unwrap_err(),
    ] {
        let expected = (ErrorKind::Unavailable, Some(Reason::Closed));
        assert_eq!((error.kind(), error.reason()), expected);
    }
    assert!(service.secrets.cached("db").is_none());
}

#[tokio::test]
async fn who_waits_for_a_change_is_told_of_the_shutdown() {
    let service = Service::new().await;
    let mut live = service.secrets.watch("db").await.unwrap();
    service.peer().await.delete("db").await.unwrap();
    service.go_on(61).await;
    assert_eq!(live.changed().await.unwrap_err().kind(), ErrorKind::Deleted);
    let waiting = tokio::spawn(async move { live.changed().await });
    settle().await;
    service.secrets.shutdown().await;
    assert_eq!(waiting.await.unwrap().unwrap_err().reason(), Some(Reason::Closed));
}

#[tokio::test]
async fn a_write_whose_caller_went_away_is_read_again_all_the_same() {
    let service = Service::new().await;
    for _ in 0..2 {
        service.secrets.get("db").await.unwrap();
    }
    let gate = strongroom_testkit::Gate::shut();
    service.chaos.next("db", Step::ask().hold(&gate));
    let write = service.secrets.put("db", "canary-2", PutOptions::default());
    let gone = tokio::time::timeout(Duration::ZERO, write).await;
    assert!(gone.is_err(), "it was written, and nobody waited for the answer");
    assert!(service.secrets.cached("db").is_none());
    assert_eq!(service.secrets.get("db").await.unwrap().value().expose(), b"canary-2");
}

#[tokio::test]
async fn what_was_written_over_and_cannot_be_read_again_serves_on_as_stale() {
    let service = Service::new().await;
    service.secrets.watch("db").await.unwrap();
    for _ in 0..2 {
        service.secrets.get("db").await.unwrap();
    }
    service.chaos.next("db", Step::ask());
    service.secrets.put("db", "canary-2", PutOptions::default()).await.unwrap();
    service.chaos.always(None, Step::fail(down()));
    let secret = service.secrets.get("db").await.unwrap();
    assert_eq!((secret.value().expose(), secret.freshness()), (&b"canary-1"[..], Freshness::Stale));
}

#[tokio::test]
async fn a_write_of_the_same_bytes_is_no_change() {
    let service = Service::new().await;
    let mut live = service.secrets.watch("db").await.unwrap();
    service.put("db", "canary-1").await;
    service.go_on(61).await;
    assert_eq!(live.load().unwrap().version().map(|version| version.as_str()), Some("2"));
    let changed = tokio::time::timeout(Duration::ZERO, live.changed()).await;
    assert!(changed.is_err(), "its user has nothing to do");
}
