//! Answers that only a fake gives.

use serde_json::{Value, json};
use strongroom::{ErrorKind, Reason};
use strongroom_testkit::{Fault, On};
use strongroom_tests::server::Server;

use super::{TYPES, base64, mismatch, native, secrets};
use crate::refused;

#[tokio::test]
async fn s48_an_hmac_without_a_verdict_is_refused() {
    let server = Server::fake().await;
    let signer = secrets(&server, "hmac").await.native().await.unwrap();
    let signature = signer.sign(b"hi").await.unwrap();
    let answers = |status, body: Value| {
        server.as_fake().clear_faults();
        let path = On::Path("/v1/transit/verify/hmac/sha2-256");
        server.as_fake().fault(Fault::new(path).status(status).body(body.to_string()));
    };
    for (item, reason) in [
        (json!({}), Reason::Tag),
        (json!({"valid": false}), Reason::Tag),
        (json!({"valid": false, "error": "invalid HMAC: no prefix"}), Reason::Malformed),
    ] {
        answers(200, json!({"data": {"batch_results": [item]}}));
        assert_eq!(mismatch(signer.verify(b"hi", &signature).await), reason);
    }
    answers(400, json!({"errors": ["invalid HMAC: wrong number of fields"]}));
    assert_eq!(mismatch(signer.verify(b"hi", &signature).await), Reason::Malformed);
    for items in [json!([]), json!([{"valid": "true"}]), json!([{"valid": true}, {"valid": true}])]
    {
        answers(200, json!({"data": {"batch_results": items}}));
        refused(signer.verify(b"hi", &signature).await, ErrorKind::Malformed);
    }
}

#[tokio::test]
async fn a_server_that_lags_makes_no_forgery_of_a_native_signature() {
    for key_type in TYPES {
        let server = Server::fake().await;
        let secrets = secrets(&server, key_type).await;
        let signer = secrets.native().await.unwrap();
        let path = format!("/v1/transit/keys/{key_type}");
        let (_, before) = server.raw("GET", &path, None).await;
        secrets.rotate(key_type).no_wait().run().await.unwrap();
        let signature = signer.sign(b"hi").await.unwrap();
        let (keys, verify) = match key_type {
            "hmac" => ("/v1/transit/keys/hmac", "/v1/transit/verify/hmac/sha2-256"),
            _ => ("/v1/transit/keys/ed25519", "/v1/transit/verify/ed25519"),
        };
        let too_new =
            json!({"data": {"batch_results": [{"error": "invalid HMAC: version is too new"}]}});
        server.as_fake().fault(Fault::new(On::Path(keys)).status(200).body(before.to_string()));
        server.as_fake().fault(Fault::new(On::Path(verify)).status(200).body(too_new.to_string()));
        refused(signer.verify(b"hi", &signature).await, ErrorKind::Unavailable);
        let ahead = native(&signature.as_str().replace("vault:v2:", "vault:v9:"));
        assert_eq!(mismatch(signer.verify(b"hi", &ahead).await), Reason::UnknownKey, "{key_type}");
    }
}

#[tokio::test]
async fn s48_what_transit_made_in_another_spelling_is_not_passed_on() {
    let server = Server::fake().await;
    let signer = secrets(&server, "hmac").await.native().await.unwrap();
    let tag = base64(&[1; 32]);
    for hmac in [format!("vault:v+1:{tag}"), tag, format!("vault:v1:{}", base64(&[1; 16]))] {
        let body = json!({"data": {"batch_results": [{"hmac": hmac}]}}).to_string();
        let path = On::Path("/v1/transit/hmac/hmac/sha2-256");
        server.as_fake().fault(Fault::new(path).status(200).body(body));
        refused(signer.sign(b"hi").await, ErrorKind::Malformed);
        server.as_fake().clear_faults();
    }
}
