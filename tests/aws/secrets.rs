//! Reading, writing, listing, deleting, as far as the suites do not.

use std::time::Duration;

use strongroom::{
    ErrorKind, GetOptions, IfVersion, PutOptions, Reason, SecretVersion, Select, Stage,
};
use strongroom_tests::until;

use crate::on_all;
use crate::place::{Place, Scene};
use crate::refused;

on_all!(
    case_11_fields_are_read_and_written_and_their_siblings_stay,
    case_12_13_a_list_of_many_pages_has_each_name_once,
    case_17_a_stale_write_changes_nothing,
    case_22_f086_a_deleted_secret_is_told_as_such_and_comes_back,
    case_28_30_31_32_versions_follow_the_labels,
);

const TTL: Duration = Duration::from_secs(60);
/// How long an answer about the secret itself is believed.
const NEGATIVE: Duration = Duration::from_secs(5);

fn if_version(version: SecretVersion) -> PutOptions {
    PutOptions::default().if_version(IfVersion::Is(version))
}

async fn case_11_fields_are_read_and_written_and_their_siblings_stay(place: &Place) {
    let secrets = place.secrets(&[]).await;
    let put = async |name: &str, value: &str| {
        secrets.put(name, value, PutOptions::default()).await.unwrap().unwrap()
    };
    put("db#user", "canary-user").await;
    let second = put("db#pass.word", "canary-1").await;
    let third = put("db#pass.word", "canary-2").await;
    let read = async |name: &str| secrets.get(name).await.unwrap().value().expose().to_vec();
    assert_eq!(read("db#user").await, b"canary-user");
    assert_eq!(read("db#/pass.word").await, b"canary-2");
    let stale = secrets.put("db#user", "canary-late", if_version(second)).await;
    refused(stale, ErrorKind::Conflict);
    secrets.put("db#user", "canary-new", if_version(third)).await.unwrap();
    secrets.invalidate("db").await.unwrap();
    assert_eq!(read("db#user").await, b"canary-new");
    let absent = refused(secrets.get("db#absent").await, ErrorKind::NotFound);
    assert_eq!(absent.reason(), Some(Reason::Field));
    // B052: a field of what is no object, and neither value nor rest of it are shown.
    put("plain", "canary-plain").await;
    let error = refused(secrets.get("plain#user").await, ErrorKind::Malformed);
    assert!(error.to_string().contains("not a JSON object"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

async fn case_12_13_a_list_of_many_pages_has_each_name_once(place: &Place) {
    let secrets = place.secrets(&[("SECRETS_PREFIX", "app")]).await;
    assert!(secrets.list(None).await.unwrap().is_empty(), "case 14");
    let mut names: Vec<String> = (0..105).map(|number| format!("many/{number:03}")).collect();
    for name in &names {
        secrets.put(name, "canary", PutOptions::default()).await.unwrap();
    }
    let other = place.secrets(&[]).await;
    other.put("application", "canary", PutOptions::default()).await.unwrap();
    if let Place::Fake(fake) = place {
        let before = fake.count("ListSecrets");
        assert_eq!(secrets.list(None).await.unwrap().len(), 105);
        assert_eq!(fake.count("ListSecrets") - before, 2);
    }
    secrets.put("few/1", "canary", PutOptions::default()).await.unwrap();
    let listed = secrets.list(Some("many")).await.unwrap();
    assert!(listed.iter().map(|name| name.as_str()).eq(names.iter().map(String::as_str)));
    names.insert(0, "few/1".to_owned());
    let listed = secrets.list(None).await.unwrap();
    assert!(listed.iter().map(|name| name.as_str()).eq(names.iter().map(String::as_str)));
}

async fn case_17_a_stale_write_changes_nothing(place: &Place) {
    let secrets = place.secrets(&[]).await;
    let first =
        secrets.put("a", "canary-1", PutOptions::default()).await.unwrap().expect("a version");
    let second = secrets.put("a", "canary-2", if_version(first.clone())).await.unwrap();
    for stale in [first, SecretVersion::new("1"), SecretVersion::new("e".repeat(32))] {
        let put = secrets.put("a", "canary-3", if_version(stale)).await;
        refused(put, ErrorKind::Conflict);
    }
    refused(
        secrets.put("none", "canary", if_version(SecretVersion::new("e".repeat(32)))).await,
        ErrorKind::Conflict,
    );
    let current = secrets.get("a").await.unwrap();
    assert_eq!(current.value().expose(), b"canary-2");
    assert_eq!(current.version(), second.as_ref());
    let labelled = secrets.versions("a").await.unwrap();
    assert_eq!(labelled.iter().filter(|info| info.retired_at.is_some()).count(), 1);
    refused(secrets.get("none").await, ErrorKind::NotFound);
    if let Place::Fake(fake) = place {
        assert_eq!(fake.version_of("a", "STRONGROOM_WRITING"), None, "no label stays behind");
        assert_eq!(fake.version_of("a", "AWSPENDING"), None);
    }
}

async fn case_22_f086_a_deleted_secret_is_told_as_such_and_comes_back(place: &Place) {
    let clock = strongroom_tests::server::clock();
    let secrets = place.secrets_at(&clock, &[]).await;
    let other = place.secrets(&[]).await;
    other.put("a", "canary-a", PutOptions::default()).await.unwrap();
    secrets.get("a").await.unwrap();
    other.delete("a").await.unwrap();
    clock.advance(TTL);
    until("it is seen", async || secrets.get("a").await.is_err()).await;
    let error = refused(secrets.get("a").await, ErrorKind::Deleted);
    assert!(error.to_string().contains("can be restored"), "{error}");
    assert!(secrets.cached("a").is_none(), "nothing deleted is served stale");
    refused(secrets.get_many(&["a", "a"]).await.remove(0), ErrorKind::Deleted);
    refused(other.versions("a").await, ErrorKind::Deleted);
    other.restore("a").await.unwrap();
    clock.advance(NEGATIVE);
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
    refused(other.delete("none").await, ErrorKind::NotFound);
    refused(other.restore("none").await, ErrorKind::NotFound);
}

async fn case_28_30_31_32_versions_follow_the_labels(place: &Place) {
    let store = place.open(&[]).await.store;
    let name = "a".parse().unwrap();
    let put = async |value: &str, stage| {
        let options = PutOptions::default().stage(stage);
        store.put(&name, value.into(), options).await.unwrap().unwrap()
    };
    let get = async |select| {
        let options = GetOptions::default().select(select);
        store.get(&name, options).await.unwrap().version().cloned().unwrap()
    };
    let first = put("canary-1", Stage::Current).await;
    let second = put("canary-2", Stage::Pending).await;
    assert_eq!(
        [get(Select::Current).await, get(Select::Pending).await],
        [first.clone(), second.clone()]
    );
    store.promote(&name, &second, None).await.unwrap();
    assert_eq!(
        [get(Select::Current).await, get(Select::Previous).await],
        [second.clone(), first.clone()]
    );
    let pending = GetOptions::default().select(Select::Pending);
    refused(store.get(&name, pending).await, ErrorKind::NotFound);
    store.promote(&name, &first, Some(&second)).await.unwrap();
    assert_eq!(
        [get(Select::Current).await, get(Select::Previous).await],
        [first.clone(), second.clone()]
    );
    store.retire(&name, &second).await.unwrap();
    let previous = GetOptions::default().select(Select::Previous);
    let error = refused(store.get(&name, previous).await, ErrorKind::NotFound);
    assert_eq!(error.reason(), Some(Reason::Version));
    assert_eq!(get(Select::Current).await, first);
}

#[tokio::test]
async fn case_4_6_values_that_are_no_text_are_kept_and_empty_ones_refused() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.put_binary("bytes", b"canary\0\xff");
    let secret = secrets.get("bytes").await.unwrap();
    assert_eq!(secret.value().expose(), b"canary\0\xff");
    // B053: as text it is none, and the place is told.
    let error = refused(secret.value().expose_str(), ErrorKind::InvalidValue);
    assert_eq!(error.reason(), Some(Reason::NotText));
    assert!(error.to_string().contains("byte 7") && !error.to_string().contains("canary"));
    let calls = fake.calls().len();
    let empty = refused(secrets.put("a", "", PutOptions::default()).await, ErrorKind::InvalidValue);
    assert_eq!(empty.reason(), Some(Reason::Empty));
    let long = "c".repeat(65_537);
    let put = secrets.put("a", long.as_str(), PutOptions::default()).await;
    assert_eq!(refused(put, ErrorKind::Malformed).reason(), Some(Reason::TooLarge), "case 5");
    assert_eq!(fake.calls().len(), calls);
}

#[tokio::test]
async fn case_7_a_missing_secret_is_asked_about_once_and_then_remembered() {
    let Scene { fake, clock, secrets } = Scene::new().await;
    for _ in 0..3 {
        let error = refused(secrets.get("none").await, ErrorKind::NotFound);
        assert_eq!((error.reason(), error.name()), (Some(Reason::Secret), Some("none")));
    }
    assert_eq!((fake.count("GetSecretValue"), fake.count("DescribeSecret")), (1, 1));
    fake.put("none", "canary");
    clock.advance(NEGATIVE);
    assert!(secrets.get("none").await.is_ok());
}

#[tokio::test]
async fn f087_a_secret_without_a_value_is_a_missing_version() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    crate::place::act(
        &fake,
        "CreateSecret",
        r#"{"Name":"empty","ClientRequestToken":"00000000000000000000000000000001"}"#,
    )
    .await;
    for name in ["empty", "empty#field"] {
        let error = refused(secrets.get(name).await, ErrorKind::NotFound);
        assert_eq!(error.reason(), Some(Reason::Version), "{error}");
    }
    let batch = secrets.get_many(&["empty", "a"]).await;
    assert_eq!(batch[0].as_ref().unwrap_err().reason(), Some(Reason::Version));
    assert!(batch[1].is_ok());
    secrets.put("empty", "canary", PutOptions::default()).await.unwrap();
    assert_eq!(secrets.get("empty").await.unwrap().value().expose(), b"canary");
}

#[tokio::test]
async fn case_80_a_changed_value_is_seen_after_the_ttl() {
    let Scene { fake, clock, secrets } = Scene::new().await;
    secrets.get("a").await.unwrap();
    fake.put("a", "canary-b");
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a", "case 78");
    assert_eq!(fake.count("GetSecretValue"), 1);
    clock.advance(TTL);
    let is_new = async || secrets.get("a").await.unwrap().value().expose() == b"canary-b";
    until("it is renewed", is_new).await;
    assert_eq!(fake.count("GetSecretValue"), 2);
}

#[tokio::test]
async fn case_79_concurrent_first_reads_are_one_call() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let reads: Vec<_> = (0..100)
        .map(|_| {
            let secrets = secrets.clone();
            tokio::spawn(async move { secrets.get("a").await.is_ok() })
        })
        .collect();
    for read in reads {
        assert!(read.await.unwrap());
    }
    assert_eq!(fake.count("GetSecretValue"), 1);
}
