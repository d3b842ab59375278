//! Versions: listed, chosen, switched off, and no longer or not yet valid.

use std::time::Duration;

use strongroom::{Clock, ErrorKind, GetOptions, Reason, SecretVersion, Select, VersionState};
use strongroom_testkit::{ManualClock, On};

use crate::refused;
use crate::scene::{NEGATIVE, Scene, TTL, opened};

const DAY: Duration = Duration::from_secs(86_400);

fn exact(version: &str) -> GetOptions {
    GetOptions::default().select(Select::Exact(version.into()))
}

#[tokio::test]
async fn case_19_20_21_each_version_is_read_by_its_id() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let first = fake.version_of("a").unwrap();
    let second = fake.put("a", "canary-2");
    let read = async |options| secrets.get_with("a", options).await;
    assert_eq!(read(exact(&first)).await.unwrap().value().expose(), b"canary-a");
    assert_eq!(read(exact(&second)).await.unwrap().value().expose(), b"canary-2");
    assert_eq!(read(GetOptions::default()).await.unwrap().version().unwrap().as_str(), second);
    for unknown in ["0".repeat(32).as_str(), "7", "../../keys/canary", "0?x=1"] {
        let error = refused(read(exact(unknown)).await, ErrorKind::NotFound);
        assert_eq!(error.reason(), Some(Reason::Version), "{unknown}");
        let error = refused(secrets.get_with("none", exact(unknown)).await, ErrorKind::NotFound);
        assert_eq!(error.reason(), Some(Reason::Secret), "{unknown}");
    }
    assert!(fake.calls().iter().all(|call| !call.path.contains("keys")), "B012");
}

#[tokio::test]
async fn case_24_25_f088_a_disabled_version_is_disabled_and_no_older_one_is_read_for_it() {
    for is_old_spelling in [false, true] {
        let Scene { fake, clock, secrets, .. } = Scene::new().await;
        fake.set_old_inner_error(is_old_spelling);
        let first = fake.version_of("a").unwrap();
        let second = fake.put("a", "canary-2");
        fake.disable("a", &second);
        let error = refused(secrets.get("a").await, ErrorKind::Disabled);
        assert!(error.to_string().contains("disabled"), "{error}");
        refused(secrets.get_with("a", exact(&second)).await, ErrorKind::Disabled);
        assert!(secrets.get_with("a", exact(&first)).await.is_ok());
        assert_eq!(fake.count("versions"), 0, "nothing older is looked for");
        let versions = secrets.versions("a").await.unwrap();
        let states: Vec<_> = versions.iter().map(|one| one.state).collect();
        assert_eq!(states, [VersionState::Disabled, VersionState::Previous]);
        fake.enable("a", &second);
        clock.advance(NEGATIVE);
        assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-2");
    }
}

#[tokio::test]
async fn case_24_restoring_enables_a_disabled_secret() {
    let Scene { fake, clock, secrets, .. } = Scene::new().await;
    fake.disable("a", &fake.version_of("a").unwrap());
    refused(secrets.get("a").await, ErrorKind::Disabled);
    secrets.restore("a").await.unwrap();
    clock.advance(NEGATIVE);
    assert!(secrets.get("a").await.is_ok());
}

#[tokio::test]
async fn case_26_27_f089_versions_are_used_between_their_times_only_though_the_vault_hands_them_out()
 {
    let Scene { fake, clock, secrets, .. } = Scene::new().await;
    let version = fake.version_of("a").unwrap();
    fake.set_not_before("a", &version, clock.now() + DAY);
    fake.set_expires("a", &version, clock.now() + DAY * 2);
    let error = refused(secrets.get("a").await, ErrorKind::NotYetValid);
    assert!(error.to_string().contains("`nbf`"), "{error}");
    clock.advance(DAY);
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
    clock.advance(DAY);
    strongroom_tests::until("it has ended", async || secrets.get("a").await.is_err()).await;
    let error = refused(secrets.get("a").await, ErrorKind::Expired);
    assert!(error.to_string().contains("`exp`"), "{error}");
    assert!(secrets.cached("a").is_none(), "what has expired is not served stale");
}

#[tokio::test]
async fn case_28_versions_are_in_the_order_of_their_times_whatever_that_of_the_vault() {
    let Scene { fake, clock, secrets, .. } = Scene::new().await;
    let mut made = vec![fake.version_of("a").unwrap()];
    let mut times = vec![clock.now()];
    for number in 0..60 {
        clock.advance(TTL);
        made.insert(0, fake.put("a", &format!("canary-{number}")));
        times.insert(0, clock.now());
    }
    secrets.get("a").await.unwrap();
    let versions = secrets.versions("a").await.unwrap();
    assert!(versions.iter().map(|one| one.version.as_str()).eq(made.iter().map(String::as_str)));
    assert_eq!(versions[0].state, VersionState::Current);
    assert!(versions[1..].iter().all(|one| one.state == VersionState::Previous));
    let seconds =
        |at: std::time::SystemTime| at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for (at, one) in versions.iter().enumerate() {
        assert_eq!(one.created_at.map(seconds), Some(seconds(times[at])));
        let ended = at.checked_sub(1).map(|after| seconds(times[after]));
        assert_eq!(one.retired_at.map(seconds), ended);
    }
    assert_eq!(fake.count("versions"), 3, "61 of 25 a page");
}

#[tokio::test]
async fn of_versions_of_one_second_the_vault_says_which_is_current() {
    let clock = ManualClock::at(1_795_392_000);
    let fake = strongroom_testkit::azure().clock(clock).start().await;
    let store = opened(&fake.settings()).await.store;
    let name = "a".parse().unwrap();
    for round in 0..8 {
        let current = fake.put("a", &format!("canary-{round}"));
        let versions = store.versions(&name).await.unwrap();
        assert_eq!(versions[0].version.as_str(), current, "round {round}");
        assert_eq!(versions.iter().filter(|one| one.state == VersionState::Current).count(), 1);
    }
}

#[tokio::test]
async fn the_previous_version_is_the_newest_enabled_one_before() {
    let Scene { fake, clock, secrets, .. } = Scene::new().await;
    let first = fake.version_of("a").unwrap();
    clock.advance(TTL);
    let second = fake.put("a", "canary-2");
    clock.advance(TTL);
    fake.put("a", "canary-3");
    let previous = GetOptions::default().select(Select::Previous);
    let read = async || {
        let secret = secrets.get_with("a", previous.clone().max_age(Duration::ZERO)).await.unwrap();
        secret.version().map(SecretVersion::to_string)
    };
    assert_eq!(read().await, Some(second.clone()));
    fake.disable("a", &second);
    assert_eq!(read().await, Some(first));
    let pending = GetOptions::default().select(Select::Pending);
    refused(secrets.get_with("a", pending).await, ErrorKind::Unsupported);
}

#[tokio::test]
async fn retiring_disables_a_version_that_is_not_current() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let store = opened(&fake.settings()).await.store;
    let (name, first) = ("a".parse().unwrap(), fake.version_of("a").unwrap());
    let second = fake.put("a", "canary-2");
    let error = refused(store.retire(&name, &second.as_str().into()).await, ErrorKind::Conflict);
    assert!(error.to_string().contains("is current"), "{error}");
    store.retire(&name, &first.as_str().into()).await.unwrap();
    refused(secrets.get_with("a", exact(&first)).await, ErrorKind::Disabled);
    assert!(secrets.get("a").await.is_ok());
    let unknown = store.retire(&name, &"0".repeat(32).as_str().into()).await;
    assert_eq!(refused(unknown, ErrorKind::NotFound).reason(), Some(Reason::Version));
}

#[tokio::test]
async fn an_answer_about_another_version_is_malformed() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    let body = format!(
        r#"{{"value":"canary-b","id":"https://canary.vault.azure.net/secrets/a/{}","attributes":{{}}}}"#,
        "1".repeat(32)
    );
    secrets.get("a").await.unwrap();
    fake.fault(strongroom_testkit::Fault::new(On::Read).status(200).body(body));
    let read = secrets.get_with("a", exact(&"2".repeat(32))).await;
    let error = refused(read, ErrorKind::Malformed);
    assert!(error.to_string().contains("another version"), "{error}");
    assert!(!format!("{error:?}").contains("canary-b"), "{error:?}");
}
