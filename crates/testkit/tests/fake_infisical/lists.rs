//! What is in a folder, and below it.

use serde_json::{Value, json};
use strongroom_testkit::FakeInfisical;

use crate::client::{Caller, pairs};

#[tokio::test]
async fn case_12_a_list_is_about_its_folder_unless_it_is_recursive() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "ROOT", "canary-root");
    infisical.put("/app", "B", "canary-b");
    infisical.put("/app", "A", "canary-a");
    infisical.put("/app/db", "C", "canary-c");
    infisical.put("/apps", "D", "canary-d");
    infisical.put_in("dev", "/app", "E", "canary-e");
    let owner = Caller::owner(&infisical).await;
    for (query, expected) in [
        ("", [("ROOT", "canary-root")].as_slice()),
        ("secretPath=/app", &[("A", "canary-a"), ("B", "canary-b")]),
        ("secretPath=/app/&recursive=false", &[("A", "canary-a"), ("B", "canary-b")]),
        (
            "secretPath=/app&recursive=true",
            &[("A", "canary-a"), ("B", "canary-b"), ("C", "canary-c")],
        ),
    ] {
        let told = owner.list(query).await;
        assert_eq!(pairs(&told["secrets"]), expected, "{query}");
        assert_eq!(told["imports"], json!([]));
    }
    let told = owner.list("recursive=true").await;
    let paths: Vec<_> =
        told["secrets"].as_array().unwrap().iter().map(|one| &one["secretPath"]).collect();
    assert_eq!(paths, ["/", "/app", "/app", "/app/db", "/apps"]);
}

#[tokio::test]
async fn case_14_an_empty_folder_is_an_empty_list_and_one_that_is_not_there_is_not_found() {
    let infisical = FakeInfisical::start().await;
    infisical.add_folder("prod", "/empty");
    let owner = Caller::owner(&infisical).await;
    for query in ["", "secretPath=/empty", "secretPath=/empty&recursive=true"] {
        assert_eq!(owner.list(query).await["secrets"], json!([]));
    }
    for query in ["secretPath=/other", "secretPath=/other&recursive=true"] {
        let answer = owner.read(&format!("?{query}")).await;
        assert_eq!(answer.codes(), (404, "SecretPathNotFound"));
        assert!(
            answer
                .message()
                .starts_with("Folder with path '/other' in environment 'prod' was not found.")
        );
    }
    let line = |more: &str| {
        format!("GET /api/v4/secrets?projectId={}&environment=qa{more}", FakeInfisical::PROJECT_ID)
    };
    assert_eq!(owner.ask(&line(""), Value::Null).await.codes(), (404, "SecretPathNotFound"));
    assert_eq!(owner.ask(&line("&recursive=true"), Value::Null).await.codes(), (404, "NotFound"));
}
