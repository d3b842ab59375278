//! Keys of KV that are rotated, rolled back and ended by others.

use std::time::Duration;

use serde_json::json;
use strongroom::{ErrorKind, KeyRing, Reason, Signature, Signer};
use strongroom_testkit::ManualClock;
use strongroom_tests::server::{Server, Sort, clock};
use strongroom_tests::{Log, key, on_both, until};

use super::{KV_KEY, SECOND, TTL, Warm, ask, write};
use crate::refused;

on_both!(
    f033_a_destroyed_version_of_a_kv_key_verifies_no_more,
    f029_a_kv_key_that_is_rolled_back_is_followed_and_both_verify,
    a_kv_key_needs_no_right_but_to_read_its_data,
);

const GRACE: Duration = Duration::from_secs(900);

/// Writes another key, and waits until a renewal has found it.
async fn rotate(server: &Server, clock: &ManualClock, ring: &KeyRing, to: &str) {
    let before = ring.current().unwrap();
    write(server, "signing-key", to).await;
    clock.advance(TTL);
    until("the rotation is seen", async || ring.current().unwrap() != before).await;
}

async fn is_current(signer: &Signer, signature: &Signature) -> bool {
    signer.verify(b"hi", signature).await.unwrap().is_current()
}

async fn f033_a_destroyed_version_of_a_kv_key_verifies_no_more(server: &Server) {
    let Warm { clock, signer, ring, good: old, .. } = &Warm::on(server).await;
    rotate(server, clock, ring, &key("2")).await;
    let new = signer.sign(b"hi").await.unwrap();
    assert!(!is_current(signer, old).await && is_current(signer, &new).await);
    let versions = json!({"versions": [1]});
    assert_eq!(ask(server, "POST", "destroy/signing-key", Some(versions)).await, 204);
    // The renewal of one TTL later, and nothing that anybody asks for.
    clock.advance(TTL);
    until("it is seen", async || ring.keys().unwrap().len() == 1).await;
    let error = refused(signer.verify(b"hi", old).await, ErrorKind::SignatureMismatch);
    assert_eq!(error.reason(), Some(Reason::UnknownKey));
    refused(ring.verify(b"hi", old), ErrorKind::SignatureMismatch);
    assert!(is_current(signer, &new).await && ring.verify(b"hi", &new).is_ok());
}

async fn f029_a_kv_key_that_is_rolled_back_is_followed_and_both_verify(server: &Server) {
    let log = Log::capture();
    let Warm { clock, signer, ring, good: first, .. } = &Warm::on(server).await;
    rotate(server, clock, ring, &key("2")).await;
    let second = &signer.sign(b"hi").await.unwrap();
    // KV rolls back by writing the old value once more.
    write(server, "signing-key", &key("1")).await;
    clock.advance(TTL);
    let said = |event| log.text().contains(&format!("event=\"{event}\""));
    until("it is noticed", async || said("version_went_back")).await;
    assert!(!said("rotation_rolled_back"), "it may be a server that lags");
    assert_eq!(ring.current().unwrap(), *second.key());
    clock.advance(SECOND);
    until("it is believed", async || ring.current().unwrap() == *first.key()).await;
    until("it is said", async || said("rotation_rolled_back")).await;
    assert_eq!(signer.sign(b"hi").await.unwrap().key(), first.key());
    assert!(is_current(signer, first).await && !is_current(signer, second).await);
    assert!(ring.verify(b"hi", first).unwrap().is_current());
    assert!(!ring.verify(b"hi", second).unwrap().is_current());
    clock.advance(GRACE);
    assert!(is_current(signer, first).await);
    refused(signer.verify(b"hi", second).await, ErrorKind::SignatureMismatch);
    assert!(!log.text().contains("canary-key"), "no value is logged");
}

async fn a_kv_key_needs_no_right_but_to_read_its_data(server: &Server) {
    write(server, "signing-key", &key("1")).await;
    let token = server.token(&[("secret/data/signing-key", &["read"])]).await;
    let clock = clock();
    let secrets = server.secrets_at(&clock, &[KV_KEY, ("VAULT_TOKEN", &token)]).await;
    let (signer, ring) = (secrets.signer().await.unwrap(), secrets.key_ring().await.unwrap());
    let old = signer.sign(b"hi").await.unwrap();
    rotate(server, &clock, &ring, &key("2")).await;
    let new = signer.sign(b"hi").await.unwrap();
    assert!(!is_current(&signer, &old).await && is_current(&signer, &new).await);
    let restarted = server.secrets_at(&clock, &[KV_KEY, ("VAULT_TOKEN", &token)]).await;
    let restarted = restarted.signer().await.unwrap();
    assert!(!is_current(&restarted, &old).await && is_current(&restarted, &new).await);
    refused(secrets.versions("signing-key").await, ErrorKind::PermissionDenied);
    if let Sort::Fake(fake) = server.sort() {
        // The one by which the test just asked.
        assert_eq!(fake.count("GET", "/v1/secret/metadata/signing-key"), 1);
    }
}

#[tokio::test]
async fn f026_a_signature_of_the_key_between_two_rotations_verifies_after_one_refresh() {
    let clock = clock();
    let server = Server::fake_at(&clock).await;
    let Warm { signer: verifier, ring, good: first, .. } = &Warm::on(&server).await;
    write(&server, "signing-key", &key("2")).await;
    let between = server.secrets_at(&clock, &[KV_KEY]).await.signer().await.unwrap();
    let second = between.sign(b"hi").await.unwrap();
    clock.advance(SECOND);
    write(&server, "signing-key", &key("3")).await;
    let reads = || {
        let calls = server.as_fake().calls().into_iter();
        calls
            .filter(|call| call.path == "/v1/secret/data/signing-key" && call.method == "GET")
            .count()
    };
    let before = reads();
    for _ in 0..3 {
        assert!(!is_current(verifier, &second).await);
        assert!(!is_current(verifier, first).await);
        assert!(!ring.verify(b"hi", &second).unwrap().is_current());
    }
    assert_eq!(reads() - before, 1, "one refresh");
    assert_ne!(verifier.sign(b"hi").await.unwrap().key(), second.key());
}
