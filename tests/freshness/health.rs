//! `ready` and `health`.

use std::time::Duration;

use strongroom::{ErrorKind, Health, MemoryStore, Secrets, Settings, Trouble};
use strongroom_testkit::Step;
use strongroom_tests::key;

use crate::{Service, down};

fn words(secrets: &Secrets) -> (&'static str, Vec<(String, &'static str)>) {
    let health = secrets.health();
    let problems = health.problems().iter().map(|one| (one.name.clone(), one.what.as_str()));
    (health.as_str(), problems.collect())
}

fn problems(these: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    these.iter().map(|(name, what)| ((*name).to_owned(), *what)).collect()
}

#[tokio::test]
async fn what_was_declared_is_read_at_once_and_kept() {
    let service = Service::declaring(&["db"], &["signing-key"]).await;
    let not_read = problems(&[("signing-key", "not_read"), ("db", "not_read")]);
    assert_eq!(words(&service.secrets), ("not_ready", not_read));
    service.secrets.ready().await.unwrap();
    assert_eq!(service.secrets.health(), Health::Ready);
    let before = service.chaos.calls();
    assert_eq!(before, 2);
    service.secrets.ready().await.unwrap();
    assert_eq!(service.chaos.calls(), before, "nothing is read twice");
    service.go_on(600).await;
    assert!(service.secrets.cached("db").is_some(), "kept, though nobody reads it");
    assert!(service.secrets.signer().await.is_ok());
}

#[tokio::test]
async fn health_goes_by_what_is_critical() {
    let service = Service::declaring(&["db"], &["signing-key"]).await;
    service.secrets.ready().await.unwrap();
    service.chaos.always(None, Step::fail(down()));
    service.go_on(70).await;
    let stale = problems(&[("db", "stale"), ("signing-key", "stale")]);
    let (word, mut found) = words(&service.secrets);
    found.sort();
    assert_eq!((word, found), ("degraded", stale));
    service.go_on(300).await;
    let unusable = problems(&[("signing-key", "unusable"), ("db", "unusable")]);
    assert_eq!(words(&service.secrets), ("not_ready", unusable));
    let health = service.secrets.health();
    assert!(health.problems().iter().all(|one| one.kind == Some(ErrorKind::Unavailable)));
    service.chaos.clear();
    service.go_on(32).await;
    assert_eq!(service.secrets.health(), Health::Ready, "recovers without a restart");
}

#[tokio::test]
async fn a_secret_that_is_missing_at_the_start_is_looked_for_until_it_is_there() {
    let service = Service::declaring(&["db", "later"], &[]).await;
    let error = service.secrets.ready().await.unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::NotFound, Some("later")));
    assert_eq!(words(&service.secrets), ("degraded", problems(&[("later", "unusable")])));
    assert!(service.secrets.cached("db").is_some(), "the others were read");
    service.put("later", "canary").await;
    service.go_on(61).await;
    assert_eq!(service.secrets.health(), Health::Ready);
    assert!(service.secrets.cached("later").is_some());
}

#[tokio::test]
async fn a_secret_that_is_gone_degrades_unless_it_is_critical() {
    for (required, critical, word) in
        [(&["db"][..], &[][..], "degraded"), (&[][..], &["db"][..], "not_ready")]
    {
        let service = Service::declaring(required, critical).await;
        service.secrets.ready().await.unwrap();
        service.peer().await.delete("db").await.unwrap();
        service.go_on(61).await;
        assert_eq!(words(&service.secrets), (word, problems(&[("db", "unusable")])));
        assert_eq!(service.secrets.health().problems()[0].kind, Some(ErrorKind::Deleted));
    }
}

#[tokio::test]
async fn names_that_are_none_cannot_be_declared() {
    let store = MemoryStore::new();
    let built = Secrets::builder().store(store).require(["../other"]).build().await;
    assert_eq!(built.unwrap_err().kind(), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn verification_that_is_off_is_not_ready() {
    let off = [("VAULT_VERIFY_ENABLED", "false"), ("SECRETS_ALLOW_UNVERIFIED", "true")];
    let builder = Secrets::builder().store(MemoryStore::new());
    let secrets = builder.settings(Settings::from_pairs(off)).build().await.unwrap();
    let off = problems(&[("VAULT_VERIFY_ENABLED", "verification_off")]);
    assert_eq!(words(&secrets), ("not_ready", off));
}

#[tokio::test]
async fn the_configured_signing_key_is_critical_whatever_its_name_and_prefix() {
    for (settings, name) in [
        (&[][..], "signing-key"),
        (&[("SECRETS_SIGNING_SECRET_NAME", "orders/key")], "orders/key"),
        (&[("SECRETS_SIGNING_SECRET_NAME", "k"), ("SECRETS_PREFIX", "prod")], "k"),
    ] {
        let settings = Settings::from_pairs(settings.iter().copied());
        // Declared as one that is not critical besides: it is, all the same, and once.
        let builder =
            Secrets::builder().store(MemoryStore::new()).settings(settings).require([name]);
        let secrets = builder.critical_signing_key().build().await.unwrap();
        assert_eq!(words(&secrets), ("not_ready", problems(&[(name, "not_read")])));
        assert_eq!(secrets.ready().await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(words(&secrets), ("not_ready", problems(&[(name, "unusable")])));
        secrets.put(name, key("1"), Default::default()).await.unwrap();
        secrets.ready().await.unwrap();
        assert_eq!(secrets.health(), Health::Ready);
        assert!(secrets.key_ring().await.is_ok());
    }
}

#[tokio::test]
async fn without_a_signing_key_none_can_be_critical() {
    let mut opened = strongroom::provider::Opened::new(std::sync::Arc::new(MemoryStore::new()));
    let missing =
        || strongroom::Error::new(ErrorKind::Misconfigured, "set it").with_key("KEY_NAME");
    opened.signing_key = Some(Err(missing()));
    assert!(Secrets::builder().opened(opened.clone()).build().await.is_ok());
    let built = Secrets::builder().opened(opened).critical_signing_key().build().await;
    let error = built.unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Misconfigured, Some("KEY_NAME")));
}

#[test]
fn troubles_have_words() {
    let words = [
        (Trouble::Stale(Duration::ZERO), "stale"),
        (Trouble::Unusable, "unusable"),
        (Trouble::NotRead, "not_read"),
        (Trouble::SignerUnreachable, "signer_unreachable"),
        (Trouble::SignerRefuses, "signer_refuses"),
        (Trouble::VerificationOff, "verification_off"),
    ];
    for (trouble, word) in words {
        assert_eq!(trouble.as_str(), word);
    }
}
