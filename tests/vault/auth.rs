//! Logging in, and staying so.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use strongroom::{
    ErrorKind, Freshness, GetOptions, ProcessEnvironment, PutOptions, Reason, Secrets, Settings,
};
use strongroom_servers::Proxy;
use strongroom_testkit::{Fault, ManualClock, On};
use strongroom_tests::server::{AppRole, Server, Sort};
use strongroom_tests::{on_both, until};

use crate::refused;

on_both!(
    a_service_logs_in_with_app_role,
    f056_case_43_a_token_that_was_revoked_is_one_login_and_no_error,
    a_token_that_is_revoked_under_load_is_one_login_and_no_failed_read,
    f061_a_thousand_callers_with_a_dead_token_are_one_login,
    case_42_f058_a_policy_that_does_not_allow_it_is_no_login,
    f057_case_44_case_45_credentials_that_are_refused_are_not_sent_again_at_once,
    case_46_a_token_is_renewed_in_time,
    f060_a_renewal_that_fails_is_tried_until_it_works,
    f059_logins_that_cannot_be_made_are_an_outage_through_which_the_cache_serves,
    case_48_batch_tokens_are_replaced_in_time,
    a_jwt_logs_in_and_case_49_is_read_again_at_each_login,
    case_50_a_wrapped_secret_id_is_unwrapped_once,
    a_wrapping_token_that_somebody_has_used_is_said_to_be_so,
    case_53_the_namespace_is_on_every_call,
    case_54_a_namespace_that_is_not_there_is_named,
    a_token_for_a_few_uses_is_good_for_all_of_them,
    logins_for_a_few_uses_serve_callers_at_the_same_time,
    a_login_for_a_few_uses_is_made_again_when_they_are_used_up,
    a_method_that_is_not_mounted_names_its_settings,
);

const READ: &[(&str, &[&str])] = &[("secret/data/app/*", &["read"])];

fn role(policy: &'static [(&'static str, &'static [&'static str])]) -> AppRole<'static> {
    AppRole { policy, ..AppRole::default() }
}

/// Settings that log in with AppRole. What the program sets hides what the server's settings say.
fn app_role(server: &Server, role_id: &str, secret_id: &str) -> Settings {
    without_token(server)
        .with("VAULT_AUTH_METHOD", "approle")
        .with("VAULT_ROLE_ID", role_id)
        .with("VAULT_SECRET_ID", secret_id)
}

fn without_token(server: &Server) -> Settings {
    Settings::new(ProcessEnvironment)
        .with("SECRETS_PROVIDER", "vault_dev")
        .with("VAULT_ADDR", server.address())
}

async fn put(server: &Server, names: &[&str]) {
    let root = server.secrets(&[]).await.unwrap();
    for name in names {
        root.put(name, "canary-value", PutOptions::default()).await.unwrap();
    }
}

async fn open(settings: Settings) -> Secrets {
    Secrets::from_settings(settings).await.unwrap()
}

/// Reads, and not from the cache.
fn now() -> GetOptions {
    GetOptions::default().max_age(Duration::ZERO)
}

async fn a_service_logs_in_with_app_role(server: &Server) {
    put(server, &["app/db", "app/queue"]).await;
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let secrets = open(app_role(server, &role_id, &secret_id)).await;
    assert_eq!(server.logins().await, 0, "opening asks nobody");
    for name in ["app/db", "app/queue", "app/db"] {
        assert_eq!(secrets.get(name).await.unwrap().value().expose(), b"canary-value");
    }
    assert_eq!(server.logins().await, 1);
    assert!(secrets.warnings().is_empty(), "{:?}", secrets.warnings());
}

async fn f056_case_43_a_token_that_was_revoked_is_one_login_and_no_error(server: &Server) {
    put(server, &["app/db"]).await;
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let secrets = Arc::new(open(app_role(server, &role_id, &secret_id)).await);
    secrets.get("app/db").await.unwrap();
    revoke_logins(server).await;
    let readers: Vec<_> = (0..100)
        .map(|_| {
            let secrets = secrets.clone();
            tokio::spawn(async move { secrets.get_with("app/db", now()).await })
        })
        .collect();
    for reader in readers {
        reader.await.unwrap().unwrap();
    }
    assert_eq!(server.logins().await, 2);
}

async fn a_token_that_is_revoked_under_load_is_one_login_and_no_failed_read(server: &Server) {
    put(server, &["app/db"]).await;
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let clock = ManualClock::at(1_800_000_000);
    let settings = app_role(server, &role_id, &secret_id);
    let builder = Secrets::builder().settings(settings).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    secrets.get("app/db").await.unwrap();
    secrets.get("app/db").await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let (secrets, stop) = (secrets.clone(), stop.clone());
            tokio::spawn(async move {
                let mut reads = 0;
                while !stop.load(Ordering::Relaxed) {
                    secrets.get("app/db").await.unwrap();
                    reads += 1;
                    tokio::task::yield_now().await;
                }
                reads
            })
        })
        .collect();
    revoke_logins(server).await;
    clock.advance(Duration::from_secs(60));
    until("it comes to that", async || server.logins().await == 2).await;
    for _ in 0..3 {
        clock.advance(Duration::from_secs(60));
        let freshness = async || secrets.get("app/db").await.unwrap().freshness();
        until("it is renewed", async || freshness().await == Freshness::Fresh).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut reads = 0;
    for reader in readers {
        reads += reader.await.unwrap();
    }
    assert!(reads > 100, "{reads}");
    assert_eq!(server.logins().await, 2);
}

/// Past the cache: signatures of Transit are asked for one by one.
async fn f061_a_thousand_callers_with_a_dead_token_are_one_login(server: &Server) {
    server.transit_key("orders", "hmac").await;
    let policy: &'static [(&'static str, &'static [&'static str])] =
        &[("transit/keys/orders", &["read"]), ("transit/hmac/orders/*", &["update"])];
    let (role_id, secret_id) = server.app_role(&role(policy)).await;
    let settings = app_role(server, &role_id, &secret_id)
        .with("VAULT_TRANSIT_KEY", "orders")
        .with("SECRETS_TIMEOUT_SECONDS", "60");
    let signer = open(settings).await.signer().await.unwrap();
    signer.sign(b"message").await.unwrap();
    assert_eq!(server.logins().await, 1);
    revoke_logins(server).await;
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let signer = signer.clone();
            tokio::spawn(async move { signer.sign(b"message").await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(server.logins().await, 2);
}

async fn case_42_f058_a_policy_that_does_not_allow_it_is_no_login(server: &Server) {
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let secrets = open(app_role(server, &role_id, &secret_id)).await;
    for _ in 0..5 {
        let error = refused(secrets.get_with("other", now()).await, ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("`read` on `secret/data/other`"), "{error}");
    }
    assert_eq!(server.logins().await, 1);
}

async fn f057_case_44_case_45_credentials_that_are_refused_are_not_sent_again_at_once(
    server: &Server,
) {
    let (role_id, _) = server.app_role(&role(READ)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret-id");
    std::fs::write(&file, "canary-mistyped\n").unwrap();
    let clock = ManualClock::at(1_800_000_000);
    let settings = without_token(server)
        .with("VAULT_AUTH_METHOD", "approle")
        .with("VAULT_ROLE_ID", &role_id)
        .with("VAULT_SECRET_ID_FILE", file.to_string_lossy());
    let builder = Secrets::builder().settings(settings).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    for nth in 0..20 {
        let name = format!("app/{nth}");
        let error = refused(secrets.get(&name).await, ErrorKind::Unauthenticated);
        assert_eq!(error.key(), Some("VAULT_SECRET_ID"), "{error}");
        assert_eq!(error.operation(), Some("login"));
        assert!(!format!("{error:?}{error}").contains("mistyped"), "{error:?}");
    }
    if let Sort::Fake(fake) = server.sort() {
        assert_eq!(fake.count("POST", "/v1/auth/approle/login"), 1);
    }
    // An operator puts another one into the file: nobody waits for the rest of the 30 s.
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    drop(role_id);
    std::fs::write(&file, &secret_id).unwrap();
    let error = refused(secrets.get("app/other").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("does not accept"), "of another role: {error}");
    if let Sort::Fake(fake) = server.sort() {
        assert_eq!(fake.count("POST", "/v1/auth/approle/login"), 2);
    }
}

async fn case_46_a_token_is_renewed_in_time(server: &Server) {
    put(server, &["app/db"]).await;
    let limits = AppRole { ttl: Some(Duration::from_secs(3_600)), ..role(READ) };
    let (role_id, secret_id) = server.app_role(&limits).await;
    let clock = ManualClock::at(1_800_000_000);
    let settings = app_role(server, &role_id, &secret_id);
    let builder = Secrets::builder().settings(settings).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    secrets.get("app/db").await.unwrap();
    clock.advance(Duration::from_secs(2_400));
    until("the token is renewed", async || was_renewed(server).await).await;
    // Past the end of the first lease, by our clock.
    clock.advance(Duration::from_secs(1_000));
    until("it can be read", async || {
        let diagnosis = secrets.diagnose(&["app/db"]).await;
        diagnosis.status() == "ready" || diagnosis.status() == "degraded"
    })
    .await;
    secrets.get_with("app/db", now()).await.unwrap();
    assert_eq!(server.logins().await, 1);
}

async fn f060_a_renewal_that_fails_is_tried_until_it_works(server: &Server) {
    put(server, &["app/db"]).await;
    let limits = AppRole { ttl: Some(Duration::from_secs(3_600)), ..role(READ) };
    let (role_id, secret_id) = server.app_role(&limits).await;
    let clock = ManualClock::at(1_800_000_000);
    let settings = app_role(server, &role_id, &secret_id);
    let builder = Secrets::builder().settings(settings).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    secrets.get("app/db").await.unwrap();
    server.seal(true).await;
    for _ in 0..10 {
        clock.advance(Duration::from_secs(250));
        refused(secrets.probe().await, ErrorKind::Unavailable);
    }
    server.seal(false).await;
    // A try that began while it was sealed may still be under way, and the next one is due after that.
    for _ in 0..10 {
        clock.advance(Duration::from_secs(60));
        let renewed = until("the token is renewed", async || was_renewed(server).await);
        if tokio::time::timeout(Duration::from_secs(1), renewed).await.is_ok() {
            break;
        }
    }
    assert!(was_renewed(server).await);
    // Past the end of the first lease, by our clock.
    clock.advance(Duration::from_secs(1_500));
    until("it comes to that", async || secrets.get_with("app/db", now()).await.is_ok()).await;
    assert_eq!(server.logins().await, 1, "the token was never lost");
}

async fn f059_logins_that_cannot_be_made_are_an_outage_through_which_the_cache_serves(
    server: &Server,
) {
    put(server, &["app/db"]).await;
    let limits = AppRole { ttl: Some(Duration::from_secs(30)), ..role(READ) };
    let (role_id, secret_id) = server.app_role(&limits).await;
    let clock = ManualClock::at(1_800_000_000);
    let settings = app_role(server, &role_id, &secret_id);
    let builder = Secrets::builder().settings(settings).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    secrets.get("app/db").await.unwrap();
    server.seal(true).await;
    // The token has ended, by our clock, and so has the TTL.
    clock.advance(Duration::from_secs(61));
    let stale = secrets.get("app/db").await.unwrap();
    assert_eq!(stale.value().expose(), b"canary-value");
    let error = refused(secrets.get("app/other").await, ErrorKind::Unavailable);
    assert_eq!((error.operation(), error.reason()), (Some("login"), Some(Reason::Sealed)));
    clock.advance(Duration::from_secs(300));
    refused(secrets.get("app/db").await, ErrorKind::Unavailable);
    server.seal(false).await;
    clock.advance(Duration::from_secs(61));
    secrets.get("app/db").await.unwrap();
    assert_eq!(server.logins().await, 2);
}

/// Whether the server has renewed a token.
async fn was_renewed(server: &Server) -> bool {
    if let Sort::Fake(fake) = server.sort() {
        let calls = fake.calls();
        let renewals = calls.iter().filter(|call| call.path == "/v1/auth/token/renew-self");
        return renewals.into_iter().any(|call| call.status == 200);
    }
    let (_, listed) = server.raw("GET", "/v1/auth/token/accessors?list=true", None).await;
    for accessor in listed["data"]["keys"].as_array().into_iter().flatten() {
        let body = Some(serde_json::json!({ "accessor": accessor }));
        let (_, about) = server.raw("POST", "/v1/auth/token/lookup-accessor", body).await;
        if about["data"]["last_renewal"].is_string() {
            return true;
        }
    }
    false
}

fn renewals(server: &Server) -> usize {
    match server.sort() {
        Sort::Fake(fake) => fake.count("POST", "/v1/auth/token/renew-self"),
        Sort::Real(..) => 0,
    }
}

async fn case_48_batch_tokens_are_replaced_in_time(server: &Server) {
    put(server, &["app/db"]).await;
    let limits = AppRole { ttl: Some(Duration::from_secs(3_600)), batch: true, ..role(READ) };
    let (role_id, secret_id) = server.app_role(&limits).await;
    let clock = ManualClock::at(1_800_000_000);
    let settings = app_role(server, &role_id, &secret_id);
    let builder = Secrets::builder().settings(settings).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    secrets.get("app/db").await.unwrap();
    clock.advance(Duration::from_secs(2_400));
    until("it comes to that", async || server.logins().await == 2).await;
    secrets.get_with("app/db", now()).await.unwrap();
    assert_eq!(server.logins().await, 2);
    assert_eq!(renewals(server), 0);
}

async fn a_jwt_logs_in_and_case_49_is_read_again_at_each_login(server: &Server) {
    put(server, &["app/db", "app/queue"]).await;
    let (name, jwt) = server.jwt_role(&role(READ)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "canary.expired.jwt\n").unwrap();
    let settings = without_token(server)
        .with("VAULT_AUTH_METHOD", "jwt")
        .with("VAULT_ROLE", &name)
        .with("VAULT_JWT_FILE", file.to_string_lossy());
    // The fake takes this text and no other for a JWT.
    let jwt = if jwt.contains('.') { jwt } else { fake_jwt(server, &name) };
    let secrets = open(settings).await;
    let error = refused(secrets.get("app/db").await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("VAULT_JWT_FILE"));
    assert!(!format!("{error:?}{error}").contains("canary.expired"), "{error:?}");
    std::fs::write(&file, format!("{jwt}\n")).unwrap();
    secrets.get("app/queue").await.unwrap();
}

fn fake_jwt(server: &Server, name: &str) -> String {
    let jwt = "canary.of.jwt";
    let made = strongroom_testkit::Role::jwt(name, jwt).policy(READ);
    server.as_fake().add_role("jwt", made);
    jwt.to_owned()
}

async fn case_50_a_wrapped_secret_id_is_unwrapped_once(server: &Server) {
    put(server, &["app/db"]).await;
    let (role_id, _) = server.app_role(&role(READ)).await;
    let wrapped = server.wrapped_secret_id(&role_id).await;
    let settings = app_role(server, &role_id, &wrapped).with("VAULT_SECRET_ID_WRAPPED", "true");
    let secrets = open(settings.clone()).await;
    secrets.get("app/db").await.unwrap();
    revoke_logins(server).await;
    secrets.get_with("app/db", now()).await.unwrap();
    assert_eq!(server.logins().await, 2, "with the secret id that was unwrapped before");

    let error = refused(open(settings).await.get("app/db").await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("VAULT_SECRET_ID"));
    assert!(error.to_string().contains("somebody else may have the secret id"), "{error}");
    assert!(!format!("{error:?}{error}").contains(&wrapped), "{error:?}");
}

async fn a_wrapping_token_that_somebody_has_used_is_said_to_be_so(server: &Server) {
    let (role_id, _) = server.app_role(&role(READ)).await;
    let wrapped = server.wrapped_secret_id(&role_id).await;
    let used = server.raw_as(&wrapped, &[], "POST", "/v1/sys/wrapping/unwrap", None).await;
    assert_eq!(used.0, 200);
    let settings = app_role(server, &role_id, &wrapped).with("VAULT_SECRET_ID_WRAPPED", "true");
    let error = refused(open(settings).await.get("app/db").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("used up, expired or unknown"), "{error}");
    assert_eq!(server.logins().await, 0);
}

#[tokio::test]
async fn a_wrapping_token_that_was_made_for_something_else_is_not_unwrapped() {
    let server = Server::fake().await;
    let (role_id, _) = server.app_role(&role(READ)).await;
    let forged = server.as_fake().wrap_secret_id_as("approle", &role_id, "cubbyhole/mine");
    let settings = app_role(&server, &role_id, &forged).with("VAULT_SECRET_ID_WRAPPED", "true");
    let error = refused(open(settings).await.get("app/db").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("somebody may have replaced it"), "{error}");
    assert_eq!(server.as_fake().count("POST", "/v1/sys/wrapping/unwrap"), 0);
}

async fn case_53_the_namespace_is_on_every_call(server: &Server) {
    server.add_namespace("team-a").await;
    put_in_namespace(server).await;
    let inside = AppRole { namespace: "team-a", ..role(READ) };
    let (role_id, secret_id) = server.app_role(&inside).await;
    let settings = app_role(server, &role_id, &secret_id).with("VAULT_NAMESPACE", "team-a");
    let secrets = open(settings).await;
    secrets.get("app/db").await.unwrap();
    revoke_logins(server).await;
    secrets.get_with("app/db", now()).await.unwrap();
    assert_eq!(server.logins().await, 2);
    if let Sort::Fake(fake) = server.sort() {
        let calls = fake.calls();
        let of_service = calls.iter().filter(|call| !call.path.starts_with("/v1/sys/health"));
        for call in of_service {
            assert_eq!(call.namespace.as_deref(), Some("team-a"), "{call:?}");
        }
    }
}

async fn put_in_namespace(server: &Server) {
    let root = server.secrets(&[("VAULT_NAMESPACE", "team-a")]).await.unwrap();
    root.put("app/db", "canary-value", PutOptions::default()).await.unwrap();
}

async fn case_54_a_namespace_that_is_not_there_is_named(server: &Server) {
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let settings = app_role(server, &role_id, &secret_id).with("VAULT_NAMESPACE", "nowhere");
    let error = refused(open(settings).await.get("app/db").await, ErrorKind::Misconfigured);
    assert!(error.to_string().contains("VAULT_NAMESPACE"), "{error}");
}

async fn a_token_for_a_few_uses_is_good_for_all_of_them(server: &Server) {
    put(server, &["app/db"]).await;
    let limits = AppRole { uses: 3, ttl: Some(Duration::from_secs(3_600)), ..role(READ) };
    let token = server.limited_token(&limits).await;
    let secrets = open(without_token(server).with("VAULT_TOKEN", &token)).await;
    for _ in 0..3 {
        secrets.get_with("app/db", now()).await.unwrap();
    }
    refused(secrets.get_with("app/db", now()).await, ErrorKind::Unauthenticated);
}

async fn a_login_for_a_few_uses_is_made_again_when_they_are_used_up(server: &Server) {
    put(server, &["app/db"]).await;
    let limits = AppRole { uses: 2, ..role(READ) };
    let (role_id, secret_id) = server.app_role(&limits).await;
    let secrets = open(app_role(server, &role_id, &secret_id)).await;
    for _ in 0..5 {
        secrets.get_with("app/db", now()).await.unwrap();
    }
    // With the question for the version of the engine, which the server does not count, six uses.
    assert_eq!(server.logins().await, 3);
    // A denial takes a use, and is told by its words.
    refused(secrets.get_with("other", now()).await, ErrorKind::PermissionDenied);
    assert_eq!(server.logins().await, 4);
    if let Sort::Fake(fake) = server.sort() {
        assert_eq!(fake.count("GET", "/v1/auth/token/lookup-self"), 0);
    }
}

async fn a_method_that_is_not_mounted_names_its_settings(server: &Server) {
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let settings = app_role(server, &role_id, &secret_id).with("VAULT_AUTH_MOUNT", "team/approle");
    let error = refused(open(settings).await.get("app/db").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("`auth/team/approle`"), "{error}");
    assert!(error.to_string().contains("VAULT_AUTH_MOUNT"), "{error}");
}

/// Ends every token that a login handed out.
async fn revoke_logins(server: &Server) {
    match server.sort() {
        Sort::Fake(fake) => fake.revoke_all_tokens(),
        Sort::Real(..) => {
            for namespace in ["", "team-a"] {
                let inside = [("x-vault-namespace", namespace)];
                let path = "/v1/sys/leases/revoke-prefix/auth/approle";
                server.raw_as(server.root(), &inside, "PUT", path, None).await;
            }
        }
    }
}

const PLAIN_403: &str = r#"{"errors":["permission denied"]}"#;

#[tokio::test]
async fn a_token_that_is_refused_from_the_start_is_not_said_to_be_accepted() {
    let server = Server::fake().await;
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let secrets = open(app_role(&server, &role_id, &secret_id)).await;
    for path in ["/v1/secret", "/v1/auth/token"] {
        server.as_fake().fault(Fault::new(On::Path(path)).status(403).body(PLAIN_403));
    }
    refused(secrets.get("app/db").await, ErrorKind::Unauthenticated);
    refused(secrets.probe().await, ErrorKind::Unauthenticated);
    for nth in 0..50 {
        refused(secrets.get(&format!("app/{nth}")).await, ErrorKind::Unauthenticated);
    }
    assert!(server.logins().await <= 3, "{}", server.logins().await);
}

/// OpenBao hands such a token out, and then refuses all that is done with it.
#[tokio::test]
async fn a_token_that_is_bound_to_another_address_is_unauthenticated() {
    let server = Server::real().await;
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let path = format!("/v1/auth/approle/role/{role_id}");
    let body = serde_json::json!({"token_bound_cidrs": ["10.9.9.9/32"]});
    assert_eq!(server.raw("POST", &path, Some(body)).await.0, 204);
    let secrets = open(app_role(&server, &role_id, &secret_id)).await;
    refused(secrets.probe().await, ErrorKind::Unauthenticated);
    let error = refused(secrets.get("app/db").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("must not be used from here"), "{error}");
    assert_eq!(secrets.diagnose(&["app/db"]).await.status(), "not_ready");
}

#[tokio::test]
async fn an_account_that_is_locked_is_told_as_one_that_may_be() {
    let server = Server::real().await;
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    for _ in 0..5 {
        let body = serde_json::json!({"role_id": role_id, "secret_id": "canary-mistyped"});
        let path = "/v1/auth/approle/login";
        server.raw_as("", &[], "POST", path, Some(body.to_string())).await;
    }
    let secrets = open(app_role(&server, &role_id, &secret_id)).await;
    let error = refused(secrets.get("app/db").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("sys/locked-users"), "{error}");
}

async fn logins_for_a_few_uses_serve_callers_at_the_same_time(server: &Server) {
    server.transit_key("orders", "hmac").await;
    let policy: &'static [(&'static str, &'static [&'static str])] =
        &[("transit/keys/orders", &["read"]), ("transit/hmac/orders/*", &["update"])];
    let (role_id, secret_id) = server.app_role(&AppRole { uses: 2, ..role(policy) }).await;
    let settings = app_role(server, &role_id, &secret_id)
        .with("VAULT_TRANSIT_KEY", "orders")
        .with("SECRETS_TIMEOUT_SECONDS", "60");
    let signer = open(settings).await.signer().await.unwrap();
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let signer = signer.clone();
            tokio::spawn(async move { signer.sign(b"message").await })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(server.logins().await, 26, "two calls each, with the one that reads the key");
}

#[tokio::test]
async fn a_gateway_that_hides_lookups_does_not_hide_a_denial() {
    let server = Server::fake().await;
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let secrets = open(app_role(&server, &role_id, &secret_id)).await;
    let hidden = Fault::new(On::Path("/v1/auth/token")).status(403);
    server.as_fake().fault(hidden.header("content-type", "text/html").body("<html>"));
    refused(secrets.get("other").await, ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn an_answer_to_a_login_says_nothing_about_a_secret() {
    for status in [404, 413] {
        let server = Server::fake().await;
        let (role_id, secret_id) = server.app_role(&role(READ)).await;
        let secrets = open(app_role(&server, &role_id, &secret_id)).await;
        server.as_fake().fault(Fault::new(On::Login).status(status).body(r#"{"errors":[]}"#));
        let error = refused(secrets.get("app/db").await, ErrorKind::Misconfigured);
        assert!(error.to_string().contains("VAULT_AUTH_MOUNT"), "{error}");
    }
}

#[tokio::test]
async fn an_unwrapping_whose_answer_is_lost_is_no_theft() {
    let clock = strongroom_tests::server::clock();
    let server = Server::fake_at(&clock).await;
    let (role_id, _) = server.app_role(&role(READ)).await;
    let wrapped = server.wrapped_secret_id(&role_id).await;
    let settings = app_role(&server, &role_id, &wrapped).with("VAULT_SECRET_ID_WRAPPED", "true");
    let builder = Secrets::builder().settings(settings).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    let broken = Fault::new(On::Path("/v1/sys/wrapping/unwrap")).body("<html>");
    server.as_fake().fault(broken.times(1));
    assert!(secrets.get("app/db").await.is_err());
    clock.advance(Duration::from_secs(40));
    let error = refused(secrets.get("app/db").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("the answer was lost"), "{error}");
}

#[tokio::test]
async fn f059_a_login_that_cannot_be_made_is_an_outage_and_what_is_cached_serves() {
    let clock = strongroom_tests::server::clock();
    let server = Server::fake_at(&clock).await;
    put(&server, &["app/db"]).await;
    let (role_id, secret_id) = server.app_role(&role(READ)).await;
    let settings = app_role(&server, &role_id, &secret_id);
    let builder = Secrets::builder().settings(settings).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    secrets.get("app/db").await.unwrap();
    server.as_fake().revoke_all_tokens();
    server.as_fake().fault(Fault::new(On::Login).status(503).body(r#"{"errors":["no"]}"#));
    let error = refused(secrets.get("app/other").await, ErrorKind::Unavailable);
    assert_eq!(error.operation(), Some("login"), "{error:?}");
    clock.advance(Duration::from_secs(61));
    let stale = secrets.get("app/db").await.unwrap();
    assert_eq!(stale.value().expose(), b"canary-value");
    server.as_fake().clear_faults();
    clock.advance(Duration::from_secs(31));
    secrets.get_with("app/db", now()).await.unwrap();
}

#[tokio::test]
async fn case_47_the_lease_that_was_granted_counts() {
    let clock = strongroom_tests::server::clock();
    let server = Server::fake_at(&clock).await;
    put(&server, &["app/db"]).await;
    let hour = Duration::from_secs(3_600);
    let limits = AppRole { ttl: Some(hour), max_ttl: Some(hour * 3 / 2), ..role(READ) };
    let (role_id, secret_id) = server.app_role(&limits).await;
    let settings = app_role(&server, &role_id, &secret_id);
    let builder = Secrets::builder().settings(settings).clock(clock.clone());
    let secrets = builder.build().await.unwrap();
    secrets.get("app/db").await.unwrap();
    // After 45 minutes, 45 of the 90 are granted and not another hour; 30 minutes later, 15.
    for (nth, minutes) in [(1, 45), (2, 30)] {
        clock.advance(Duration::from_secs(minutes * 60));
        until("it comes to that", async || renewals(&server) == nth).await;
    }
    assert_eq!(server.logins().await, 1);
    clock.advance(Duration::from_secs(600));
    until("it comes to that", async || server.logins().await == 2).await;
    assert_eq!(renewals(&server), 2);
    secrets.get_with("app/db", now()).await.unwrap();
}

#[tokio::test]
async fn case_40_b028_credentials_that_cannot_be_such_are_refused_before_any_call() {
    let server = Server::fake().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path = folder.path().join(format!("file-{}", text.len()));
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let base = || without_token(&server);
    let approle = || base().with("VAULT_AUTH_METHOD", "approle");
    let jwt = || base().with("VAULT_AUTH_METHOD", "jwt").with("VAULT_ROLE", "app");
    for (settings, setting, words) in [
        (base(), "VAULT_TOKEN", "is not set"),
        (base().with("VAULT_ROLE_ID", "canary"), "VAULT_TOKEN", "VAULT_AUTH_METHOD `approle`"),
        (approle(), "VAULT_ROLE_ID", "is not set"),
        (approle().with("VAULT_ROLE_ID", "canary"), "VAULT_SECRET_ID", "is not set"),
        (
            approle().with("VAULT_ROLE_ID", "canary").with("VAULT_SECRET_ID", "canary\tid"),
            "VAULT_SECRET_ID",
            "non-printable",
        ),
        (
            approle().with("VAULT_ROLE_ID", "\"canary\"").with("VAULT_SECRET_ID", "canary"),
            "VAULT_ROLE_ID",
            "quotation mark",
        ),
        (base().with("VAULT_AUTH_METHOD", "jwt"), "VAULT_ROLE", "is not set"),
        (jwt(), "VAULT_JWT_FILE", "is not set"),
        (jwt().with("VAULT_JWT_FILE", "/nonexistent/token"), "VAULT_JWT_FILE", "does not exist"),
        (jwt().with("VAULT_JWT_FILE", file("canary")), "VAULT_JWT_FILE", "three parts"),
        (jwt().with("VAULT_JWT_FILE", file("\n")), "VAULT_JWT_FILE", "set and empty"),
        (jwt().with("VAULT_JWT_FILE", file("a b.c.d")), "VAULT_JWT_FILE", "non-printable"),
        (
            base().with("VAULT_AUTH_METHOD", "kubernetes").with("VAULT_ROLE", "app"),
            "VAULT_JWT_FILE",
            "does not exist",
        ),
        (
            approle().with("VAULT_AUTH_MOUNT", "/approle"),
            "VAULT_AUTH_MOUNT",
            "must be a path below `auth/`",
        ),
        (base().with("VAULT_AUTH_METHOD", "ldap"), "VAULT_AUTH_METHOD", "token, approle"),
    ] {
        let error = refused(Secrets::from_settings(settings).await, ErrorKind::Misconfigured);
        assert_eq!(error.key(), Some(setting), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error:?}{error}").contains("canary"), "{error:?}");
    }
    assert!(server.as_fake().calls().is_empty());
}

#[tokio::test]
async fn settings_of_other_methods_are_warned_of() {
    let server = Server::fake().await;
    let secrets = open(app_role(&server, "canary", "canary").with("VAULT_TOKEN", "canary")).await;
    assert_eq!(secrets.warnings(), ["VAULT_TOKEN is not read with VAULT_AUTH_METHOD=approle"]);
}

#[tokio::test]
async fn an_agent_on_the_way_logs_in_for_us() {
    let server = Server::real().await;
    put(&server, &["app/db"]).await;
    let token = server.token(READ).await;
    let folder = tempfile::tempdir().unwrap();
    let proxy = start_proxy(&server, folder.path(), &token);
    let settings = Settings::from_pairs([
        ("SECRETS_PROVIDER", "vault_dev"),
        ("VAULT_ADDR", proxy.address()),
        ("VAULT_AUTH_METHOD", "agent"),
    ]);
    let secrets = open(settings).await;
    assert_eq!(secrets.get("app/db").await.unwrap().value().expose(), b"canary-value");
    refused(secrets.get("other").await, ErrorKind::PermissionDenied);
    assert!(secrets.probe().await.is_ok());
    server.revoke(&token).await;
    let error = refused(secrets.get("app/other").await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("VAULT_AUTH_METHOD"), "{error}");
    assert!(error.to_string().contains("the agent"), "{error}");
}

fn start_proxy(server: &Server, folder: &Path, token: &str) -> Proxy {
    let Sort::Real(bao, _) = server.sort() else { panic!("a proxy needs a real server") };
    let file = folder.join("token");
    std::fs::write(&file, token).unwrap();
    Proxy::start(bao, folder, &file).unwrap_or_else(|problem| panic!("{problem}"))
}
