//! Service tokens.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_core::Clock;
use strongroom_testkit::{FakeInfisical, ManualClock};

use crate::client::{Caller, pairs};

#[tokio::test]
async fn case_38_one_scope_overrules_what_is_asked_for() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/app", "APP", "canary-app");
    infisical.put("/other", "APP", "canary-other");
    let token = infisical.add_service_token(&[("prod", "/app")], &["read"], None);
    let service = Caller::with(&infisical, &token);
    for target in [
        "/api/v4/secrets/APP?projectId=x&environment=qa&secretPath=/other",
        "/api/v3/secrets/raw/APP?secretPath=/other",
    ] {
        let answer = service.ask(&format!("GET {target}"), Value::Null).await;
        let secret = &answer.body["secret"];
        assert_eq!(secret["secretValue"], "canary-app", "{target}");
        assert_eq!(
            (&secret["secretPath"], &secret["environment"]),
            (&"/app".into(), &"prod".into())
        );
    }
    let answer = service.ask("GET /api/v4/secrets", Value::Null).await;
    assert_eq!(pairs(&answer.body["secrets"]), [("APP", "canary-app")]);
    // The project has to be named, whatever it is.
    assert_eq!(service.ask("GET /api/v4/secrets/APP", Value::Null).await.status, 422);
}

#[tokio::test]
async fn other_scopes_are_rights() {
    let infisical = FakeInfisical::start().await;
    for path in ["/", "/app", "/app/db", "/other"] {
        infisical.put(path, "APP", "canary-1");
    }
    let glob = infisical.add_service_token(&[("prod", "/app/**")], &["read"], None);
    let two = [("prod", "/app"), ("prod", "/app/db")];
    let two = infisical.add_service_token(&two, &["read"], None);
    for token in [glob, two] {
        let service = Caller::with(&infisical, &token);
        for path in ["/app", "/app/db"] {
            let secret = service.secret(&format!("/APP?secretPath={path}")).await;
            assert_eq!(secret["secretPath"], path);
        }
        for path in ["/", "/other"] {
            let answer = service.read(&format!("/APP?secretPath={path}")).await;
            assert_eq!(answer.codes(), (403, "PermissionDenied"));
            assert_eq!(answer.message(), "You are not allowed to describeSecret on secrets");
        }
        let body = json!({ "secretValue": "canary-2", "secretPath": "/app" });
        assert_eq!(service.write("PATCH /APP", body).await.codes(), (403, "PermissionDenied"));
    }
    let writer = infisical.add_service_token(&[("prod", "/app")], &["read", "write"], None);
    let body = json!({ "secretValue": "canary-2", "secretPath": "/app" });
    let service = Caller::with(&infisical, &writer);
    assert_eq!(service.write("PATCH /APP", body.clone()).await.status, 200);
    infisical.set_approval("/app", true);
    assert_eq!(service.write("PATCH /APP", body).await.message(), "Cannot use service token");
}

#[tokio::test]
async fn a_service_token_describes_itself() {
    let infisical = FakeInfisical::start().await;
    let token = infisical.add_service_token(&[("prod", "/app")], &["read", "write"], None);
    let service = Caller::with(&infisical, &token);
    let told = service.ask("GET /api/v2/service-token", Value::Null).await.body;
    assert_eq!(told["workspace"], FakeInfisical::PROJECT_ID);
    assert_eq!(told["scopes"], json!([{ "environment": "prod", "secretPath": "/app" }]));
    assert_eq!(
        (&told["permissions"], &told["expiresAt"]),
        (&json!(["read", "write"]), &Value::Null)
    );
    assert_eq!(token.split('.').nth(1), told["id"].as_str());
    assert_eq!(infisical.count("service_token"), 1);
    // It is for service tokens only, and they cannot read by id.
    let owner = Caller::owner(&infisical).await;
    let answer = owner.ask("GET /api/v2/service-token", Value::Null).await;
    assert_eq!(answer.codes(), (403, "Forbidden access to /api/v2/service-token"));
    assert_eq!(service.ask("GET /api/v4/secrets/id/x", Value::Null).await.status, 403);
}

#[tokio::test]
async fn an_ended_service_token_says_so_once_and_then_is_unknown() {
    let clock = ManualClock::at(1_800_000_000);
    let infisical = strongroom_testkit::infisical().clock(clock.clone()).start().await;
    infisical.put("/", "APP", "canary-1");
    let ends = clock.now() + Duration::from_secs(60);
    let first = infisical.add_service_token(&[("prod", "/")], &["read"], Some(ends));
    let second = infisical.add_service_token(&[("prod", "/")], &["read"], None);
    assert_eq!(Caller::with(&infisical, &first).read("/APP").await.status, 200);
    clock.advance(Duration::from_secs(61));
    infisical.expire_service_token(&second);
    for token in [first, second] {
        let service = Caller::with(&infisical, &token);
        let answer = service.read("/APP").await;
        assert_eq!(
            (answer.codes(), answer.message()),
            ((403, "ForbiddenError"), "Service token has expired")
        );
        let answer = service.read("/APP").await;
        assert_eq!(answer.codes(), (404, "NotFound"));
        assert!(answer.message().starts_with("Service token with ID '"));
    }
}

#[tokio::test]
async fn case_41_a_wrong_service_token_is_401_or_404() {
    let infisical = FakeInfisical::start().await;
    let token = infisical.add_service_token(&[("prod", "/")], &["read"], None);
    let answer = Caller::with(&infisical, &format!("{token}x")).read("/APP").await;
    assert_eq!(
        (answer.codes(), answer.message()),
        ((401, "UnauthorizedError"), "Invalid service token")
    );
    let answer = Caller::with(&infisical, "st.canary.x").read("/APP").await;
    assert_eq!(answer.message(), "Service token with ID 'canary' not found");
    infisical.remove_service_token(&token);
    assert_eq!(Caller::with(&infisical, &token).read("/APP").await.codes(), (404, "NotFound"));
}

#[tokio::test]
async fn an_override_is_never_read_by_a_service_token() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-shared");
    infisical.put_personal("/", "APP", "canary-own");
    let token = infisical.add_service_token(&[("prod", "/")], &["read"], None);
    let secret = Caller::with(&infisical, &token).secret("/APP?type=personal").await;
    assert_eq!(secret["secretValue"], "canary-shared");
}
