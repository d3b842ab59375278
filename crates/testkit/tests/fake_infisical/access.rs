//! What an identity may do, and how it is told that it may not.

use serde_json::{Value, json};
use strongroom_testkit::FakeInfisical;

use crate::client::{Caller, pairs};

#[tokio::test]
async fn case_42_each_action_needs_its_right() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    infisical.add_token("canary-token", &[]);
    let caller = Caller::with(&infisical, "canary-token");
    let value = json!({ "secretValue": "canary-2" });
    let all = ["describeSecret", "readValue", "create", "edit", "delete"];
    for (right, line, body) in [
        ("create", "POST /NEW", &value),
        ("edit", "PATCH /APP", &value),
        ("delete", "DELETE /NEW", &value),
    ] {
        let others: Vec<_> = all.into_iter().filter(|other| *other != right).collect();
        infisical.set_rights("canary-token", &[("prod", "/", &others)]);
        let answer = caller.write(line, body.clone()).await;
        assert_eq!(answer.codes(), (403, "PermissionDenied"), "{line}");
        assert_eq!(answer.message(), format!("You are not allowed to {right} on secrets"));
        assert!(answer.body["details"].is_array());
        infisical.set_rights("canary-token", &[("prod", "/", &[right])]);
        assert_eq!(caller.write(line, body.clone()).await.status, 200, "{line}");
    }
}

#[tokio::test]
async fn values_need_a_right_beside_the_one_to_describe() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    infisical.add_token("canary-token", &[("prod", "/", &["readValue"])]);
    let caller = Caller::with(&infisical, "canary-token");
    for target in ["/APP", ""] {
        let answer = caller.read(target).await;
        assert_eq!(answer.codes(), (403, "PermissionDenied"));
        assert_eq!(answer.message(), "You are not allowed to describeSecret on secrets");
    }
    infisical.set_rights("canary-token", &[("prod", "/", &["describeSecret"])]);
    let answer = caller.read("/APP").await;
    assert_eq!(answer.codes(), (403, "ForbiddenReadSecretError"));
    let message = "You do not have permission to view secret value on secret with name 'APP'";
    assert_eq!(answer.message(), message);
    let answer = caller.read("").await;
    assert_eq!(answer.message(), "You are not allowed to readValue on secrets");
    assert_eq!(caller.secret("/APP?viewSecretValue=false").await["secretValueHidden"], true);
    let told = caller.list("viewSecretValue=false").await;
    assert_eq!(pairs(&told["secrets"]), [("APP", FakeInfisical::MASK)]);
    infisical.set_rights("canary-token", &[("prod", "/", &["read"])]);
    assert_eq!(caller.secret("/APP").await["secretValue"], "canary-1");
}

#[tokio::test]
async fn rights_are_on_environments_and_globs_of_paths() {
    let infisical = FakeInfisical::start().await;
    for path in ["/", "/app", "/app/db", "/app/db/eu", "/apps"] {
        infisical.put(path, "APP", "canary-1");
    }
    infisical.put_in("dev", "/app", "APP", "canary-1");
    infisical.add_token("canary-token", &[]);
    let caller = Caller::with(&infisical, "canary-token");
    for (environment, glob, allowed) in [
        ("prod", "/app", ["/app"].as_slice()),
        ("prod", "/app/*", &["/app/db"]),
        ("prod", "/app/**", &["/app", "/app/db", "/app/db/eu"]),
        ("prod", "/app*", &["/app", "/apps"]),
        ("*", "/**", &["/", "/app", "/app/db", "/app/db/eu", "/apps"]),
        ("dev", "/**", &[]),
    ] {
        infisical.set_rights("canary-token", &[(environment, glob, &["read"])]);
        for path in ["/", "/app", "/app/db", "/app/db/eu", "/apps"] {
            let status = caller.read(&format!("/APP?secretPath={path}")).await.status;
            let expected = if allowed.contains(&path) { 200 } else { 403 };
            assert_eq!(status, expected, "{environment} {glob} {path}");
        }
    }
}

#[tokio::test]
async fn recursive_lists_leave_out_what_may_not_be_read_below() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "ROOT", "canary-1");
    infisical.put("/app", "APP", "canary-1");
    infisical.put("/other", "OTHER", "canary-1");
    let rights = [("prod", "/", ["read"].as_slice()), ("prod", "/app", &["describeSecret"])];
    infisical.add_token("canary-token", &rights);
    let caller = Caller::with(&infisical, "canary-token");
    let told = caller.list("recursive=true").await;
    assert_eq!(pairs(&told["secrets"]), [("ROOT", "canary-1")]);
    let told = caller.list("recursive=true&viewSecretValue=false").await;
    let names: Vec<_> = pairs(&told["secrets"]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["ROOT", "APP"]);
    // A folder of which nothing may be described is empty, and no error.
    assert_eq!(caller.list("secretPath=/other").await["secrets"], json!([]));
}

#[tokio::test]
async fn an_answer_to_a_write_hides_what_may_not_be_read() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    infisical.add_token("canary-token", &[("prod", "/", &["create", "edit"])]);
    let caller = Caller::with(&infisical, "canary-token");
    let told = caller.write("PATCH /APP", json!({ "secretValue": "canary-2" })).await.body;
    assert_eq!(told["secret"]["secretValue"], FakeInfisical::MASK);
    assert_eq!(told["secret"]["secretValueHidden"], Value::from(true));
    let told = caller.write("POST /NEW", json!({ "secretValue": "canary-2" })).await.body;
    assert_eq!(told["secret"]["secretValue"], "canary-2");
}

#[tokio::test]
#[should_panic(expected = "an action is one of")]
async fn a_misspelt_right_is_noticed() {
    FakeInfisical::start().await.add_token("canary-token", &[("*", "/**", &["write"])]);
}
