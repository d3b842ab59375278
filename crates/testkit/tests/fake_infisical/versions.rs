//! Numbers of versions.

use serde_json::json;
use strongroom_testkit::FakeInfisical;

use crate::client::Caller;

#[tokio::test]
async fn case_19_case_20_case_21_versions_count_up_and_are_read_by_number() {
    let infisical = FakeInfisical::start().await;
    assert_eq!(infisical.put("/", "APP", "canary-1"), 1);
    assert_eq!(infisical.put("/", "APP", "canary-2"), 2);
    let owner = Caller::owner(&infisical).await;
    for (target, number, value) in [
        ("/APP", 2, "canary-2"),
        ("/APP?version=1", 1, "canary-1"),
        ("/APP?version=2", 2, "canary-2"),
    ] {
        let secret = owner.secret(target).await;
        assert_eq!((&secret["version"], &secret["secretValue"]), (&number.into(), &value.into()));
    }
    for number in ["3", "0", "-1", "1.5", ""] {
        let answer = owner.read(&format!("/APP?version={number}")).await;
        assert_eq!(answer.codes(), (404, "NotFound"), "{number}");
        assert_eq!(answer.message(), "Secret with name 'APP' not found");
    }
}

#[tokio::test]
async fn versions_outlive_their_secret_and_begin_again_with_the_next_of_its_name() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    infisical.put("/", "APP", "canary-2");
    assert!(infisical.delete("/", "APP"));
    let owner = Caller::owner(&infisical).await;
    assert_eq!(owner.read("/APP").await.status, 404);
    assert_eq!(owner.secret("/APP?version=2").await["secretValue"], "canary-2");
    assert_eq!(infisical.put("/", "APP", "canary-3"), 1);
    assert_eq!(owner.secret("/APP?version=1").await["secretValue"], "canary-3");
    assert_eq!(owner.secret("/APP?version=2").await["secretValue"], "canary-2");
}

#[tokio::test]
async fn an_update_makes_a_version_even_if_nothing_differs_and_a_name_belongs_to_its_versions() {
    let infisical = FakeInfisical::start().await;
    infisical.put("/", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    let told = owner.write("PATCH /APP", json!({ "secretValue": "canary-1" })).await;
    assert_eq!(told.body["secret"]["version"], 2);
    let told = owner.write("PATCH /APP", json!({ "newSecretName": "NEW" })).await;
    assert_eq!(
        (&told.body["secret"]["version"], &told.body["secret"]["secretValue"]),
        (&3.into(), &"".into())
    );
    assert_eq!(owner.secret("/NEW").await["secretValue"], "canary-1");
    assert_eq!(owner.secret("/APP?version=2").await["secretValue"], "canary-1");
    assert_eq!(owner.read("/APP").await.status, 404);
    assert_eq!(owner.read("/NEW?version=2").await.status, 404);
    assert_eq!(
        (infisical.version_of("/", "NEW"), infisical.version_of("/", "APP")),
        (Some(3), None)
    );
}
