//! Verifying with the keys that Transit publishes, at the provider: nothing here holds or renews them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use strongroom::provider::{Opened, SignOptions, Signer, open};
use strongroom::{Algorithm, ErrorKind, KeyId, Purpose, Reason, SecretName, Signature};
use strongroom_testkit::{Fault, ManualClock, On};
use strongroom_tests::on_both;
use strongroom_tests::server::{Server, Sort};

use crate::refused;

on_both!(
    published_keys_verify_while_the_server_is_sealed,
    a_version_that_the_server_has_ended_is_no_longer_published,
    hmac_keys_are_not_published,
    keys_of_before_a_renaming_are_published_too,
    a_key_that_may_not_be_read_is_not_published,
    a_key_that_is_not_there_is_not_published,
);

const ORDERS: [(&str, &str); 1] = [("VAULT_TRANSIT_KEY", "orders")];

fn name(text: &str) -> SecretName {
    SecretName::new(text).unwrap()
}

fn id(name: &str, version: u32) -> KeyId {
    KeyId::transit(name, version)
}

fn options() -> SignOptions {
    SignOptions::default()
}

async fn signer(server: &Server, settings: &[(&str, &str)]) -> Arc<dyn Signer> {
    server.open(settings).await.signer.expect("Transit signs")
}

async fn sign(signer: &dyn Signer, key: &str) -> Signature {
    signer.sign(&name(key), b"hi", options()).await.unwrap()
}

fn with_key(key: KeyId, signature: &Signature) -> Signature {
    Signature::new(key, signature.algorithm(), signature.tag()).unwrap()
}

async fn published_keys_verify_while_the_server_is_sealed(server: &Server) {
    server.transit_key("orders", "ed25519").await;
    let signer = signer(server, &ORDERS).await;
    let orders = name("orders");
    let old = sign(&*signer, "orders").await;
    signer.rotate(&orders).await.unwrap();
    let new = sign(&*signer, "orders").await;
    let webhook = options().purpose(Purpose::new("webhook").unwrap());
    let of_webhook = signer.sign(&orders, b"hi", webhook.clone()).await.unwrap();
    let hmac = Signature::new(*new.key(), Algorithm::Hs256, &[1; 32]).unwrap();
    let published = signer.published(&orders).await.unwrap().unwrap();
    assert_eq!(published.keys(), [id("orders", 2), id("orders", 1)]);

    let unknown = [with_key(id("orders", 3), &new), with_key(id("order", 1), &new)];
    let cases: [(&[u8], &Signature, &SignOptions, Option<Reason>); 9] = [
        (b"hi", &old, &options(), None),
        (b"hi", &new, &options(), None),
        (b"hi", &of_webhook, &webhook, None),
        (b"ho", &new, &options(), Some(Reason::Tag)),
        (b"hi", &new, &webhook, Some(Reason::Tag)),
        (b"hi", &with_key(*old.key(), &new), &options(), Some(Reason::Tag)),
        (b"hi", &hmac, &options(), Some(Reason::Alg)),
        (b"hi", &unknown[0], &options(), Some(Reason::UnknownKey)),
        (b"hi", &unknown[1], &options(), Some(Reason::UnknownKey)),
    ];
    for (at, (message, signature, options, reason)) in cases.iter().enumerate() {
        let there = signer.verify(&orders, message, signature, (*options).clone()).await;
        assert_eq!(there.err().and_then(|error| error.reason()), *reason, "{at}, as today");
    }
    server.seal(true).await;
    let sealed = signer.verify(&orders, b"hi", &new, options()).await;
    refused(sealed, ErrorKind::Unavailable);
    refused(signer.published(&orders).await, ErrorKind::Unavailable);
    for (at, (message, signature, options, reason)) in cases.iter().enumerate() {
        let here = published.verify(message, signature, options);
        match reason {
            None => {
                let verified = here.unwrap();
                assert_eq!(verified.key(), signature.key());
                assert_eq!(verified.is_current(), *signature.key() == id("orders", 2), "{at}");
            }
            Some(_) => {
                let error = refused(here, ErrorKind::SignatureMismatch);
                assert_eq!(error.reason(), *reason, "{at}");
            }
        }
        let is_known = !unknown.iter().any(|unknown| unknown.key() == signature.key());
        assert_eq!(published.knows(signature.key()), is_known, "{at}");
    }
    if let Sort::Fake(fake) = server.sort() {
        let calls = fake.calls().len();
        published.verify(b"hi", &new, &options()).unwrap();
        assert_eq!(fake.calls().len(), calls);
    }
}

async fn a_version_that_the_server_has_ended_is_no_longer_published(server: &Server) {
    server.transit_key("orders", "ed25519").await;
    let signer = signer(server, &ORDERS).await;
    let old = sign(&*signer, "orders").await;
    signer.rotate(&name("orders")).await.unwrap();
    let config = json!({"min_decryption_version": 2});
    let (status, answer) = server.raw("POST", "/v1/transit/keys/orders/config", Some(config)).await;
    assert!(matches!(status, 200 | 204), "{answer}");
    let published = signer.published(&name("orders")).await.unwrap().unwrap();
    assert_eq!(published.keys(), [id("orders", 2)]);
    assert!(!published.knows(old.key()));
    let error = refused(published.verify(b"hi", &old, &options()), ErrorKind::SignatureMismatch);
    assert_eq!(error.reason(), Some(Reason::Retired));
}

async fn hmac_keys_are_not_published(server: &Server) {
    server.transit_key("orders", "hmac").await;
    server.transit_key("invoices", "ed25519").await;
    let said = [ORDERS[0], ("VAULT_TRANSIT_KEY_TYPE", "hmac")];
    let signers = [signer(server, &ORDERS).await, signer(server, &said).await];
    for (signer, reads) in signers.iter().zip([1, 0]) {
        for _ in 0..2 {
            let before = reads_of(server, "orders");
            assert!(signer.published(&name("orders")).await.unwrap().is_none());
            let more = reads_of(server, "orders") - before;
            assert!(more <= reads, "{more} reads");
        }
    }
    assert!(matches!(server.sort(), Sort::Real(..)) || reads_of(server, "orders") == 1);
    // What is set is the type of the configured key.
    assert!(signers[1].published(&name("invoices")).await.unwrap().is_some());
}

/// How often a key was read: only a fake can tell.
fn reads_of(server: &Server, key: &str) -> usize {
    match server.sort() {
        Sort::Fake(fake) => fake.count("GET", &format!("/v1/transit/keys/{key}")),
        Sort::Real(..) => 0,
    }
}

async fn keys_of_before_a_renaming_are_published_too(server: &Server) {
    for (key, key_type) in [
        ("orders", "ed25519"),
        ("invoices", "ed25519"),
        ("bills", "hmac"),
        ("sealed", "aes256-gcm96"),
    ] {
        server.transit_key(key, key_type).await;
    }
    let names = "gone, bills, sealed, invoices";
    let signer = signer(server, &[ORDERS[0], ("VAULT_TRANSIT_PREVIOUS_KEYS", names)]).await;
    let now = sign(&*signer, "orders").await;
    let before = sign(&*signer, "invoices").await;
    let hmac = sign(&*signer, "bills").await;
    let published = signer.published(&name("orders")).await.unwrap().unwrap();
    assert_eq!(published.keys(), [id("orders", 1), id("invoices", 1)]);
    assert!(published.verify(b"hi", &now, &options()).unwrap().is_current());
    assert!(
        !published.verify(b"hi", &before, &options()).unwrap().is_current(),
        "it signs no more"
    );
    assert!(!published.knows(hmac.key()));
    let error = refused(published.verify(b"hi", &hmac, &options()), ErrorKind::SignatureMismatch);
    assert_eq!(error.reason(), Some(Reason::UnknownKey));
    let there = signer.verify(&name("orders"), b"hi", &hmac, options()).await;
    assert!(there.is_ok(), "the server verifies what is not published");
    // Only the configured key has predecessors.
    let alone = signer.published(&name("invoices")).await.unwrap().unwrap();
    assert_eq!(alone.keys(), [id("invoices", 1)]);
    assert!(alone.verify(b"hi", &before, &options()).unwrap().is_current());
}

async fn a_key_that_may_not_be_read_is_not_published(server: &Server) {
    server.transit_key("orders", "ed25519").await;
    server.transit_key("invoices", "ed25519").await;
    let token = server.token(&[("transit/keys/orders", &["read"])]).await;
    let settings = |key, previous| {
        let token = ("VAULT_TOKEN", &*token);
        [("VAULT_TRANSIT_KEY", key), ("VAULT_TRANSIT_PREVIOUS_KEYS", previous), token]
    };
    let both = signer(server, &settings("orders", "invoices")).await;
    let published = both.published(&name("orders")).await.unwrap().unwrap();
    assert_eq!(published.keys(), [id("orders", 1)], "a previous key takes nothing from the others");
    let renamed = signer(server, &settings("invoices", "orders")).await;
    let error = refused(renamed.published(&name("invoices")).await, ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("`invoices`"), "{error}");
}

async fn a_key_that_is_not_there_is_not_published(server: &Server) {
    let signer = signer(server, &ORDERS).await;
    refused(signer.published(&name("orders")).await, ErrorKind::Misconfigured);
    refused(signer.published(&name("a/b")).await, ErrorKind::Misconfigured);
    server.transit_key("orders", "aes256-gcm96").await;
    refused(signer.published(&name("orders")).await, ErrorKind::Unsupported);
}

#[tokio::test]
async fn each_key_is_read_once_and_an_hmac_key_is_not_read_again() {
    let server = Server::fake().await;
    server.transit_key("orders", "ed25519").await;
    server.transit_key("invoices", "hmac").await;
    let signer = signer(&server, &[ORDERS[0], ("VAULT_TRANSIT_PREVIOUS_KEYS", "invoices")]).await;
    for (orders, invoices) in [(1, 1), (2, 1)] {
        assert!(signer.published(&name("orders")).await.unwrap().is_some());
        let reads = (reads_of(&server, "orders"), reads_of(&server, "invoices"));
        assert_eq!(reads, (orders, invoices));
    }
    assert_eq!(server.as_fake().calls().len(), 2 + 3, "two keys made, and nothing else asked");
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let server = Server::fake().await;
    server.transit_key("orders", "ed25519").await;
    server.transit_key("invoices", "ed25519").await;
    let signer = signer(&server, &[ORDERS[0], ("VAULT_TRANSIT_PREVIOUS_KEYS", "invoices")]).await;
    let path = || Fault::new(On::Path("/v1/transit/keys/invoices"));
    for (fault, kind) in [
        (path().status(503), ErrorKind::Unavailable),
        (path().status(429), ErrorKind::Throttled),
        (path().status(200).body("{}"), ErrorKind::Malformed),
    ] {
        server.as_fake().fault(fault);
        let error = refused(signer.published(&name("orders")).await, kind);
        assert!(error.to_string().contains("`invoices`"), "{error}");
        server.as_fake().clear_faults();
    }
    assert_eq!(signer.published(&name("orders")).await.unwrap().unwrap().keys().len(), 2);
}

#[tokio::test]
async fn a_damaged_answer_publishes_nothing() {
    let server = Server::fake().await;
    server.transit_key("orders", "ed25519").await;
    let signer = signer(&server, &ORDERS).await;
    let (_, good) = server.raw("GET", "/v1/transit/keys/orders", None).await;
    for (field, value) in [
        ("latest_version", json!(0)),
        ("latest_version", json!(2)),
        ("latest_version", json!(u32::MAX)),
        ("latest_version", json!(-1)),
        ("min_decryption_version", json!(2)),
        ("keys", json!({})),
        ("keys", json!({"1": {"public_key": "AAAA"}})),
    ] {
        let mut damaged = good.clone();
        damaged["data"][field] = value;
        let path = On::Path("/v1/transit/keys/orders");
        server.as_fake().fault(Fault::new(path).status(200).body(damaged.to_string()));
        refused(signer.published(&name("orders")).await, ErrorKind::Malformed);
        server.as_fake().clear_faults();
    }
    // What is listed besides is none of its versions.
    let mut more = good.clone();
    let key = more["data"]["keys"]["1"].clone();
    more["data"]["keys"]["2"] = key;
    let path = On::Path("/v1/transit/keys/orders");
    server.as_fake().fault(Fault::new(path).status(200).body(more.to_string()));
    let published = signer.published(&name("orders")).await.unwrap().unwrap();
    assert_eq!(published.keys(), [id("orders", 1)]);
    assert!(!published.knows(&id("orders", 2)));
}

#[tokio::test]
async fn a_server_that_lags_makes_no_older_version_the_current_one() {
    let server = Server::fake().await;
    server.transit_key("orders", "ed25519").await;
    let clock = ManualClock::at(1_800_000_000);
    let settings = server.settings(&ORDERS);
    let opened: Opened = open(&settings, Arc::new(clock.clone())).await.unwrap();
    let signer = opened.signer.unwrap();
    let (orders, old) = (name("orders"), sign(&*signer, "orders").await);
    let (_, of_before) = server.raw("GET", "/v1/transit/keys/orders", None).await;
    signer.rotate(&orders).await.unwrap();
    let new = sign(&*signer, "orders").await;
    let path = On::Path("/v1/transit/keys/orders");
    server.as_fake().fault(Fault::new(path).status(200).body(of_before.to_string()));
    let lagging = signer.published(&orders).await.unwrap().unwrap();
    assert!(!lagging.verify(b"hi", &old, &options()).unwrap().is_current());
    assert!(!lagging.knows(new.key()));
    refused(signer.verify(&orders, b"hi", &new, options()).await, ErrorKind::Unavailable);
    // Made again, or restored, and seen at work for the last time long ago.
    clock.advance(Duration::from_secs(60));
    let published = signer.published(&orders).await.unwrap().unwrap();
    assert!(published.verify(b"hi", &old, &options()).unwrap().is_current());
}

#[tokio::test]
async fn a_key_that_was_made_again_is_published_anew() {
    let server = Server::fake().await;
    server.transit_key("orders", "ed25519").await;
    let signer = signer(&server, &ORDERS).await;
    let old = sign(&*signer, "orders").await;
    let before = signer.published(&name("orders")).await.unwrap().unwrap();
    let config = Some(json!({"deletion_allowed": true}));
    server.raw("POST", "/v1/transit/keys/orders/config", config).await;
    assert_eq!(server.raw("DELETE", "/v1/transit/keys/orders", None).await.0, 204);
    server.transit_key("orders", "ed25519").await;
    let after = signer.published(&name("orders")).await.unwrap().unwrap();
    assert_eq!(before.keys(), after.keys(), "ids are of names and versions");
    let error = refused(after.verify(b"hi", &old, &options()), ErrorKind::SignatureMismatch);
    assert_eq!(error.reason(), Some(Reason::Tag));
    let text = format!("{after:?}");
    assert!(text.contains(id("orders", 1).as_str()), "{text}");
}
