//! Keys that operators rotate by writing a new version.

use std::time::Duration;

use strongroom::{ErrorKind, KeyRing, Signature, Signer};
use strongroom_testkit::{FakeInfisical, Fault, InfisicalCall, On};
use strongroom_tests::{key, signed_with, until};

use crate::refused;
use crate::scene::{Scene, TTL};

const GRACE: Duration = Duration::from_secs(900);
const KEY: (&str, &str) = ("INFISICAL_SIGNING_SECRET_NAME", "SIGNING_KEY");

/// A service that signs with `SIGNING_KEY`, which somebody else rotates.
struct Signing {
    scene: Scene,
    signer: Signer,
    ring: KeyRing,
    first: Signature,
}

impl Signing {
    async fn new() -> Self {
        let scene = Scene::with(&[KEY]).await;
        scene.fake.put("/", KEY.1, &key("1"));
        let (signer, ring) =
            (scene.secrets.signer().await.unwrap(), scene.secrets.key_ring().await.unwrap());
        let first = signer.sign(b"hi").await.unwrap();
        Self { scene, signer, ring, first }
    }

    /// Somebody rotates the key, and a renewal sees it.
    async fn rotate(&self, which: &str) -> Signature {
        let before = self.ring.current().unwrap();
        self.scene.fake.put("/", KEY.1, &key(which));
        self.scene.clock.advance(TTL);
        until("the rotation is seen", async || self.ring.current().unwrap() != before).await;
        self.signer.sign(b"hi").await.unwrap()
    }

    async fn verifies(&self, signature: &Signature) -> bool {
        self.signer.verify(b"hi", signature).await.is_ok()
    }
}

#[tokio::test]
async fn case_86_the_previous_keys_verify_during_their_grace_also_in_a_process_that_starts_later() {
    let signing = Signing::new().await;
    let second = signing.rotate("2").await;
    let third = signing.rotate("3").await;
    let restarted = signing.scene.another(&[KEY]).await.signer().await.unwrap();
    for signer in [&signing.signer, &restarted] {
        for (signature, is_current) in [(&signing.first, false), (&second, false), (&third, true)] {
            let verified = signer.verify(b"hi", signature).await.unwrap();
            assert_eq!(verified.is_current(), is_current);
        }
    }
    signing.scene.clock.advance(GRACE);
    until("it is renewed", async || signing.ring.sign(b"hi").is_ok()).await;
    for signer in [&signing.signer, &restarted] {
        refused(signer.verify(b"hi", &signing.first).await, ErrorKind::SignatureMismatch);
        refused(signer.verify(b"hi", &second).await, ErrorKind::SignatureMismatch);
        assert!(signer.verify(b"hi", &third).await.is_ok());
    }
}

#[tokio::test]
async fn a_steady_key_costs_one_read_and_one_more_for_each_version_in_its_grace() {
    let signing = Signing::new().await;
    let fake = &signing.scene.fake;
    let count = |of_version: bool| {
        let is_it = |call: &&InfisicalCall| {
            call.operation == "get" && call.query.contains_key("version") == of_version
        };
        fake.calls().iter().filter(is_it).count()
    };
    assert_eq!((count(false), count(true)), (1, 1), "when it was made");
    for round in 1..=3 {
        signing.scene.clock.advance(TTL);
        until("it is renewed", async || {
            count(false) == 1 + round && !signing.ring.freshness().is_stale()
        })
        .await;
        strongroom_tests::settle().await;
    }
    assert_eq!(count(true), 1);
    signing.rotate("2").await;
    until("both are read", async || count(true) == 3).await;
    signing.scene.clock.advance(TTL);
    until("it is renewed", async || count(true) == 4).await;
    assert_eq!(count(false), 6);
}

#[tokio::test]
async fn where_older_versions_may_not_be_read_the_one_that_was_seen_is_remembered() {
    let signing = Signing::new().await;
    let fake = &signing.scene.fake;
    fake.deny_versions(true);
    let second = signing.rotate("2").await;
    assert!(signing.verifies(&signing.first).await && signing.verifies(&second).await);
    let third = signing.rotate("3").await;
    for signature in [&signing.first, &second, &third] {
        assert!(signing.verifies(signature).await);
    }
    let late = signing.scene.another(&[KEY]).await;
    let signer = late.signer().await.unwrap();
    refused(signer.verify(b"hi", &second).await, ErrorKind::SignatureMismatch);
    let told = late.diagnose(&["A"]).await;
    let version = told.checks.iter().find(|check| check.name == "version").unwrap();
    assert!(version.detail.contains("may not be read"), "{version:?}");
    fake.deny_versions(false);
    signing.scene.clock.advance(TTL);
    until("it is found", async || signer.verify(b"hi", &second).await.is_ok()).await;
    signing.scene.clock.advance(GRACE);
    until("it is renewed", async || signing.ring.sign(b"hi").is_ok()).await;
    assert!(!signing.verifies(&signing.first).await);
}

#[tokio::test]
async fn an_outage_while_an_older_version_is_read_is_no_retirement() {
    let signing = Signing::new().await;
    let second = signing.rotate("2").await;
    for body in ["<html>", r#"{"reqId":"1","error":"DatabaseError","message":"x"}"#] {
        let status = if body.starts_with('<') { 502 } else { 500 };
        signing.scene.fake.fault(Fault::new(On::Read).status(status).body(body));
        signing.scene.clock.advance(TTL);
        until("it has failed", async || signing.ring.freshness().is_stale()).await;
        assert!(signing.verifies(&signing.first).await && signing.verifies(&second).await);
        signing.scene.fake.clear_faults();
        signing.scene.clock.advance(TTL);
        until("it is renewed", async || !signing.ring.freshness().is_stale()).await;
    }
}

#[tokio::test]
async fn a_change_that_makes_no_version_brings_no_retired_key_back() {
    let signing = Signing::new().await;
    let second = signing.rotate("2").await;
    signing.scene.clock.advance(GRACE);
    until("it is renewed", async || signing.ring.sign(b"hi").is_ok()).await;
    assert!(!signing.verifies(&signing.first).await);
    // An upgrade of the server touches every row.
    signing.scene.fake.touch("/", KEY.1);
    let late = signing.scene.another(&[KEY]).await.signer().await.unwrap();
    for signer in [&signing.signer, &late] {
        refused(signer.verify(b"hi", &signing.first).await, ErrorKind::SignatureMismatch);
        assert!(signer.verify(b"hi", &second).await.unwrap().is_current());
    }
}

#[tokio::test]
async fn a_right_that_is_taken_away_leaves_what_was_seen() {
    let signing = Signing::new().await;
    let second = signing.rotate("2").await;
    signing.scene.fake.deny_versions(true);
    signing.scene.clock.advance(TTL);
    let reads = signing.scene.fake.count("get");
    until("it is renewed", async || signing.scene.fake.count("get") > reads).await;
    strongroom_tests::settle().await;
    assert!(signing.verifies(&signing.first).await && signing.verifies(&second).await);
    let third = signing.rotate("3").await;
    for signature in [&signing.first, &second, &third] {
        assert!(signing.verifies(signature).await);
    }
}

#[tokio::test]
async fn changes_of_a_comment_and_a_secret_that_is_made_anew_are_no_keys_of_before() {
    let signing = Signing::new().await;
    // The same value again: another version, and no other key.
    signing.scene.fake.put("/", KEY.1, &key("1"));
    let second = signing.rotate("2").await;
    assert!(signing.verifies(&signing.first).await);
    signing.scene.fake.delete("/", KEY.1);
    signing.scene.fake.put("/", KEY.1, &key("3"));
    signing.scene.fake.put("/", KEY.1, &key("4"));
    signing.scene.clock.advance(TTL);
    let fourth = *signed_with(&key("4")).await.key();
    until("it is seen", async || signing.ring.current().unwrap() == fourth).await;
    assert!(signing.verifies(&signed_with(&key("3")).await).await);
    let late = signing.scene.another(&[KEY]).await.signer().await.unwrap();
    refused(late.verify(b"hi", &second).await, ErrorKind::SignatureMismatch);
}

#[tokio::test]
async fn case_88_f031_a_mask_or_a_reference_never_becomes_a_key() {
    for value in [FakeInfisical::MASK, "${OTHER}-canary-key-of-thirty-two-bytes", "canary-short"] {
        for expand in ["true", "false"] {
            let scene = Scene::new().await;
            scene.fake.put("/", "OTHER", "canary-other");
            scene.fake.put("/", KEY.1, value);
            let secrets = scene.another(&[KEY, ("INFISICAL_EXPAND_REFERENCES", expand)]).await;
            let error = refused(secrets.signer().await, ErrorKind::InvalidValue);
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
    // One that is used stays in use while its successor is none.
    let signing = Signing::new().await;
    signing.scene.fake.set_hidden("/", KEY.1, true);
    signing.scene.clock.advance(TTL);
    strongroom_tests::settle().await;
    assert!(signing.verifies(&signing.first).await);
}

#[tokio::test]
async fn the_product_rotates_by_a_new_version_and_by_a_set_of_keys() {
    for encoding in ["raw", "jwks"] {
        let settings = [KEY, ("SECRETS_SIGNING_KEY_ENCODING", encoding)];
        let scene = Scene::with(&settings).await;
        let fresh = scene.secrets.generate(32).unwrap();
        scene.secrets.put(KEY.1, fresh, Default::default()).await.unwrap();
        let (signer, ring) =
            (scene.secrets.signer().await.unwrap(), scene.secrets.key_ring().await.unwrap());
        let first = signer.sign(b"hi").await.unwrap();
        let operator = scene.another(&settings).await;
        let rotated = operator.rotate(KEY.1).no_wait().run().await.unwrap();
        assert_eq!(rotated.version.unwrap().as_str(), "2", "{encoding}");
        scene.clock.advance(TTL);
        until("it is seen", async || ring.current().unwrap() != *first.key()).await;
        let verified = signer.verify(b"hi", &first).await.unwrap();
        assert!(!verified.is_current(), "{encoding}");
    }
}
