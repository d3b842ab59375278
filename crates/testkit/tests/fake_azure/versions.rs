//! Which version is read, and when.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use strongroom_testkit::FakeAzure;

use crate::client::{Caller, codes, version};

#[tokio::test]
async fn case_19_and_20_the_second_version_is_the_latest_and_the_first_is_read_by_its_id() {
    let azure = FakeAzure::start().await;
    let owner = Caller::owner(&azure).await;
    let first = owner.set("app", "canary-1").await;
    let second = owner.set("app", "canary-2").await;
    let latest = owner.read("GET /secrets/app/").await;
    assert_eq!((&latest["value"], version(&latest)), (&json!("canary-2"), second.as_str()));
    assert_eq!(azure.version_of("app"), Some(second.clone()));
    for (id, value) in [(&first, "canary-1"), (&second, "canary-2")] {
        assert_eq!(owner.read(&format!("GET /secrets/app/{id}")).await["value"], value);
    }
    assert!(second < first, "the order of ids is not that of time");
}

#[tokio::test]
async fn case_24_a_disabled_version_is_forbidden_with_a_code_of_its_own() {
    let azure = FakeAzure::start().await;
    let id = azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    let disabled = codes(403, "Forbidden", "SecretDisabled");
    azure.disable("app", &id);
    for line in ["GET /secrets/app".to_owned(), format!("GET /secrets/app/{id}")] {
        assert_eq!(owner.refusal(&line, Value::Null).await, disabled, "{line}");
    }
    let error = azure.calls().last().and_then(|call| call.error.clone());
    assert_eq!(error.as_deref(), Some("SecretDisabled"));
    let listed = owner.read("GET /secrets").await;
    assert_eq!(listed["value"][0]["attributes"]["enabled"], false);
    azure.enable("app", &id);
    assert_eq!(owner.read("GET /secrets/app").await["value"], "canary-1");
    let change = json!({ "attributes": { "enabled": false } });
    owner.tell("PATCH /secrets/app/", change).await;
    assert_eq!(owner.refusal("GET /secrets/app", Value::Null).await, disabled);
    assert_eq!(owner.set("app", "canary-2").await, azure.version_of("app").unwrap());
    assert_eq!(owner.read("GET /secrets/app").await["value"], "canary-2");
}

#[tokio::test]
async fn f088_case_25_the_latest_version_is_read_or_refused_and_never_an_older_one() {
    let azure = FakeAzure::start().await;
    let first = azure.put("app", "canary-1");
    let second = azure.put("app", "canary-2");
    azure.disable("app", &second);
    let owner = Caller::owner(&azure).await;
    let disabled = codes(403, "Forbidden", "SecretDisabled");
    assert_eq!(owner.refusal("GET /secrets/app", Value::Null).await, disabled);
    let first = owner.read(&format!("GET /secrets/app/{first}")).await;
    assert_eq!(first["value"], "canary-1");
}

#[tokio::test]
async fn f089_case_26_and_27_expired_and_early_versions_are_read_all_the_same() {
    let azure = FakeAzure::start().await;
    let id = azure.put("app", "canary-1");
    azure.set_expires("app", &id, UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    azure.set_not_before("app", &id, UNIX_EPOCH + Duration::from_secs(4_000_000_000));
    let told = Caller::owner(&azure).await.read("GET /secrets/app").await;
    let attributes = &told["attributes"];
    assert_eq!(told["value"], "canary-1");
    assert_eq!(
        (&attributes["exp"], &attributes["nbf"]),
        (&json!(1_000_000_000), &json!(4_000_000_000_i64))
    );
}
