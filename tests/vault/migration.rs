//! From a signing key in KV to one in Transit.

use strongroom::{ErrorKind, PutOptions, Reason};
use strongroom_tests::server::Server;
use strongroom_tests::{key, on_both};

use crate::refused;

on_both!(
    signatures_of_the_kv_key_verify_while_transit_signs,
    a_key_in_kv_signs_and_rotates_like_on_any_store,
    a_key_set_is_rotated_as_one_by_whatever_name,
    without_a_key_the_error_says_what_to_set,
);

async fn signatures_of_the_kv_key_verify_while_transit_signs(server: &Server) {
    let kv = ("VAULT_SIGNING_SECRET_NAME", "signing/old");
    let prefix = ("SECRETS_PREFIX", "prod");
    let before = server.secrets(&[kv, prefix]).await.unwrap();
    before.put("signing/old", key("1"), PutOptions::default()).await.unwrap();
    let old = before.signer().await.unwrap().sign(b"hi").await.unwrap();

    server.transit_key("orders", "hmac").await;
    let transit = ("VAULT_TRANSIT_KEY", "orders");
    let secrets = server.secrets(&[kv, prefix, transit]).await.unwrap();
    assert_eq!(secrets.signing_key().unwrap().as_str(), "orders");
    let signer = secrets.signer().await.unwrap();
    let new = signer.sign(b"hi").await.unwrap();
    assert!(signer.verify(b"hi", &new).await.unwrap().is_current());
    let verified = signer.verify(b"hi", &old).await.unwrap();
    assert!(!verified.is_current(), "it signs no more");
    let error = refused(signer.verify(b"ho", &old).await, ErrorKind::SignatureMismatch);
    assert_eq!(error.reason(), Some(Reason::Tag));
    let results = signer.verify_many(&[(b"hi", &old), (b"ho", &old), (b"hi", &new)]).await;
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    refused(secrets.key_ring().await, ErrorKind::Unsupported);

    let after = server.secrets(&[prefix, transit]).await.unwrap().signer().await.unwrap();
    let error = refused(after.verify(b"hi", &old).await, ErrorKind::SignatureMismatch);
    assert_eq!(error.reason(), Some(Reason::UnknownKey), "no longer configured");
}

async fn a_key_in_kv_signs_and_rotates_like_on_any_store(server: &Server) {
    let secrets = server.secrets(&[("VAULT_SIGNING_SECRET_NAME", "signing-key")]).await.unwrap();
    secrets.put("signing-key", key("1"), PutOptions::default()).await.unwrap();
    let signer = secrets.signer().await.unwrap();
    let old = signer.sign(b"hi").await.unwrap();
    let rotation = secrets.rotate("signing-key").no_wait().run().await.unwrap();
    assert_eq!(rotation.version.unwrap().as_str(), "2");
    let new = signer.sign(b"hi").await.unwrap();
    assert!(signer.verify(b"hi", &new).await.unwrap().is_current());
    assert!(!signer.verify(b"hi", &old).await.unwrap().is_current(), "within its grace");
    // A process that starts now knows when the old key was retired: the provider tells.
    let restarted = server.secrets(&[("VAULT_SIGNING_SECRET_NAME", "signing-key")]).await.unwrap();
    let restarted = restarted.signer().await.unwrap();
    assert!(!restarted.verify(b"hi", &old).await.unwrap().is_current());
    assert!(secrets.key_ring().await.is_ok());
}

/// A new process has used no key yet, and a set of keys is one all the same.
async fn a_key_set_is_rotated_as_one_by_whatever_name(server: &Server) {
    server.transit_key("orders", "hmac").await;
    let settings = [
        ("VAULT_SIGNING_SECRET_NAME", "signing/old"),
        ("VAULT_TRANSIT_KEY", "orders"),
        ("SECRETS_SIGNING_KEY_ENCODING", "jwks"),
    ];
    let fresh = async || server.secrets(&settings).await.unwrap();
    for name in ["signing/old", "webhooks", "webhooks#value"] {
        let secrets = fresh().await;
        if secrets.get(name).await.is_err() {
            let set = secrets.generate(32).unwrap();
            secrets.put(name, set, PutOptions::default()).await.unwrap();
        }
        fresh().await.rotate(name).no_wait().run().await.unwrap();
        let value = secrets.get(name).await.unwrap();
        let set = strongroom::KeySet::parse(value.value());
        assert!(set.is_ok(), "{name} is no longer a set of keys");
    }
}

async fn without_a_key_the_error_says_what_to_set(server: &Server) {
    let secrets = server.secrets(&[]).await.unwrap();
    let error = refused(secrets.signer().await, ErrorKind::Misconfigured);
    for word in ["VAULT_TRANSIT_KEY", "VAULT_SIGNING_SECRET_NAME"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(secrets.probe().await.is_ok(), "a service that signs nothing needs no key");
}
