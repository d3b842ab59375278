//! Keys that operators rotate by putting a new version.

use std::time::Duration;

use strongroom::{ErrorKind, KeyRing, KeyState, Secrets, Signature, Signer};
use strongroom_testkit::{AzureCall, FakeAzure, Fault, On};
use strongroom_tests::{key, signed_with, until};

use crate::refused;
use crate::scene::{Scene, TTL};

const GRACE: Duration = Duration::from_secs(900);
const KEY: (&str, &str) = ("AZURE_KV_SIGNING_SECRET_NAME", "signing-key");

/// A service that signs with `signing-key`, which somebody else rotates.
struct Signing {
    scene: Scene,
    secrets: Secrets,
    signer: Signer,
    ring: KeyRing,
    first: Signature,
}

impl Signing {
    /// With the rights to do this to the key.
    async fn with(rights: &[&str]) -> Self {
        let scene = Scene::new().await;
        scene.fake.put(KEY.1, &key("1"));
        let secrets = scene.limited(&[("*", rights)], &[KEY]).await;
        let (signer, ring) = (secrets.signer().await.unwrap(), secrets.key_ring().await.unwrap());
        let first = signer.sign(b"hi").await.unwrap();
        Self { scene, secrets, signer, ring, first }
    }

    async fn new() -> Self {
        Self::with(&["get", "list"]).await
    }

    /// Somebody rotates the key, and a renewal sees it.
    async fn rotate(&self, which: &str) -> Signature {
        let before = self.ring.current().unwrap();
        self.scene.fake.put(KEY.1, &key(which));
        self.scene.clock.advance(TTL);
        until("the rotation is seen", async || self.ring.current().unwrap() != before).await;
        self.signer.sign(b"hi").await.unwrap()
    }

    /// Lets a renewal happen.
    async fn renewed(&self) {
        let reads = self.reads();
        self.scene.clock.advance(TTL);
        let is_over = async || self.reads() > reads && !self.ring.freshness().is_stale();
        until("it is renewed", is_over).await;
        // A renewal that has read reads on; what it brings is there with the next signature.
        strongroom_tests::settle().await;
    }

    fn reads(&self) -> usize {
        self.scene.fake.count("GET /secrets/signing-key")
    }

    async fn verifies(&self, signature: &Signature) -> bool {
        self.signer.verify(b"hi", signature).await.is_ok()
    }
}

#[tokio::test]
async fn case_86_the_previous_key_verifies_during_its_grace_also_in_a_process_that_starts_later() {
    let signing = Signing::new().await;
    let second = signing.rotate("2").await;
    assert_ne!(second.key(), signing.first.key());
    let restarted = signing.scene.another(&[KEY]).await.signer().await.unwrap();
    for signer in [&signing.signer, &restarted] {
        let verified = signer.verify(b"hi", &signing.first).await.unwrap();
        assert!(!verified.is_current());
        assert!(signer.verify(b"hi", &second).await.unwrap().is_current());
    }
    signing.scene.clock.advance(GRACE);
    until("it is renewed", async || signing.ring.sign(b"hi").is_ok()).await;
    for signer in [&signing.signer, &restarted] {
        refused(signer.verify(b"hi", &signing.first).await, ErrorKind::SignatureMismatch);
        assert!(signer.verify(b"hi", &second).await.is_ok());
    }
}

#[tokio::test]
async fn without_the_right_to_list_the_previous_key_is_the_one_that_was_seen() {
    let signing = Signing::with(&["get"]).await;
    let second = signing.rotate("2").await;
    let third = signing.rotate("3").await;
    for signature in [&signing.first, &second, &third] {
        assert!(signing.verifies(signature).await);
    }
    // One that starts now has not seen any of them.
    let rights: &[(&str, &[&str])] = &[("*", &["get"])];
    let restarted = signing.scene.limited(rights, &[KEY]).await.signer().await.unwrap();
    assert!(restarted.verify(b"hi", &third).await.is_ok());
    refused(restarted.verify(b"hi", &second).await, ErrorKind::SignatureMismatch);
    signing.scene.clock.advance(GRACE);
    until("it is renewed", async || signing.ring.sign(b"hi").is_ok()).await;
    assert!(!signing.verifies(&signing.first).await && !signing.verifies(&second).await);
}

#[tokio::test]
async fn a_right_to_list_that_comes_later_is_found_without_a_rotation() {
    let signing = Signing::with(&["get"]).await;
    let second = signing.rotate("2").await;
    let rights: &[(&str, &[&str])] = &[("*", &["get"])];
    let restarted = signing.scene.limited(rights, &[KEY]).await;
    let signer = restarted.signer().await.unwrap();
    refused(signer.verify(b"hi", &signing.first).await, ErrorKind::SignatureMismatch);
    signing.scene.fake.set_rights("canary-limited", &[("*", &["get", "list"])]);
    signing.scene.clock.advance(TTL);
    until("it is found", async || signer.verify(b"hi", &signing.first).await.is_ok()).await;
    assert!(signer.verify(b"hi", &second).await.is_ok());
}

#[tokio::test]
async fn a_previous_key_that_is_disabled_verifies_no_more_and_again_once_enabled() {
    for rights in [&["get", "list"][..], &["get"]] {
        let signing = Signing::with(rights).await;
        let old = signing.scene.fake.version_of(KEY.1).unwrap();
        signing.rotate("2").await;
        assert!(signing.verifies(&signing.first).await);
        signing.scene.fake.disable(KEY.1, &old);
        signing.scene.clock.advance(TTL);
        until("it is seen", async || !signing.verifies(&signing.first).await).await;
        signing.scene.fake.enable(KEY.1, &old);
        signing.scene.clock.advance(TTL);
        until("it is seen", async || signing.verifies(&signing.first).await).await;
    }
}

#[tokio::test]
async fn f088_a_disabled_key_signs_no_more_and_no_older_one_takes_its_place() {
    let signing = Signing::new().await;
    let second = signing.rotate("2").await;
    let current = signing.scene.fake.version_of(KEY.1).unwrap();
    signing.scene.fake.disable(KEY.1, &current);
    signing.scene.clock.advance(TTL);
    until("it is seen", async || signing.signer.sign(b"hi").await.is_err()).await;
    refused(signing.signer.sign(b"hi").await, ErrorKind::Disabled);
    refused(signing.secrets.signer().await, ErrorKind::Disabled);
    let restarted = signing.scene.another(&[KEY]).await;
    refused(restarted.signer().await, ErrorKind::Disabled);
    signing.scene.fake.enable(KEY.1, &current);
    signing.scene.clock.advance(TTL);
    until("it is enabled", async || signing.signer.sign(b"hi").await.is_ok()).await;
    assert_eq!(signing.signer.sign(b"hi").await.unwrap().key(), second.key());
}

#[tokio::test]
async fn f089_a_key_signs_between_its_times_only() {
    use strongroom::Clock;
    let signing = Signing::new().await;
    let version = signing.scene.fake.version_of(KEY.1).unwrap();
    let clock = &signing.scene.clock;
    signing.scene.fake.set_expires(KEY.1, &version, clock.now() + TTL * 2);
    signing.renewed().await;
    assert!(signing.signer.sign(b"hi").await.is_ok());
    clock.advance(TTL);
    until("it has ended", async || signing.signer.sign(b"hi").await.is_err()).await;
    refused(signing.signer.sign(b"hi").await, ErrorKind::Expired);
    let next = signing.scene.fake.put(KEY.1, &key("2"));
    signing.scene.fake.set_not_before(KEY.1, &next, clock.now() + TTL * 3);
    let early = signing.scene.another(&[KEY]).await;
    refused(early.signer().await, ErrorKind::NotYetValid);
}

#[tokio::test]
async fn a_steady_key_costs_one_read_a_ttl_and_a_rotation_one_list() {
    let signing = Signing::new().await;
    let fake = &signing.scene.fake;
    let counts = || (signing.reads(), fake.count("versions"));
    let (reads, lists) = counts();
    for round in 1..=5 {
        signing.renewed().await;
        assert_eq!(counts(), (reads + round, lists), "nothing changed");
    }
    signing.rotate("2").await;
    signing.renewed().await;
    let old = || {
        let is_old = |call: &&AzureCall| call.operation == "get" && call.version.is_some();
        fake.calls().iter().filter(is_old).count()
    };
    until("the version before is read in both renewals", async || old() == 2).await;
    assert_eq!(counts(), (reads + 7, lists + 1));
}

#[tokio::test]
async fn f026_a_signature_of_the_key_between_two_rotations_verifies_after_one_refresh() {
    let signing = Signing::new().await;
    let fake = &signing.scene.fake;
    let second = signed_with(&key("2")).await;
    fake.put(KEY.1, &key("2"));
    signing.scene.clock.advance(Duration::from_secs(1));
    fake.put(KEY.1, &key("3"));
    let before = signing.reads();
    for _ in 0..3 {
        assert!(signing.verifies(&second).await);
    }
    assert_eq!(signing.reads() - before, 1, "one refresh");
    let third = signed_with(&key("3")).await;
    assert_eq!(signing.signer.sign(b"hi").await.unwrap().key(), third.key());
}

#[tokio::test]
async fn an_outage_while_versions_are_listed_is_no_retirement() {
    let signing = Signing::new().await;
    let fake = &signing.scene.fake;
    let old = fake.version_of(KEY.1).unwrap();
    let second = signing.rotate("2").await;
    fake.put(KEY.1, &key("3"));
    fake.fault(Fault::new(On::Path("/secrets/signing-key/versions")).status(503));
    signing.scene.clock.advance(TTL);
    until("it has failed", async || signing.ring.freshness().is_stale()).await;
    assert!(signing.verifies(&signing.first).await && signing.verifies(&second).await);
    fake.clear_faults();
    signing.scene.clock.advance(TTL);
    let third = *signed_with(&key("3")).await.key();
    until("it is renewed", async || signing.ring.current().unwrap() == third).await;
    assert!(signing.verifies(&signing.first).await && signing.verifies(&second).await);
    // Nor is one while an older version is read.
    let path = format!("/secrets/signing-key/{old}");
    fake.fault(Fault::new(On::Path(path.leak())).status(503));
    signing.scene.clock.advance(TTL);
    until("it has failed", async || signing.ring.freshness().is_stale()).await;
    assert!(signing.verifies(&signing.first).await && signing.verifies(&second).await);
    // Nor a page of a proxy in its place.
    fake.clear_faults();
    signing.scene.clock.advance(TTL);
    until("it is renewed", async || !signing.ring.freshness().is_stale()).await;
    let path = format!("/secrets/signing-key/{old}");
    fake.fault(Fault::new(On::Path(path.leak())).status(404).body("<html>"));
    signing.scene.clock.advance(TTL);
    until("it has failed", async || signing.ring.freshness().is_stale()).await;
    assert!(signing.verifies(&signing.first).await && signing.verifies(&second).await);
}

#[tokio::test]
async fn the_product_rotates_by_a_new_version() {
    let signing = Signing::new().await;
    let operator = signing.scene.another(&[KEY]).await;
    let rotated = operator.rotate(KEY.1).no_wait().run().await.unwrap();
    let version = signing.scene.fake.version_of(KEY.1).unwrap();
    assert_eq!(rotated.version.unwrap().as_str(), version);
    let first = *signing.first.key();
    signing.scene.clock.advance(TTL);
    until("it is seen", async || signing.ring.current().unwrap() != first).await;
    assert!(signing.verifies(&signing.first).await);
    let states = signing.ring.keys().unwrap().into_iter().map(|(_, state)| state);
    let (current, retiring): (Vec<_>, Vec<_>) =
        states.partition(|state| matches!(state, KeyState::Current));
    assert_eq!(current.len(), 1);
    assert!(matches!(retiring[..], [KeyState::Retiring { .. }]), "{retiring:?}");
}

#[tokio::test]
async fn a_prefix_stands_before_the_name_of_the_key() {
    let scene = Scene::new().await;
    scene.fake.put("app--keys--signing", &key("1"));
    let settings = [("SECRETS_PREFIX", "app"), (KEY.0, "keys/signing")];
    let signer = scene.another(&settings).await.signer().await.unwrap();
    assert_eq!(signer.sign(b"hi").await.unwrap().key(), signed_with(&key("1")).await.key());
}

#[tokio::test]
async fn case_87_88_a_key_that_is_none_or_may_not_be_read_is_refused() {
    for (value, kind) in [("canary-short", ErrorKind::InvalidValue)] {
        let scene = Scene::new().await;
        scene.fake.put(KEY.1, value);
        let error = refused(scene.another(&[KEY]).await.signer().await, kind);
        assert!(!format!("{error:?}").contains("canary-short"), "{error:?}");
    }
    let scene = Scene::new().await;
    scene.fake.put(KEY.1, &key("1"));
    let inner = Some("ForbiddenByPolicy");
    scene.fake.fault(FakeAzure::error(On::Path("/secrets/signing"), 403, "Forbidden", inner));
    refused(scene.another(&[KEY]).await.signer().await, ErrorKind::PermissionDenied);
}
