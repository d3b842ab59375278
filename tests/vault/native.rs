//! Signatures of Transit's own, over bare messages.

mod answers;

use serde_json::{Value, json};
use strongroom::provider::signed_bytes;
use strongroom::{
    Algorithm, ErrorKind, Health, NativeSignature, Purpose, Reason, Result, Secrets, Signature,
};
use strongroom_tests::on_both;
use strongroom_tests::server::{Server, Sort};

use crate::refused;

on_both!(
    native_signatures_are_those_that_anybody_gets_from_transit,
    native_signatures_outlive_a_rotation_until_the_server_ends_them,
    s48_cousins_of_a_native_signature_are_refused_and_never_sent,
    messages_that_begin_as_signed_bytes_are_refused_and_never_sent,
    native_and_sr1_never_verify_for_each_other,
    native_signatures_of_another_type_are_refused,
    a_native_key_that_is_not_there_or_does_not_sign_says_so,
    rights_to_sign_are_enough_for_native_signatures,
    case_64_a_sealed_server_is_no_mismatch,
    without_a_provider_that_signs_native_is_unsupported,
);

const TYPES: [&str; 2] = ["hmac", "ed25519"];

/// A key named as its type, configured.
async fn secrets(server: &Server, key_type: &str) -> Secrets {
    server.transit_key(key_type, key_type).await;
    server.secrets(&[("VAULT_TRANSIT_KEY", key_type)]).await.unwrap()
}

fn mismatch(result: Result<()>) -> Reason {
    refused(result, ErrorKind::SignatureMismatch).reason().unwrap()
}

fn native(text: &str) -> NativeSignature {
    text.parse().unwrap()
}

/// What `bao write transit/sign/KEY input=..` answers, or `transit/hmac`.
async fn made_by_others(server: &Server, key_type: &str, message: &[u8]) -> NativeSignature {
    let (path, field) = match key_type {
        "hmac" => ("hmac/hmac", "hmac"),
        _ => ("sign/ed25519", "signature"),
    };
    let body = json!({"input": base64(message)});
    let (status, answer) = server.raw("POST", &format!("/v1/transit/{path}"), Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    native(answer["data"][field].as_str().unwrap())
}

/// What a plain call makes of a text of ours.
async fn verified_by_others(
    server: &Server,
    key_type: &str,
    message: &[u8],
    text: &str,
) -> (u16, Value) {
    let field = if key_type == "hmac" { "hmac" } else { "signature" };
    let body = json!({"input": base64(message), field: text});
    server.raw("POST", &format!("/v1/transit/verify/{key_type}"), Some(body)).await
}

async fn native_signatures_are_those_that_anybody_gets_from_transit(server: &Server) {
    for key_type in TYPES {
        let secrets = secrets(server, key_type).await;
        let signer = secrets.native().await.unwrap();
        for message in [&b"pay 10 to alice"[..], b"", b"sr1.x", &[0xff; 9]] {
            let ours = signer.sign(message).await.unwrap();
            assert!(ours.as_str().starts_with("vault:v1:"), "{ours}");
            signer.verify(message, &ours).await.unwrap();
            signer.verify(message, &native(&ours.to_string())).await.unwrap();
            let theirs = made_by_others(server, key_type, message).await;
            assert_eq!(ours.as_str(), theirs.as_str(), "both are deterministic");
            signer.verify(message, &theirs).await.unwrap();
            let (_, answer) = verified_by_others(server, key_type, message, ours.as_str()).await;
            assert_eq!(answer["data"]["valid"], true, "{answer}");
            for other in [&b"pay 10,000 to mallory"[..], b"\0"] {
                assert_eq!(mismatch(signer.verify(other, &ours).await), Reason::Tag, "{key_type}");
            }
        }
        // By its name, and with another key.
        let by_name = secrets.native_for(key_type).await.unwrap();
        let signature = by_name.sign(b"hi").await.unwrap();
        signer.verify(b"hi", &signature).await.unwrap();
        let name = format!("{key_type}-other");
        server.transit_key(&name, key_type).await;
        let other = secrets.native_for(&name).await.unwrap();
        assert_eq!(mismatch(other.verify(b"hi", &signature).await), Reason::Tag, "{key_type}");
    }
}

async fn native_signatures_outlive_a_rotation_until_the_server_ends_them(server: &Server) {
    for key_type in TYPES {
        let secrets = secrets(server, key_type).await;
        let signer = secrets.native().await.unwrap();
        let old = signer.sign(b"hi").await.unwrap();
        // By somebody else: the version that signs is the server's.
        let key = format!("/v1/transit/keys/{key_type}");
        let rotated = server.raw("POST", &format!("{key}/rotate"), Some(json!({}))).await;
        assert!(matches!(rotated.0, 200 | 204), "{rotated:?}");
        let new = signer.sign(b"hi").await.unwrap();
        assert!(new.as_str().starts_with("vault:v2:"), "{new}");
        signer.verify(b"hi", &old).await.unwrap();
        signer.verify(b"hi", &new).await.unwrap();
        for version in ["3", "4294967295"] {
            let ahead = native(&new.as_str().replace("vault:v2:", &format!("vault:v{version}:")));
            assert_eq!(mismatch(signer.verify(b"hi", &ahead).await), Reason::UnknownKey);
        }
        let mixed = native(&new.as_str().replace("vault:v2:", "vault:v1:"));
        assert_eq!(mismatch(signer.verify(b"hi", &mixed).await), Reason::Tag);

        let least = json!({"min_decryption_version": 2});
        let (status, answer) = server.raw("POST", &format!("{key}/config"), Some(least)).await;
        assert!(matches!(status, 200 | 204), "{answer}");
        assert_eq!(mismatch(signer.verify(b"hi", &old).await), Reason::Retired, "{key_type}");
        signer.verify(b"hi", &new).await.unwrap();
    }
}

async fn s48_cousins_of_a_native_signature_are_refused_and_never_sent(server: &Server) {
    for key_type in TYPES {
        let secrets = secrets(server, key_type).await;
        let signer = secrets.native().await.unwrap();
        let good = signer.sign(b"hi").await.unwrap().to_string();
        let (_, tag) = good.rsplit_once(':').unwrap();
        let before = calls(server);
        for cousin in [
            good.replace("vault:v1", "vault:v+1"),
            good.replace("vault:v1", "vault:v01"),
            good.replace("vault:v1", "vault:v001"),
            good.replace("vault:v1", "vault:v-1"),
            good.replace("vault:v1", "vault:v0"),
            good.replace("vault:v1", "vault:v"),
            good.replace("vault:v1", "vault:v4294967296"),
            good.replace("vault:", "Vault:"),
            good.replace("vault:", "bao:"),
            good.trim_end_matches('=').to_owned(),
            format!("{good}="),
            format!("{good}:"),
            format!("{good}AAAA"),
            loose(&good),
            tag.to_owned(),
            format!("vault:v1:{}", base64(&[1; 31])),
            format!("vault:v1:{}", base64(&[1; 33])),
            "vault:v1:".to_owned(),
            "x".to_owned(),
        ] {
            let cousin = native(&cousin);
            let reason = mismatch(signer.verify(b"hi", &cousin).await);
            assert_eq!(reason, Reason::Malformed, "{key_type} {cousin}");
        }
        // The text itself cannot hold these.
        for cousin in [format!("{good}\r\n"), good.replace(tag, &tag.replacen('=', "\n=", 1))] {
            let error = refused(cousin.parse::<NativeSignature>(), ErrorKind::SignatureMismatch);
            assert_eq!(error.reason(), Some(Reason::Malformed));
        }
        assert_eq!(calls(server), before, "{key_type}");
        signer.verify(b"hi", &native(&good)).await.unwrap();
        // The server itself takes some of them.
        let sloppy = good.replace("vault:v1", "vault:v+1");
        let (_, answer) = verified_by_others(server, key_type, b"hi", &sloppy).await;
        assert_eq!(answer["data"]["valid"], true, "{key_type}: {answer}");
    }
}

/// The same bytes, with a bit set that belongs to none of them.
fn loose(good: &str) -> String {
    let body = good.trim_end_matches('=');
    let (rest, last) = body.split_at(body.len() - 1);
    // It stands for a multiple of four, after each of which the next character is the next digit.
    let next = char::from(last.bytes().next().unwrap() + 1);
    format!("{rest}{next}{}", &good[body.len()..])
}

async fn messages_that_begin_as_signed_bytes_are_refused_and_never_sent(server: &Server) {
    for key_type in TYPES {
        let secrets = secrets(server, key_type).await;
        let (signer, sr1) = (secrets.native().await.unwrap(), secrets.signer().await.unwrap());
        let good = sr1.sign(b"hi").await.unwrap();
        let bytes = signed_bytes(good.key(), good.algorithm(), &Purpose::default(), b"hi");
        // With what anybody may get from the server, the refusal is all that keeps the two apart.
        let theirs = made_by_others(server, key_type, &bytes).await;
        let tag = format!("vault:v1:{}", base64(good.tag()));
        assert_eq!(theirs.as_str(), tag, "{key_type}");
        let before = calls(server);
        for message in [&bytes[..], b"sr1\0", b"sr1\0rest"] {
            refused(signer.sign(message).await, ErrorKind::InvalidValue);
            refused(signer.verify(message, &theirs).await, ErrorKind::InvalidValue);
        }
        assert_eq!(calls(server), before, "{key_type}");
    }
}

/// How many calls there were, where they can be counted.
fn calls(server: &Server) -> usize {
    match server.sort() {
        Sort::Fake(fake) => fake.calls().len(),
        Sort::Real(..) => 0,
    }
}

async fn native_and_sr1_never_verify_for_each_other(server: &Server) {
    for key_type in TYPES {
        let secrets = secrets(server, key_type).await;
        let (signer, sr1) = (secrets.native().await.unwrap(), secrets.signer().await.unwrap());
        let of_sr1 = sr1.sign(b"hi").await.unwrap();
        let bare = signer.sign(b"hi").await.unwrap();
        let reason = mismatch(signer.verify(b"hi", &native(&of_sr1.to_string())).await);
        assert_eq!(reason, Reason::Malformed);
        let tag = native(&format!("vault:v1:{}", base64(of_sr1.tag())));
        assert_eq!(mismatch(signer.verify(b"hi", &tag).await), Reason::Tag);
        let bytes = bare.as_str().strip_prefix("vault:v1:").unwrap();
        let bytes = <base64ct::Base64 as base64ct::Encoding>::decode_vec(bytes).unwrap();
        let forged = Signature::new(*of_sr1.key(), of_sr1.algorithm(), &bytes).unwrap();
        let error = refused(sr1.verify(b"hi", &forged).await, ErrorKind::SignatureMismatch);
        assert_eq!(error.reason(), Some(Reason::Tag), "{key_type}");
    }
}

async fn native_signatures_of_another_type_are_refused(server: &Server) {
    for (key_type, other) in [("hmac", Algorithm::Ed25519), ("ed25519", Algorithm::Hs256)] {
        let signer = secrets(server, key_type).await.native().await.unwrap();
        let other = native(&format!("vault:v1:{}", base64(&vec![1; other.tag_bytes()])));
        assert_eq!(mismatch(signer.verify(b"hi", &other).await), Reason::Alg, "{key_type}");
    }
    // A key pair makes HMACs too, of no use here.
    let signer = server.secrets(&[("VAULT_TRANSIT_KEY", "ed25519")]).await.unwrap();
    let signer = signer.native().await.unwrap();
    let body = json!({"input": base64(b"hi")});
    let (_, answer) = server.raw("POST", "/v1/transit/hmac/ed25519", Some(body)).await;
    let hmac = native(answer["data"]["hmac"].as_str().unwrap());
    assert_eq!(mismatch(signer.verify(b"hi", &hmac).await), Reason::Alg);
}

async fn a_native_key_that_is_not_there_or_does_not_sign_says_so(server: &Server) {
    let secrets = secrets(server, "hmac").await;
    server.transit_key("cipher", "aes256-gcm96").await;
    for (name, kind) in [
        ("none", ErrorKind::Misconfigured),
        ("a/b", ErrorKind::Misconfigured),
        ("cipher", ErrorKind::Unsupported),
    ] {
        refused(secrets.native_for(name).await, kind);
    }
    // Deleted, and made again with another type: the next signature is of that.
    let signer = secrets.native().await.unwrap();
    for _ in 0..2 {
        server.raw("POST", "/v1/transit/keys/hmac/rotate", Some(json!({}))).await;
    }
    assert!(signer.sign(b"hi").await.unwrap().as_str().starts_with("vault:v3:"));
    let config = json!({"deletion_allowed": true});
    server.raw("POST", "/v1/transit/keys/hmac/config", Some(config)).await;
    assert_eq!(server.raw("DELETE", "/v1/transit/keys/hmac", None).await.0, 204);
    refused(signer.sign(b"hi").await, ErrorKind::Misconfigured);
    server.transit_key("hmac", "ed25519").await;
    let signature = signer.sign(b"hi").await.unwrap();
    assert_eq!(signature.as_str().len(), "vault:v1:".len() + 88, "{signature}");
    signer.verify(b"hi", &signature).await.unwrap();
}

async fn rights_to_sign_are_enough_for_native_signatures(server: &Server) {
    let token = server
        .token(&[
            ("transit/hmac/*", &["update"]),
            ("transit/sign/*", &["update"]),
            ("transit/verify/*", &["update"]),
        ])
        .await;
    for key_type in TYPES {
        server.transit_key(key_type, key_type).await;
        let settings = [
            ("VAULT_TRANSIT_KEY", key_type),
            ("VAULT_TRANSIT_KEY_TYPE", key_type),
            ("VAULT_TOKEN", &*token),
        ];
        let signer = server.secrets(&settings).await.unwrap().native().await.unwrap();
        let signature = signer.sign(b"hi").await.unwrap();
        signer.verify(b"hi", &signature).await.unwrap();
        assert_eq!(mismatch(signer.verify(b"ho", &signature).await), Reason::Tag, "{key_type}");
    }
}

async fn case_64_a_sealed_server_is_no_mismatch(server: &Server) {
    let mut signers = Vec::new();
    for key_type in TYPES {
        let secrets = secrets(server, key_type).await;
        let signer = secrets.native().await.unwrap();
        let signature = signer.sign(b"hi").await.unwrap();
        assert_eq!(secrets.health(), Health::Ready);
        signers.push((secrets, signer, signature));
    }
    server.seal(true).await;
    for (secrets, signer, signature) in &signers {
        for error in [
            refused(signer.verify(b"hi", signature).await, ErrorKind::Unavailable),
            refused(signer.sign(b"hi").await, ErrorKind::Unavailable),
        ] {
            assert_eq!((error.reason(), error.attempts()), (Some(Reason::Sealed), 3), "{error:?}");
        }
        assert_eq!(secrets.health().as_str(), "degraded");
    }
    server.seal(false).await;
    for (secrets, signer, signature) in &signers {
        signer.verify(b"hi", signature).await.unwrap();
        assert_eq!(secrets.health(), Health::Ready);
    }
}

async fn without_a_provider_that_signs_native_is_unsupported(server: &Server) {
    let memory = Secrets::builder().store(strongroom::MemoryStore::new()).build().await.unwrap();
    let key = ("VAULT_SIGNING_SECRET_NAME", "signing-key");
    let in_kv = server.secrets(&[key]).await.unwrap();
    for secrets in [memory, in_kv, server.secrets(&[]).await.unwrap()] {
        for error in [
            refused(secrets.native().await, ErrorKind::Unsupported),
            refused(secrets.native_for("orders").await, ErrorKind::Unsupported),
        ] {
            for word in ["`signer`", "`raw_hmac`", "VAULT_TRANSIT_KEY"] {
                assert!(error.to_string().contains(word), "{error}");
            }
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64ct::Encoding;
    base64ct::Base64::encode_string(bytes)
}
