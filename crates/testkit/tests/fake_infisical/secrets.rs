//! Reading one secret, in both generations of the interface.

use serde_json::{Value, json};
use std::time::Duration;
use strongroom_testkit::{FakeInfisical, ManualClock};

use crate::client::Caller;

#[tokio::test]
async fn case_1_a_secret_is_read_with_what_the_server_says_of_it() {
    let clock = ManualClock::at(1_800_000_000);
    let infisical = strongroom_testkit::infisical().clock(clock.clone()).start().await;
    infisical.put("/app", "DB_URL", "canary-1");
    clock.advance(Duration::from_millis(1_500));
    infisical.put("/app", "DB_URL", "canary-2");
    let owner = Caller::owner(&infisical).await;
    let secret = owner.secret("/DB_URL?secretPath=/app/").await;
    let id = secret["id"].clone();
    assert!(id.is_string());
    let expected = json!({
        "id": id, "_id": id, "workspace": FakeInfisical::PROJECT_ID, "environment": "prod", "version": 2,
        "type": "shared", "secretKey": "DB_URL", "secretValue": "canary-2", "secretComment": "",
        "skipMultilineEncoding": null, "createdAt": "2027-01-15T08:00:00.000Z",
        "updatedAt": "2027-01-15T08:00:01.500Z", "isRotatedSecret": false, "secretValueHidden": false,
        "secretPath": "/app", "tags": [], "secretMetadata": [],
    });
    assert_eq!(secret, expected);
    let line = format!("GET /api/v4/secrets/id/{}", id.as_str().unwrap());
    assert_eq!(owner.ask(&line, Value::Null).await.body["secret"], expected);
}

#[tokio::test]
async fn the_old_interface_reads_the_same_by_id_and_by_slug_of_the_project() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    let expected = owner.secret("/APP").await;
    for project in [
        format!("workspaceId={}", FakeInfisical::PROJECT_ID),
        format!("workspaceSlug={}", FakeInfisical::PROJECT_SLUG),
    ] {
        let line = format!("GET /api/v3/secrets/raw/APP?{project}&environment=prod");
        assert_eq!(owner.ask(&line, Value::Null).await.body["secret"], expected);
        let line = format!("GET /api/v3/secrets/raw?{project}&environment=prod");
        assert_eq!(owner.ask(&line, Value::Null).await.body["secrets"], json!([expected]));
    }
}

#[tokio::test]
async fn case_7_case_8_what_is_not_there_says_whether_the_folder_is() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/app", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    let project = FakeInfisical::PROJECT_ID;
    let other = "00000000-0000-0000-0000-0000000000ff";
    for (query, error, message) in [
        (
            format!("projectId={project}&environment=prod&secretPath=/app"),
            "NotFound",
            "Secret with name 'OTHER' not found".to_owned(),
        ),
        (
            format!("projectId={project}&environment=prod&secretPath=/other"),
            "GetSecretByName",
            "Folder with path '/other' in environment with slug 'prod' not found".to_owned(),
        ),
        (
            format!("projectId={project}&environment=qa"),
            "GetSecretByName",
            "Folder with path '/' in environment with slug 'qa' not found".to_owned(),
        ),
        (
            format!("projectId={other}&environment=prod"),
            "NotFound",
            format!(
                "Project with ID '{other}' not found during bot lookup. Are you sure you are using the correct \
                 project ID?"
            ),
        ),
    ] {
        let answer = owner.ask(&format!("GET /api/v4/secrets/OTHER?{query}"), Value::Null).await;
        assert_eq!((answer.codes(), answer.message()), ((404, error), message.as_str()), "{query}");
        assert_eq!(answer.body["statusCode"], 404);
        assert!(answer.body["reqId"].is_string());
    }
}

#[tokio::test]
async fn case_10_names_are_decoded_once_and_are_no_paths() {
    let infisical = FakeInfisical::start().await;
    for name in ["a b", "a+b", "ä?#", "x/y", "%41"] {
        infisical.put("/", name, &format!("canary-{name}"));
    }
    let owner = Caller::owner(&infisical).await;
    for (target, name) in [
        ("/a%20b", "a b"),
        ("/a+b", "a+b"),
        ("/%C3%A4%3F%23", "ä?#"),
        ("/x%2Fy", "x/y"),
        ("/%2541", "%41"),
    ] {
        let secret = owner.secret(target).await;
        assert_eq!(
            (&secret["secretKey"], &secret["secretValue"]),
            (&name.into(), &format!("canary-{name}").into())
        );
    }
    assert_eq!(owner.read("/x/y").await.codes(), (404, "Not Found"));
}

#[tokio::test]
async fn f093_an_override_is_read_only_where_it_is_asked_for() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-shared");
    infisical.put_personal("/", "APP", "canary-own");
    let owner = Caller::owner(&infisical).await;
    for (target, value, kind) in [
        ("/APP", "canary-shared", "shared"),
        ("/APP?type=shared", "canary-shared", "shared"),
        ("/APP?type=personal", "canary-own", "personal"),
    ] {
        let secret = owner.secret(target).await;
        assert_eq!((&secret["secretValue"], &secret["type"]), (&value.into(), &kind.into()));
    }
    let told = owner.list("").await;
    let kinds: Vec<_> =
        told["secrets"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
    assert_eq!(kinds, ["shared", "personal"]);
    infisical.put("/", "OTHER", "canary-1");
    assert_eq!(owner.read("/OTHER?type=personal").await.codes(), (404, "NotFound"));
}

#[tokio::test]
async fn case_36_f092_a_hidden_value_is_a_constant() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    let hidden =
        |secret: &Value| (secret["secretValueHidden"].clone(), secret["secretValue"].clone());
    let masked = (Value::from(true), Value::from(FakeInfisical::MASK));
    assert_eq!(hidden(&owner.secret("/APP?viewSecretValue=false").await), masked);
    assert_eq!(hidden(&owner.list("viewSecretValue=false").await["secrets"][0]), masked);
    infisical.set_hidden("/", "APP", true);
    assert_eq!(hidden(&owner.secret("/APP").await), masked);
    assert_eq!(hidden(&owner.list("").await["secrets"][0]), masked);
    infisical.set_hidden("/", "APP", false);
    assert_eq!(hidden(&owner.secret("/APP").await), (false.into(), "canary-1".into()));
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_named() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    for (query, path) in [
        ("version=two", "version"),
        ("type=secret", "type"),
        ("include_imports=1", "include_imports"),
        ("expandSecretReferences=yes", "expandSecretReferences"),
        ("viewSecretValue=TRUE", "viewSecretValue"),
    ] {
        let answer = owner.read(&format!("/APP?{query}")).await;
        assert_eq!(answer.codes(), (422, "ValidationFailure"), "{query}");
        assert_eq!(answer.body["message"][0]["path"], json!([path]));
    }
    let answer = owner.ask("GET /api/v4/secrets/APP?environment=prod", Value::Null).await;
    assert_eq!(answer.codes(), (422, "ValidationFailure"));
    let project = FakeInfisical::PROJECT_ID;
    for (target, message) in [
        (format!("/api/v4/secrets/APP?projectId={project}"), "Missing environment"),
        ("/api/v4/secrets".to_owned(), "Missing project id or environment"),
        (
            "/api/v3/secrets/raw/APP?environment=prod".to_owned(),
            "You must provide workspaceSlug or workspaceId",
        ),
    ] {
        let answer = owner.ask(&format!("GET {target}"), Value::Null).await;
        assert_eq!((answer.codes(), answer.message()), ((400, "BadRequest"), message));
    }
    // What the server does not know is dropped.
    assert_eq!(owner.secret("/APP?includeImports=1").await["secretValue"], "canary-1");
}
