//! Signatures of Transit while its server is down, and after it has ended a key.

use serde_json::json;
use strongroom::{Algorithm, ErrorKind, Health, KeyId, Reason, Signature, Signer, Trouble};
use strongroom_testkit::ManualClock;
use strongroom_tests::server::{Server, clock};
use strongroom_tests::{on_both, until};

use super::{AGE, LONGEST_WAIT, SECOND, TTL, unseal};
use crate::refused;

on_both!(
    f033_a_version_that_transit_has_ended_verifies_no_more_after_a_renewal,
    f033_while_transit_is_down_nothing_verifies_past_the_age_limit,
    ed25519_signatures_verify_while_transit_is_sealed,
    hmac_signatures_do_not_verify_while_transit_is_sealed_and_health_says_so,
);

const ORDERS: (&str, &str) = ("VAULT_TRANSIT_KEY", "orders");

async fn signer(server: &Server, clock: &ManualClock) -> Signer {
    server.transit_key("orders", "ed25519").await;
    server.secrets_at(clock, &[ORDERS]).await.signer().await.unwrap()
}

async fn change(server: &Server, what: &str, body: serde_json::Value) {
    let path = format!("/v1/transit/keys/orders/{what}");
    let (status, answer) = server.raw("POST", &path, Some(body)).await;
    assert!(matches!(status, 200 | 204), "{answer}");
}

/// With the tag of another one.
fn forged(version: u32, good: &Signature) -> Signature {
    Signature::new(KeyId::transit("orders", version), Algorithm::Ed25519, good.tag()).unwrap()
}

async fn f033_a_version_that_transit_has_ended_verifies_no_more_after_a_renewal(server: &Server) {
    let clock = clock();
    let signer = signer(server, &clock).await;
    let old = signer.sign(b"hi").await.unwrap();
    change(server, "rotate", json!({})).await;
    let new = signer.sign(b"hi").await.unwrap();
    for _ in 0..2 {
        assert!(!signer.verify(b"hi", &old).await.unwrap().is_current());
        assert!(signer.verify(b"hi", &new).await.unwrap().is_current());
    }
    change(server, "config", json!({"min_decryption_version": 2})).await;
    clock.advance(TTL);
    until("it is renewed", async || signer.verify(b"hi", &old).await.is_err()).await;
    let error = refused(signer.verify(b"hi", &old).await, ErrorKind::SignatureMismatch);
    assert_eq!(error.reason(), Some(Reason::Retired));
    assert!(signer.verify(b"hi", &new).await.unwrap().is_current());
}

async fn f033_while_transit_is_down_nothing_verifies_past_the_age_limit(server: &Server) {
    let clock = clock();
    server.transit_key("orders", "ed25519").await;
    let secrets = server.secrets_at(&clock, &[ORDERS]).await;
    let signer = secrets.signer().await.unwrap();
    let good = signer.sign(b"hi").await.unwrap();
    for _ in 0..2 {
        assert!(signer.verify(b"hi", &good).await.is_ok());
    }
    server.seal(true).await;
    refused(signer.sign(b"hi").await, ErrorKind::Unavailable);
    clock.advance(AGE - SECOND);
    assert!(signer.verify(b"hi", &good).await.is_ok());
    let troubles = || {
        let health = secrets.health();
        health.problems().iter().map(|problem| problem.what).collect::<Vec<_>>()
    };
    assert!(matches!(troubles()[..], [Trouble::Stale(_), Trouble::SignerUnreachable]));
    clock.advance(SECOND);
    refused(signer.verify(b"hi", &good).await, ErrorKind::Unavailable);
    // What failed was asked again meanwhile.
    let both = [Trouble::Unusable, Trouble::SignerUnreachable];
    until("it is known again", async || troubles() == both).await;
    let many = signer.verify_many(&[(b"hi", &good), (b"ho", &good)]).await;
    for verified in many {
        refused(verified, ErrorKind::Unavailable);
    }
    unseal(server).await;
    clock.advance(LONGEST_WAIT);
    assert!(signer.verify(b"hi", &good).await.is_ok(), "recovers without a restart");
    assert_eq!(secrets.health(), Health::Ready, "it told its keys, so it answers");
}

async fn ed25519_signatures_verify_while_transit_is_sealed(server: &Server) {
    let clock = clock();
    let signer = signer(server, &clock).await;
    let old = signer.sign(b"hi").await.unwrap();
    change(server, "rotate", json!({})).await;
    let new = signer.sign(b"hi").await.unwrap();
    assert!(signer.verify(b"hi", &new).await.is_ok());
    server.seal(true).await;
    for _ in 0..11 {
        assert!(!signer.verify(b"hi", &old).await.unwrap().is_current());
        assert!(signer.verify(b"hi", &new).await.unwrap().is_current());
        let many = signer.verify_many(&[(b"hi", &old), (b"ho", &old), (b"hi", &new)]).await;
        assert_eq!(many.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        for wrong in
            [signer.verify(b"ho", &new).await, signer.verify(b"hi", &forged(1, &new)).await]
        {
            let error = refused(wrong, ErrorKind::SignatureMismatch);
            assert_eq!(error.reason(), Some(Reason::Tag));
        }
        clock.advance(LONGEST_WAIT);
    }
    // A version that may have been made meanwhile is no forgery, as far as can be told.
    let later = refused(signer.verify(b"hi", &forged(3, &new)).await, ErrorKind::Unavailable);
    assert_eq!(later.reason(), Some(Reason::Sealed), "{later:?}");
    refused(signer.sign(b"hi").await, ErrorKind::Unavailable);
}

async fn hmac_signatures_do_not_verify_while_transit_is_sealed_and_health_says_so(server: &Server) {
    server.transit_key("orders", "hmac").await;
    let clock = clock();
    let secrets = server.secrets_at(&clock, &[ORDERS]).await;
    let signer = secrets.signer().await.unwrap();
    let good = signer.sign(b"hi").await.unwrap();
    for _ in 0..2 {
        assert!(signer.verify(b"hi", &good).await.is_ok());
    }
    assert_eq!(secrets.health(), Health::Ready);
    server.seal(true).await;
    let error = refused(signer.verify(b"hi", &good).await, ErrorKind::Unavailable);
    assert_eq!(error.reason(), Some(Reason::Sealed));
    let health = secrets.health();
    assert!(matches!(health, Health::Degraded { .. }), "{health:?}");
    let [problem] = health.problems() else { panic!("{health:?}") };
    assert_eq!((problem.name.as_str(), problem.what), ("orders", Trouble::SignerUnreachable));
    let why = (problem.kind, problem.reason);
    assert_eq!(why, (Some(ErrorKind::Unavailable), Some(Reason::Sealed)));
    unseal(server).await;
    assert!(signer.verify(b"hi", &good).await.is_ok());
    assert_eq!(secrets.health(), Health::Ready);
}

#[tokio::test]
async fn forged_versions_of_our_own_key_cost_one_read_a_cooldown() {
    let server = Server::fake().await;
    let clock = clock();
    let signer = signer(&server, &clock).await;
    let good = signer.sign(b"hi").await.unwrap();
    for _ in 0..2 {
        assert!(signer.verify(b"hi", &good).await.is_ok());
    }
    let calls = || server.as_fake().calls().len();
    let reads = || server.as_fake().count("GET", "/v1/transit/keys/orders");
    // The first renewal comes at a random time. The one after it comes a TTL later, and not in between.
    let before = reads();
    clock.advance(TTL);
    until("the keys are renewed", async || reads() > before).await;
    assert!(signer.verify(b"hi", &good).await.is_ok());
    let (mut made, read) = (calls(), reads());
    for (window, pass) in [29, 1, 29].into_iter().enumerate() {
        for version in 2..102 {
            let error = signer.verify(b"hi", &forged(version, &good)).await;
            let error = refused(error, ErrorKind::SignatureMismatch);
            assert_eq!(error.reason(), Some(Reason::UnknownKey));
            let is_first = version == 2 && window != 1;
            assert_eq!(error.retry_after().is_none(), is_first, "{window}: {error:?}");
            assert!(signer.verify(b"hi", &good).await.is_ok(), "never delays known ones");
        }
        made += usize::from(window != 1);
        assert_eq!(calls(), made, "{window}: one read, and nothing that is asked of the server");
        clock.advance(pass * SECOND);
    }
    assert_eq!(reads() - read, 2);
}
