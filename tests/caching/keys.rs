//! Signing keys through rotations, and values that are no keys.

use strongroom::{ErrorKind, PutOptions, RawTag, Reason, Secrets};
use strongroom_tests::{Log, key, until};

use crate::place::Place;
use crate::{GRACE, SECOND, TTL, on_each};

on_each!(
    case_86_a_signature_of_the_previous_key_verifies_within_the_overlap,
    case_86_a_set_of_keys_tells_itself_how_long_the_previous_one_verifies,
    case_87_a_raw_tag_of_either_key_verifies_within_the_overlap,
    case_88_a_value_that_is_no_key_is_refused,
    case_88_a_value_that_is_no_key_leaves_the_last_one_in_use,
);

const JWKS: (&str, &str) = ("SECRETS_SIGNING_KEY_ENCODING", "jwks");

async fn case_86_a_signature_of_the_previous_key_verifies_within_the_overlap(place: &Place) {
    place.put("signing-key", &key("1")).await;
    overlap(place, &[], async || place.put("signing-key", &key("2")).await).await;
}

/// Also where there is no version to tell it.
async fn case_86_a_set_of_keys_tells_itself_how_long_the_previous_one_verifies(place: &Place) {
    let operator = place.operator(&[JWKS]).await;
    let set = operator.generate(32).unwrap();
    operator.put("signing-key", set, PutOptions::default()).await.unwrap();
    let rotate = async || {
        operator.rotate("signing-key").no_wait().run().await.unwrap();
    };
    overlap(place, &[JWKS], rotate).await;
}

#[tokio::test]
async fn case_86_a_set_of_keys_rotates_in_a_folder_that_keeps_no_versions() {
    let place = Place::flat().await;
    case_86_a_set_of_keys_tells_itself_how_long_the_previous_one_verifies(&place).await;
}

async fn overlap(place: &Place, settings: &[(&str, &str)], rotate: impl AsyncFn()) {
    let secrets = place.service(settings).await;
    let (signer, ring) = (secrets.signer().await.unwrap(), secrets.key_ring().await.unwrap());
    let old = signer.sign(b"hi").await.unwrap();
    rotate().await;
    place.clock.advance(TTL);
    until("the rotation is seen", async || ring.current().unwrap() != *old.key()).await;
    let new = signer.sign(b"hi").await.unwrap();
    assert_ne!(new.key(), old.key());
    let restarted = place.service(settings).await.signer().await.unwrap();
    place.clock.advance(GRACE - TTL - SECOND);
    for signer in [&signer, &restarted] {
        assert!(!signer.verify(b"hi", &old).await.unwrap().is_current());
        assert!(signer.verify(b"hi", &new).await.unwrap().is_current());
    }
    assert!(!ring.verify(b"hi", &old).unwrap().is_current());
    place.clock.advance(SECOND);
    let late = place.service(settings).await.signer().await.unwrap();
    for signer in [&signer, &restarted, &late] {
        let error = signer.verify(b"hi", &old).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
        assert!(signer.verify(b"hi", &new).await.is_ok());
    }
    assert_eq!(ring.verify(b"hi", &old).unwrap_err().kind(), ErrorKind::SignatureMismatch);
    assert!(ring.verify(b"hi", &new).is_ok());
}

async fn case_87_a_raw_tag_of_either_key_verifies_within_the_overlap(place: &Place) {
    place.put("hooks", &key("1")).await;
    let secrets = place.service(&[]).await;
    let raw = secrets.raw_hmac("hooks").await.unwrap();
    let old = raw.sign(b"hi").unwrap();
    place.put("hooks", &key("2")).await;
    place.clock.advance(TTL);
    let new = async || raw.sign(b"hi").unwrap();
    until("the rotation is seen", async || new().await.as_bytes() != old.as_bytes()).await;
    let new = new().await;
    for (tag, message, verifies) in [
        (&old, b"hi", true),
        (&new, b"hi", true),
        (&old, b"ho", false),
        (&new, b"ho", false),
        (&RawTag::from_bytes([7; 32]), b"hi", false),
    ] {
        assert_eq!(raw.verify(message, tag).is_ok(), verifies);
    }
    place.clock.advance(GRACE - TTL);
    let late = secrets.raw_hmac("hooks").await.unwrap();
    for raw in [&raw, &late] {
        let error = raw.verify(b"hi", &old).unwrap_err();
        assert_eq!(
            (error.kind(), error.reason()),
            (ErrorKind::SignatureMismatch, Some(Reason::Tag))
        );
        assert!(raw.verify(b"hi", &new).is_ok());
    }
}

async fn case_88_a_value_that_is_no_key_is_refused(place: &Place) {
    let masks = ["*".repeat(40), "<hidden-by-infisical>".to_owned(), "placeholder-".repeat(4)];
    for (at, (encoding, value, reason)) in [
        ("raw", "canary-of-thirty-one-bytes-long", Reason::Short),
        ("raw", &masks[0], Reason::Degenerate),
        ("raw", &masks[1], Reason::Short),
        ("raw", &masks[2], Reason::Degenerate),
        ("base64", "canary: not base64 at all, and long enough", Reason::Encoding),
        ("base64", "Y2FuYXJ5LW9mLTE2LWJ5dGVz", Reason::Short),
        ("base64url", "Y2FuYXJ5L+++", Reason::Encoding),
        ("hex", "canary", Reason::Encoding),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("key-{at}");
        place.put(&name, value).await;
        let secrets = place.service(&[("SECRETS_SIGNING_KEY_ENCODING", encoding)]).await;
        for error in [
            secrets.signer_for(&name).await.unwrap_err(),
            secrets.raw_hmac(&name).await.unwrap_err(),
        ] {
            let found = (error.kind(), error.reason(), error.name());
            assert_eq!(found, (ErrorKind::InvalidValue, Some(reason), Some(&*name)), "{encoding}");
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
        assert_eq!(place.chaos.calls_for(&name), 1, "and remembered");
    }
}

async fn case_88_a_value_that_is_no_key_leaves_the_last_one_in_use(place: &Place) {
    let log = Log::capture();
    place.put("signing-key", &key("1")).await;
    let secrets: Secrets = place.service(&[]).await;
    let (signer, ring) = (secrets.signer().await.unwrap(), secrets.key_ring().await.unwrap());
    let raw = secrets.raw_hmac("signing-key").await.unwrap();
    let good = signer.sign(b"hi").await.unwrap();
    let tag = raw.sign(b"hi").unwrap();
    place.put("signing-key", &"*".repeat(40)).await;
    place.clock.advance(TTL);
    let said = || log.text().matches("rotation_invalid").count();
    until("the new value is seen", async || said() > 0).await;
    assert_eq!(signer.sign(b"hi").await.unwrap().key(), good.key());
    assert!(signer.verify(b"hi", &good).await.is_ok() && ring.verify(b"hi", &good).is_ok());
    assert!(raw.verify(b"hi", &tag).is_ok());
    assert_eq!(said(), 1);
    place.put("signing-key", &key("2")).await;
    place.clock.advance(TTL);
    until("a good one is seen", async || ring.current().unwrap() != *good.key()).await;
    assert!(!signer.verify(b"hi", &good).await.unwrap().is_current());
}
