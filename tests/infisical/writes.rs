//! Writing, deleting, and what stands in the way.

use strongroom::{ErrorKind, IfVersion, PutOptions, Stage};
use strongroom_testkit::{FakeInfisical, Fault, On};

use crate::refused;
use crate::scene::Scene;

#[tokio::test]
async fn a_secret_is_made_with_the_folders_on_the_way_and_then_changed() {
    for has_v4 in [true, false] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        fake.set_v4(has_v4);
        let put = async |value: &str| {
            let put = secrets.put("app/db/KEY", value, PutOptions::default()).await;
            put.unwrap().unwrap().to_string()
        };
        assert_eq!(put("canary-1").await, "1");
        assert_eq!(fake.value_of("/app/db", "KEY").as_deref(), Some("canary-1"));
        assert_eq!(put("canary-2").await, "2");
        assert_eq!(secrets.get("app/db/KEY").await.unwrap().value().expose(), b"canary-2");
        secrets.delete("app/db/KEY").await.unwrap();
        refused(secrets.get("app/db/KEY").await, ErrorKind::NotFound);
        refused(secrets.delete("app/db/KEY").await, ErrorKind::NotFound);
        refused(secrets.restore("app/db/KEY").await, ErrorKind::Unsupported);
    }
}

#[tokio::test]
async fn case_16_only_if_absent_is_kept_and_other_conditions_are_unsupported() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let put = async |name: &str, options| secrets.put(name, "canary-b", options).await;
    let absent = PutOptions::default().if_version(IfVersion::Absent);
    refused(put("A", absent.clone()).await, ErrorKind::Conflict);
    assert_eq!(fake.value_of("/", "A").as_deref(), Some("canary-a"));
    put("B", absent).await.unwrap();
    let calls = fake.calls().len();
    let is = PutOptions::default().if_version(IfVersion::Is("1".into()));
    refused(put("A", is).await, ErrorKind::Unsupported);
    refused(put("A", PutOptions::default().stage(Stage::Pending)).await, ErrorKind::Unsupported);
    assert_eq!(fake.calls().len(), calls);
}

#[tokio::test]
async fn case_3_values_that_would_come_back_changed_are_refused_before_anything_is_sent() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    for value in [" canary", "canary\t", "canary\n\n", "\n", "${A}", "x ${dev.app.KEY} x"] {
        let put = secrets.put("B", value, PutOptions::default()).await;
        let error = refused(put, ErrorKind::InvalidValue);
        assert!(error.to_string().contains("base64"), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    assert_eq!(fake.calls(), []);
    for value in ["canary\n", "two\nlines", "${", "$A"] {
        secrets.put("B", value, PutOptions::default()).await.unwrap();
        assert_eq!(fake.value_of("/", "B").as_deref(), Some(value));
    }
}

#[tokio::test]
async fn case_37_a_change_that_waits_for_an_approval_is_no_change() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.set_approval("/", true);
    for error in [
        refused(
            secrets.put("A", "canary-b", PutOptions::default()).await,
            ErrorKind::PermissionDenied,
        ),
        refused(secrets.delete("A").await, ErrorKind::PermissionDenied),
    ] {
        assert!(error.to_string().contains("approve"), "{error}");
    }
    assert_eq!(fake.value_of("/", "A").as_deref(), Some("canary-a"));
}

#[tokio::test]
async fn case_63_writes_are_made_once_and_rights_are_told() {
    let scene = Scene::new().await;
    scene.secrets.get("A").await.unwrap();
    scene.fake.fault(Fault::new(On::Write).status(503));
    let put = scene.secrets.put("A", "canary", PutOptions::default()).await;
    refused(put, ErrorKind::Unavailable);
    assert_eq!(scene.fake.count("update"), 1);
    scene.fake.clear_faults();
    let reader = scene.limited(&[("prod", "/**", &["read"])], &[]).await;
    let put = reader.put("A", "canary", PutOptions::default()).await;
    refused(put, ErrorKind::PermissionDenied);
    let other = FakeInfisical::error(On::Write, 400, "BadRequest", "Something else");
    scene.fake.fault(other);
    let put = scene.secrets.put("A", "canary", PutOptions::default()).await;
    refused(put, ErrorKind::Internal);
}
