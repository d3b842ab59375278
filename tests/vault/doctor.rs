//! What `diagnose` finds on a server.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use strongroom::{Check, Diagnosis, Outcome, ProcessEnvironment, PutOptions, Secrets, Settings};
use strongroom_testkit::{Fault, On};
use strongroom_tests::on_both;
use strongroom_tests::server::{AppRole, Server};

on_both!(
    a_service_with_just_its_rights_is_ready,
    missing_rights_degrade_and_are_named,
    a_right_that_the_service_needs_makes_it_not_ready,
    s33_tokens_that_can_do_too_much_are_warned_of,
    a_token_that_is_not_accepted_makes_it_not_ready,
    f048_a_sealed_server_is_told_and_nothing_else_is_asked,
    a_transit_key_signs_or_is_said_to_be_missing,
);

#[track_caller]
fn check<'a>(diagnosis: &'a Diagnosis, name: &str) -> &'a Check {
    diagnosis.checks.iter().find(|check| check.name == name).expect("a check of each name")
}

#[track_caller]
fn expect(diagnosis: &Diagnosis, name: &str, outcome: Outcome, words: &str) {
    let check = check(diagnosis, name);
    assert_eq!(check.outcome, outcome, "{check:?}");
    assert!(check.detail.contains(words), "{check:?}");
}

async fn put(server: &Server, name: &str) {
    let secrets = server.secrets(&[]).await.unwrap();
    secrets.put(name, "canary-value", PutOptions::default()).await.unwrap();
}

async fn with_policy(server: &Server, policy: &[(&str, &[&str])]) -> Secrets {
    let token = server.token(policy).await;
    server.secrets(&[("VAULT_TOKEN", &token)]).await.unwrap()
}

async fn a_service_with_just_its_rights_is_ready(server: &Server) {
    put(server, "app/db").await;
    let policy: &[(&str, &[&str])] =
        &[("secret/data/app/*", &["read"]), ("secret/metadata/*", &["read", "list"])];
    let secrets = with_policy(server, policy).await;
    let diagnosis = secrets.diagnose(&["app/db"]).await;
    assert_eq!(diagnosis.status(), "ready", "{diagnosis:#?}");
    let names: Vec<_> = diagnosis.checks.iter().map(|check| check.name).collect();
    assert_eq!(
        names,
        [
            "config",
            "network",
            "tls",
            "credential",
            "clock",
            "files",
            "read",
            "list",
            "version",
            "sign",
            "verification"
        ]
    );
    expect(&diagnosis, "network", Outcome::Pass, "active");
    expect(&diagnosis, "tls", Outcome::Skip, "plain http");
    expect(&diagnosis, "credential", Outcome::Pass, "renewable, with ");
    expect(&diagnosis, "clock", Outcome::Pass, "to the second");
    expect(&diagnosis, "files", Outcome::Skip, "");
    expect(&diagnosis, "read", Outcome::Pass, "read `app/db` (version 1)");
    expect(&diagnosis, "list", Outcome::Pass, "1 name");
    expect(&diagnosis, "version", Outcome::Pass, "1 version of `app/db`");
    expect(&diagnosis, "sign", Outcome::Skip, "VAULT_TRANSIT_KEY");
    expect(&diagnosis, "verification", Outcome::Pass, "");
    for name in ["network", "credential", "read", "list", "version"] {
        assert!(check(&diagnosis, name).latency.is_some(), "{name}");
    }
    assert!(!format!("{diagnosis:?}").contains("canary"), "{diagnosis:?}");
}

async fn missing_rights_degrade_and_are_named(server: &Server) {
    put(server, "app/db").await;
    let secrets = with_policy(server, &[("secret/data/app/*", &["read"])]).await;
    let diagnosis = secrets.diagnose(&["app/db"]).await;
    assert_eq!(diagnosis.status(), "degraded", "{diagnosis:#?}");
    expect(&diagnosis, "read", Outcome::Pass, "app/db");
    expect(&diagnosis, "list", Outcome::Fail, "`list` on `secret/metadata`");
    expect(&diagnosis, "version", Outcome::Fail, "`read` on `secret/metadata/app/db`");
}

async fn a_right_that_the_service_needs_makes_it_not_ready(server: &Server) {
    put(server, "app/db").await;
    let secrets = with_policy(server, &[("secret/metadata/*", &["read", "list"])]).await;
    let diagnosis = secrets.diagnose(&["app/db", "app/none"]).await;
    assert_eq!(diagnosis.status(), "not_ready", "{diagnosis:#?}");
    expect(&diagnosis, "read", Outcome::Fail, "`read` on `secret/data/app/db`");
    expect(&diagnosis, "read", Outcome::Fail, "`read` on `secret/data/app/none`");

    let secrets = with_policy(server, &[("secret/data/app/*", &["read"])]).await;
    let diagnosis = secrets.diagnose(&["app/none"]).await;
    assert_eq!(diagnosis.status(), "not_ready", "{diagnosis:#?}");
    expect(&diagnosis, "read", Outcome::Fail, "`app/none`");
    let diagnosis = secrets.diagnose(&[]).await;
    assert_eq!(diagnosis.status(), "degraded", "nobody said what it reads: {diagnosis:#?}");
    expect(&diagnosis, "read", Outcome::Fail, "strongroom doctor NAME");
}

async fn s33_tokens_that_can_do_too_much_are_warned_of(server: &Server) {
    let root = server.secrets(&[]).await.unwrap().diagnose(&[]).await;
    assert_eq!(root.status(), "ready");
    expect(&root, "credential", Outcome::Warn, "never ends");
    expect(&root, "credential", Outcome::Warn, "a root token may do everything");

    let policy: &[(&str, &[&str])] = &[
        ("secret/*", &["create", "read", "update", "list"]),
        ("sys/policies/acl/*", &["create", "read", "update"]),
        ("auth/token/create", &["update", "sudo"]),
    ];
    let diagnosis = with_policy(server, policy).await.diagnose(&[]).await;
    for words in [
        "`create, update` on `sys/policies/acl/*`",
        "`sudo, update` on `auth/token/create`",
        "`create, update` on `secret/data/*`",
    ] {
        expect(&diagnosis, "credential", Outcome::Warn, words);
    }
}

async fn a_token_that_is_not_accepted_makes_it_not_ready(server: &Server) {
    let secrets = server.secrets(&[("VAULT_TOKEN", "canary-unknown")]).await.unwrap();
    let diagnosis = secrets.diagnose(&["app/db"]).await;
    assert_eq!(diagnosis.status(), "not_ready");
    expect(&diagnosis, "network", Outcome::Pass, "active");
    expect(&diagnosis, "credential", Outcome::Fail, "VAULT_TOKEN");
    for name in ["read", "list", "version", "sign"] {
        expect(&diagnosis, name, Outcome::Skip, "not checked");
    }
    assert!(!format!("{diagnosis:?}").contains("canary"), "{diagnosis:?}");
}

async fn f048_a_sealed_server_is_told_and_nothing_else_is_asked(server: &Server) {
    server.seal(true).await;
    let diagnosis = server.secrets(&[]).await.unwrap().diagnose(&["app/db"]).await;
    assert_eq!(diagnosis.status(), "not_ready");
    expect(&diagnosis, "network", Outcome::Fail, "sealed");
    expect(&diagnosis, "credential", Outcome::Skip, "not checked");
    server.seal(false).await;
    let diagnosis = server.secrets(&[]).await.unwrap().diagnose(&[]).await;
    assert_eq!(diagnosis.status(), "ready", "{diagnosis:#?}");
}

async fn a_transit_key_signs_or_is_said_to_be_missing(server: &Server) {
    server.transit_key("orders", "hmac").await;
    let secrets = server.secrets(&[("VAULT_TRANSIT_KEY", "orders")]).await.unwrap();
    let diagnosis = secrets.diagnose(&[]).await;
    assert_eq!(diagnosis.status(), "ready", "{diagnosis:#?}");
    expect(&diagnosis, "sign", Outcome::Pass, "`orders` signs and verifies");

    let secrets = server.secrets(&[("VAULT_TRANSIT_KEY", "none")]).await.unwrap();
    let diagnosis = secrets.diagnose(&[]).await;
    assert_eq!(diagnosis.status(), "not_ready");
    expect(&diagnosis, "sign", Outcome::Fail, "there is no such Transit key");

    let policy: &[(&str, &[&str])] =
        &[("transit/keys/orders", &["read"]), ("transit/hmac/orders/*", &["update"])];
    let token = server.token(policy).await;
    let secrets =
        server.secrets(&[("VAULT_TOKEN", &token), ("VAULT_TRANSIT_KEY", "orders")]).await.unwrap();
    let diagnosis = secrets.diagnose(&[]).await;
    expect(&diagnosis, "sign", Outcome::Fail, "`update` on `transit/verify/orders");
}

/// The private key of an `ed25519` key is exported under another word than that of an `hmac` key.
#[tokio::test]
async fn s33_rights_to_take_a_key_away_are_warned_of() {
    let server = Server::real().await;
    server.transit_key("orders", "ed25519").await;
    let policy: &[(&str, &[&str])] =
        &[("transit/export/signing-key/orders", &["read"]), ("transit/backup/orders", &["read"])];
    let token = server.token(policy).await;
    let settings = [("VAULT_TOKEN", token.as_str()), ("VAULT_TRANSIT_KEY", "orders")];
    let diagnosis = server.secrets(&settings).await.unwrap().diagnose(&[]).await;
    expect(
        &diagnosis,
        "credential",
        Outcome::Warn,
        "`read` on `transit/export/signing-key/orders`",
    );
    expect(&diagnosis, "credential", Outcome::Warn, "`read` on `transit/backup/orders`");
}

#[tokio::test]
async fn a_token_for_a_few_uses_is_told_as_such() {
    let server = Server::fake().await;
    put(&server, "app/db").await;
    for uses in [1, 3] {
        let limits = AppRole { uses, ttl: Some(Duration::from_secs(3_600)), ..AppRole::default() };
        let token = server.limited_token(&limits).await;
        let secrets = server.secrets(&[("VAULT_TOKEN", &token)]).await.unwrap();
        let diagnosis = secrets.diagnose(&["app/db"]).await;
        let words = format!("for {} more uses", uses - 1);
        expect(&diagnosis, "credential", Outcome::Warn, &words);
    }
}

#[tokio::test]
async fn a_token_that_nothing_renews_is_told_at_any_time() {
    let clock = strongroom_tests::server::clock();
    let server = Server::fake_at(&clock).await;
    let ttl = Some(Duration::from_secs(3_600));
    let limits = AppRole { batch: true, ttl, ..AppRole::default() };
    let token = server.limited_token(&limits).await;
    let secrets = server.secrets_at(&clock, &[("VAULT_TOKEN", &token)]).await;
    for _ in 0..2 {
        let diagnosis = secrets.diagnose(&[]).await;
        expect(&diagnosis, "credential", Outcome::Warn, "nothing can renew it");
        clock.advance(Duration::from_secs(31));
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_token_file_that_everybody_can_read_is_warned_of() {
    let server = Server::fake().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, server.root()).unwrap();
    let settings = Settings::new(ProcessEnvironment)
        .with("SECRETS_PROVIDER", "vault_dev")
        .with("VAULT_ADDR", server.address())
        .with("VAULT_TOKEN_FILE", file.to_string_lossy());
    for (mode, outcome, words) in [
        (0o600, Outcome::Pass, "1 credential in files"),
        (0o644, Outcome::Warn, "VAULT_TOKEN_FILE: every user"),
    ] {
        std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let secrets = Secrets::from_settings(settings.clone()).await.unwrap();
        let diagnosis = secrets.diagnose(&[]).await;
        assert_eq!(diagnosis.status(), "ready");
        expect(&diagnosis, "files", outcome, words);
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_told() {
    for (seconds, outcome) in [(3, Outcome::Pass), (30, Outcome::Warn), (600, Outcome::Fail)] {
        let clock = strongroom_tests::server::clock();
        let server = Server::fake_at(&clock).await;
        let ahead = strongroom_tests::server::clock();
        ahead.advance(Duration::from_secs(seconds));
        let diagnosis = server.secrets_at(&ahead, &[]).await.diagnose(&[]).await;
        expect(&diagnosis, "clock", outcome, "ahead of the server's");
    }
}

#[tokio::test]
async fn an_answer_of_something_else_is_no_server() {
    let server = Server::fake().await;
    server.as_fake().fault(Fault::new(On::Any).status(200).body("<html>canary</html>"));
    let diagnosis = server.secrets(&[]).await.unwrap().diagnose(&[]).await;
    assert_eq!(diagnosis.status(), "not_ready");
    expect(&diagnosis, "network", Outcome::Fail, "is this the right server?");
    assert!(!format!("{diagnosis:?}").contains("canary"), "{diagnosis:?}");
}
