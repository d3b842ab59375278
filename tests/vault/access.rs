//! Tokens that are refused, and rights that are missing.

use std::io::Write;

use strongroom::{ErrorKind, PutOptions, Secrets, Settings};
use strongroom_tests::on_both;
use strongroom_tests::server::{Server, Sort};

use crate::refused;

on_both!(
    case_41_a_token_that_is_unknown_or_revoked_is_unauthenticated,
    case_42_a_token_without_the_right_is_denied,
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
    refused(secrets.get("a").await, ErrorKind::Unauthenticated);
}

async fn case_42_a_token_without_the_right_is_denied(server: &Server) {
    let token = server.token(&[("secret/data/app/*", &["read"])]).await;
    let secrets = server.secrets(&[("VAULT_TOKEN", &token)]).await.unwrap();
    for error in [
        refused(secrets.get("other/db").await, ErrorKind::PermissionDenied),
        refused(
            secrets.put("app/db", "canary", PutOptions::default()).await,
            ErrorKind::PermissionDenied,
        ),
        refused(secrets.list(None).await, ErrorKind::PermissionDenied),
        refused(secrets.versions("app/db").await, ErrorKind::PermissionDenied),
        refused(secrets.delete("app/db").await, ErrorKind::PermissionDenied),
    ] {
        assert_eq!(error.attempts(), 1);
        assert!(error.to_string().contains("policies"), "{error}");
    }
    refused(secrets.get("app/db").await, ErrorKind::NotFound);
    if let Sort::Fake(fake) = server.sort() {
        assert_eq!(fake.count("GET", "/v1/auth/token/lookup-self"), 5, "one a refusal");
    }
}

async fn a_token_file_is_read_again_when_the_token_is_refused(server: &Server) {
    let rules: &[(&str, &[&str])] = &[("secret/data/*", &["read", "create"])];
    let [first, second] = [server.token(rules).await, server.token(rules).await];
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{first}").unwrap();
    let settings = Settings::new(strongroom::ProcessEnvironment)
        .with("SECRETS_PROVIDER", "vault_dev")
        .with("VAULT_ADDR", server.address())
        .with("VAULT_TOKEN_FILE", file.path().to_str().unwrap());
    let secrets = Secrets::from_settings(settings).await.unwrap();
    refused(secrets.get("a").await, ErrorKind::NotFound);
    server.revoke(&first).await;
    refused(secrets.get("a").await, ErrorKind::Unauthenticated);
    file.as_file_mut().set_len(0).unwrap();
    std::fs::write(file.path(), format!("{second}\n")).unwrap();
    refused(secrets.get("a").await, ErrorKind::NotFound);
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
