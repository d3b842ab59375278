//! Keys whose states are AWS's labels.

use std::time::Duration;

use strongroom::{ErrorKind, KeyRing, KeyState, Outcome, Signature, Signer};
use strongroom_tests::{Log, key, signed_with, until};

use crate::on_all;
use crate::place::{Place, Scene, act};
use crate::refused;

on_all!(a_rotation_by_boto3_under_a_signing_service_loses_no_verify);

const TTL: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(900);
const SECOND: Duration = Duration::from_secs(1);
const KEY: (&str, &str) = ("AWS_SM_SIGNING_SECRET_ARN", "signing-key");

/// A service that signs with `signing-key`, which somebody else rotates.
struct Signing {
    scene: Scene,
    signer: Signer,
    ring: KeyRing,
    first: Signature,
}

impl Signing {
    async fn new() -> Self {
        let scene = Scene::with(&[KEY]).await;
        scene.fake.put(KEY.1, &key("1"));
        let (signer, ring) =
            (scene.secrets.signer().await.unwrap(), scene.secrets.key_ring().await.unwrap());
        let first = signer.sign(b"hi").await.unwrap();
        Self { scene, signer, ring, first }
    }

    async fn is_current(&self, signature: &Signature) -> bool {
        self.signer.verify(b"hi", signature).await.unwrap().is_current()
    }

    /// Lets a renewal see what somebody did.
    async fn renewed(&self, what: &str, happened: impl Fn(&KeyRing) -> bool) {
        self.scene.clock.advance(TTL);
        until(what, async || happened(&self.ring)).await;
    }

    fn states(&self) -> Vec<KeyState> {
        self.ring.keys().unwrap().into_iter().map(|(_, state)| state).collect()
    }
}

#[tokio::test]
async fn case_86_f030_current_signs_pending_and_previous_only_verify_and_the_latter_in_its_grace() {
    let signing = Signing::new().await;
    let Signing { scene, signer, ring, first } = &signing;
    let next = scene.fake.put_pending(KEY.1, &key("2"));
    let second = signed_with(&key("2")).await;
    signing.renewed("the pending key is there", |ring| ring.keys().unwrap().len() == 2).await;
    assert!(signing.states().contains(&KeyState::Pending));
    assert!(!signing.is_current(&second).await && signing.is_current(first).await);
    // However long it is left there, it never signs.
    for _ in 0..3 {
        scene.clock.advance(Duration::from_secs(24 * 60 * 60));
        until("it is renewed", async || ring.sign(b"hi").is_ok()).await;
        assert_eq!(signer.sign(b"hi").await.unwrap().key(), first.key());
    }
    scene.fake.promote(KEY.1, &next);
    signing.renewed("it is current", |ring| ring.current().unwrap() == *second.key()).await;
    assert_eq!(signer.sign(b"hi").await.unwrap().key(), second.key());
    assert!(signing.is_current(&second).await && !signing.is_current(first).await);
    assert!(!ring.verify(b"hi", first).unwrap().is_current());
    let restarted = scene.another(&[KEY]).await.signer().await.unwrap();
    assert!(!restarted.verify(b"hi", first).await.unwrap().is_current());
    scene.clock.advance(GRACE);
    until("it is renewed", async || ring.sign(b"hi").is_ok()).await;
    refused(signer.verify(b"hi", first).await, ErrorKind::SignatureMismatch);
    refused(restarted.verify(b"hi", first).await, ErrorKind::SignatureMismatch);
    assert!(signing.is_current(&second).await);
}

#[tokio::test]
async fn f030_doctor_tells_of_a_rotation_that_was_left_halfway_for_a_day() {
    let Signing { scene, .. } = Signing::new().await;
    scene.fake.put_pending(KEY.1, &key("2"));
    for (hours, outcome) in [(23, Outcome::Pass), (2, Outcome::Warn)] {
        scene.clock.advance(Duration::from_secs(hours * 60 * 60));
        let diagnosis = scene.another(&[KEY]).await.diagnose(&["a"]).await;
        let check = diagnosis.checks.iter().find(|check| check.name == "version").unwrap();
        assert_eq!(check.outcome, outcome, "{check:?}");
        let is_told = check.detail.contains("AWSPENDING of `signing-key` is 25 h old");
        assert_eq!(is_told, outcome == Outcome::Warn, "{check:?}");
    }
}

#[tokio::test]
async fn a_name_or_arn_of_the_key_is_whole_and_no_prefix_is_put_before_it() {
    let scene = Scene::new().await;
    scene.fake.put("keys/signing", &key("1"));
    scene.fake.put("app/a", "canary-app");
    let told = act(&scene.fake, "DescribeSecret", r#"{"SecretId":"keys/signing"}"#).await;
    let arn = told["ARN"].as_str().unwrap();
    for name in ["keys/signing", arn] {
        let settings = [("SECRETS_PREFIX", "app"), ("AWS_SM_SIGNING_SECRET_ARN", name)];
        let secrets = scene.another(&settings).await;
        let signer = secrets.signer().await.unwrap();
        let signature = signer.sign(b"hi").await.unwrap();
        assert!(signer.verify(b"hi", &signature).await.unwrap().is_current());
        assert_eq!(signature.key(), signed_with(&key("1")).await.key());
        assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-app");
        assert_eq!(secrets.diagnose(&["a"]).await.status(), "ready");
        let rotated = secrets.rotate(name).no_wait().run().await.unwrap();
        assert_eq!(
            rotated.version.unwrap().as_str(),
            scene.fake.version_of("keys/signing", "AWSCURRENT").unwrap()
        );
        scene.fake.put("keys/signing", &key("1"));
    }
    let asked = scene.fake.calls();
    assert!(asked.iter().all(|call| call.secret.as_deref() != Some("app/keys/signing")));
}

#[tokio::test]
async fn a_steady_key_costs_one_describe_a_ttl_and_a_new_version_one_read() {
    let signing = Signing::new().await;
    let fake = &signing.scene.fake;
    let counts = || (fake.count("DescribeSecret"), fake.count("GetSecretValue"));
    let (describes, reads) = counts();
    for round in 1..=5 {
        signing.scene.clock.advance(TTL);
        let is_renewed = || counts().0 == describes + round && !signing.ring.freshness().is_stale();
        until("it is renewed", async || is_renewed()).await;
        signing.signer.sign(b"hi").await.unwrap();
    }
    assert_eq!(counts(), (describes + 5, reads), "nothing changed");
    fake.put_pending(KEY.1, &key("2"));
    signing.renewed("the pending key is there", |ring| ring.keys().unwrap().len() == 2).await;
    assert_eq!(counts(), (describes + 6, reads + 1), "the new version alone");
    let next = fake.version_of(KEY.1, "AWSPENDING").unwrap();
    fake.promote(KEY.1, &next);
    let first = *signing.first.key();
    signing.renewed("it is current", |ring| ring.current().unwrap() != first).await;
    assert_eq!(counts(), (describes + 7, reads + 1), "only labels moved");
}

#[tokio::test]
async fn f026_a_signature_of_the_key_between_two_rotations_verifies_after_one_refresh() {
    let signing = Signing::new().await;
    let fake = &signing.scene.fake;
    let second = signed_with(&key("2")).await;
    fake.put(KEY.1, &key("2"));
    fake.put(KEY.1, &key("3"));
    let before = fake.count("DescribeSecret");
    for _ in 0..3 {
        assert!(!signing.is_current(&second).await);
    }
    assert_eq!(fake.count("DescribeSecret") - before, 1, "one refresh");
    assert_eq!(signing.signer.sign(b"hi").await.unwrap().key(), signed_with(&key("3")).await.key());
}

#[tokio::test]
async fn f029_a_rotation_that_is_rolled_back_is_followed() {
    let log = Log::capture();
    let signing = Signing::new().await;
    let Signing { scene, ring, first, .. } = &signing;
    let (old, second) =
        (scene.fake.version_of(KEY.1, "AWSCURRENT").unwrap(), signed_with(&key("2")).await);
    scene.fake.put(KEY.1, &key("2"));
    signing.renewed("the rotation is seen", |ring| ring.current().unwrap() == *second.key()).await;
    scene.fake.promote(KEY.1, &old);
    scene.clock.advance(TTL);
    let said = |event| log.text().contains(&format!("event=\"{event}\""));
    until("it is noticed", async || said("version_went_back") || said("rotation_rolled_back"))
        .await;
    scene.clock.advance(SECOND);
    until("it is believed", async || ring.current().unwrap() == *first.key()).await;
    until("it is said", async || said("rotation_rolled_back")).await;
    assert!(signing.is_current(first).await && !signing.is_current(&second).await);
    assert!(!log.text().contains("canary-key"), "no value is logged");
}

#[tokio::test]
async fn a_key_that_is_deleted_or_cannot_be_decrypted_signs_no_more() {
    for (kind, is_deleted) in [(ErrorKind::Deleted, true), (ErrorKind::PermissionDenied, false)] {
        let scene = Scene::with(&[KEY]).await;
        scene.fake.put(KEY.1, &key("1"));
        match is_deleted {
            true => scene.fake.delete(KEY.1),
            false => scene.fake.set_decrypts(KEY.1, false),
        }
        refused(scene.secrets.signer().await, kind);
    }
}

#[tokio::test]
async fn case_88_a_key_that_is_none_is_refused() {
    for value in ["canary-short", &"c".repeat(64)] {
        let scene = Scene::with(&[KEY]).await;
        scene.fake.put(KEY.1, value);
        let error = refused(scene.secrets.signer().await, ErrorKind::InvalidValue);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

async fn a_rotation_by_boto3_under_a_signing_service_loses_no_verify(place: &Place) {
    const SCRIPT: &str = include_str!("rotation.py");
    let clock = strongroom_tests::server::clock();
    let operator = place.secrets(&[]).await;
    operator.put(KEY.1, key("1"), Default::default()).await.unwrap();
    // One signs, another verifies, and neither is told of anything.
    let (signing, verifying) =
        (place.secrets_at(&clock, &[KEY]).await, place.secrets_at(&clock, &[KEY]).await);
    let (signer, verifier) = (signing.signer().await.unwrap(), verifying.signer().await.unwrap());
    let rings = [signing.key_ring().await.unwrap(), verifying.key_ring().await.unwrap()];
    let mut before = signer.sign(b"hi").await.unwrap();
    for _ in 0..2 {
        let first = *signer.sign(b"hi").await.unwrap().key();
        for step in ["publish", "activate", "finish"] {
            let words = [step, KEY.1];
            let mut script = std::pin::pin!(place.boto3(SCRIPT, &words));
            let mut verified = 0;
            loop {
                tokio::select! {
                    biased;
                    _ = &mut script => break,
                    () = tokio::task::yield_now() => {
                        let signature = signer.sign(b"hi").await.unwrap();
                        verifier.verify(b"hi", &signature).await.unwrap();
                        verifier.verify(b"hi", &before).await.unwrap();
                        verified += 1;
                    }
                }
            }
            assert_ne!(verified, 0);
            // The verifier may be a whole TTL behind.
            clock.advance(TTL);
            let has_seen = |ring: &KeyRing| match step {
                "publish" => {
                    ring.keys().unwrap().iter().any(|(_, state)| *state == KeyState::Pending)
                }
                _ => ring.current().unwrap() != first,
            };
            for ring in &rings {
                until("it is seen", async || has_seen(ring)).await;
                let signature = signer.sign(b"hi").await.unwrap();
                verifier.verify(b"hi", &signature).await.unwrap();
                verifier.verify(b"hi", &before).await.unwrap();
            }
        }
        before = signer.sign(b"hi").await.unwrap();
        assert_ne!(*before.key(), first);
    }
}
