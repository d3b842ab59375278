//! Namespaces.

use serde_json::json;
use strongroom::{ErrorKind, PutOptions, Reason};
use strongroom_tests::on_both;
use strongroom_tests::server::{Server, Sort};

use crate::refused;

on_both!(case_53_the_namespace_is_on_every_request, case_54_an_unknown_namespace_is_misconfigured,);

async fn case_53_the_namespace_is_on_every_request(server: &Server) {
    server.add_namespace("team-a").await;
    let body = json!({"type": "hmac", "key_size": 32});
    let (status, answer) = server.raw("POST", "/v1/team-a/transit/keys/orders", Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    let settings = [("VAULT_NAMESPACE", "team-a"), ("VAULT_TRANSIT_KEY", "orders")];
    let secrets = server.secrets(&settings).await.unwrap();
    secrets.put("a", "canary", PutOptions::default()).await.unwrap();
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary");
    assert_eq!(secrets.list(None).await.unwrap().len(), 1);
    let signer = secrets.signer().await.unwrap();
    let signature = signer.sign(b"hi").await.unwrap();
    signer.verify(b"hi", &signature).await.unwrap();
    secrets.probe().await.unwrap();
    let root = server.secrets(&[]).await.unwrap();
    refused(root.get("a").await, ErrorKind::NotFound);
    if let Sort::Fake(fake) = server.sort() {
        let calls = fake.calls();
        let ours = calls.iter().skip(1).take_while(|call| call.path != "/v1/sys/health");
        let namespaces: Vec<_> = ours.map(|call| call.namespace.as_deref()).collect();
        assert!(namespaces.len() > 7);
        assert!(namespaces.iter().all(|namespace| *namespace == Some("team-a")), "{calls:?}");
    }
}

async fn case_54_an_unknown_namespace_is_misconfigured(server: &Server) {
    let settings = [("VAULT_NAMESPACE", "nobody"), ("VAULT_TRANSIT_KEY", "orders")];
    let secrets = server.secrets(&settings).await.unwrap();
    for error in [
        refused(secrets.get("a").await, ErrorKind::Misconfigured),
        refused(secrets.list(None).await, ErrorKind::Misconfigured),
        refused(secrets.signer().await, ErrorKind::Misconfigured),
    ] {
        assert_eq!(error.reason(), Some(Reason::Namespace), "{error:?}");
        assert!(error.to_string().contains("VAULT_NAMESPACE"), "{error}");
    }
}
