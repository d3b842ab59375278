//! Answers in place of those of the service.

use serde_json::{Value, json};
use strongroom_testkit::{FakeAzure, Fault, On};

use crate::client::{Caller, ask_identity, codes, form, log_in};

#[tokio::test]
async fn f043_case_60_throttling_ends_when_it_is_counted_down() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    let throttled = FakeAzure::error(On::Read, 429, "Throttled", None)
        .header("retry-after", "2")
        .header("retry-after-ms", "1500")
        .header("x-ms-retry-after-ms", "1600");
    azure.fault(throttled.times(2));
    for _ in 0..2 {
        let answer = owner.ask("GET /secrets/app", Value::Null).await;
        assert_eq!(answer.codes(), (429, "Throttled", ""));
        for (name, value) in
            [("retry-after", "2"), ("retry-after-ms", "1500"), ("x-ms-retry-after-ms", "1600")]
        {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
    }
    assert_eq!(owner.read("GET /secrets/app").await["value"], "canary-1");
    let calls = azure.calls().into_iter().filter(|call| call.operation == "get");
    assert_eq!(calls.map(|call| call.status).collect::<Vec<_>>(), [429, 429, 200]);
}

#[tokio::test]
async fn f046_logins_are_throttled_at_every_endpoint() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    azure.fault(Fault::new(On::Login).status(429).header("retry-after", "1"));
    let form = form(FakeAzure::CLIENT_ID, FakeAzure::CLIENT_SECRET);
    assert_eq!(log_in(&azure, &form).await.status, 429);
    for target in ["/metadata/identity/oauth2/token", "/msi/token"] {
        assert_eq!(ask_identity(&azure, target, &[]).await.status, 429, "{target}");
    }
    owner.read("GET /secrets/app").await;
    assert_eq!((azure.count("token"), azure.count("identity")), (2, 2));
    azure.clear_faults();
    assert_eq!(log_in(&azure, &form).await.status, 200);
}

#[tokio::test]
async fn a_fault_hits_its_kind_of_call_only_and_leaves_everything_as_it_was() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    azure.put("gone", "canary-1");
    azure.delete("gone");
    let owner = Caller::owner(&azure).await;
    let read = ["GET /secrets/app", "GET /secrets/app/versions", "GET /deletedsecrets/gone"];
    let list = ["GET /secrets", "GET /deletedsecrets"];
    let write = [
        "PUT /secrets/app",
        "PATCH /secrets/app",
        "DELETE /secrets/app",
        "DELETE /deletedsecrets/gone",
        "POST /deletedsecrets/gone/recover",
    ];
    let hit = codes(403, "Forbidden", "ForbiddenByFirewall");
    for (on, hits, spared) in [
        (On::Read, read.as_slice(), list.as_slice()),
        (On::List, &list, &read),
        (On::Write, &write, &read),
        (On::Path("/deletedsecrets/"), &["DELETE /deletedsecrets/gone"], &["GET /deletedsecrets"]),
        (On::Any, &["GET /secrets", "GET /keys"], &[]),
    ] {
        azure.fault(FakeAzure::error(on, 403, "Forbidden", Some("ForbiddenByFirewall")));
        for line in hits {
            assert_eq!(owner.refusal(line, json!({})).await, hit, "{on:?} {line}");
        }
        for line in spared {
            owner.read(line).await;
        }
        azure.clear_faults();
    }
    assert_eq!(owner.read("GET /secrets/app").await["value"], "canary-1");
    owner.read("GET /deletedsecrets/gone").await;
}

#[tokio::test]
async fn a_fault_may_change_only_the_answer() {
    let azure = FakeAzure::start().await;
    let owner = Caller::owner(&azure).await;
    azure.fault(Fault::new(On::Write).header("x-extra", "1").times(1));
    let answer = owner.ask("PUT /secrets/app", json!({ "value": "canary-1" })).await;
    assert_eq!((answer.status, answer.header("x-extra")), (200, Some("1")));
    assert!(azure.version_of("app").is_some());
}
