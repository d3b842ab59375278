//! What the fake of Vault says to logins, beyond what is compared with a real server.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_testkit::{Auth, FakeVault, Fault, Lease, ManualClock, On, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
const READ: &[(&str, &[&str])] = &[("secret/data/app/*", &["read"])];

/// Sends one request and reads the status and the body.
async fn send(vault: &FakeVault, line: &str, token: &str, body: Value) -> (u16, Value) {
    let address = vault.address();
    let address = address.strip_prefix("http://").expect("an address");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let request = format!(
        "{method} /v1/{path} HTTP/1.1\r\nhost: fake\r\nconnection: close\r\nx-vault-token: {token}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("a server");
    stream.write_all(request.as_bytes()).await.expect("a server that reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).unwrap_or_default())
}

/// Logs in at this mount, and gives the status and what it was told.
async fn login(vault: &FakeVault, mount: &str, credential: Value) -> (u16, Value) {
    let (status, body) = send(vault, &format!("POST auth/{mount}/login"), "", credential).await;
    (status, body["auth"].clone())
}

fn secret_id(secret_id: &str) -> Value {
    json!({ "role_id": "canary-role", "secret_id": secret_id })
}

async fn at(start: u64) -> (FakeVault, ManualClock) {
    let clock = ManualClock::at(start);
    (strongroom_testkit::vault().clock(clock.clone()).start().await, clock)
}

#[tokio::test]
async fn case_47_a_lease_ends_when_it_was_granted_to_end() {
    let (vault, clock) = at(1_800_000_000).await;
    let role = Role::app_role("canary-role", "canary-secret").policy(READ);
    vault.add_role("approle", role.ttl(10 * MINUTE).max_ttl(25 * MINUTE));
    let (status, auth) = login(&vault, "approle", secret_id("canary-secret")).await;
    assert_eq!((status, &auth["lease_duration"]), (200, &json!(600)));
    for (minutes, asked, granted, warns) in
        [(5, 0, 600, false), (9, 0, 600, false), (9, 900, 120, true)]
    {
        clock.advance(minutes * MINUTE);
        let body = json!({ "increment": asked });
        let (status, body) =
            send(&vault, "POST auth/token/renew-self", "canary-login-1", body).await;
        assert_eq!((status, &body["auth"]["lease_duration"]), (200, &json!(granted)), "{minutes}");
        assert_eq!(body["warnings"].is_array(), warns, "{body}");
    }
    clock.advance(2 * MINUTE - Duration::from_secs(1));
    let lookup = "GET auth/token/lookup-self";
    let (status, body) = send(&vault, lookup, "canary-login-1", Value::Null).await;
    assert_eq!((status, &body["data"]["ttl"]), (200, &json!(1)));
    clock.advance(Duration::from_secs(1));
    assert_eq!(send(&vault, lookup, "canary-login-1", Value::Null).await.0, 403);
}

#[tokio::test]
async fn a_cap_is_told_with_the_time_that_is_left() {
    let (vault, clock) = at(1_800_000_000).await;
    let lease = Lease::default().ttl(10 * MINUTE).max_ttl(90 * MINUTE);
    vault.add_token_with("canary-token", READ, lease);
    clock.advance(Duration::from_secs(1));
    let renewal = json!({ "increment": "26h3s" });
    let (_, body) = send(&vault, "POST auth/token/renew-self", "canary-token", renewal).await;
    let warning = "TTL of \"26h3s\" exceeded the effective max_ttl of \"1h29m59s\"; TTL value is capped accordingly";
    assert_eq!(body["warnings"], json!([warning]));
}

#[tokio::test]
async fn at_the_longest_time_a_renewal_fails_and_the_token_is_near_its_end() {
    let clock = ManualClock::at(1_800_000_000);
    clock.advance(Duration::from_millis(900));
    let vault = strongroom_testkit::vault().clock(clock.clone()).start().await;
    vault.add_token_with("canary-token", READ, Lease::default().ttl(MINUTE).max_ttl(MINUTE));
    // Times are compared in whole seconds, so that there is a moment in which a living token is past its end.
    clock.advance(MINUTE - Duration::from_millis(500));
    let renew = "POST auth/token/renew-self";
    let (status, body) = send(&vault, renew, "canary-token", json!({})).await;
    let text = "1 error occurred:\n\t* past the max TTL, cannot renew\n\n";
    assert_eq!((status, body), (500, json!({ "errors": [text] })));
}

#[tokio::test]
async fn a_periodic_token_lives_as_long_as_it_is_renewed_in_time() {
    let (vault, clock) = at(1_800_000_000).await;
    vault.add_token_with("canary-token", READ, Lease::default().periodic(DAY));
    let renew = "POST auth/token/renew-self";
    // Beyond the 32 days of others.
    for _ in 0..40 {
        clock.advance(DAY - MINUTE);
        let (status, body) =
            send(&vault, renew, "canary-token", json!({ "increment": "1s" })).await;
        assert_eq!((status, &body["auth"]["lease_duration"]), (200, &json!(86_400)));
    }
    clock.advance(DAY);
    assert_eq!(send(&vault, renew, "canary-token", json!({})).await.0, 403);
}

#[tokio::test]
async fn case_49_a_rotated_credential_replaces_the_old_one() {
    let vault = FakeVault::start().await;
    for (secret, other) in [("canary-1", "canary-2"), ("canary-2", "canary-1")] {
        vault.add_role("approle", Role::app_role("canary-role", secret));
        vault.add_role("jwt", Role::jwt("canary-role", secret));
        vault.add_role("kubernetes", Role::jwt("canary-role", secret));
        for (text, statuses) in [(secret, [200, 200, 200]), (other, [400, 400, 403])] {
            let jwt = json!({ "role": "canary-role", "jwt": text });
            for (mount, status) in ["approle", "jwt", "kubernetes"].into_iter().zip(statuses) {
                let credential = if mount == "approle" { secret_id(text) } else { jwt.clone() };
                assert_eq!(login(&vault, mount, credential).await.0, status, "{mount} {text}");
            }
        }
    }
    vault.remove_role("approle", "canary-role");
    assert_eq!(login(&vault, "approle", secret_id("canary-2")).await.0, 400);
}

#[tokio::test]
async fn a_kubernetes_login_tells_of_a_service_account() {
    let vault = FakeVault::start().await;
    vault.add_role("kubernetes", Role::jwt("canary-role", "canary-jwt").ttl(MINUTE));
    let jwt = json!({ "role": "canary-role", "jwt": "canary-jwt" });
    let (status, auth) = login(&vault, "kubernetes", jwt).await;
    assert_eq!((status, &auth["lease_duration"]), (200, &json!(60)));
    let fields: Vec<_> = auth["metadata"].as_object().unwrap().keys().map(String::as_str).collect();
    let all = "role service_account_name service_account_namespace service_account_secret_name \
               service_account_uid";
    assert_eq!(fields.join(" "), all);
    let (_, body) = send(&vault, "GET auth/token/lookup-self", "canary-login-1", Value::Null).await;
    assert_eq!(body["data"]["display_name"], "kubernetes-default-canary-role");
}

#[tokio::test]
async fn auth_methods_are_mounted_where_a_test_wants_them() {
    let vault = FakeVault::start().await;
    vault.add_namespace("team-a");
    vault.mount_auth("ci/runners", Auth::Jwt);
    vault.mount_auth("team-a/apps", Auth::AppRole);
    vault.add_role("ci/runners", Role::jwt("canary-role", "canary-jwt"));
    vault.add_role("team-a/apps", Role::app_role("canary-role", "canary-secret"));
    let jwt = json!({ "role": "canary-role", "jwt": "canary-jwt" });
    assert_eq!(login(&vault, "ci/runners", jwt).await.0, 200);
    assert_eq!(login(&vault, "apps", secret_id("canary-secret")).await.0, 403);
    let (status, body) =
        send(&vault, "POST team-a/auth/apps/login", "", secret_id("canary-secret")).await;
    assert_eq!((status, &body["auth"]["client_token"]), (200, &json!("canary-login-2")));
}

#[tokio::test]
async fn case_50_a_wrapped_secret_id_is_unwrapped_once_and_says_where_it_is_from() {
    let (vault, clock) = at(1_800_000_000).await;
    vault.add_role("approle", Role::app_role("canary-role", "canary-secret").secret_id_uses(1));
    let good = vault.wrap_secret_id("approle", "canary-role");
    let forged = vault.wrap_secret_id_as("approle", "canary-role", "sys/wrapping/wrap");
    let late = vault.wrap_secret_id("approle", "canary-role");
    for (token, path) in
        [(&good, "auth/approle/role/canary-role/secret-id"), (&forged, "sys/wrapping/wrap")]
    {
        let (_, body) =
            send(&vault, "POST sys/wrapping/lookup", "", json!({ "token": token })).await;
        assert_eq!(body["data"]["creation_path"], path);
    }
    let unwrap = "POST sys/wrapping/unwrap";
    let (status, body) = send(&vault, unwrap, &good, Value::Null).await;
    assert_eq!((status, &body["data"]["secret_id"]), (200, &json!("canary-secret-id-1")));
    assert_eq!(send(&vault, unwrap, &good, Value::Null).await.0, 400);
    for (secret, statuses) in [("canary-secret-id-1", [200, 400]), ("canary-secret", [200, 400])] {
        for status in statuses {
            assert_eq!(login(&vault, "approle", secret_id(secret)).await.0, status, "{secret}");
        }
    }
    clock.advance(5 * MINUTE);
    assert_eq!(send(&vault, unwrap, &late, Value::Null).await.0, 400);
}

#[tokio::test]
async fn revoking_all_leaves_the_root_token_and_what_is_wrapped() {
    let vault = FakeVault::start().await;
    vault.add_role("approle", Role::app_role("canary-role", "canary-secret").batch());
    vault.add_token("canary-token", READ);
    let wrapping = vault.wrap_secret_id("approle", "canary-role");
    assert_eq!(login(&vault, "approle", secret_id("canary-secret")).await.0, 200);
    vault.revoke_all_tokens();
    let lookup = "GET auth/token/lookup-self";
    for (token, status) in [("canary-login-1", 403), ("canary-token", 403), (FakeVault::TOKEN, 200)]
    {
        assert_eq!(send(&vault, lookup, token, Value::Null).await.0, status, "{token}");
    }
    assert_eq!(send(&vault, "POST sys/wrapping/unwrap", &wrapping, Value::Null).await.0, 200);
}

#[tokio::test]
async fn faults_tell_logins_from_the_rest() {
    let vault = FakeVault::start().await;
    vault.add_role("approle", Role::app_role("canary-role", "canary-secret").secret_id_uses(1));
    let wrapping = vault.wrap_secret_id("approle", "canary-role");
    vault.fault(Fault::new(On::Login).status(503).times(3));
    assert_eq!(login(&vault, "approle", secret_id("canary-secret")).await.0, 503);
    assert_eq!(login(&vault, "gone", secret_id("canary-secret")).await.0, 503);
    let look = json!({ "token": wrapping });
    assert_eq!(send(&vault, "POST sys/wrapping/lookup", "", look).await.0, 200);
    let lookup = "GET auth/token/lookup-self";
    assert_eq!(send(&vault, lookup, FakeVault::TOKEN, Value::Null).await.0, 200);
    assert_eq!(send(&vault, "POST sys/wrapping/unwrap", &wrapping, Value::Null).await.0, 503);
    // Nothing was used up by calls that were not carried out.
    assert_eq!(send(&vault, "POST sys/wrapping/unwrap", &wrapping, Value::Null).await.0, 200);
    assert_eq!(login(&vault, "approle", secret_id("canary-secret")).await.0, 200);
}

#[tokio::test]
async fn debug_of_a_role_shows_no_credential() {
    let role = Role::app_role("canary-role", "canary-secret").ttl(MINUTE);
    let shown = format!("{role:?} {:?}", Role::jwt("canary-role", "canary-jwt"));
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
#[should_panic(expected = "a batch token")]
fn a_batch_token_with_uses_is_refused_as_by_a_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let vault = runtime.block_on(FakeVault::start());
    vault.add_token_with("canary-token", READ, Lease::default().batch().uses(2));
}
