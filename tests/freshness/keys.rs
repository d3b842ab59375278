//! Keys through rotations, storms and outages, without waiting.

use std::sync::Arc;
use std::time::Duration;

use strongroom::{
    ErrorKind, KeyState, MemoryStore, PutOptions, Reason, Secrets, Settings, Signature,
};
use strongroom_testkit::{ChaosStore, ManualClock, Step};
use strongroom_tests::{Log, key, settle};

use crate::{GRACE, Service, TTL, down};

/// A well-formed signature of a key that nobody has; `number` makes another one.
fn forged(number: u64) -> Signature {
    let digits: String =
        (0..16).map(|at| b"abcdefghijklmnop"[(number >> (at * 4)) as usize & 15] as char).collect();
    let tag = "A".repeat(43);
    format!("sr1.{digits}.hs256.{tag}").parse().unwrap()
}

async fn rotated(service: &Service) {
    service.peer().await.rotate("signing-key").no_wait().run().await.unwrap();
}

#[tokio::test]
async fn f027_a_ring_that_cannot_wait_looks_for_an_unknown_key_and_says_when_to_ask_again() {
    let service = Service::new().await;
    let ring = service.secrets.key_ring().await.unwrap();
    rotated(&service).await;
    let new = service.peer().await.signer().await.unwrap().sign(b"hi").await.unwrap();
    let error = ring.verify(b"hi", &new).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
    assert!(error.retry_after().is_some_and(|after| after <= Duration::from_secs(1)));
    settle().await;
    assert!(ring.verify(b"hi", &new).unwrap().is_current());
    let unknown = ring.verify(b"hi", &forged(1)).unwrap_err();
    assert_eq!(unknown.retry_after(), Some(Duration::from_secs(30)));
}

#[tokio::test]
async fn an_outage_never_reads_as_a_forgery_to_a_ring_either() {
    let service = Service::new().await;
    let ring = service.secrets.key_ring().await.unwrap();
    let good = ring.sign(b"hi").unwrap();
    service.chaos.always(None, Step::fail(down()));
    ring.verify(b"hi", &forged(1)).unwrap_err();
    settle().await;
    assert_eq!(ring.verify(b"hi", &forged(2)).unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(ring.verify(b"hi", &good).is_ok());
}

#[tokio::test]
async fn f036_a_storm_of_unknown_keys_costs_one_load_a_cooldown() {
    let service = Service::new().await;
    let ring = service.secrets.key_ring().await.unwrap();
    let signer = service.secrets.signer().await.unwrap();
    let good = ring.sign(b"hi").unwrap();
    let before = service.chaos.calls();
    for second in 0..60 {
        for number in 0..10_000 {
            assert!(ring.verify(b"hi", &forged(second * 10_000 + number)).is_err());
        }
        assert!(signer.verify(b"hi", &forged(second)).await.is_err());
        assert!(ring.verify(b"hi", &good).is_ok() && signer.verify(b"hi", &good).await.is_ok());
        service.go_on(1).await;
    }
    // One for each of two cooldowns, and the renewals of one TTL.
    assert!((2..=5).contains(&(service.chaos.calls() - before)), "{}", service.chaos.calls());
}

#[tokio::test]
async fn f037_a_rotation_during_a_storm_is_found_within_the_cooldown() {
    let service = Service::new().await;
    let ring = service.secrets.key_ring().await.unwrap();
    assert!(ring.verify(b"hi", &forged(0)).is_err());
    settle().await;
    rotated(&service).await;
    let new = service.peer().await.signer().await.unwrap().sign(b"hi").await.unwrap();
    let mut seconds = 0;
    while ring.verify(b"hi", &new).is_err() {
        assert!(ring.verify(b"hi", &forged(seconds)).is_err());
        service.go_on(1).await;
        seconds += 1;
    }
    assert!(seconds <= 31, "{seconds}");
}

#[tokio::test]
async fn f026_a_key_that_was_current_for_a_moment_only_still_verifies() {
    let service = Service::new().await;
    let ring = service.secrets.key_ring().await.unwrap();
    rotated(&service).await;
    let middle = service.peer().await.signer().await.unwrap().sign(b"hi").await.unwrap();
    rotated(&service).await;
    ring.verify(b"hi", &middle).unwrap_err();
    settle().await;
    assert!(!ring.verify(b"hi", &middle).unwrap().is_current());
}

#[tokio::test]
async fn f032_a_retired_key_verifies_until_the_second_its_grace_is_over() {
    let service = Service::new().await;
    let ring = service.secrets.key_ring().await.unwrap();
    let old = ring.sign(b"hi").unwrap();
    rotated(&service).await;
    service.go_on(61).await;
    assert_ne!(ring.current().unwrap(), *old.key());
    service.go_on(GRACE.as_secs() - 62).await;
    assert!(ring.verify(b"hi", &old).is_ok());
    service.go_on(1).await;
    let error = ring.verify(b"hi", &old).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
}

#[tokio::test]
async fn f025_each_signature_is_of_one_snapshot_while_keys_rotate() {
    let service = Service::new().await;
    let ring = service.secrets.key_ring().await.unwrap();
    let webhook = ring.for_purpose("webhook").unwrap();
    for _ in 0..5 {
        rotated(&service).await;
        service.pass(TTL).await;
        let live: Vec<_> = ring.keys().unwrap();
        assert_eq!(live[0], (ring.current().unwrap(), KeyState::Current));
        let (one, other) = (ring.sign(b"hi").unwrap(), webhook.sign(b"hi").unwrap());
        assert_eq!((one.key(), other.key()), (&live[0].0, &live[0].0));
        assert!(ring.verify(b"hi", &one).is_ok() && webhook.verify(b"hi", &other).is_ok());
        assert!(webhook.verify(b"hi", &one).is_err(), "another purpose");
    }
}

#[tokio::test]
async fn f029_a_release_that_is_put_back_is_followed_and_said() {
    let log = Log::capture();
    let folder = tempfile::tempdir().unwrap();
    let settings = || {
        Settings::from_pairs([("SECRETS_PROVIDER", "file")])
            .with("SECRETS_DIR", folder.path().to_string_lossy())
    };
    // Near the stamps of the releases, which the machine's clock makes.
    let now = strongroom::Clock::now(&strongroom::SystemClock);
    let clock = ManualClock::at(now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs());
    let operator = Secrets::from_settings(settings()).await.unwrap();
    operator.put("signing-key", key("1"), PutOptions::default()).await.unwrap();
    let first = std::fs::read_link(folder.path().join("current")).unwrap();
    let builder = Secrets::builder().settings(settings()).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    let ring = secrets.key_ring().await.unwrap();
    let old = ring.sign(b"hi").unwrap();
    operator.rotate("signing-key").no_wait().run().await.unwrap();
    let read_again = async || {
        clock.advance(TTL);
        let mut changes = ring.clone();
        tokio::time::timeout(Duration::from_secs(10), changes.changed()).await.unwrap().unwrap();
    };
    read_again().await;
    let new = ring.sign(b"hi").unwrap();
    assert_ne!(old.key(), new.key());
    // As an operator rolls back by hand.
    let link = folder.path().join("current.tmp");
    std::os::unix::fs::symlink(&first, &link).unwrap();
    std::fs::rename(&link, folder.path().join("current")).unwrap();
    clock.advance(TTL);
    let mut changes = ring.clone();
    for _ in 0..10_000 {
        if ring.current().unwrap() == *old.key() {
            break;
        }
        // What went back is asked again before it is believed.
        clock.advance(Duration::from_millis(100));
        tokio::task::yield_now().await;
    }
    let _ = tokio::time::timeout(Duration::from_secs(10), changes.changed()).await;
    assert_eq!(ring.current().unwrap(), *old.key());
    assert!(log.text().contains("rotation_rolled_back"), "{}", log.text());
    assert_eq!(ring.sign(b"hi").unwrap().key(), old.key());
}

#[tokio::test]
async fn f035_two_providers_never_share_a_key() {
    let secrets = async |which| {
        let store = MemoryStore::new().with("signing-key", key(which)).unwrap();
        Secrets::builder().store(store).build().await.unwrap()
    };
    let [one, other] = [secrets("1").await, secrets("2").await];
    let signature = one.signer().await.unwrap().sign(b"hi").await.unwrap();
    let refused = other.signer().await.unwrap().verify(b"hi", &signature).await.unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::UnknownKey));
}

#[tokio::test]
async fn raw_tags_follow_a_rotation() {
    let service = Service::new().await;
    let raw = service.secrets.raw_hmac("signing-key").await.unwrap();
    let old = raw.sign(b"hi").unwrap();
    rotated(&service).await;
    service.pass(TTL).await;
    let new = raw.sign(b"hi").unwrap();
    assert!(raw.verify(b"hi", &old).is_ok() && raw.verify(b"hi", &new).is_ok());
    service.chaos.always(None, Step::fail(down()));
    service.pass(Duration::from_secs(360)).await;
    assert_eq!(raw.sign(b"hi").unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn f130_a_version_that_comes_back_with_another_key_changes_nothing_and_is_said() {
    let log = Log::capture();
    let clock = ManualClock::at(1_800_000_000);
    let memory = MemoryStore::with_clock(Arc::new(clock.clone()));
    let chaos = ChaosStore::new(memory.with("db", "canary-1").unwrap());
    let builder = Secrets::builder().store(chaos.clone()).clock(clock.clone()).attempts(1);
    let secrets = builder.build().await.unwrap();
    let live = secrets.watch("db").await.unwrap();
    let secret = live.load().unwrap().clone();
    chaos.always("db", Step::answer(secret.with_value("canary-2".into())));
    clock.advance(TTL);
    settle().await;
    assert_eq!(live.load().unwrap().value().expose(), b"canary-1");
    assert!(log.text().contains("version_conflict"), "{}", log.text());
    assert!(!log.text().contains("canary"));
}
