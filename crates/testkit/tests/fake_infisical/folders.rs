//! Folders, which have to be there before what is in them.

use serde_json::{Value, json};
use strongroom_testkit::FakeInfisical;

use crate::client::{Caller, placed};

fn names(told: &Value) -> Vec<&str> {
    let folders = told["folders"].as_array().expect("a list").iter();
    folders.map(|folder| folder["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn a_folder_is_made_with_those_above_it_and_only_once() {
    let infisical = FakeInfisical::start().await;
    let owner = Caller::owner(&infisical).await;
    let body = json!({ "secretValue": "canary-1", "secretPath": "/app/db" });
    assert_eq!(owner.write("POST /APP", body.clone()).await.codes(), (404, "CreateSecret"));
    let folder = placed(json!({ "name": "db", "path": "app/" }));
    let made = owner.ask("POST /api/v2/folders", folder.clone()).await;
    assert_eq!(made.body["folder"]["path"], "/app/db");
    let again = owner.ask("POST /api/v2/folders", folder).await;
    assert_eq!(again.body["folder"]["id"], made.body["folder"]["id"]);
    assert_eq!(owner.write("POST /APP", body).await.status, 200);
    assert_eq!(infisical.value_of("/app/db", "APP").as_deref(), Some("canary-1"));
    let project = FakeInfisical::PROJECT_ID;
    for (path, expected) in
        [("/", ["app"].as_slice()), ("/app", &["db"]), ("/app/db", &[]), ("/other", &[])]
    {
        let new = format!("GET /api/v2/folders?projectId={project}&environment=prod&path={path}");
        assert_eq!(names(&owner.ask(&new, Value::Null).await.body), expected, "{path}");
        let old = format!("GET /api/v1/folders?workspaceId={project}&environment=prod&path={path}");
        assert_eq!(names(&owner.ask(&old, Value::Null).await.body), expected, "{path}");
    }
    assert_eq!((infisical.count("create_folder"), infisical.count("folders")), (2, 8));
}

#[tokio::test]
async fn folders_have_plain_names_and_need_the_right_to_create() {
    let infisical = FakeInfisical::start().await;
    let owner = Caller::owner(&infisical).await;
    for name in ["", "a b", "a/b", "a.b", ".."] {
        let answer = owner.ask("POST /api/v2/folders", placed(json!({ "name": name }))).await;
        assert_eq!(answer.codes(), (422, "ValidationFailure"), "{name}");
    }
    let elsewhere =
        json!({ "projectId": FakeInfisical::PROJECT_ID, "environment": "qa", "name": "a" });
    assert_eq!(owner.ask("POST /api/v2/folders", elsewhere).await.codes(), (404, "NotFound"));
    infisical.add_token("canary-token", &[("prod", "/**", &["read"])]);
    let reader = Caller::with(&infisical, "canary-token");
    let answer = reader.ask("POST /api/v2/folders", placed(json!({ "name": "a" }))).await;
    assert_eq!(answer.message(), "You are not allowed to create on secret-folders");
}
