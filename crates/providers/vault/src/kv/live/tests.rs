use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use strongroom_core::{Clock, Error, PutOptions, Reason, SecretStore, SecretValue};
use strongroom_testkit::{FakeVault, Fault, ManualClock, On};
use zeroize::Zeroizing;

use super::*;
use crate::api::{Api, Call, path};
use crate::config::Config;

const START: u64 = 1_800_000_000;
const DATA: &str = "/v1/secret/data/signing-key";

/// A fake, and a store on it that knows already which version of the engine is mounted.
struct Scene {
    vault: FakeVault,
    store: KvStore,
    clock: ManualClock,
}

impl Scene {
    /// With a token that may read the data of the secret, and write everything for the test.
    async fn new(mount: &str) -> Self {
        let clock = ManualClock::at(START);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let vault = strongroom_testkit::vault().clock(clock.clone()).start().await;
        let settings = vault.settings().with("VAULT_KV_MOUNT", mount);
        let config = Config::read("vault_dev", &settings).expect("good settings");
        let api = Api::new("vault_dev", config.server, config.auth, &settings, &shared)
            .expect("a client");
        let store = KvStore::new(Arc::new(api), config.kv, shared);
        store.version().await.expect("an engine");
        Self { vault, store, clock }
    }

    /// Writes versions so many seconds apart, which hold `canary-1` and so on. The last one is of this second.
    async fn with_versions(count: u64, seconds: u64) -> Self {
        let scene = Self::new("secret").await;
        for number in 1..=count {
            if number > 1 {
                scene.advance(seconds);
            }
            scene.put(&format!("canary-{number}")).await;
        }
        scene
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn put(&self, value: &str) {
        let value = SecretValue::from(value);
        self.store.put(&name(), value, PutOptions::default()).await.expect("a write");
    }

    async fn post(&self, area: &str, body: &str) {
        let body = Zeroizing::new(body.as_bytes().to_vec());
        let call = Call::post(path(&self.store.mount, &[area], Some(&name())), body);
        self.store.api.call(call).await.expect("an answer");
    }

    /// What is live if versions retired so many seconds ago are no longer, and what it cost.
    async fn live(&self, grace: u64) -> (Result<Vec<LiveVersion>>, Vec<String>) {
        let before = self.vault.calls().len();
        let since = self.clock.now() - Duration::from_secs(grace);
        let live = self.store.live_versions(&name(), since).await;
        let calls = self.vault.calls().split_off(before).into_iter().map(|call| call.path);
        // What becomes of the token is looked after in the background.
        (live, calls.filter(|path| !path.starts_with("/v1/auth/token/")).collect())
    }
}

fn name() -> SecretName {
    SecretName::new("signing-key").expect("a name")
}

fn numbers(live: &[LiveVersion]) -> Vec<&str> {
    live.iter().filter_map(|live| live.info.as_ref()).map(|info| info.version.as_str()).collect()
}

fn asked(versions: &[u64]) -> Vec<String> {
    let below = versions.iter().map(|version| format!("{DATA}?version={version}"));
    [DATA.to_owned()].into_iter().chain(below).collect()
}

/// What a fault answers in place of the server.
fn body(version: u64, created: &str) -> String {
    format!(
        r#"{{"data":{{"data":{{"value":"canary-body"}},"metadata":{{"version":{version},"created_time":"{created}"}}}}}}"#
    )
}

#[tokio::test]
async fn in_the_steady_state_one_call_brings_the_key_and_no_metadata_is_read() {
    let scene = Scene::with_versions(3, 10).await;
    scene.advance(900);
    // The first write found nothing, so after a while the engine is looked at once more.
    scene.store.version().await.unwrap();
    let (live, calls) = scene.live(900).await;
    let live = live.unwrap();
    assert_eq!((numbers(&live), calls), (vec!["3"], asked(&[])));
    let secret = live[0].secret.as_ref().unwrap();
    assert_eq!(secret.value().expose(), b"canary-3");
    assert_eq!(secret.version().map(|version| version.as_str()), Some("3"));
    assert_eq!(
        (live[0].state(), secret.created_at()),
        (VersionState::Current, live[0].info.as_ref().unwrap().created_at)
    );
}

#[tokio::test]
async fn a_version_was_retired_when_the_one_above_it_was_written() {
    let scene = Scene::with_versions(5, 100).await;
    let at = |seconds| Some(UNIX_EPOCH + Duration::from_secs(START + seconds));
    // Version 5 was written now, 4 retired now, 3 retired 100 s ago, 2 retired 200 s ago.
    let (live, calls) = scene.live(200).await;
    let live = live.unwrap();
    assert_eq!((numbers(&live), calls), (vec!["5", "4", "3"], asked(&[4, 3])));
    let times = live.iter().map(|live| live.info.as_ref().unwrap());
    let times: Vec<_> = times.map(|info| (info.state, info.created_at, info.retired_at)).collect();
    let expected = [
        (VersionState::Current, at(400), None),
        (VersionState::Previous, at(300), at(400)),
        (VersionState::Previous, at(200), at(300)),
    ];
    assert_eq!(times, expected);
    assert_eq!(live[2].secret.as_ref().unwrap().value().expose(), b"canary-3");
    let all = scene.live(10_000).await;
    assert_eq!(
        (numbers(&all.0.unwrap()), all.1),
        (vec!["5", "4", "3", "2", "1"], asked(&[4, 3, 2, 1]))
    );
}

#[tokio::test]
async fn versions_say_the_same_as_the_metadata() {
    let scene = Scene::with_versions(4, 100).await;
    scene.post("destroy", r#"{"versions":[2]}"#).await;
    let mut listed = scene.store.versions(&name()).await.unwrap();
    listed.retain(|info| info.state != VersionState::Deleted);
    let live = scene.live(10_000).await.0.unwrap();
    assert_eq!(live.into_iter().filter_map(|live| live.info).collect::<Vec<_>>(), listed);
}

#[tokio::test]
async fn f083_a_deleted_version_is_passed_over_and_tells_the_time_of_the_one_below() {
    for area in ["delete", "destroy"] {
        let scene = Scene::with_versions(3, 100).await;
        scene.post(area, r#"{"versions":[2]}"#).await;
        let (live, calls) = scene.live(150).await;
        let live = live.unwrap();
        assert_eq!((numbers(&live), calls), (vec!["3", "1"], asked(&[2, 1])), "{area}");
        let retired_at = live[1].info.as_ref().unwrap().retired_at;
        assert_eq!(retired_at, Some(UNIX_EPOCH + Duration::from_secs(START + 100)));
    }
    let scene = Scene::with_versions(2, 100).await;
    scene.store.delete(&name()).await.unwrap();
    let error = scene.live(900).await.0.unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Deleted, Some("signing-key")));
    assert_eq!((error.provider(), error.operation()), (Some("vault_dev"), Some("live_versions")));
}

#[tokio::test]
async fn below_a_version_that_was_dropped_there_is_none() {
    let scene = Scene::new("secret").await;
    scene.post("metadata", r#"{"max_versions":2}"#).await;
    for number in 1..=4 {
        scene.put(&format!("canary-{number}")).await;
    }
    let (live, calls) = scene.live(900).await;
    assert_eq!((numbers(&live.unwrap()), calls), (vec!["4", "3"], asked(&[3, 2])));
}

#[tokio::test]
async fn a_version_without_the_field_is_said_to_be_so_and_tells_its_time_all_the_same() {
    let scene = Scene::with_versions(1, 0).await;
    scene.post("data", r#"{"data":{"other":"canary"}}"#).await;
    scene.post("data", r#"{"data":{"value":"canary-3"}}"#).await;
    let live = scene.live(900).await.0.unwrap();
    assert_eq!(numbers(&live), ["3", "2", "1"]);
    let error = live[1].secret.as_ref().unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::NotFound, Some(Reason::Field)));
    assert_eq!((error.name(), error.operation()), (Some("signing-key"), Some("live_versions")));
}

#[tokio::test]
async fn an_outage_in_the_middle_leaves_nothing_out() {
    let scene = Scene::with_versions(2, 10).await;
    scene.vault.fault(Fault::new(On::Path(DATA)).times(1));
    scene.vault.fault(Fault::new(On::Path(DATA)).status(503));
    assert_eq!(scene.live(900).await.0.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn without_a_time_no_older_version_is_accepted() {
    let scene = Scene::with_versions(2, 10).await;
    scene.vault.fault(Fault::new(On::Path(DATA)).status(200).body(body(2, "soon")));
    let (live, calls) = scene.live(900).await;
    assert_eq!((numbers(&live.unwrap()), calls), (vec!["2"], asked(&[])));
}

#[tokio::test]
async fn f025_an_answer_about_another_version_is_no_version() {
    let scene = Scene::with_versions(3, 10).await;
    let young = "2027-01-15T08:00:10Z";
    scene.vault.fault(Fault::new(On::Path(DATA)).status(200).body(body(3, young)));
    let (live, calls) = scene.live(900).await;
    let live = live.unwrap();
    assert_eq!((numbers(&live), calls), (vec!["3", "2"], asked(&[2])));
    let kind = |live: &LiveVersion| live.secret.as_ref().err().map(Error::kind);
    assert_eq!((kind(&live[0]), kind(&live[1])), (None, Some(ErrorKind::Malformed)));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_ends_it() {
    let scene = Scene::with_versions(3, 10).await;
    scene.vault.fault(Fault::new(On::Path(DATA)).times(1));
    scene.vault.fault(Fault::new(On::Path(DATA)).status(200).body("canary"));
    let (live, calls) = scene.live(900).await;
    let live = live.unwrap();
    assert_eq!((numbers(&live), calls), (vec!["3", "2"], asked(&[2])));
    assert_eq!(live[1].secret.as_ref().unwrap_err().kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn at_most_16_are_read_besides_the_current_one() {
    let scene = Scene::new("secret").await;
    scene.post("metadata", r#"{"max_versions":30}"#).await;
    for number in 1..=20 {
        scene.put(&format!("canary-{number}")).await;
    }
    let (live, calls) = scene.live(900).await;
    assert_eq!((live.unwrap().len(), calls.len()), (17, 17));
}

#[tokio::test]
async fn reading_the_data_is_right_enough() {
    let scene = Scene::with_versions(2, 10).await;
    scene.vault.add_token("canary-app", &[("secret/data/signing-key", &["read"])]);
    let settings = scene.vault.settings().with("VAULT_TOKEN", "canary-app");
    let config = Config::read("vault_dev", &settings).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(scene.clock.clone());
    let api = Api::new("vault_dev", config.server, config.auth, &settings, &clock).unwrap();
    let store = KvStore::new(Arc::new(api), config.kv, clock);
    assert_eq!(numbers(&store.live_versions(&name(), UNIX_EPOCH).await.unwrap()), ["2", "1"]);
    let denied = store.versions(&name()).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn version_1_of_the_engine_has_the_current_one_alone() {
    let scene = Scene::new("kv1").await;
    scene.put("canary-1").await;
    let (live, calls) = scene.live(900).await;
    let live = live.unwrap();
    assert_eq!(calls, ["/v1/kv1/signing-key"]);
    assert!(live.len() == 1 && live[0].info.is_none());
    assert_eq!(live[0].secret.as_ref().unwrap().value().expose(), b"canary-1");
}
