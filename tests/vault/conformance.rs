//! The suites for every store and every signer.

use strongroom::SecretName;
use strongroom::provider::Capabilities;
use strongroom_testkit::conformance::{Subject, errors, redaction, signer, store};
use strongroom_tests::on_both;
use strongroom_tests::server::Server;

on_both!(kv_version_2, kv_version_1, transit_hmac, transit_ed25519);

async fn kv_version_2(server: &Server) {
    let mut can = Capabilities::default();
    (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
    (can.delete, can.fields) = (true, true);
    stores(server, can, &[]).await;
}

async fn kv_version_1(server: &Server) {
    let mut can = Capabilities::default();
    (can.put, can.list, can.delete, can.fields) = (true, true, true, true);
    stores(server, can, &[("VAULT_KV_MOUNT", "kv1")]).await;
}

async fn stores(server: &Server, can: Capabilities, settings: &[(&str, &str)]) {
    let subject = Subject::new(server.open(settings).await.store, can);
    store(&subject).await.assert_passed();
    errors(&subject).await.assert_passed();
    redaction(&subject).await.assert_passed();
}

async fn transit_hmac(server: &Server) {
    signs(server, "hmac").await;
}

async fn transit_ed25519(server: &Server) {
    signs(server, "ed25519").await;
}

async fn signs(server: &Server, key_type: &str) {
    server.transit_key("orders", key_type).await;
    let opened = server.open(&[("VAULT_TRANSIT_KEY", "orders")]).await;
    let key = SecretName::new("orders").unwrap();
    signer(&*opened.signer.expect("Transit signs"), &key).await.assert_passed();
}
