//! Many secrets in few calls.

use std::time::Duration;

use strongroom::{ErrorKind, Secrets};
use strongroom_tests::until;

use crate::place::Scene;
use crate::refused;

const TTL: Duration = Duration::from_secs(60);
const READ: &[&str] = &["GetSecretValue", "DescribeSecret"];

/// Fifty secrets below `app`, and their names.
async fn fifty(more: &[(&str, &str)]) -> (Scene, Vec<String>) {
    let scene = Scene::with(more).await;
    let names: Vec<String> = (0..50).map(|number| format!("app/{number}")).collect();
    for name in &names {
        scene.fake.put(name, &format!("canary-{name}"));
    }
    (scene, names)
}

async fn read(secrets: &Secrets, names: &[String]) -> Vec<strongroom::Result<strongroom::Secret>> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    secrets.get_many(&names).await
}

#[tokio::test]
async fn fifty_secrets_come_and_are_renewed_in_three_calls_each() {
    let (Scene { fake, clock, secrets }, names) = fifty(&[]).await;
    for round in 1..=2 {
        let values = read(&secrets, &names).await;
        for (value, name) in values.iter().zip(&names) {
            let value = value.as_ref().unwrap();
            assert_eq!(value.value().expose(), format!("canary-{name}").as_bytes());
        }
        let batches = async || fake.count("BatchGetSecretValue") == 3 * round;
        until("they are renewed", batches).await;
        assert_eq!(fake.calls().len(), 3 * round, "and nothing else");
        clock.advance(TTL);
    }
}

#[tokio::test]
async fn one_of_a_batch_that_is_denied_missing_or_deleted_fails_alone() {
    let (scene, names) = fifty(&[]).await;
    let fake = &scene.fake;
    fake.put("secret/1", "canary");
    fake.put("app/deleted", "canary");
    fake.delete("app/deleted");
    fake.put("app/locked", "canary");
    fake.set_decrypts("app/locked", false);
    let batch: &[&str] = &["BatchGetSecretValue"];
    fake.add_key("CANARYACCESSKEYID001", "canary-key", &[("app/*", READ), ("*", batch)]);
    let secrets = scene
        .another(&[
            ("AWS_ACCESS_KEY_ID", "CANARYACCESSKEYID001"),
            ("AWS_SECRET_ACCESS_KEY", "canary-key"),
        ])
        .await;
    for (name, kind) in [
        ("secret/1", ErrorKind::PermissionDenied),
        ("app/none", ErrorKind::NotFound),
        ("app/deleted", ErrorKind::Deleted),
        ("app/locked", ErrorKind::PermissionDenied),
    ] {
        let mut values = read(&secrets, &[names[0].clone(), name.into(), names[1].clone()]).await;
        assert!(values[0].is_ok() && values[2].is_ok(), "{name}: {values:?}");
        let error = refused(values.remove(1), kind);
        assert_eq!(error.name(), Some(name));
    }
}

#[tokio::test]
async fn without_the_right_to_batches_each_is_read_alone() {
    let (scene, names) = fifty(&[]).await;
    scene.fake.add_key("CANARYACCESSKEYID001", "canary-key", &[("app/*", READ)]);
    let keys =
        [("AWS_ACCESS_KEY_ID", "CANARYACCESSKEYID001"), ("AWS_SECRET_ACCESS_KEY", "canary-key")];
    let secrets = scene.another(&keys).await;
    assert!(read(&secrets, &names).await.iter().all(Result::is_ok));
    assert_eq!(scene.fake.count("GetSecretValue"), 50);
    assert_eq!(scene.fake.count("BatchGetSecretValue"), 1, "it is not asked for again");
}

#[tokio::test]
async fn a_batch_that_is_throttled_is_tried_again() {
    let (Scene { fake, secrets, .. }, names) = fifty(&[]).await;
    let on = strongroom_testkit::On::Path("/BatchGetSecretValue");
    let busy = strongroom_testkit::FakeAws::error(on, "ThrottlingException", "Rate exceeded");
    fake.fault(busy.times(1));
    assert!(read(&secrets, &names).await.iter().all(Result::is_ok));
    assert_eq!(fake.count("GetSecretValue"), 0, "no herd");
}

#[tokio::test]
async fn fields_of_one_secret_are_one_read() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.put("db", r#"{"user":"canary-user","password":"canary-word"}"#);
    let read = secrets.get_many(&["db#user", "db#password", "db#none", "a"]).await;
    assert_eq!(read[0].as_ref().unwrap().value().expose(), b"canary-user");
    assert_eq!(read[1].as_ref().unwrap().value().expose(), b"canary-word");
    assert_eq!(read[2].as_ref().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(read[3].as_ref().unwrap().value().expose(), b"canary-a");
    assert_eq!(fake.calls().len(), 1);
}
