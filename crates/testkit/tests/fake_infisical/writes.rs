//! Making, changing and deleting secrets.

use serde_json::{Value, json};
use strongroom_testkit::FakeInfisical;

use crate::client::{Caller, pairs};

#[tokio::test]
async fn case_3_values_are_trimmed_but_for_one_line_feed_at_their_end() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-0");
    let owner = Caller::owner(&infisical).await;
    for (sent, kept) in [
        (" canary ", "canary"),
        ("\tcanary\r\n", "canary\n"),
        ("canary\n\n \n", "canary\n"),
        ("canary\n ", "canary"),
        (" a b ", "a b"),
        ("\u{feff}canary\u{a0}", "canary"),
        ("\u{85}canary", "\u{85}canary"),
        ("", ""),
        ("\n", "\n"),
    ] {
        let told = owner.write("PATCH /APP", json!({ "secretValue": sent })).await;
        assert_eq!(told.body["secret"]["secretValue"], kept, "{sent:?}");
        assert_eq!(infisical.value_of("/", "APP").as_deref(), Some(kept));
        infisical.delete("/", "NEW");
        owner.write("POST /NEW", json!({ "secretValue": sent })).await;
        assert_eq!(infisical.value_of("/", "NEW").as_deref(), Some(kept));
    }
}

#[tokio::test]
async fn answers_to_writes_are_not_those_to_reads() {
    let infisical = FakeInfisical::start().await;
    let owner = Caller::owner(&infisical).await;
    let body = json!({ "secretValue": "canary-1", "secretComment": "canary" });
    let made = owner.write("POST /APP", body).await.body["secret"].clone();
    let changed = owner.write("PATCH /APP", json!({ "secretComment": "other" })).await;
    let deleted = owner.write("DELETE /APP", json!({})).await;
    for (told, version, value, hidden) in [
        (&made, 1, "canary-1", Value::Null),
        (&changed.body["secret"], 2, "", Value::from(false)),
        (&deleted.body["secret"], 2, "canary-1", Value::from(false)),
    ] {
        assert_eq!(told["version"], version);
        assert_eq!((&told["secretValue"], &told["secretValueHidden"]), (&value.into(), &hidden));
        assert_eq!((&told["secretKey"], told.get("secretPath")), (&"APP".into(), None));
    }
    assert_eq!(infisical.value_of("/", "APP"), None);
}

#[tokio::test]
async fn case_16_what_is_there_is_not_made_again_and_what_is_not_is_not_changed() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    let value = json!({ "secretValue": "canary-2" });
    let nowhere = json!({ "secretValue": "canary-2", "secretPath": "/other" });
    let own = json!({ "secretValue": "canary-2", "type": "personal" });
    for (line, body, codes, message) in [
        ("POST /APP", &value, (400, "BadRequest"), "Secret already exists"),
        ("PATCH /NEW", &value, (404, "NotFound"), "Secret with name NEW not found"),
        ("DELETE /NEW", &value, (404, "NotFound"), "Secret not found"),
        ("POST /NEW", &nowhere, (404, "CreateSecret"), FOLDER),
        ("PATCH /APP", &nowhere, (404, "UpdateSecret"), FOLDER),
        ("DELETE /APP", &nowhere, (404, "DeleteSecret"), FOLDER),
        ("POST /NEW", &own, (400, "BadRequest"), "Must be user to create personal secret"),
        ("DELETE /APP", &own, (400, "BadRequest"), "Must be user to delete personal secret"),
    ] {
        let answer = owner.write(line, body.clone()).await;
        assert_eq!((answer.codes(), answer.message()), (codes, message), "{line}");
    }
    assert_eq!(infisical.value_of("/", "APP").as_deref(), Some("canary-1"));
}

#[tokio::test]
async fn bodies_are_checked() {
    let infisical = FakeInfisical::start().await;
    let owner = Caller::owner(&infisical).await;
    for (line, body) in [
        ("POST /APP", json!({})),
        ("POST /APP", json!({ "secretValue": 1 })),
        ("POST /a%3Ab", json!({ "secretValue": "canary-1" })),
        ("POST /a%2Fb", json!({ "secretValue": "canary-1" })),
        ("POST /%20", json!({ "secretValue": "canary-1" })),
        ("PATCH /APP", json!({ "newSecretName": "a:b" })),
        ("POST /batch", json!({ "secrets": [] })),
        ("POST /batch", json!({ "secrets": [{ "secretKey": "APP" }] })),
    ] {
        let answer = owner.write(line, body).await;
        assert_eq!(answer.codes(), (422, "ValidationFailure"), "{line}");
        assert!(answer.body["message"].is_array());
    }
    let bare = json!({ "secretValue": "canary-1" });
    assert_eq!(owner.ask("POST /api/v4/secrets/APP", bare).await.status, 422);
    let token = format!("Bearer {}", owner.token);
    for headers in [
        [("authorization", token.as_str()), ("content-type", "text/plain")],
        [("authorization", &token), ("content-type", "application/json")],
    ] {
        let answer =
            crate::client::send(&infisical, "POST /api/v4/secrets/APP", &headers, "{").await;
        assert_eq!(answer.codes(), (500, "InternalServerError"));
    }
}

#[tokio::test]
async fn case_37_a_policy_asks_for_an_approval_and_nothing_changes() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    infisical.set_approval("/", true);
    let owner = Caller::owner(&infisical).await;
    let value = json!({ "secretValue": "canary-2" });
    let many = json!({ "secrets": [{ "secretKey": "NEW", "secretValue": "canary-2" }] });
    for (line, body) in [
        ("POST /NEW", &value),
        ("PATCH /APP", &value),
        ("DELETE /APP", &value),
        ("POST /batch", &many),
    ] {
        let answer = owner.write(line, body.clone()).await;
        assert_eq!(answer.status, 200, "{line}");
        assert_eq!((answer.body.get("secret"), answer.body.get("secrets")), (None, None));
        assert_eq!(answer.body["approval"]["status"], "open");
    }
    assert_eq!(pairs(&owner.list("").await["secrets"]), [("APP", "canary-1")]);
    assert_eq!(infisical.version_of("/", "APP"), Some(1));
    infisical.set_approval("/", false);
    assert!(owner.write("PATCH /APP", value).await.body["secret"].is_object());
}

#[tokio::test]
async fn many_are_changed_together_or_not_at_all() {
    let infisical = FakeInfisical::start().await;
    let owner = Caller::owner(&infisical).await;
    let item = |key: &str, value: &str| json!({ "secretKey": key, "secretValue": value });
    let two = |value: &str| json!({ "secrets": [item("A", value), item("B", value)] });
    let told = owner.write("POST /batch", two("canary-1 ")).await;
    assert_eq!(pairs(&told.body["secrets"]), [("A", "canary-1"), ("B", "canary-1")]);
    let mixed = |mode: Value| json!({ "secrets": [item("A", "canary-2"), item("C", "canary-2")], "mode": mode });
    assert_eq!(owner.write("POST /batch", mixed(Value::Null)).await.status, 400);
    assert_eq!(owner.write("PATCH /batch", mixed("failOnNotFound".into())).await.status, 404);
    assert_eq!((infisical.version_of("/", "A"), infisical.version_of("/", "C")), (Some(1), None));
    assert_eq!(owner.write("PATCH /batch", mixed("ignore".into())).await.status, 200);
    assert_eq!((infisical.version_of("/", "A"), infisical.version_of("/", "C")), (Some(2), None));
    assert_eq!(owner.write("PATCH /batch", mixed("upsert".into())).await.status, 200);
    assert_eq!(
        (infisical.version_of("/", "A"), infisical.version_of("/", "C")),
        (Some(3), Some(1))
    );
    let gone = json!({ "secrets": [{ "secretKey": "A" }, { "secretKey": "C" }] });
    assert_eq!(owner.write("DELETE /batch", gone).await.status, 200);
    assert_eq!(pairs(&owner.list("").await["secrets"]), [("B", "canary-1")]);
    assert_eq!((infisical.count("create_many"), infisical.count("update_many")), (2, 3));
}

const FOLDER: &str = "Folder with path '/other' in environment with slug 'prod' not found";
