//! Verification that can be switched off, and how loudly.

use std::time::Duration;

use strongroom::{Enforced, ErrorKind, MemoryStore, Reason, Secrets};
use strongroom_tests::{Log, Scene};

const OFF: [(&str, &str); 2] =
    [("VAULT_VERIFY_ENABLED", "false"), ("SECRETS_ALLOW_UNVERIFIED", "true")];

#[tokio::test]
async fn f096_verification_is_on_when_nothing_is_said() {
    let scene = Scene::with(&[]).await;
    let signer = scene.secrets.signer().await.unwrap();
    let signature = signer.sign(b"hi").await.unwrap();
    let enforced = signer.enforce(b"hi", Some(&signature)).await.unwrap();
    assert!(matches!(enforced, Enforced::Verified(verified) if verified.is_current()));
    let forged = signer.enforce(b"ho", Some(&signature)).await.unwrap_err();
    let missing = signer.enforce(b"hi", None).await.unwrap_err();
    assert_eq!([forged.kind(), missing.kind()], [ErrorKind::SignatureMismatch; 2]);
    assert_eq!(missing.reason(), Some(Reason::Missing));
}

#[tokio::test]
async fn f096_without_a_key_there_is_no_signer() {
    let secrets = Secrets::builder().store(MemoryStore::new()).build().await.unwrap();
    let error = secrets.signer().await.unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::NotFound, Some("signing-key")));
}

#[tokio::test]
async fn f097_switched_off_it_says_so_at_the_start_and_every_minute() {
    let log = Log::capture();
    let count = || log.text().matches("verification_disabled").count();
    let scene = Scene::with(&OFF).await;
    assert_eq!(count(), 1, "before there is any signer");
    let signer = scene.secrets.signer().await.unwrap();
    for _ in 0..3 {
        assert_eq!(signer.enforce(b"hi", None).await.unwrap(), Enforced::NotVerified);
    }
    assert_eq!(count(), 1);
    scene.clock.advance(Duration::from_secs(60));
    assert_eq!(signer.enforce(b"hi", None).await.unwrap(), Enforced::NotVerified);
    assert_eq!(count(), 2);
}

#[tokio::test]
async fn telemetry_is_the_name_of_the_provider_once() {
    let log = Log::capture();
    Scene::with(&[]).await;
    assert_eq!(log.text(), "");
    let scene = Scene::with(&[("ENABLE_SECRETS_PROVIDER_TELEMETRY", "true")]).await;
    scene.secrets.signer().await.unwrap();
    assert_eq!(log.text().lines().count(), 1, "{}", log.text());
    assert!(log.text().contains("memory"), "{}", log.text());
}

#[tokio::test]
async fn f097_verify_verifies_even_when_enforcement_is_off() {
    let signer = Scene::with(&OFF).await.secrets.signer().await.unwrap();
    let signature = signer.sign(b"hi").await.unwrap();
    let error = signer.verify(b"ho", &signature).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
}
