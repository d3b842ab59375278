//! Reading, writing, deleting, as far as the suites do not.

use strongroom::{ErrorKind, IfVersion, PutOptions, Reason, Stage};
use strongroom_testkit::{FakeAzure, Fault, On};
use strongroom_tests::until;

use crate::refused;
use crate::scene::{NEGATIVE, Scene, TTL};

#[tokio::test]
async fn case_4_5_6_values_that_key_vault_cannot_keep_are_refused_before_anything_is_sent() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let long = "c".repeat(25_601);
    for (value, kind, reason) in [
        (&b"canary\xff"[..], ErrorKind::Unsupported, None),
        (b"", ErrorKind::InvalidValue, Some(Reason::Empty)),
        (long.as_bytes(), ErrorKind::InvalidValue, Some(Reason::TooLarge)),
    ] {
        let put = secrets.put("a", value.to_vec(), PutOptions::default()).await;
        let error = refused(put, kind);
        assert_eq!(error.reason(), reason, "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    assert_eq!(fake.calls(), []);
}

#[tokio::test]
async fn case_7_a_missing_secret_is_asked_about_once_and_then_remembered() {
    let Scene { fake, clock, secrets, .. } = Scene::new().await;
    secrets.get("a").await.unwrap();
    let calls = fake.calls().len();
    for _ in 0..3 {
        let error = refused(secrets.get("none").await, ErrorKind::NotFound);
        assert_eq!((error.reason(), error.name()), (Some(Reason::Secret), Some("none")));
    }
    assert_eq!(fake.count("GET /secrets/none"), 1);
    assert_eq!(fake.count("GET /deletedsecrets/none"), 1);
    assert_eq!(fake.calls().len() - calls, 2);
    fake.put("none", "canary");
    clock.advance(NEGATIVE);
    assert!(secrets.get("none").await.is_ok());
}

#[tokio::test]
async fn case_11_a_field_is_read_and_writing_one_is_unsupported() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.put("db", r#"{"user":"canary-user"}"#);
    assert_eq!(secrets.get("db#user").await.unwrap().value().expose(), b"canary-user");
    let error = refused(secrets.get("db#none").await, ErrorKind::NotFound);
    assert_eq!(error.reason(), Some(Reason::Field));
    refused(secrets.put("db#user", "canary", PutOptions::default()).await, ErrorKind::Unsupported);
    assert_eq!(fake.count("set"), 0);
}

#[tokio::test]
async fn case_16_conditions_and_pending_versions_are_unsupported_before_anything_is_sent() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    for options in [
        PutOptions::default().if_version(IfVersion::Absent),
        PutOptions::default().if_version(IfVersion::Is("0".repeat(32).as_str().into())),
        PutOptions::default().stage(Stage::Pending),
    ] {
        refused(secrets.put("a", "canary-b", options).await, ErrorKind::Unsupported);
    }
    assert_eq!(fake.calls(), []);
}

#[tokio::test]
async fn case_22_a_deleted_secret_is_told_as_such_holds_its_name_and_comes_back() {
    let Scene { fake, clock, secrets, .. } = Scene::new().await;
    secrets.get("a").await.unwrap();
    fake.delete("a");
    clock.advance(TTL);
    until("it is seen", async || secrets.get("a").await.is_err()).await;
    let error = refused(secrets.get("a").await, ErrorKind::Deleted);
    assert!(error.to_string().contains("can be restored"), "{error}");
    assert!(secrets.cached("a").is_none(), "nothing deleted is served stale");
    let put = secrets.put("a", "canary-b", PutOptions::default()).await;
    let error = refused(put, ErrorKind::Deleted);
    assert!(error.to_string().contains("restore it, or purge it"), "{error}");
    refused(secrets.versions("a").await, ErrorKind::Deleted);
    secrets.restore("a").await.unwrap();
    clock.advance(NEGATIVE);
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
    refused(secrets.delete("none").await, ErrorKind::NotFound);
    refused(secrets.restore("none").await, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_deleted_secret_of_which_one_may_not_know_is_not_found() {
    let scene = Scene::new().await;
    scene.fake.delete("a");
    let on = On::Path("/deletedsecrets");
    scene.fake.fault(FakeAzure::error(on, 403, "Forbidden", Some("ForbiddenByRbac")));
    refused(scene.secrets.get("a").await, ErrorKind::NotFound);
    // An outage reads as an outage.
    scene.fake.clear_faults();
    scene.fake.fault(Fault::new(On::Path("/deletedsecrets")).status(503));
    scene.clock.advance(NEGATIVE);
    refused(scene.secrets.get("a").await, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_new_version_keeps_tags_and_content_type_of_the_one_before() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.put("tagged", "canary-1");
    fake.describe("tagged", "text/plain", &[("team", "canary")]);
    secrets.put("tagged", "canary-2", PutOptions::default()).await.unwrap();
    assert_eq!(secrets.get("tagged").await.unwrap().value().expose(), b"canary-2");
    assert_eq!(fake.tags("tagged").get("team").map(String::as_str), Some("canary"));
    assert_eq!(fake.content_type("tagged").as_deref(), Some("text/plain"));
    // Who may write and not read writes all the same.
    let scene = Scene::new().await;
    let writer = scene.limited(&[("*", &["set"])], &[]).await;
    writer.put("a", "canary-b", PutOptions::default()).await.unwrap();
    assert_eq!(scene.secrets.get("a").await.unwrap().value().expose(), b"canary-b");
    // An outage of the read is not taken for that.
    scene.fake.fault(Fault::new(On::Read).status(503));
    let put = scene.secrets.put("a", "canary-c", PutOptions::default()).await;
    refused(put, ErrorKind::Unavailable);
    assert_eq!(scene.fake.count("set"), 1);
}

#[tokio::test]
async fn names_that_differ_in_case_alone_collide() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.put("App--Key", "canary-key");
    assert_eq!(secrets.get("App/Key").await.unwrap().value().expose(), b"canary-key");
    for name in ["app/key", "APP/KEY"] {
        let put = secrets.put(name, "canary-other", PutOptions::default()).await;
        for error in [
            refused(secrets.get(name).await, ErrorKind::Misconfigured),
            refused(put, ErrorKind::Misconfigured),
            refused(secrets.delete(name).await, ErrorKind::Misconfigured),
        ] {
            assert_eq!(error.reason(), Some(Reason::Collision));
            assert!(error.to_string().contains("`App--Key`"), "{error}");
        }
    }
    assert_eq!(fake.count("set"), 0);
    // Once it is gone the name is free.
    secrets.delete("App/Key").await.unwrap();
    refused(secrets.put("app/key", "canary", PutOptions::default()).await, ErrorKind::Deleted);
}

#[tokio::test]
async fn b012_b013_names_are_refused_before_anything_is_sent() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let versioned = format!("a/{}", "0".repeat(32));
    for name in ["my_secret", "a.b", "1_", "a--b", "a-/b", "a b", "a%2Fb", "\u{e9}", &versioned] {
        let put = secrets.put(name, "canary", PutOptions::default()).await;
        refused(secrets.get(name).await, ErrorKind::Misconfigured);
        refused(put, ErrorKind::Misconfigured);
        refused(secrets.versions(name).await, ErrorKind::Misconfigured);
        refused(secrets.list(Some(name)).await, ErrorKind::Misconfigured);
        refused(secrets.delete(name).await, ErrorKind::Misconfigured);
    }
    assert_eq!(fake.calls(), []);
}

#[tokio::test]
async fn case_78_79_80_reads_are_shared_cached_and_renewed() {
    let Scene { fake, clock, secrets, .. } = Scene::new().await;
    let reads: Vec<_> = (0..100)
        .map(|_| {
            let secrets = secrets.clone();
            tokio::spawn(async move { secrets.get("a").await.is_ok() })
        })
        .collect();
    for read in reads {
        assert!(read.await.unwrap());
    }
    let read =
        || fake.calls().iter().filter(|call| call.operation == "get" && call.has_token).count();
    assert_eq!((read(), fake.count("token")), (1, 1));
    fake.put("a", "canary-b");
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
    clock.advance(TTL);
    let is_new = async || secrets.get("a").await.unwrap().value().expose() == b"canary-b";
    until("it is renewed", is_new).await;
    assert_eq!((read(), fake.count("token")), (2, 1));
}

#[tokio::test]
async fn f046_a_hundred_secrets_are_one_call_each_and_one_login() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let names: Vec<String> = (0..100).map(|number| format!("many/{number}")).collect();
    for number in 0..100 {
        fake.put(&format!("many--{number}"), "canary");
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let read = secrets.get_many(&names).await;
    assert!(read.iter().all(Result::is_ok));
    assert_eq!(fake.count("token"), 1, "F046");
    let with_token = fake.calls().iter().filter(|call| call.has_token).count();
    assert_eq!(with_token, 100);
}
