//! Values, and what is said beside them.

use serde_json::{Value, json};
use strongroom_testkit::{FakeAzure, ManualClock};

use crate::client::{Caller, codes, send, version};

const ABSENT: (u16, &str, &str) = (404, "SecretNotFound", "");

#[tokio::test]
async fn case_1_a_stored_value_comes_back_with_all_that_was_said_of_it() {
    let clock = ManualClock::at(1_800_000_000);
    let azure = strongroom_testkit::azure().clock(clock).start().await;
    let owner = Caller::owner(&azure).await;
    let body = json!({
        "value": "canary-1", "contentType": "text/plain", "tags": { "team": "canary" },
        "attributes": { "enabled": true, "nbf": 1_700_000_000, "exp": 1_900_000_000 },
    });
    let made = owner.tell("PUT /secrets/app--db", body).await;
    let id = version(&made);
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let expected = json!({
        "value": "canary-1", "id": format!("{}/secrets/app--db/{id}", azure.address()),
        "contentType": "text/plain", "tags": { "team": "canary" },
        "attributes": {
            "enabled": true, "nbf": 1_700_000_000, "exp": 1_900_000_000, "created": 1_800_000_000,
            "updated": 1_800_000_000, "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90,
        },
    });
    for path in ["app--db".to_owned(), "app--db/".to_owned(), format!("app--db/{id}")] {
        assert_eq!(owner.read(&format!("GET /secrets/{path}")).await, expected, "{path}");
    }
    assert_eq!(azure.count("get"), 3);
    assert_eq!(azure.count("GET /secrets/app--db"), 2);
    assert_eq!(
        azure.tags("app--db").into_iter().collect::<Vec<_>>(),
        [("team".to_owned(), "canary".to_owned())]
    );
}

#[tokio::test]
async fn case_2_and_3_and_6_text_is_kept_as_it_is() {
    let azure = FakeAzure::start().await;
    let owner = Caller::owner(&azure).await;
    for value in ["", " canary ", " canary \"\u{fc}\u{4e2d}\u{1f511}\" \\ \t\r\n"] {
        owner.set("text", value).await;
        assert_eq!(owner.read("GET /secrets/text").await["value"], value);
    }
}

#[tokio::test]
async fn case_5_a_value_of_25_600_bytes_is_the_longest() {
    let azure = FakeAzure::start().await;
    let owner = Caller::owner(&azure).await;
    owner.set("long", &"x".repeat(25_600)).await;
    for value in ["x".repeat(25_601), "\u{fc}".repeat(12_801)] {
        let refusal = owner.refusal("PUT /secrets/long", json!({ "value": value })).await;
        assert_eq!(refusal, codes(400, "BadParameter", ""));
    }
}

#[tokio::test]
async fn case_7_what_is_not_there_is_not_found() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    for line in [
        "GET /secrets/absent",
        "GET /secrets/app/00000000000000000000000000000000",
        "GET /secrets/absent/versions",
        "DELETE /secrets/absent",
        "GET /deletedsecrets/app",
        "DELETE /deletedsecrets/app",
        "POST /deletedsecrets/app/recover",
    ] {
        let answer = owner.ask(line, Value::Null).await;
        assert_eq!(answer.codes(), ABSENT, "{line}");
    }
    for line in ["PATCH /secrets/absent", "PATCH /secrets/app/0"] {
        assert_eq!(owner.ask(line, json!({})).await.codes(), ABSENT, "{line}");
    }
}

#[tokio::test]
async fn names_that_differ_in_case_only_are_one_and_keep_their_first_spelling() {
    let azure = FakeAzure::start().await;
    azure.put("App--Db", "canary-1");
    let owner = Caller::owner(&azure).await;
    owner.set("APP--DB", "canary-2").await;
    let told = owner.read("GET /secrets/app--db").await;
    assert_eq!(told["value"], "canary-2");
    assert!(told["id"].as_str().is_some_and(|id| id.contains("/secrets/App--Db/")));
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_no_value() {
    let clock = ManualClock::at(1_800_000_000);
    let azure = strongroom_testkit::azure().clock(clock.clone()).start().await;
    let first = azure.put("app", "canary-1");
    azure.put("app", "canary-2");
    let owner = Caller::owner(&azure).await;
    clock.advance(std::time::Duration::from_secs(60));
    let change = json!({ "tags": { "a": "1" }, "attributes": { "exp": 9, "nbf": null } });
    let told = owner.tell(&format!("PATCH /secrets/app/{first}"), change).await;
    assert_eq!((version(&told), told.get("value")), (first.as_str(), None));
    let attributes = &told["attributes"];
    let times = (&attributes["exp"], &attributes["created"], &attributes["updated"]);
    assert_eq!(times, (&json!(9), &json!(1_800_000_000), &json!(1_800_000_060)));
    owner.tell("PATCH /secrets/app/", json!({ "contentType": "text/plain" })).await;
    let latest = owner.read("GET /secrets/app").await;
    assert_eq!(
        (&latest["value"], &latest["contentType"]),
        (&json!("canary-2"), &json!("text/plain"))
    );
    assert_eq!(latest.get("tags"), None, "the tags are those of the first version");
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_as_such() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    let long = format!("GET /secrets/{}", "x".repeat(128));
    for (line, body) in [
        ("GET /secrets/a_b", Value::Null),
        ("GET /secrets/a%2Fb", Value::Null),
        (long.as_str(), Value::Null),
        ("PUT /secrets/app", json!([])),
        ("PUT /secrets/app", json!({})),
        ("PUT /secrets/app", json!({ "value": null })),
        ("PUT /secrets/app", json!({ "value": 1 })),
        ("PUT /secrets/app", json!({ "value": "canary", "tags": { "a": 1 } })),
        ("PUT /secrets/app", json!({ "value": "canary", "attributes": { "exp": "1" } })),
        ("PATCH /secrets/app", json!({ "value": "canary-2" })),
        ("GET /secrets?maxresults=26", Value::Null),
        ("GET /secrets?maxresults=0", Value::Null),
        ("GET /secrets?maxresults=x", Value::Null),
    ] {
        let answer = owner.ask(line, body).await;
        assert_eq!(answer.codes(), (400, "BadParameter", ""), "{line}");
    }
    for line in ["POST /secrets/app/backup", "POST /secrets/restore", "GET /keys/app", "GET /"] {
        assert_eq!(owner.ask(line, Value::Null).await.codes(), (404, "NotFound", ""), "{line}");
    }
    assert_eq!(azure.calls().last().map(|call| call.operation), Some(""));
}

#[tokio::test]
async fn the_version_of_the_interface_is_required_and_known() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    let token = [("authorization", owner.token.as_str())];
    let known = ["7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"];
    for version in known {
        let line = format!("GET /secrets/app?api-version={version}");
        assert_eq!(send(&azure, &line, &token, "").await.status, 200, "{version}");
    }
    for query in ["", "?api-version=", "?api-version=7.1", "?api-version=2016-10-01"] {
        let answer = send(&azure, &format!("GET /secrets/app{query}"), &token, "").await;
        assert_eq!(answer.codes(), (400, "BadParameter", ""), "{query}");
    }
}

#[tokio::test]
async fn ids_have_the_host_that_was_asked_or_the_one_that_was_set() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    azure.set_vault_host("canary.vault.azure.net");
    let told = owner.read("GET /secrets/app").await;
    let version = azure.version_of("app").unwrap();
    assert_eq!(told["id"], format!("https://canary.vault.azure.net/secrets/app/{version}"));
}

#[tokio::test]
async fn case_114_two_fakes_share_nothing() {
    let (one, other) = (FakeAzure::start().await, FakeAzure::start().await);
    let version = one.put("app", "canary-1");
    assert_eq!((one.version_of("app"), other.version_of("app")), (Some(version.clone()), None));
    assert_eq!(other.put("app", "canary-2"), version, "ids follow from the calls alone");
    let stranger = Caller::owner(&one).await;
    let token = [("authorization", stranger.token.as_str())];
    let answer = send(&other, "GET /secrets/app?api-version=7.6", &token, "").await;
    assert_eq!(answer.status, 401);
    assert_eq!(one.calls().len(), 1);
}
