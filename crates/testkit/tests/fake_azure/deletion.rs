//! Deleted secrets wait for their end, and come back until then.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_testkit::{FakeAzure, ManualClock};

use crate::client::{Caller, codes, names, version};

const DAYS: Duration = Duration::from_secs(90 * 24 * 60 * 60);

fn absent() -> (u16, String, String) {
    codes(404, "SecretNotFound", "")
}

#[tokio::test]
async fn a_deleted_secret_is_shown_as_such_and_comes_back_with_all_versions() {
    let clock = ManualClock::at(1_800_000_000);
    let azure = strongroom_testkit::azure().clock(clock).start().await;
    let (first, second) = (azure.put("app", "canary-1"), azure.put("app", "canary-2"));
    let owner = Caller::owner(&azure).await;
    let told = owner.tell("DELETE /secrets/app", Value::Null).await;
    assert_eq!(told["recoveryId"], format!("{}/deletedsecrets/app", azure.address()));
    let times = (&told["deletedDate"], &told["scheduledPurgeDate"]);
    assert_eq!(times, (&json!(1_800_000_000), &json!(1_807_776_000)));
    assert_eq!((version(&told), told.get("value")), (second.as_str(), None));
    assert_eq!(owner.read("GET /deletedsecrets/app").await, told);
    assert_eq!(names(&owner.read("GET /deletedsecrets").await), ["app"]);
    assert_eq!(names(&owner.read("GET /secrets").await), [""; 0]);
    assert_eq!(owner.refusal("GET /secrets/app", Value::Null).await, absent());
    assert_eq!(owner.refusal(&format!("GET /secrets/app/{first}"), Value::Null).await, absent());
    assert_eq!(owner.refusal("DELETE /secrets/app", Value::Null).await, absent());
    let conflict = codes(409, "Conflict", "ObjectIsDeletedButRecoverable");
    let body = json!({ "value": "canary-3" });
    assert_eq!(owner.refusal("PUT /secrets/App", body).await, conflict);

    let told = owner.tell("POST /deletedsecrets/app/recover", Value::Null).await;
    assert_eq!((version(&told), told.get("value")), (second.as_str(), None));
    for (line, value) in [("app", "canary-2"), (&format!("app/{first}"), "canary-1")] {
        assert_eq!(owner.read(&format!("GET /secrets/{line}")).await["value"], value);
    }
    for operation in ["recover", "get_deleted", "list_deleted"] {
        assert_eq!(azure.count(operation), 1, "{operation}");
    }
    assert_eq!(azure.count("delete"), 2);
}

#[tokio::test]
async fn a_purged_secret_is_gone_and_its_name_is_free() {
    let azure = FakeAzure::start().await;
    let old = azure.put("app", "canary-1");
    azure.delete("app");
    let owner = Caller::owner(&azure).await;
    let answer = owner.ask("DELETE /deletedsecrets/app", Value::Null).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    assert_eq!(owner.refusal("GET /deletedsecrets/app", Value::Null).await, absent());
    assert_ne!(owner.set("app", "canary-2").await, old);
    assert_eq!(owner.refusal(&format!("GET /secrets/app/{old}"), Value::Null).await, absent());
    assert_eq!(azure.count("purge"), 1);
}

#[tokio::test]
async fn a_deleted_secret_ends_when_its_days_are_over() {
    let clock = ManualClock::at(1_800_000_000);
    let azure = strongroom_testkit::azure().clock(clock.clone()).start().await;
    azure.set_token_lifetime(DAYS * 2);
    azure.put("app", "canary-1");
    azure.delete("app");
    let owner = Caller::owner(&azure).await;
    clock.advance(DAYS - Duration::from_secs(1));
    owner.read("GET /deletedsecrets/app").await;
    clock.advance(Duration::from_secs(1));
    assert_eq!(owner.refusal("GET /deletedsecrets/app", Value::Null).await, absent());
    azure.put("app", "canary-2");
}

#[tokio::test]
async fn an_operator_deletes_and_recovers_uncounted() {
    let azure = FakeAzure::start().await;
    let id = azure.put("app", "canary-1");
    azure.delete("app");
    assert_eq!(azure.version_of("app"), None);
    azure.recover("app");
    assert_eq!((azure.version_of("app"), azure.calls().len()), (Some(id), 0));
}
