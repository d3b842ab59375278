//! Answers in place of those of the server.

use serde_json::{Value, json};
use strongroom_testkit::{FakeInfisical, Fault, On};

use crate::client::{Caller, log_in, placed, renew};

#[tokio::test]
async fn a_fault_hits_its_kind_of_call_only_and_leaves_everything_as_it_was() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    let project = FakeInfisical::PROJECT_ID;
    let read = format!("GET /api/v4/secrets/APP?projectId={project}&environment=prod");
    let list = format!("GET /api/v3/secrets/raw?workspaceId={project}&environment=prod");
    let folders = format!("GET /api/v2/folders?projectId={project}&environment=prod");
    let change = "PATCH /api/v4/secrets/APP".to_owned();
    let folder = "POST /api/v1/folders".to_owned();
    for (on, hits, spared) in [
        (On::Read, vec![&read], vec![&list, &folders, &change]),
        (On::List, vec![&list, &folders], vec![&read, &change]),
        (On::Write, vec![&change, &folder], vec![&read, &list]),
        (On::Path("/api/v4/secrets/A"), vec![&read, &change], vec![&list]),
        (On::Any, vec![&read, &list, &folders, &change], vec![]),
    ] {
        infisical.fault(FakeInfisical::error(on, 500, "DatabaseError", "Something went wrong"));
        let body = |line: &String| match line.starts_with("GET") {
            true => Value::Null,
            false => placed(json!({ "workspaceId": project, "name": "x" })),
        };
        for line in hits {
            let answer = owner.ask(line, body(line)).await;
            assert_eq!(answer.codes(), (500, "DatabaseError"), "{on:?} {line}");
        }
        for line in spared {
            assert_eq!(owner.ask(line, body(line)).await.status, 200, "{on:?} {line}");
        }
        infisical.clear_faults();
    }
    assert_eq!(infisical.value_of("/", "APP").as_deref(), Some("canary-1"));
}

#[tokio::test]
async fn f046_logins_fail_and_renewals_do_not() {
    let infisical = FakeInfisical::start().await;
    let owner = Caller::owner(&infisical).await;
    infisical.fault(Fault::new(On::Login).status(429).header("retry-after", "1").times(1));
    let (id, secret) = (FakeInfisical::CLIENT_ID, FakeInfisical::CLIENT_SECRET);
    let answer = log_in(&infisical, id, secret).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")));
    assert_eq!(renew(&infisical, &owner.token).await.status, 200);
    assert_eq!(log_in(&infisical, id, secret).await.status, 200);
    infisical.fault(Fault::new(On::Path("/api/v1/auth/")).status(503));
    assert_eq!(renew(&infisical, &owner.token).await.status, 503);
    assert_eq!(log_in(&infisical, id, secret).await.status, 503);
}

#[tokio::test]
async fn b063_a_fault_may_change_only_the_answer() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    infisical.fault(Fault::new(On::Write).header("x-extra", "1").times(1));
    let answer = owner.write("PATCH /APP", json!({ "secretValue": "canary-2" })).await;
    assert_eq!((answer.status, answer.header("x-extra")), (200, Some("1")));
    assert_eq!(infisical.value_of("/", "APP").as_deref(), Some("canary-2"));
    let twice = r#"{"secret":{"secretValue":"canary-1","secretValue":"canary-2"}}"#;
    infisical.fault(Fault::new(On::Read).body(twice).times(1));
    assert_eq!(owner.read("/APP").await.body["secret"]["secretValue"], "canary-2");
}
