//! What an identity may do, and how it is told that it may not.

use serde_json::{Value, json};
use strongroom_testkit::FakeAzure;

use crate::client::{Caller, codes};

fn denied() -> (u16, String, String) {
    codes(403, "Forbidden", "ForbiddenByRbac")
}

#[tokio::test]
async fn case_42_each_action_needs_its_right() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    azure.put("gone", "canary-1");
    azure.delete("gone");
    let calls = [
        ("get", "GET /secrets/app", Value::Null),
        ("get", "GET /deletedsecrets/gone", Value::Null),
        ("list", "GET /secrets", Value::Null),
        ("list", "GET /secrets/app/versions", Value::Null),
        ("list", "GET /deletedsecrets", Value::Null),
        ("set", "PUT /secrets/app", json!({ "value": "canary-2" })),
        ("set", "PATCH /secrets/app", json!({})),
        ("recover", "POST /deletedsecrets/gone/recover", Value::Null),
        ("delete", "DELETE /secrets/gone", Value::Null),
        ("purge", "DELETE /deletedsecrets/gone", Value::Null),
    ];
    let all = ["get", "list", "set", "delete", "recover", "purge"];
    azure.add_client("canary-client", "canary-secret", &[]);
    let caller = Caller::new(&azure, "canary-client", "canary-secret").await;
    for (right, line, body) in calls {
        let others: Vec<_> = all.into_iter().filter(|other| *other != right).collect();
        azure.set_rights("canary-client", &[("*", &others)]);
        assert_eq!(caller.refusal(line, body.clone()).await, denied(), "{line}");
        azure.set_rights("canary-client", &[("*", &[right])]);
        caller.tell(line, body).await;
    }
}

#[tokio::test]
async fn rights_are_on_names_and_on_what_begins_as_they_do() {
    let azure = FakeAzure::start().await;
    for name in ["app--db", "app", "shared", "shared-2"] {
        azure.put(name, "canary-1");
    }
    let rights = [("APP--*", ["get", "list"].as_slice()), ("shared", &["get"])];
    azure.add_client("canary-client", "canary-secret", &rights);
    let caller = Caller::new(&azure, "canary-client", "canary-secret").await;
    for line in ["GET /secrets/app--db", "GET /secrets/Shared", "GET /secrets/app--db/versions"] {
        caller.read(line).await;
    }
    for line in [
        "GET /secrets/app",
        "GET /secrets/shared-2",
        "GET /secrets/absent",
        "GET /secrets/shared/versions",
        "GET /secrets",
        "DELETE /secrets/app--db",
    ] {
        assert_eq!(caller.refusal(line, Value::Null).await, denied(), "{line}");
    }
}

#[tokio::test]
async fn the_inner_code_of_a_denial_is_that_of_the_vaults_kind() {
    let azure = FakeAzure::start().await;
    azure.set_rights(FakeAzure::CLIENT_ID, &[]);
    let owner = Caller::owner(&azure).await;
    for inner in ["ForbiddenByPolicy", "ForbiddenByConnection"] {
        azure.set_denial(inner);
        let refusal = owner.refusal("GET /secrets/app", Value::Null).await;
        assert_eq!(refusal, codes(403, "Forbidden", inner));
    }
}

#[tokio::test]
async fn the_inner_error_can_be_spelt_as_before() {
    let azure = FakeAzure::start().await;
    let version = azure.put("app", "canary-1");
    azure.disable("app", &version);
    let owner = Caller::owner(&azure).await;
    azure.set_old_inner_error(true);
    let error = &owner.ask("GET /secrets/app", Value::Null).await.body["error"];
    assert_eq!(error["innerError"], json!({ "code": "SecretDisabled" }));
    assert_eq!(error.get("innererror"), None);
    azure.set_old_inner_error(false);
    let refusal = owner.refusal("GET /secrets/app", Value::Null).await;
    assert_eq!(refusal, codes(403, "Forbidden", "SecretDisabled"));
}

#[tokio::test]
#[should_panic(expected = "an action is one of")]
async fn a_misspelt_right_is_noticed() {
    FakeAzure::start().await.set_rights("canary-client", &[("*", &["read"])]);
}
