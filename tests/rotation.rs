//! Keys over time: what signs, what verifies, and how often the provider is asked.

use std::time::Duration;

use strongroom::{
    ErrorKind, IfVersion, MemoryStore, PutOptions, Reason, Secrets, Settings, Signature,
};
use strongroom_testkit::{Gate, ManualClock, Step};
use strongroom_tests::{Log, Scene, key};

const GRACE: Duration = Duration::from_secs(900);
const TTL: Duration = Duration::from_secs(60);

async fn file(folder: &std::path::Path, more: &[(&str, &str)]) -> Secrets {
    let mut settings = Settings::from_pairs([("SECRETS_PROVIDER", "file")])
        .with("SECRETS_DIR", folder.to_string_lossy());
    for (name, value) in more {
        settings = settings.with(*name, *value);
    }
    Secrets::from_settings(settings).await.expect("good settings")
}

fn unknown_key() -> Signature {
    "sr1.aaaaaaaaaaaaaaaa.hs256.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        .parse()
        .expect("well formed")
}

#[tokio::test]
async fn a_rotation_signs_with_the_new_key_and_verifies_the_old_within_the_grace() {
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap();
    let old = signer.sign(b"hi").await.unwrap();
    let rotation = scene.secrets.rotate("signing-key").no_wait().run().await.unwrap();
    assert_eq!(rotation.previous.as_ref().map(|version| version.as_str()), Some("1"));
    assert_eq!(rotation.version.as_ref().map(|version| version.as_str()), Some("2"));
    let new = signer.sign(b"hi").await.unwrap();
    assert_ne!(old.key(), new.key());
    assert!(signer.verify(b"hi", &new).await.unwrap().is_current());
    assert!(!signer.verify(b"hi", &old).await.unwrap().is_current());
    let until = rotation.previous_verifies_until;
    scene.clock.advance(GRACE - Duration::from_secs(1));
    assert!(Some(strongroom::Clock::now(&scene.clock)) < until);
    assert!(signer.verify(b"hi", &old).await.is_ok());
    scene.clock.advance(Duration::from_secs(1));
    let error = signer.verify(b"hi", &old).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
}

#[tokio::test]
async fn a_restart_does_not_restart_the_grace() {
    let scene = Scene::with(&[]).await;
    let old = scene.secrets.signer().await.unwrap().sign(b"hi").await.unwrap();
    scene.secrets.rotate("signing-key").no_wait().run().await.unwrap();
    scene.clock.advance(GRACE - Duration::from_secs(1));
    let restarted = scene.restart(&[]).await.signer().await.unwrap();
    assert!(restarted.verify(b"hi", &old).await.is_ok());
    scene.clock.advance(Duration::from_secs(1));
    for signer in [restarted, scene.restart(&[]).await.signer().await.unwrap()] {
        assert_eq!(
            signer.verify(b"hi", &old).await.unwrap_err().kind(),
            ErrorKind::SignatureMismatch
        );
    }
}

#[tokio::test]
async fn f027_another_process_finds_the_new_key_by_its_id() {
    let scene = Scene::with(&[]).await;
    let verifier = scene.restart(&[]).await.signer().await.unwrap();
    scene.secrets.rotate("signing-key").no_wait().run().await.unwrap();
    let new = scene.secrets.signer().await.unwrap().sign(b"hi").await.unwrap();
    assert!(verifier.verify(b"hi", &new).await.unwrap().is_current());
}

#[tokio::test]
async fn f028_a_process_that_has_not_seen_the_rotation_still_signs_verifiably() {
    let scene = Scene::with(&[]).await;
    let late = scene.restart(&[]).await.signer().await.unwrap();
    scene.secrets.rotate("signing-key").no_wait().run().await.unwrap();
    let by_old = late.sign(b"hi").await.unwrap();
    assert!(
        !scene.secrets.signer().await.unwrap().verify(b"hi", &by_old).await.unwrap().is_current()
    );
    scene.pass(TTL).await;
    let by_new = late.sign(b"hi").await.unwrap();
    assert_ne!(by_old.key(), by_new.key(), "past its TTL it reads the key again");
}

#[tokio::test]
async fn a_fresh_key_is_used_without_asking_again() {
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap();
    let loaded = scene.store.calls();
    for _ in 0..100 {
        let signature = signer.sign(b"hi").await.unwrap();
        signer.verify(b"hi", &signature).await.unwrap();
    }
    assert_eq!(scene.store.calls(), loaded);
}

#[tokio::test]
async fn a_thousand_tasks_load_a_key_once() {
    let scene = Scene::with(&[]).await;
    let secrets = scene.restart(&[]).await;
    let before = scene.store.calls();
    let tasks: Vec<_> = (0..1_000)
        .map(|_| {
            let secrets = secrets.clone();
            tokio::spawn(async move { secrets.signer().await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(scene.store.calls() - before, 1);
}

#[tokio::test]
async fn b069_unknown_key_ids_cost_one_load_a_cooldown_and_never_delay_known_ones() {
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap();
    let good = signer.sign(b"hi").await.unwrap();
    let before = scene.store.calls();
    let first = signer.verify(b"hi", &unknown_key()).await.unwrap_err();
    assert_eq!((first.kind(), first.retry_after()), (ErrorKind::SignatureMismatch, None));
    let loaded = scene.store.calls();
    assert_eq!(loaded - before, 1);
    for _ in 0..1_000 {
        let error = signer.verify(b"hi", &unknown_key()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
        assert!(signer.verify(b"hi", &good).await.is_ok());
    }
    assert_eq!(scene.store.calls(), loaded);
    scene.clock.advance(Duration::from_secs(30));
    assert!(signer.verify(b"hi", &unknown_key()).await.is_err());
    assert_eq!(scene.store.calls() - loaded, 1);
}

#[tokio::test]
async fn an_outage_never_reads_as_a_forgery() {
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap();
    let good = signer.sign(b"hi").await.unwrap();
    scene.fail_with(Some(ErrorKind::Unavailable));
    for _ in 0..3 {
        let error = signer.verify(b"hi", &unknown_key()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "the key could not be looked for");
        assert!(signer.verify(b"hi", &good).await.is_ok());
    }
    scene.fail_with(None);
    scene.clock.advance(Duration::from_secs(30));
    let error = signer.verify(b"hi", &unknown_key()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
}

#[tokio::test]
async fn keys_serve_through_an_outage_up_to_their_age_limit_and_no_longer() {
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap();
    let ring = scene.secrets.key_ring().await.unwrap();
    let good = signer.sign(b"hi").await.unwrap();
    scene.fail_with(Some(ErrorKind::Unavailable));
    scene.pass(Duration::from_secs(359)).await;
    assert!(signer.verify(b"hi", &good).await.is_ok() && signer.sign(b"hi").await.is_ok());
    assert!(ring.verify(b"hi", &good).is_ok());
    scene.pass(Duration::from_secs(1)).await;
    for error in
        [signer.sign(b"hi").await.unwrap_err(), signer.verify(b"hi", &good).await.unwrap_err()]
    {
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    assert_eq!(ring.sign(b"hi").unwrap_err().reason(), Some(Reason::AgeLimit));
    scene.fail_with(None);
    scene.pass(Duration::from_secs(31)).await;
    assert!(signer.verify(b"hi", &good).await.is_ok(), "recovers without a restart");
}

#[tokio::test]
async fn revoked_access_ends_signing_with_the_ttl() {
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap();
    scene.fail_with(Some(ErrorKind::PermissionDenied));
    assert!(signer.sign(b"hi").await.is_ok(), "fresh");
    scene.pass(TTL).await;
    assert_eq!(signer.sign(b"hi").await.unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn a_revoked_key_does_not_come_back_with_an_outage() {
    for kind in [ErrorKind::PermissionDenied, ErrorKind::NotFound, ErrorKind::Disabled] {
        let scene = Scene::with(&[]).await;
        let signer = scene.secrets.signer().await.unwrap();
        let good = signer.sign(b"hi").await.unwrap();
        scene.fail_with(Some(kind));
        scene.pass(TTL).await;
        assert_eq!(signer.verify(b"hi", &good).await.unwrap_err().kind(), kind);
        scene.fail_with(Some(ErrorKind::Unavailable));
        scene.pass(Duration::from_secs(6)).await;
        let error = signer.verify(b"hi", &good).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{kind}");
    }
}

#[tokio::test]
async fn failing_loads_are_at_least_a_second_apart() {
    let scene = Scene::with(&[("SECRETS_MAX_STALE_SECONDS", "0")]).await;
    let signer = scene.secrets.signer().await.unwrap();
    scene.fail_with(Some(ErrorKind::Unavailable));
    scene.clock.advance(TTL);
    let before = scene.store.calls();
    for _ in 0..100 {
        assert_eq!(signer.sign(b"hi").await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(scene.store.calls() - before, 1);
}

#[tokio::test]
async fn f031_the_last_good_key_serves_on_while_a_new_version_is_unusable() {
    let log = Log::capture();
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap();
    let good = signer.sign(b"hi").await.unwrap();
    scene.secrets.put("signing-key", "short", PutOptions::default()).await.unwrap();
    for _ in 0..10 {
        assert_eq!(signer.sign(b"hi").await.unwrap().key(), good.key());
        assert!(signer.verify(b"hi", &good).await.is_ok());
    }
    assert_eq!(log.text().matches("rotation_invalid").count(), 1, "once a load: {}", log.text());
    let cold = scene.restart(&[]).await.signer().await.unwrap_err();
    assert_eq!((cold.kind(), cold.reason()), (ErrorKind::InvalidValue, Some(Reason::Short)));
    scene.clock.advance(Duration::from_secs(360));
    assert_eq!(signer.sign(b"hi").await.unwrap_err().kind(), ErrorKind::InvalidValue);
}

#[tokio::test]
async fn f034_a_deleted_key_signs_no_more() {
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap();
    scene.secrets.delete("signing-key").await.unwrap();
    assert_eq!(signer.sign(b"hi").await.unwrap_err().kind(), ErrorKind::Deleted);
}

#[tokio::test]
async fn a_key_that_is_put_is_there_at_once() {
    let secrets = Secrets::builder().store(MemoryStore::new()).build().await.unwrap();
    assert_eq!(secrets.signer().await.unwrap_err().kind(), ErrorKind::NotFound);
    secrets.put("signing-key", "short", PutOptions::default()).await.unwrap();
    assert_eq!(secrets.signer().await.unwrap_err().kind(), ErrorKind::InvalidValue);
    secrets.put("signing-key", key("1"), PutOptions::default()).await.unwrap();
    assert!(secrets.signer().await.is_ok());
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_nothing() {
    let scene = Scene::with(&[]).await;
    let verifier = scene.restart(&[]).await.signer().await.unwrap();
    scene.secrets.rotate("signing-key").no_wait().run().await.unwrap();
    let new = scene.secrets.signer().await.unwrap().sign(b"hi").await.unwrap();
    let gate = Gate::shut();
    scene.store.next(None, Step::ask().wait(&gate));
    let gone = tokio::time::timeout(Duration::ZERO, verifier.verify(b"hi", &new)).await;
    assert!(gone.is_err(), "it is waiting for the store");
    gate.release();
    assert!(verifier.verify(b"hi", &new).await.is_ok(), "its load went on");
}

#[tokio::test]
async fn writes_of_other_secrets_do_not_push_a_retiring_key_out() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = file(folder.path(), &[]).await;
    secrets.put("signing-key", key("1"), PutOptions::default()).await.unwrap();
    let old = secrets.signer().await.unwrap().sign(b"hi").await.unwrap();
    secrets.rotate("signing-key").no_wait().run().await.unwrap();
    for number in 0..70 {
        let value = format!("canary-{number}");
        secrets.put("other", value, PutOptions::default()).await.unwrap();
    }
    assert_eq!(secrets.versions("signing-key").await.unwrap().len(), 2);
    let restarted = file(folder.path(), &[]).await.signer().await.unwrap();
    assert!(!restarted.verify(b"hi", &old).await.unwrap().is_current());
}

#[tokio::test]
async fn f031_an_unusable_new_version_cannot_be_made_by_a_rotation() {
    let scene = Scene::with(&[]).await;
    scene.secrets.put("other-key", key("1"), PutOptions::default()).await.unwrap();
    scene.secrets.signer_for("other-key").await.unwrap();
    for name in ["signing-key", "other-key"] {
        for (value, reason) in [
            ("short", Reason::Short),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Reason::Degenerate),
        ] {
            let rotate = scene.secrets.rotate(name).no_wait().value(value);
            assert_eq!(rotate.run().await.unwrap_err().reason(), Some(reason));
        }
        let same = scene.secrets.rotate(name).no_wait().value(key("1")).run().await.unwrap_err();
        assert_eq!(same.reason(), Some(Reason::RotationNoop), "B057");
        assert_eq!(scene.secrets.versions(name).await.unwrap().len(), 1, "nothing was written");
    }
}

#[tokio::test]
async fn b057_the_same_key_in_another_spelling_is_no_rotation() {
    let scene = Scene::with(&[("SECRETS_SIGNING_KEY_ENCODING", "hex")]).await;
    let hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    scene.secrets.put("signing-key", hex, PutOptions::default()).await.unwrap();
    let same = scene.secrets.rotate("signing-key").no_wait().value(hex.to_uppercase());
    assert_eq!(same.run().await.unwrap_err().reason(), Some(Reason::RotationNoop));
}

#[tokio::test]
async fn a_password_is_rotated_whatever_the_encoding_of_keys() {
    for encoding in ["raw", "hex", "jwks"] {
        let scene = Scene::with(&[("SECRETS_SIGNING_KEY_ENCODING", encoding)]).await;
        scene.secrets.put("db", "canary-password", PutOptions::default()).await.unwrap();
        scene
            .secrets
            .put("json", "{\"password\":\"canary\",\"user\":\"app\"}", PutOptions::default())
            .await
            .unwrap();
        let rotation =
            scene.secrets.rotate("db").no_wait().value("canary-new").run().await.unwrap();
        assert_eq!(rotation.name.to_string(), "db");
        assert_eq!(scene.secrets.get("db").await.unwrap().value().expose(), b"canary-new");
        scene.secrets.rotate("json#password").no_wait().run().await.unwrap();
        assert_eq!(scene.secrets.get("json#user").await.unwrap().value().expose(), b"app");
        assert!(scene.secrets.get("json#password").await.unwrap().value().len() >= 43);
    }
}

#[tokio::test]
async fn rotations_of_one_process_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("other"), "canary").unwrap();
    restrict(&folder.path().join("other"));
    let secrets = file(folder.path(), &[("SECRETS_SIGNING_KEY_ENCODING", "jwks")]).await;
    secrets.put("signing-key", secrets.generate(32).unwrap(), PutOptions::default()).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let secrets = secrets.clone();
            tokio::spawn(
                async move { secrets.rotate("signing-key").no_wait().run().await.map(drop) },
            )
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(secrets.key_ring().await.unwrap().keys().unwrap().len(), 9, "no key was lost");
}

#[tokio::test]
async fn a_rotation_that_would_wait_or_cannot_keep_the_previous_key_is_unsupported() {
    let scene = Scene::with(&[]).await;
    let error = scene.secrets.rotate("signing-key").run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("signing-key"), key("1")).unwrap();
    restrict(&folder.path().join("signing-key"));
    let flat = file(folder.path(), &[]).await;
    assert!(flat.signer().await.is_ok());
    let error = flat.rotate("signing-key").no_wait().run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("jwks"), "{error}");
    let error = scene.secrets.rotate("nope").no_wait().run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_jwk_set_rotates_even_in_a_flat_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("other"), "canary").unwrap();
    restrict(&folder.path().join("other"));
    let secrets = file(folder.path(), &[("SECRETS_SIGNING_KEY_ENCODING", "jwks")]).await;
    secrets.put("signing-key", secrets.generate(32).unwrap(), PutOptions::default()).await.unwrap();
    let signer = secrets.signer().await.unwrap();
    let old = signer.sign(b"hi").await.unwrap();
    secrets.rotate("signing-key").no_wait().run().await.unwrap();
    let new = signer.sign(b"hi").await.unwrap();
    assert!(!signer.verify(b"hi", &old).await.unwrap().is_current());
    assert!(signer.verify(b"hi", &new).await.unwrap().is_current());
    let error = secrets.rotate("other").no_wait().run().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "its previous value would be lost");
}

#[tokio::test]
async fn every_encoding_signs_and_rotates_in_releases() {
    for encoding in ["raw", "base64", "base64url", "hex", "jwks"] {
        let folder = tempfile::tempdir().unwrap();
        let secrets = file(folder.path(), &[("SECRETS_SIGNING_KEY_ENCODING", encoding)]).await;
        secrets
            .put("signing-key", secrets.generate(32).unwrap(), PutOptions::default())
            .await
            .unwrap();
        let old = secrets.signer().await.unwrap().sign(b"hi").await.unwrap();
        secrets.put("unrelated", "canary", PutOptions::default()).await.unwrap();
        secrets.rotate("signing-key").no_wait().run().await.unwrap();
        secrets.put("unrelated", "canary-2", PutOptions::default()).await.unwrap();
        let restarted = file(folder.path(), &[("SECRETS_SIGNING_KEY_ENCODING", encoding)]).await;
        let signer = restarted.signer().await.unwrap();
        assert!(!signer.verify(b"hi", &old).await.unwrap().is_current(), "{encoding}");
        assert_ne!(signer.sign(b"hi").await.unwrap().key(), old.key(), "{encoding}");
    }
}

#[tokio::test]
async fn a_pending_key_verifies_and_does_not_sign() {
    let scene = Scene::with(&[]).await;
    let pending = PutOptions::default().stage(strongroom::Stage::Pending);
    scene.secrets.put("signing-key", key("2"), pending).await.unwrap();
    let signer = scene.secrets.signer().await.unwrap();
    assert_eq!(
        signer.sign(b"hi").await.unwrap().key(),
        &scene.secrets.key_ring().await.unwrap().current().unwrap()
    );
    let other = Scene::with(&[]).await;
    let absent = PutOptions::default().if_version(IfVersion::Any);
    other.secrets.put("signing-key", key("2"), absent).await.unwrap();
    let by_pending = other.secrets.signer().await.unwrap().sign(b"hi").await.unwrap();
    assert!(!signer.verify(b"hi", &by_pending).await.unwrap().is_current());
}

#[tokio::test]
async fn batches_sign_and_verify_in_order() {
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap().for_purpose("webhook").unwrap();
    let signatures = signer.sign_many(&[b"one", b"two"]).await;
    let signatures: Vec<_> = signatures.into_iter().map(Result::unwrap).collect();
    let verified = signer.verify_many(&[(b"one", &signatures[0]), (b"one", &signatures[1])]).await;
    assert!(verified[0].is_ok() && verified[1].is_err());
    let default = scene.secrets.signer().await.unwrap();
    assert!(default.verify(b"one", &signatures[0]).await.is_err(), "another purpose");
}

#[tokio::test]
async fn case_87_a_raw_tag_of_the_previous_key_verifies_within_the_grace() {
    let scene = Scene::with(&[]).await;
    let tag = scene.secrets.raw_hmac("signing-key").await.unwrap().sign(b"hi").unwrap();
    scene.secrets.rotate("signing-key").no_wait().run().await.unwrap();
    let raw = scene.secrets.raw_hmac("signing-key").await.unwrap();
    assert!(raw.verify(b"hi", &tag).is_ok());
    scene.clock.advance(GRACE);
    let raw = scene.secrets.raw_hmac("signing-key").await.unwrap();
    assert_eq!(raw.verify(b"hi", &tag).unwrap_err().kind(), ErrorKind::SignatureMismatch);
}

#[tokio::test]
async fn b058_a_raw_key_padded_with_zeros_is_refused_and_sr1_does_not_mind() {
    let scene = Scene::with(&[]).await;
    let padded = format!("{}\0", key("1"));
    scene.secrets.rotate("signing-key").no_wait().value(padded).run().await.unwrap();
    let error = scene.secrets.raw_hmac("signing-key").await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::InvalidValue, Some(Reason::Collision)));
    let signer = scene.secrets.signer().await.unwrap();
    assert!(signer.sign(b"hi").await.is_ok());
}

#[tokio::test]
async fn keys_serve_while_the_link_to_the_current_release_is_replaced_in_two_steps() {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(1_800_000_000);
    let settings = Settings::from_pairs([("SECRETS_PROVIDER", "file")])
        .with("SECRETS_DIR", folder.path().to_string_lossy());
    let secrets = Secrets::builder().settings(settings).clock(clock.clone()).build().await.unwrap();
    secrets.put("signing-key", key("1"), PutOptions::default()).await.unwrap();
    let signer = secrets.signer().await.unwrap();
    let good = signer.sign(b"hi").await.unwrap();
    let link = folder.path().join("current");
    let target = std::fs::read_link(&link).unwrap();
    std::fs::remove_file(&link).unwrap();
    clock.advance(TTL);
    assert!(signer.sign(b"hi").await.is_ok() && signer.verify(b"hi", &good).await.is_ok());
    std::os::unix::fs::symlink(target, &link).unwrap();
    clock.advance(TTL);
    assert!(signer.verify(b"hi", &good).await.is_ok());
}

fn restrict(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    let owner_only = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, owner_only).expect("our own file");
}
