//! What tests rely on when they add roles: that they mean the same on both sorts.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_tests::on_both;
use strongroom_tests::server::{AppRole, Server};

on_both!(
    logins_are_counted_that_handed_out_a_token,
    a_role_has_the_limits_that_it_was_given,
    a_role_of_a_namespace_is_there_only,
);

async fn logins_are_counted_that_handed_out_a_token(server: &Server) {
    let batch = server.app_role(&AppRole { batch: true, ..AppRole::default() }).await;
    let once = server.app_role(&AppRole { secret_id_uses: 1, ..AppRole::default() }).await;
    assert_eq!(server.logins().await, 0);
    for (role_id, secret_id, status) in [
        (&batch.0, batch.1.as_str(), 200),
        (&batch.0, &batch.1, 200),
        (&batch.0, "canary-wrong", 400),
        (&once.0, &once.1, 200),
        (&once.0, &once.1, 400),
    ] {
        assert_eq!(login(server, "", role_id, secret_id).await.0, status, "{role_id}");
    }
    assert_eq!(server.logins().await, 3);
    let wrapping = server.wrapped_secret_id(&once.0).await;
    let unwrapped = server.raw_as(&wrapping, &[], "POST", "/v1/sys/wrapping/unwrap", None).await.1;
    let secret_id = unwrapped["data"]["secret_id"].as_str().unwrap();
    let (status, auth) = login(server, "", &once.0, secret_id).await;
    assert_eq!((status, server.logins().await), (200, 4));
    server.revoke(auth["client_token"].as_str().unwrap()).await;
    assert_eq!(server.logins().await, 4);
}

async fn a_role_has_the_limits_that_it_was_given(server: &Server) {
    let ttl = Some(Duration::from_secs(600));
    let role = AppRole { ttl, uses: 3, policy: &[("kv1/a", &["read"])], ..AppRole::default() };
    let (role_id, secret_id) = server.app_role(&role).await;
    let (_, auth) = login(server, "", &role_id, &secret_id).await;
    assert_eq!((&auth["lease_duration"], &auth["num_uses"]), (&json!(600), &json!(3)));
    let limited = server.limited_token(&role).await;
    for token in [auth["client_token"].as_str().unwrap(), &limited] {
        for (path, status) in [("a", 404), ("b", 403), ("a", 404), ("a", 403)] {
            let path = format!("/v1/kv1/{path}");
            assert_eq!(server.raw_as(token, &[], "GET", &path, None).await.0, status, "{path}");
        }
    }
}

async fn a_role_of_a_namespace_is_there_only(server: &Server) {
    server.add_namespace("team-a").await;
    let role = AppRole { namespace: "team-a", ..AppRole::default() };
    let (role_id, secret_id) = server.app_role(&role).await;
    server.enable("approle", "").await;
    assert_eq!(login(server, "", &role_id, &secret_id).await.0, 400);
    assert_eq!(login(server, "team-a", &role_id, &secret_id).await.0, 200);
    assert_eq!(server.logins().await, 1);
}

/// Logs in, and gives the status and what it was told.
async fn login(server: &Server, namespace: &str, role_id: &str, secret_id: &str) -> (u16, Value) {
    let body = json!({"role_id": role_id, "secret_id": secret_id}).to_string();
    let inside = [("x-vault-namespace", namespace)];
    let path = "/v1/auth/approle/login";
    let (status, answer) = server.raw_as("", &inside, "POST", path, Some(body)).await;
    (status, answer["auth"].clone())
}
