//! Reading: names, versions, imports, references, and what is no value.

use strongroom::{ErrorKind, GetOptions, Reason, Secrets, Select};
use strongroom_testkit::{FakeInfisical, Fault, On};
use strongroom_tests::until;

use crate::refused;
use crate::scene::{NEGATIVE, Scene, TTL};

fn exact(version: &str) -> GetOptions {
    GetOptions::default().select(Select::Exact(version.into()))
}

async fn value(secrets: &Secrets, name: &str) -> String {
    secrets.get(name).await.unwrap().value().expose_str().unwrap().to_owned()
}

#[tokio::test]
async fn case_7_a_missing_secret_or_folder_is_asked_about_once_and_then_remembered() {
    let Scene { fake, clock, secrets } = Scene::new().await;
    for name in ["NONE", "no/folder/NONE"] {
        for _ in 0..3 {
            let error = refused(secrets.get(name).await, ErrorKind::NotFound);
            assert_eq!((error.reason(), error.name()), (Some(Reason::Secret), Some(name)));
        }
    }
    assert_eq!(fake.count("get"), 2);
    fake.put("/no/folder", "NONE", "canary");
    clock.advance(NEGATIVE);
    assert!(secrets.get("no/folder/NONE").await.is_ok());
}

#[tokio::test]
async fn case_8_a_project_or_environment_that_is_not_there_is_named() {
    let scene = Scene::new().await;
    for (setting, value) in
        [("INFISICAL_PROJECT_ID", "canary"), ("INFISICAL_ENVIRONMENT", "nowhere")]
    {
        let secrets = scene.another(&[(setting, value)]).await;
        let error = refused(secrets.get("A").await, ErrorKind::Misconfigured);
        assert_eq!(error.key(), Some(setting), "{error}");
        refused(secrets.probe().await, ErrorKind::Misconfigured);
    }
}

#[tokio::test]
async fn case_10_names_are_folders_and_keys_and_arrive_as_they_are() {
    let scene = Scene::new().await;
    let secrets =
        scene.another(&[("INFISICAL_SECRET_PATH", "/app"), ("SECRETS_PREFIX", "team")]).await;
    for (path, key, name) in [
        ("/app/team", "KEY", "KEY"),
        ("/app/team/db/prod", "pass.word", "db/prod/pass.word"),
        ("/app/team", "a b?c%2Fe&f", "a b?c%2Fe&f"),
    ] {
        scene.fake.put(path, key, &format!("canary {key}"));
        assert_eq!(value(&secrets, name).await, format!("canary {key}"));
    }
    for name in ["a.b/c", "a:b", "a b/c"] {
        let calls = scene.fake.calls().len();
        refused(secrets.get(name).await, ErrorKind::Misconfigured);
        assert_eq!(scene.fake.calls().len(), calls);
    }
}

#[tokio::test]
async fn case_11_a_field_is_read_and_writing_one_is_unsupported() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.put("/", "DB", r#"{"user":"canary-user"}"#);
    assert_eq!(value(&secrets, "DB#user").await, "canary-user");
    let put = secrets.put("DB#user", "canary", Default::default()).await;
    refused(put, ErrorKind::Unsupported);
}

#[tokio::test]
async fn case_19_20_21_28_versions_are_numbers_and_those_of_a_dead_secret_are_none_of_the_living() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.put("/", "A", "canary-2");
    let read = async |options| secrets.get_with("A", options).await;
    assert_eq!(read(exact("1")).await.unwrap().value().expose(), b"canary-a");
    assert_eq!(read(exact("2")).await.unwrap().value().expose(), b"canary-2");
    let previous = GetOptions::default().select(Select::Previous);
    assert_eq!(read(previous.clone()).await.unwrap().version().unwrap().as_str(), "1");
    for unknown in ["3", "0", "01", "-1", "canary", "1.0"] {
        let error = refused(read(exact(unknown)).await, ErrorKind::NotFound);
        assert_eq!(error.reason(), Some(Reason::Version), "{unknown}");
    }
    let error = refused(secrets.get_with("NONE", exact("1")).await, ErrorKind::NotFound);
    assert_eq!(error.reason(), Some(Reason::Secret));
    refused(secrets.versions("A").await, ErrorKind::Unsupported);
    fake.delete("/", "A");
    let error = refused(read(exact("4")).await, ErrorKind::NotFound);
    assert_eq!(error.reason(), Some(Reason::Secret), "{error}");
    fake.put("/", "A", "canary-new");
    let other = Secrets::from_settings(fake.settings()).await.unwrap();
    let error = refused(other.get_with("A", exact("2")).await, ErrorKind::NotFound);
    assert_eq!(error.reason(), Some(Reason::Version), "of the secret that was deleted");
    refused(other.get_with("A", previous).await, ErrorKind::NotFound);
}

#[tokio::test]
async fn case_36_f092_a_mask_is_no_value_and_a_right_that_is_missing_is_told() {
    let scene = Scene::new().await;
    scene.fake.set_hidden("/", "A", true);
    let error = refused(scene.secrets.get("A").await, ErrorKind::InvalidValue);
    assert!(error.to_string().contains("masked"), "{error}");
    let batch = scene.secrets.get_many(&["A", "A"]).await;
    assert!(batch.into_iter().all(|one| refused(one, ErrorKind::InvalidValue).name() == Some("A")));
    let reader = scene.limited(&[("prod", "/**", &["describeSecret"])], &[]).await;
    let error = refused(reader.get("A").await, ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("not read its value"), "{error}");
    assert_eq!(reader.list(None).await.unwrap().len(), 1, "names may be seen");
    scene.fake.put("/", "MASK", FakeInfisical::MASK);
    refused(scene.secrets.get("MASK").await, ErrorKind::InvalidValue);
}

#[tokio::test]
async fn f092_b062_a_reference_is_an_error_unless_it_is_to_be_resolved() {
    let scene = Scene::new().await;
    scene.fake.put("/", "URL", "https://${A}@canary-host");
    scene.fake.put("/", "BROKEN", "x${NOWHERE}x");
    let error = refused(scene.secrets.get("URL").await, ErrorKind::InvalidValue);
    assert!(error.to_string().contains("INFISICAL_EXPAND_REFERENCES"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    let expanding = scene.another(&[("INFISICAL_EXPAND_REFERENCES", "true")]).await;
    assert_eq!(value(&expanding, "URL").await, "https://canary-a@canary-host");
    refused(expanding.get("BROKEN").await, ErrorKind::InvalidValue);
    let both = expanding.get_many(&["URL", "BROKEN"]).await;
    assert!(both[0].is_ok() && both[1].is_err());
}

#[tokio::test]
async fn f092_imports_are_read_if_that_is_said_and_the_folders_own_wins() {
    let scene = Scene::new().await;
    scene.fake.put("/shared", "ONE", "canary-shared");
    scene.fake.put("/shared", "A", "canary-of-others");
    scene.fake.put("/more", "TWO", "canary-more");
    scene.fake.put("/more", "BOTH", "canary-more");
    scene.fake.put("/shared", "BOTH", "canary-shared");
    for from in ["/shared", "/more"] {
        scene.fake.add_import("/", "prod", from);
    }
    refused(scene.secrets.get("ONE").await, ErrorKind::NotFound);
    let importing = scene.another(&[("INFISICAL_INCLUDE_IMPORTS", "true")]).await;
    assert_eq!(value(&importing, "ONE").await, "canary-shared");
    assert_eq!(value(&importing, "TWO").await, "canary-more");
    assert_eq!(value(&importing, "A").await, "canary-a");
    let error = refused(importing.get("BOTH").await, ErrorKind::InvalidValue);
    assert_eq!(error.reason(), Some(Reason::Collision));
    refused(importing.get("NONE").await, ErrorKind::NotFound);
}

#[tokio::test]
async fn f093_a_personal_override_is_not_what_all_share() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.put_personal("/", "A", "canary-mine");
    assert_eq!(value(&secrets, "A").await, "canary-a");
    let asked = fake.calls().pop().unwrap();
    assert_eq!(asked.query.get("type").map(String::as_str), Some("shared"));
    fake.put("/", "B", "canary-b");
    let both = secrets.get_many(&["A", "B"]).await;
    assert_eq!(both[0].as_ref().unwrap().value().expose(), b"canary-a");
    // A server that hands it out all the same.
    let body = r#"{"secret":{"id":"1","workspace":"","environment":"prod","version":1,"type":"personal","secretKey":"C","secretValue":"canary","secretPath":"/"}}"#;
    fake.fault(Fault::new(On::Read).status(200).body(body));
    let error = refused(secrets.get("C").await, ErrorKind::Malformed);
    assert!(error.to_string().contains("personal override"), "{error}");
}

#[tokio::test]
async fn case_12_14_a_list_has_names_at_and_below_and_no_values() {
    let scene = Scene::new().await;
    let secrets = scene.another(&[("INFISICAL_SECRET_PATH", "/app")]).await;
    assert!(secrets.list(None).await.unwrap().is_empty(), "case 14");
    for (path, key) in [
        ("/app", "A"),
        ("/app/db", "B"),
        ("/app/db/c", "C"),
        ("/application", "D"),
        ("/app", "a:b"),
    ] {
        scene.fake.put(path, key, "canary");
    }
    let listed = secrets.list(None).await.unwrap();
    let names: Vec<_> = listed.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["A", "db/B", "db/c/C"]);
    assert_eq!(secrets.list(Some("db")).await.unwrap().len(), 2);
    let asked = scene.fake.calls().pop().unwrap();
    assert_eq!(asked.query.get("viewSecretValue").map(String::as_str), Some("false"));
}

#[tokio::test]
async fn case_78_79_80_reads_are_shared_cached_and_renewed() {
    let Scene { fake, clock, secrets } = Scene::new().await;
    let reads: Vec<_> = (0..100)
        .map(|_| {
            let secrets = secrets.clone();
            tokio::spawn(async move { secrets.get("A").await.is_ok() })
        })
        .collect();
    for read in reads {
        assert!(read.await.unwrap());
    }
    assert_eq!((fake.count("get"), fake.count("login")), (1, 1));
    fake.put("/", "A", "canary-b");
    assert_eq!(value(&secrets, "A").await, "canary-a");
    clock.advance(TTL);
    until("it is renewed", async || value(&secrets, "A").await == "canary-b").await;
    assert_eq!(fake.count("get"), 2);
}
