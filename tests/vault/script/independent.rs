//! What a client that is not ours makes of the fake.

use serde_json::{Value, json};
use strongroom_testkit::{Fault, On};
use strongroom_tests::server::Server;
use vaultrs::api::transit::KeyType;
use vaultrs::api::transit::requests::{CreateKeyRequest, VerifySignedDataRequest};
use vaultrs::client::{VaultClient, VaultClientSettingsBuilder};
use vaultrs::error::ClientError;
use vaultrs::kv2;
use vaultrs::transit::{data, key};

#[tokio::test]
async fn case_112_vaultrs_reads_back_what_it_wrote() {
    let server = Server::fake().await;
    let client = server.vaultrs();
    for version in [1, 2] {
        let value = json!({"password": format!("canary-{version}")});
        let written = kv2::set(&client, "secret", "app/db", &value).await.unwrap();
        assert_eq!(written.version, version);
        let latest: Value = kv2::read(&client, "secret", "app/db").await.unwrap();
        assert_eq!(latest, value);
    }
    let first: Value = kv2::read_version(&client, "secret", "app/db", 1).await.unwrap();
    assert_eq!(first, json!({"password": "canary-1"}));
}

#[tokio::test]
async fn case_112_vaultrs_tells_refusals_apart() {
    let server = Server::fake().await;
    let client = server.vaultrs();
    assert_eq!(refusal(&client).await, 404);
    let mut settings = VaultClientSettingsBuilder::default();
    let settings = settings.address(server.address()).token("canary-unknown").build().unwrap();
    assert_eq!(refusal(&VaultClient::new(settings).unwrap()).await, 403);
    let busy = Fault::new(On::Read).status(429).body(r#"{"errors":["rate limit quota exceeded"]}"#);
    server.as_fake().fault(busy.times(1));
    assert_eq!(refusal(&client).await, 429);
    assert_eq!(refusal(&client).await, 404);
}

#[tokio::test]
async fn case_112_vaultrs_verifies_signatures_of_every_version() {
    let server = Server::fake().await;
    let client = server.vaultrs();
    let mut wanted = CreateKeyRequest::builder();
    wanted.key_type(KeyType::Ed25519);
    key::create(&client, "transit", "orders", Some(&mut wanted)).await.unwrap();
    let old = data::sign(&client, "transit", "orders", HELLO, None).await.unwrap().signature;
    key::rotate(&client, "transit", "orders").await.unwrap();
    let new = data::sign(&client, "transit", "orders", HELLO, None).await.unwrap().signature;
    assert!(old.starts_with("vault:v1:") && new.starts_with("vault:v2:"), "{old} {new}");
    for (signature, input, valid) in
        [(&old, HELLO, true), (&new, HELLO, true), (&new, OTHER, false)]
    {
        let mut wanted = VerifySignedDataRequest::builder();
        wanted.signature(signature.as_str());
        let verified = data::verify(&client, "transit", "orders", input, Some(&mut wanted)).await;
        assert_eq!(verified.unwrap().valid, valid, "{signature} of {input}");
    }
}

/// The status of a read that has to fail.
async fn refusal(client: &VaultClient) -> u16 {
    match kv2::read::<Value>(client, "secret", "app/gone").await {
        Err(ClientError::APIError { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

/// `hello`
const HELLO: &str = "aGVsbG8=";
/// `other`
const OTHER: &str = "b3RoZXI=";
