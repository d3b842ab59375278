//! Tokens that are refused, and rights that are missing.

use std::io::Write;

use strongroom::{ErrorKind, PutOptions, Secrets, Settings};
use strongroom_testkit::{Fault, On};
use strongroom_tests::on_both;
use strongroom_tests::server::{Server, Sort};

use crate::refused;

on_both!(
    case_41_a_token_that_is_unknown_or_revoked_is_unauthenticated,
    case_42_a_token_without_the_right_is_denied,
    a_token_without_the_default_policy_is_known_all_the_same,
    a_token_file_is_read_again_when_the_token_is_refused,
    a_policy_below_a_prefix_is_enough_for_what_is_there,
);

async fn case_41_a_token_that_is_unknown_or_revoked_is_unauthenticated(server: &Server) {
    server.transit_key("orders", "hmac").await;
    let secrets = server
        .secrets(&[("VAULT_TOKEN", "canary-unknown"), ("VAULT_TRANSIT_KEY", "orders")])
        .await
        .unwrap();
    for error in [
        refused(secrets.get("a").await, ErrorKind::Unauthenticated),
        refused(
            secrets.put("a", "canary", PutOptions::default()).await,
            ErrorKind::Unauthenticated,
        ),
        refused(secrets.list(None).await, ErrorKind::Unauthenticated),
        refused(secrets.signer().await, ErrorKind::Unauthenticated),
    ] {
        assert_eq!(error.key(), Some("VAULT_TOKEN"));
        assert_eq!(error.attempts(), 1);
        assert!(!format!("{error:?}{error}").contains("canary"), "{error:?}");
    }
    let token = server.token(&[("secret/*", &["read", "list"])]).await;
    let secrets = server.secrets(&[("VAULT_TOKEN", &token)]).await.unwrap();
    refused(secrets.get("a").await, ErrorKind::NotFound);
    server.revoke(&token).await;
    refused(secrets.get("b").await, ErrorKind::Unauthenticated);
}

async fn case_42_a_token_without_the_right_is_denied(server: &Server) {
    let root = server.secrets(&[]).await.unwrap();
    root.put("app/db", "canary", PutOptions::default()).await.unwrap();
    let token = server.token(&[("secret/data/app/*", &["read"])]).await;
    let secrets = server.secrets(&[("VAULT_TOKEN", &token)]).await.unwrap();
    assert!(secrets.get("app/db").await.is_ok());
    let denied = ErrorKind::PermissionDenied;
    for (error, right) in [
        (refused(secrets.get("other").await, denied), "`read` on `secret/data/other`"),
        (
            refused(secrets.put("app/db", "canary", PutOptions::default()).await, denied),
            "`update` on `secret/data/app/db`",
        ),
        (refused(secrets.list(None).await, denied), "`list` on `secret/metadata`"),
        (refused(secrets.versions("app/db").await, denied), "`read` on `secret/metadata/app/db`"),
        (refused(secrets.delete("app/db").await, denied), "`delete` on `secret/data/app/db`"),
    ] {
        assert_eq!(error.attempts(), 1);
        assert!(error.to_string().contains(right), "{error}");
    }
    refused(secrets.get("app/none").await, ErrorKind::NotFound);
    if let Sort::Fake(fake) = server.sort() {
        assert_eq!(fake.count("GET", "/v1/auth/token/lookup-self"), 5, "one a refusal");
    }
}

async fn a_token_without_the_default_policy_is_known_all_the_same(server: &Server) {
    let token = match server.sort() {
        Sort::Fake(fake) => {
            let token = server.token(&[("secret/data/app/*", &["read"])]).await;
            // As the real server words it.
            let body = r#"{"errors":["1 error occurred:\n\t* permission denied\n\n"]}"#;
            let lookup = On::Path("/v1/auth/token/lookup-self");
            fake.fault(Fault::new(lookup).status(403).body(body));
            token
        }
        Sort::Real(..) => {
            let body = serde_json::json!({"policies": ["alone"], "no_default_policy": true});
            let policy = r#"path "secret/data/app/*" { capabilities = ["read"] }"#;
            let policy = serde_json::json!({ "policy": policy });
            let set = server.raw("PUT", "/v1/sys/policies/acl/alone", Some(policy)).await;
            assert_eq!(set.0, 204);
            let (_, made) = server.raw("POST", "/v1/auth/token/create", Some(body)).await;
            made["auth"]["client_token"].as_str().unwrap().to_owned()
        }
    };
    let secrets = server.secrets(&[("VAULT_TOKEN", &token)]).await.unwrap();
    refused(secrets.get("other").await, ErrorKind::PermissionDenied);
    refused(secrets.get("app/none").await, ErrorKind::NotFound);
    assert!(secrets.probe().await.is_ok());
}

#[tokio::test]
async fn f059_a_refusal_that_cannot_be_looked_into_is_an_outage() {
    for status in [500, 503, 429] {
        let server = Server::fake().await;
        let token = server.token(&[("other/*", &["read"])]).await;
        let lookup = On::Path("/v1/auth/token/lookup-self");
        server.as_fake().fault(Fault::new(lookup).status(status));
        let store = server.open(&[("VAULT_TOKEN", &token)]).await.store;
        let error = store.get(&"a".parse().unwrap(), Default::default()).await.unwrap_err();
        let outage = if status == 429 { ErrorKind::Throttled } else { ErrorKind::Unavailable };
        assert_eq!(error.kind(), outage, "{error:?}");
    }
}

#[tokio::test]
async fn a_403_of_a_gateway_says_nothing_of_the_token() {
    let server = Server::fake().await;
    server.transit_key("orders", "hmac").await;
    let secrets = server.secrets(&[("VAULT_TRANSIT_KEY", "orders")]).await.unwrap();
    let signer = secrets.signer().await.unwrap();
    server.as_fake().fault(Fault::new(On::Any).status(403).body("<html>blocked</html>"));
    refused(secrets.get("a").await, ErrorKind::Malformed);
    refused(signer.sign(b"hi").await, ErrorKind::Malformed);
    refused(secrets.probe().await, ErrorKind::Malformed);
    assert_eq!(server.as_fake().count("GET", "/v1/auth/token/lookup-self"), 0);
}

async fn a_token_file_is_read_again_when_the_token_is_refused(server: &Server) {
    let rules: &[(&str, &[&str])] = &[("secret/data/*", &["read", "create"])];
    let [first, second] = [server.token(rules).await, server.token(rules).await];
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{first}").unwrap();
    let settings = Settings::new(strongroom_tests::FilesOnly)
        .with("SECRETS_PROVIDER", "vault_dev")
        .with("VAULT_ADDR", server.address())
        .with("VAULT_TOKEN_FILE", file.path().to_str().unwrap());
    let secrets = Secrets::from_settings(settings).await.unwrap();
    refused(secrets.get("a").await, ErrorKind::NotFound);
    server.revoke(&first).await;
    refused(secrets.get("b").await, ErrorKind::Unauthenticated);
    file.as_file_mut().set_len(0).unwrap();
    std::fs::write(file.path(), format!("{second}\n")).unwrap();
    refused(secrets.get("c").await, ErrorKind::NotFound);
    secrets.put("a", "canary", PutOptions::default()).await.unwrap();
}

async fn a_policy_below_a_prefix_is_enough_for_what_is_there(server: &Server) {
    let writer = server.secrets(&[]).await.unwrap();
    for name in ["app/db", "app/mail/key", "other/db"] {
        writer.put(name, "canary", PutOptions::default()).await.unwrap();
    }
    let token = server
        .token(&[("secret/data/app/*", &["read"]), ("secret/metadata/app/*", &["list", "read"])])
        .await;
    let secrets = server.secrets(&[("VAULT_TOKEN", &token)]).await.unwrap();
    let names = secrets.list(Some("app")).await.unwrap();
    assert_eq!(
        names.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["app/db", "app/mail/key"]
    );
    assert_eq!(secrets.versions("app/db").await.unwrap().len(), 1);
    assert_eq!(secrets.get("app/db").await.unwrap().value().expose(), b"canary");
}
