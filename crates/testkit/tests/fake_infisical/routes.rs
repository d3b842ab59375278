//! Which routes there are, and what is remembered of requests.

use serde_json::{Value, json};
use strongroom_testkit::FakeInfisical;

use crate::client::{Caller, send};

#[tokio::test]
async fn a_route_that_is_not_there_is_told_by_the_web_framework() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    infisical.set_v4(false);
    let answer = owner.ask("GET /api/v4/secrets/APP?version=1", Value::Null).await;
    let expected = json!({
        "statusCode": 404, "error": "Not Found", "message": "Route GET:/api/v4/secrets/APP?version=1 not found",
    });
    assert_eq!(answer.body, expected);
    let old = format!(
        "GET /api/v3/secrets/raw/APP?workspaceId={}&environment=prod",
        FakeInfisical::PROJECT_ID
    );
    assert_eq!(owner.ask(&old, Value::Null).await.status, 200);
    assert_eq!(owner.ask("GET /api/v2/folders", Value::Null).await.codes(), (404, "Not Found"));
    infisical.set_v4(true);
    infisical.set_v3(false);
    assert_eq!(owner.ask(&old, Value::Null).await.codes(), (404, "Not Found"));
    assert_eq!(owner.secret("/APP").await["secretValue"], "canary-1");
    for line in ["GET /api/v1/other", "PUT /api/v4/secrets/APP", "GET /"] {
        assert_eq!(send(&infisical, line, &[], "").await.codes(), (404, "Not Found"), "{line}");
    }
    assert_eq!(send(&infisical, "GET /api/status", &[], "").await.body["message"], "Ok");
}

#[tokio::test]
async fn requests_are_remembered_without_values_and_tokens() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/app", "A B", "canary-1");
    let owner = Caller::owner(&infisical).await;
    owner.secret("/A%20B?secretPath=/app&type=shared").await;
    owner.write("PATCH /NEW/", json!({ "secretValue": "canary-2", "secretPath": "/app" })).await;
    let calls = infisical.calls();
    let [_, read, write] = calls.as_slice() else { panic!("three requests") };
    assert_eq!((read.operation, read.status, &read.error), ("get", 200, &None));
    assert_eq!((read.method.as_str(), read.path.as_str()), ("GET", "/api/v4/secrets/A%20B"));
    assert_eq!(read.query.get("type").map(String::as_str), Some("shared"));
    for (call, name) in [(read, "A B"), (write, "NEW")] {
        assert_eq!(call.name.as_deref(), Some(name));
        assert_eq!(call.environment.as_deref(), Some("prod"));
        assert_eq!(call.secret_path.as_deref(), Some("/app"));
        assert_eq!(call.client_id.as_deref(), Some(FakeInfisical::CLIENT_ID));
    }
    assert_eq!(
        (write.operation, write.status, write.error.as_deref()),
        ("update", 404, Some("NotFound"))
    );
    assert_eq!(infisical.count("get"), 1);
    assert_eq!(infisical.count("GET /api/v4/secrets/A%20B"), 1);
    assert_eq!(infisical.count("PATCH /api/v4/secrets/NEW"), 1);
    let text = format!("{calls:?}{infisical:?}");
    for secret in ["canary-2", owner.token.as_str(), FakeInfisical::CLIENT_SECRET] {
        assert!(!text.contains(secret));
    }
}
