//! Signing with Transit.

use std::time::Duration;

use serde_json::json;
use strongroom::provider::signed_bytes;
use strongroom::{Algorithm, ErrorKind, KeyId, Purpose, Reason, Secrets, Signature};
use strongroom_testkit::{Fault, ManualClock, On};
use strongroom_tests::on_both;
use strongroom_tests::server::{Server, Sort};

use crate::refused;

on_both!(
    case_92_93_hmac_signatures_outlive_a_rotation_until_the_server_ends_them,
    case_92_93_ed25519_signatures_outlive_a_rotation_until_the_server_ends_them,
    case_91_versions_that_do_not_exist_are_refused,
    case_97_a_missing_key_is_misconfigured,
    case_98_keys_that_do_not_sign_are_unsupported,
    case_100_the_right_to_create_is_not_enough,
    a_policy_for_signing_alone_needs_the_type,
    the_type_that_is_set_has_to_be_the_keys,
    a_rotation_elsewhere_is_followed_at_once,
    keys_of_before_a_renaming_still_verify,
    what_is_signed_is_what_the_format_says,
    b017_names_that_are_no_transit_keys_are_refused,
    case_95_96_a_batch_has_a_verdict_for_each,
    a_key_that_was_deleted_and_made_again_signs,
    a_body_has_at_most_a_thousand_strings,
);

const HMAC: [(&str, &str); 1] = [("VAULT_TRANSIT_KEY", "orders")];

async fn secrets(server: &Server, key_type: &str) -> Secrets {
    server.transit_key("orders", key_type).await;
    server.secrets(&HMAC).await.unwrap()
}

async fn case_92_93_hmac_signatures_outlive_a_rotation_until_the_server_ends_them(server: &Server) {
    outlive(server, "hmac").await;
}

async fn case_92_93_ed25519_signatures_outlive_a_rotation_until_the_server_ends_them(
    server: &Server,
) {
    outlive(server, "ed25519").await;
}

async fn outlive(server: &Server, key_type: &str) {
    let secrets = secrets(server, key_type).await;
    let signer = secrets.signer().await.unwrap();
    let old = signer.sign(b"hi").await.unwrap();
    let rotation = secrets.rotate("orders").no_wait().run().await.unwrap();
    assert_eq!(rotation.previous.unwrap().as_str(), "1");
    assert_eq!(rotation.version.unwrap().as_str(), "2");
    assert_eq!(rotation.previous_verifies_until, None, "the server's operator decides");
    let new = signer.sign(b"hi").await.unwrap();
    assert_eq!(*new.key(), KeyId::transit("orders", 2));
    assert!(!signer.verify(b"hi", &old).await.unwrap().is_current());
    assert!(signer.verify(b"hi", &new).await.unwrap().is_current());

    // Another process, which has signed nothing.
    let other = server.secrets(&HMAC).await.unwrap().signer().await.unwrap();
    assert!(!other.verify(b"hi", &old).await.unwrap().is_current());

    let config = json!({"min_decryption_version": 2});
    let (status, answer) = server.raw("POST", "/v1/transit/keys/orders/config", Some(config)).await;
    assert!(matches!(status, 200 | 204), "{answer}");
    // Published keys are believed for a TTL; whoever starts now has none yet.
    let new_process = server.secrets(&HMAC).await.unwrap().signer().await.unwrap();
    let asked = match key_type {
        "hmac" => vec![&signer, &other, &new_process],
        _ => vec![&new_process],
    };
    for signer in asked {
        let error = refused(signer.verify(b"hi", &old).await, ErrorKind::SignatureMismatch);
        assert_eq!(error.reason(), Some(Reason::Retired));
        assert!(signer.verify(b"hi", &new).await.is_ok());
    }
}

async fn case_91_versions_that_do_not_exist_are_refused(server: &Server) {
    for (name, key_type) in [("one", "hmac"), ("two", "ed25519")] {
        server.transit_key(name, key_type).await;
        let secrets = server.secrets(&[("VAULT_TRANSIT_KEY", name)]).await.unwrap();
        let signer = secrets.signer().await.unwrap();
        let good = signer.sign(b"hi").await.unwrap();
        for version in [2, u32::MAX] {
            let key = KeyId::transit(name, version);
            let forged = Signature::new(key, good.algorithm(), good.tag()).unwrap();
            let error = refused(signer.verify(b"hi", &forged).await, ErrorKind::SignatureMismatch);
            assert_eq!(error.reason(), Some(Reason::UnknownKey), "{key_type} {version}");
        }
        assert!(
            signer.verify(b"hi", &good).await.unwrap().is_current(),
            "a forged version is none"
        );
    }
}

async fn case_97_a_missing_key_is_misconfigured(server: &Server) {
    let secrets = server.secrets(&HMAC).await.unwrap();
    let error = refused(secrets.signer().await, ErrorKind::Misconfigured);
    assert!(error.to_string().contains("`orders`"), "{error}");
    // The same where the policy denies reading the key, and the wire says 400.
    let token =
        server.token(&[("transit/hmac/*", &["update"]), ("transit/sign/*", &["update"])]).await;
    for key_type in ["hmac", "ed25519"] {
        let settings = [HMAC[0], ("VAULT_TOKEN", &*token), ("VAULT_TRANSIT_KEY_TYPE", key_type)];
        let secrets = server.secrets(&settings).await.unwrap();
        let signer = secrets.signer().await.unwrap();
        refused(signer.sign(b"hi").await, ErrorKind::Misconfigured);
    }
    refused(secrets.rotate("orders").no_wait().run().await, ErrorKind::Misconfigured);
    // Something else is mounted there, or nothing.
    for mount in ["secret", "nowhere"] {
        let settings = [HMAC[0], ("VAULT_TRANSIT_MOUNT", mount)];
        let secrets = server.secrets(&settings).await.unwrap();
        refused(secrets.signer().await, ErrorKind::Misconfigured);
    }
}

async fn case_98_keys_that_do_not_sign_are_unsupported(server: &Server) {
    server.transit_key("orders", "aes256-gcm96").await;
    let secrets = server.secrets(&HMAC).await.unwrap();
    let error = refused(secrets.signer().await, ErrorKind::Unsupported);
    assert!(error.to_string().contains("`aes256-gcm96`"), "{error}");
    let token = server.token(&[("transit/sign/*", &["update"])]).await;
    let settings = [HMAC[0], ("VAULT_TOKEN", &*token), ("VAULT_TRANSIT_KEY_TYPE", "ed25519")];
    let signer = server.secrets(&settings).await.unwrap().signer().await.unwrap();
    refused(signer.sign(b"hi").await, ErrorKind::Unsupported);
}

async fn case_100_the_right_to_create_is_not_enough(server: &Server) {
    server.transit_key("orders", "hmac").await;
    let token =
        server.token(&[("transit/hmac/*", &["create"]), ("transit/keys/orders", &["read"])]).await;
    let settings = [HMAC[0], ("VAULT_TOKEN", &*token)];
    let signer = server.secrets(&settings).await.unwrap().signer().await.unwrap();
    let error = refused(signer.sign(b"hi").await, ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("policies"), "{error}");
}

async fn a_policy_for_signing_alone_needs_the_type(server: &Server) {
    for (name, key_type) in [("one", "hmac"), ("two", "ed25519")] {
        server.transit_key(name, key_type).await;
        let path = format!("/v1/transit/keys/{name}/rotate");
        assert_eq!(server.raw("POST", &path, Some(json!({}))).await.0, 200);
        let token = server
            .token(&[
                (&format!("transit/hmac/{name}/*"), &["update"]),
                (&format!("transit/sign/{name}"), &["update"]),
                (&format!("transit/verify/{name}"), &["update"]),
                (&format!("transit/verify/{name}/*"), &["update"]),
            ])
            .await;
        let settings = [("VAULT_TRANSIT_KEY", name), ("VAULT_TOKEN", &*token)];
        let secrets = server.secrets(&settings).await.unwrap();
        let error = refused(secrets.signer().await, ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("VAULT_TRANSIT_KEY_TYPE"), "{error}");
        let settings = [settings[0], settings[1], ("VAULT_TRANSIT_KEY_TYPE", key_type)];
        let signer = server.secrets(&settings).await.unwrap().signer().await.unwrap();
        let signature = signer.sign(b"hi").await.unwrap();
        assert_eq!(
            *signature.key(),
            KeyId::transit(name, 2),
            "the latest, though it may not be read"
        );
        assert!(signer.verify(b"hi", &signature).await.unwrap().is_current());
        refused(signer.verify(b"ho", &signature).await, ErrorKind::SignatureMismatch);
    }
}

async fn the_type_that_is_set_has_to_be_the_keys(server: &Server) {
    server.transit_key("orders", "hmac").await;
    let settings = [HMAC[0], ("VAULT_TRANSIT_KEY_TYPE", "ed25519")];
    let secrets = server.secrets(&settings).await.unwrap();
    let error = refused(secrets.signer().await, ErrorKind::Misconfigured);
    assert_eq!(error.key(), Some("VAULT_TRANSIT_KEY_TYPE"));
}

async fn a_rotation_elsewhere_is_followed_at_once(server: &Server) {
    let signer = secrets(server, "hmac").await.signer().await.unwrap();
    let verifier = server.secrets(&HMAC).await.unwrap().signer().await.unwrap();
    let old = signer.sign(b"hi").await.unwrap();
    let rotated = server.raw("POST", "/v1/transit/keys/orders/rotate", Some(json!({}))).await;
    assert_eq!(rotated.0, 200);
    let new = signer.sign(b"hi").await.unwrap();
    assert_eq!([*old.key(), *new.key()], [1, 2].map(|version| KeyId::transit("orders", version)));
    assert!(verifier.verify(b"hi", &new).await.unwrap().is_current());
    assert!(!verifier.verify(b"hi", &old).await.unwrap().is_current());
    if let Sort::Fake(fake) = server.sort() {
        assert_eq!(fake.count("POST", "/v1/transit/hmac/orders/sha2-256"), 3, "one more, once");
        signer.sign(b"hi").await.unwrap();
        assert_eq!(fake.count("POST", "/v1/transit/hmac/orders/sha2-256"), 4);
        assert_eq!(fake.count("GET", "/v1/transit/keys/orders"), 2, "one a process");
    }
}

async fn keys_of_before_a_renaming_still_verify(server: &Server) {
    server.transit_key("invoices", "ed25519").await;
    server.transit_key("stranger", "hmac").await;
    let of = async |key| {
        server.secrets(&[("VAULT_TRANSIT_KEY", key)]).await.unwrap().signer().await.unwrap()
    };
    let before = of("invoices").await.sign(b"hi").await.unwrap();
    let strange = of("stranger").await.sign(b"hi").await.unwrap();
    server.transit_key("orders", "hmac").await;
    let settings = [HMAC[0], ("VAULT_TRANSIT_PREVIOUS_KEYS", "gone, invoices")];
    let secrets = server.secrets(&settings).await.unwrap();
    let signer = secrets.signer().await.unwrap();
    let now = signer.sign(b"hi").await.unwrap();
    assert!(!signer.verify(b"hi", &before).await.unwrap().is_current());
    let error = refused(signer.verify(b"hi", &strange).await, ErrorKind::SignatureMismatch);
    assert_eq!(error.reason(), Some(Reason::UnknownKey));
    let pairs = [(&b"hi"[..], &before), (b"hi", &now), (b"ho", &before), (b"hi", &strange)];
    let verified = signer.verify_many(&pairs).await;
    let verdicts: Vec<_> =
        verified.iter().map(|one| one.as_ref().ok().map(|one| one.is_current())).collect();
    assert_eq!(verdicts, [Some(false), Some(true), None, None]);
    // Only the configured key has predecessors.
    let other = secrets.signer_for("stranger").await.unwrap();
    refused(other.verify(b"hi", &before).await, ErrorKind::SignatureMismatch);
    assert!(other.verify(b"hi", &strange).await.unwrap().is_current());
}

async fn what_is_signed_is_what_the_format_says(server: &Server) {
    for (name, key_type, algorithm, path) in [
        ("one", "hmac", Algorithm::Hs256, "/v1/transit/verify/one/sha2-256"),
        ("two", "ed25519", Algorithm::Ed25519, "/v1/transit/verify/two"),
    ] {
        server.transit_key(name, key_type).await;
        let secrets = server.secrets(&[("VAULT_TRANSIT_KEY", name)]).await.unwrap();
        let signer = secrets.signer().await.unwrap().for_purpose("webhook").unwrap();
        for message in [&b""[..], b"hi", &[0xff; 5000]] {
            let signature = signer.sign(message).await.unwrap();
            let key = KeyId::transit(name, 1);
            assert_eq!((*signature.key(), signature.algorithm()), (key, algorithm));
            let bytes = signed_bytes(&key, algorithm, &Purpose::new("webhook").unwrap(), message);
            let tag = format!("vault:v1:{}", base64(signature.tag()));
            let field = if key_type == "hmac" { "hmac" } else { "signature" };
            let body = json!({"input": base64(&bytes), field: tag});
            let (_, answer) = server.raw("POST", path, Some(body)).await;
            assert_eq!(answer["data"]["valid"], json!(true), "{answer}");
        }
    }
}

/// What bounds the calls that a batch is cut into.
async fn a_body_has_at_most_a_thousand_strings(server: &Server) {
    server.transit_key("orders", "hmac").await;
    for (items, expected) in [(499, 200), (500, 400)] {
        let batch = vec![json!({"input": "aGk="}); items];
        let body = json!({ "batch_input": batch });
        let (status, answer) = server.raw("POST", "/v1/transit/hmac/orders", Some(body)).await;
        assert_eq!(status, expected, "{items}: {}", answer["errors"]);
    }
}

async fn delete_key(server: &Server, name: &str) {
    let config = format!("/v1/transit/keys/{name}/config");
    server.raw("POST", &config, Some(json!({"deletion_allowed": true}))).await;
    assert_eq!(server.raw("DELETE", &format!("/v1/transit/keys/{name}"), None).await.0, 204);
}

async fn a_key_that_was_deleted_and_made_again_signs(server: &Server) {
    let secrets = secrets(server, "hmac").await;
    for _ in 0..2 {
        secrets.rotate("orders").no_wait().run().await.unwrap();
    }
    let signer = secrets.signer().await.unwrap();
    assert_eq!(*signer.sign(b"hi").await.unwrap().key(), KeyId::transit("orders", 3));
    delete_key(server, "orders").await;
    refused(secrets.signer().await, ErrorKind::Misconfigured);
    refused(secrets.probe().await, ErrorKind::Misconfigured);
    server.transit_key("orders", "ed25519").await;
    let signature = signer.sign(b"hi").await.unwrap();
    assert_eq!(signature.algorithm(), Algorithm::Ed25519, "the type that it has now");
    assert!(signer.verify(b"hi", &signature).await.unwrap().is_current());

    // Gone and back between two signatures.
    secrets.rotate("orders").no_wait().run().await.unwrap();
    signer.sign(b"hi").await.unwrap();
    delete_key(server, "orders").await;
    server.transit_key("orders", "hmac").await;
    let signed = signer.sign(b"hi").await;
    let signed = match signed {
        // The server refuses to sign with a key of that type.
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            secrets.signer().await.unwrap().sign(b"hi").await
        }
        signed => signed,
    };
    assert_eq!(*signed.unwrap().key(), KeyId::transit("orders", 1));
}

/// A process that only verifies learns of it too, once a cooldown.
#[tokio::test]
async fn a_verifier_follows_a_key_that_was_made_again_with_another_type() {
    let server = Server::fake().await;
    let signer = secrets(&server, "hmac").await.signer().await.unwrap();
    let old = signer.sign(b"hi").await.unwrap();
    let clock = ManualClock::at(1_800_000_000);
    let builder = Secrets::builder().settings(server.settings(&HMAC)).clock(clock.clone());
    let verifier = builder.build().await.unwrap().signer().await.unwrap();
    assert!(verifier.verify(b"hi", &old).await.is_ok());
    delete_key(&server, "orders").await;
    server.transit_key("orders", "ed25519").await;
    let new =
        server.secrets(&HMAC).await.unwrap().signer().await.unwrap().sign(b"hi").await.unwrap();
    let reads = || server.as_fake().count("GET", "/v1/transit/keys/orders");
    let before = reads();
    for _ in 0..5 {
        let error = refused(verifier.verify(b"hi", &new).await, ErrorKind::SignatureMismatch);
        assert!(error.retry_after().is_some_and(|wait| wait <= Duration::from_secs(30)));
    }
    assert_eq!(reads(), before, "forgeries do not multiply reads");
    clock.advance(Duration::from_secs(30));
    assert!(verifier.verify(b"hi", &new).await.unwrap().is_current());
    refused(verifier.verify(b"hi", &old).await, ErrorKind::SignatureMismatch);
}

#[tokio::test]
async fn versions_that_are_gone_for_long_are_no_lag() {
    let server = Server::fake().await;
    let rotating = secrets(&server, "hmac").await;
    rotating.rotate("orders").no_wait().run().await.unwrap();
    let old = rotating.signer().await.unwrap().sign(b"hi").await.unwrap();
    let clock = ManualClock::at(1_800_000_000);
    let builder = Secrets::builder().settings(server.settings(&HMAC)).clock(clock.clone());
    let verifier = builder.attempts(1).build().await.unwrap().signer().await.unwrap();
    assert!(verifier.verify(b"hi", &old).await.is_ok());
    delete_key(&server, "orders").await;
    server.transit_key("orders", "hmac").await;
    refused(verifier.verify(b"hi", &old).await, ErrorKind::Unavailable);
    clock.advance(Duration::from_secs(60));
    refused(verifier.verify(b"hi", &old).await, ErrorKind::SignatureMismatch);
}

#[tokio::test]
async fn a_server_that_lags_makes_no_forgery_of_what_was_seen_at_work() {
    for key_type in ["hmac", "ed25519"] {
        let server = Server::fake().await;
        let secrets = secrets(&server, key_type).await;
        let signer = secrets.signer().await.unwrap();
        let of_version_1 = signer.sign(b"hi").await.unwrap();
        let (_, of_before) = server.raw("GET", "/v1/transit/keys/orders", None).await;
        secrets.rotate("orders").no_wait().run().await.unwrap();
        let signature = signer.sign(b"hi").await.unwrap();
        let lagging = |path, body: String| {
            server.as_fake().fault(Fault::new(On::Path(path)).status(200).body(body));
        };
        lagging("/v1/transit/keys/orders", of_before.to_string());
        let too_new = json!({"data": {"batch_results": [{"error": "cannot verify HMAC: version is too new"}]}});
        lagging("/v1/transit/verify/orders", too_new.to_string());
        let error = refused(signer.verify(b"hi", &signature).await, ErrorKind::Unavailable);
        assert_eq!(error.attempts(), 3, "{key_type}");
        // Nobody has seen this one.
        let key = KeyId::transit("orders", 9);
        let forged = Signature::new(key, signature.algorithm(), signature.tag()).unwrap();
        refused(signer.verify(b"hi", &forged).await, ErrorKind::SignatureMismatch);
        let first = server.as_fake();
        first.clear_faults();
        first.fault(
            Fault::new(On::Path("/v1/transit/keys/orders")).status(200).body(of_before.to_string()),
        );
        assert!(!signer.verify(b"hi", &of_version_1).await.unwrap().is_current());
        server.as_fake().clear_faults();
        assert!(signer.verify(b"hi", &signature).await.is_ok());
    }
}

#[tokio::test]
async fn a_damaged_answer_about_a_key_is_no_forgery() {
    let server = Server::fake().await;
    let signer = secrets(&server, "ed25519").await.signer().await.unwrap();
    let signature = signer.sign(b"hi").await.unwrap();
    let short = base64(&[1; 31]);
    for keys in [
        json!({}),
        json!(null),
        json!({"1": 17}),
        json!({"1": {"public_key": short}}),
        json!({"2": {}}),
    ] {
        let body = json!({"data": {"type": "ed25519", "latest_version": 1, "keys": keys}});
        let path = On::Path("/v1/transit/keys/orders");
        server.as_fake().fault(Fault::new(path).status(200).body(body.to_string()));
        refused(signer.verify(b"hi", &signature).await, ErrorKind::Malformed);
        server.as_fake().clear_faults();
    }
}

#[tokio::test]
async fn without_the_right_to_read_keys_all_are_of_the_type_that_is_set() {
    let server = Server::fake().await;
    server.transit_key("invoices", "hmac").await;
    let before = server.secrets(&[("VAULT_TRANSIT_KEY", "invoices")]).await.unwrap();
    let old = before.signer().await.unwrap().sign(b"hi").await.unwrap();
    server.transit_key("orders", "hmac").await;
    for _ in 0..3 {
        assert_eq!(
            server.raw("POST", "/v1/transit/keys/orders/rotate", Some(json!({}))).await.0,
            200
        );
    }
    let first = KeyId::transit("orders", 1);
    let bytes = signed_bytes(&first, Algorithm::Hs256, &Purpose::default(), b"hi");
    let body = json!({"input": base64(&bytes), "key_version": 1});
    let (_, made) = server.raw("POST", "/v1/transit/hmac/orders/sha2-256", Some(body)).await;
    let tag = made["data"]["hmac"].as_str().unwrap().strip_prefix("vault:v1:").unwrap().to_owned();
    let tag = <base64ct::Base64 as base64ct::Encoding>::decode_vec(&tag).unwrap();
    let of_version_1 = Signature::new(first, Algorithm::Hs256, &tag).unwrap();

    let token = server
        .token(&[
            ("transit/hmac/*", &["update"]),
            ("transit/verify/*", &["update"]),
            ("transit/keys/orders/rotate", &["update"]),
        ])
        .await;
    let settings = [
        HMAC[0],
        ("VAULT_TOKEN", &*token),
        ("VAULT_TRANSIT_KEY_TYPE", "hmac"),
        ("VAULT_TRANSIT_PREVIOUS_KEYS", "invoices"),
    ];
    let secrets = server.secrets(&settings).await.unwrap();
    let signer = secrets.signer().await.unwrap();
    assert!(signer.verify(b"hi", &old).await.is_ok(), "of a previous key");
    let verified = signer.verify(b"hi", &of_version_1).await.unwrap();
    assert!(!verified.is_current(), "nobody has told which version is the latest");
    let rotation = secrets.rotate("orders").no_wait().run().await.unwrap();
    assert_eq!(rotation.version.unwrap().as_str(), "5", "a rotator need not read the key");
    assert_eq!(*signer.sign(b"hi").await.unwrap().key(), KeyId::transit("orders", 5));
    assert!(!signer.verify(b"hi", &of_version_1).await.unwrap().is_current());
}

fn base64(bytes: &[u8]) -> String {
    use base64ct::Encoding;
    base64ct::Base64::encode_string(bytes)
}

async fn b017_names_that_are_no_transit_keys_are_refused(server: &Server) {
    let secrets = secrets(server, "hmac").await;
    for name in ["a/b", "a b", "a?b", "é", "-a", "a.", &"a".repeat(200)] {
        refused(secrets.signer_for(name).await, ErrorKind::Misconfigured);
        let settings = [("VAULT_TRANSIT_KEY", name)];
        let error = refused(server.secrets(&settings).await, ErrorKind::Misconfigured);
        assert_eq!(error.key(), Some("VAULT_TRANSIT_KEY"), "{name}");
    }
    if let Sort::Fake(fake) = server.sort() {
        assert_eq!(fake.count("GET", "/v1/transit/keys/a/b"), 0);
        assert_eq!(fake.calls().len(), 1, "case 9: nothing is sent");
    }
}

async fn case_95_96_a_batch_has_a_verdict_for_each(server: &Server) {
    for (name, key_type) in [("one", "hmac"), ("two", "ed25519")] {
        server.transit_key(name, key_type).await;
        let secrets = server.secrets(&[("VAULT_TRANSIT_KEY", name)]).await.unwrap();
        let signer = secrets.signer().await.unwrap();
        let messages = [&b"one"[..], b"", b"three"];
        let signed = signer.sign_many(&messages).await;
        let signed: Vec<Signature> = signed.into_iter().map(Result::unwrap).collect();
        let ahead = KeyId::transit(name, 9);
        let ahead = Signature::new(ahead, signed[0].algorithm(), signed[0].tag()).unwrap();
        let unknown = KeyId::derived(&[1; 10]);
        let unknown = Signature::new(unknown, signed[0].algorithm(), signed[0].tag()).unwrap();
        let pairs = [
            (messages[0], &signed[0]),
            (messages[0], &signed[1]),
            (messages[0], &ahead),
            (messages[1], &signed[1]),
            (messages[0], &unknown),
            (messages[2], &signed[2]),
        ];
        let reasons: Vec<_> = signer
            .verify_many(&pairs)
            .await
            .into_iter()
            .map(|one| one.err().map(|error| error.reason().unwrap()))
            .collect();
        let unknown = Some(Reason::UnknownKey);
        assert_eq!(reasons, [None, Some(Reason::Tag), unknown, None, unknown, None], "{key_type}");
        if let Sort::Fake(fake) = server.sort() {
            let calls: Vec<_> =
                fake.calls().into_iter().filter(|call| call.path.contains(name)).collect();
            assert_eq!(
                calls.iter().filter(|call| call.method == "POST").count(),
                if key_type == "hmac" { 3 } else { 2 }
            );
        }
    }
}
