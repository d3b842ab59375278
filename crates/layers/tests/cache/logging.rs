//! What is logged, and that nothing waits for it.

use std::pin::pin;
use std::sync::{Arc, Mutex};

use strongroom_core::{Error, ErrorKind, Secret};
use strongroom_layers::{Follow, Limits};
use strongroom_testkit::Step;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use crate::log::{Fields, Log};
use crate::scene::{AGE, SECOND, STALE, Scene, TTL, down, key, now, settle, text};

/// A logger that uses the cache whose events it is told.
struct Meddler {
    scene: Scene,
    told: Arc<Mutex<Vec<String>>>,
}

impl<S: Subscriber> Layer<S> for Meddler {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let seen = self.scene.cache.status().len();
        let _ = self.scene.cache.cached("db").map(|secret| text(&secret));
        let _ = now(pin!(self.scene.get("db")));
        let _ = self.scene.cache.nudge(&key("db"), SECOND);
        self.scene.cache.invalidate(|name| *name == key("absent"));
        self.told.lock().unwrap().push(format!("{seen} {event:?}"));
    }
}

#[tokio::test]
async fn f122_a_logger_may_use_the_cache_and_holds_up_no_lock() {
    let scene = Scene::new();
    let live = scene.live("db").await;
    let told = Arc::default();
    let meddler = Meddler { scene: scene.clone(), told: Arc::clone(&told) };
    let _guard = tracing::subscriber::set_default(Registry::default().with(meddler));
    scene.values.put("db", "canary-2");
    scene.leap(TTL).await;
    scene.chaos.always(None, Step::fail(down()));
    scene.pass(400).await;
    scene.chaos.clear();
    scene.pass(31).await;
    scene.chaos.always(None, Step::fail(Error::new(ErrorKind::NotFound, "gone")));
    scene.leap(TTL).await;
    let told = told.lock().unwrap().join("\n");
    for event in ["rotated", "stale_served", "stale_exhausted", "revoked"] {
        assert!(told.contains(event), "{event} is not in\n{told}");
    }
    assert!(live.load().is_err());
}

/// A value that uses the cache when it is dropped, as one whose own logger does.
struct Parting {
    scene: Scene,
    live: Mutex<Option<strongroom_layers::Live<Secret>>>,
}

impl Drop for Parting {
    fn drop(&mut self) {
        let _ = self.scene.cache.status();
        let _ = self.scene.cache.cached("db").map(|secret| text(&secret));
        drop(self.live.lock().unwrap().take());
    }
}

#[tokio::test]
async fn f122_what_a_reader_of_values_made_is_dropped_without_a_lock() {
    let scene = Scene::new();
    let spare = scene.live("db").await;
    let inner = scene.clone();
    let parse = move |secret: &Secret| match text(secret).as_str() {
        "canary-3" => Err(Error::new(ErrorKind::InvalidValue, "refused")),
        _ => Ok(Parting { scene: inner.clone(), live: Mutex::new(Some(spare.clone())) }),
    };
    let live = scene.cache.watch(&key("db"), None, Follow::Changes, parse).await.unwrap();
    scene.values.put("db", "canary-2");
    scene.leap(TTL).await;
    assert!(live.load().is_ok(), "replaced by another");
    scene.values.put("db", "canary-3");
    scene.leap(TTL).await;
    assert!(live.load().is_ok(), "kept");
    scene.pass(AGE.as_secs()).await;
    assert!(live.load().is_err(), "ended by the renewing task");
}

fn fields<'a>(load: &'a Fields, names: &[&str]) -> Vec<&'a str> {
    names.iter().map(|name| load.get(*name).map_or("", String::as_str)).collect()
}

#[tokio::test]
async fn a_load_has_a_span_that_says_what_was_read_and_why() {
    let scene = Scene::new();
    let log = Log::start();
    scene.get("db").await.unwrap();
    scene.clock.advance(TTL);
    scene.get("db").await.unwrap();
    scene.clock.advance(SECOND);
    scene.read_anew("db").await.unwrap();
    scene.get("db").await.unwrap();
    scene.leap(TTL).await;
    assert!(scene.get("absent").await.is_err());
    let names = ["provider", "operation", "secret", "cause", "version", "kind"];
    let loads = log.loads();
    let loads: Vec<_> = loads.iter().map(|load| fields(load, &names)).collect();
    assert_eq!(
        loads,
        [
            ["values", "get", "db", "miss", "1", ""],
            ["values", "get", "db", "stale", "1", ""],
            ["values", "get", "db", "refresh", "1", ""],
            ["values", "get", "db", "refresh", "1", ""],
            ["values", "get", "absent", "miss", "", "NotFound"],
        ]
    );
}

#[tokio::test]
async fn a_load_of_several_names_has_one_span() {
    let scene = Scene::with(Limits::new(TTL, STALE), true);
    scene.values.put("api", "canary-a");
    let log = Log::start();
    scene.read_many(&["db", "api"]).await;
    scene.clock.advance(TTL);
    scene.read_many(&["db", "api"]).await;
    scene.read_many(&["db", "absent"]).await;
    let names = ["operation", "secret", "count", "cause"];
    let loads = log.loads();
    let loads: Vec<_> = loads.iter().map(|load| fields(load, &names)).collect();
    let causes = ["miss", "stale", "miss"];
    assert_eq!(loads, causes.map(|cause| ["get_many", "", "2", cause]));
}

#[tokio::test]
async fn nothing_that_is_logged_holds_a_value() {
    let log = Log::start();
    for batches in [true, false] {
        let scene = Scene::with(Limits::new(TTL, STALE), batches);
        scene.values.put("api", "canary-a");
        let refuse = |secret: &Secret| match text(secret).len() {
            8 => Ok(()),
            _ => Err(Error::new(ErrorKind::InvalidValue, "wrong length")),
        };
        let _live = scene.cache.watch(&key("db"), None, Follow::Changes, refuse).await.unwrap();
        for _ in 0..2 {
            scene.read_many(&["db", "api"]).await;
        }
        scene.keep("api").await.unwrap();
        let first = scene.values.secret("api");
        scene.values.put("db", "canary-longer");
        scene.pass(61).await;
        scene.values.put("api", "canary-b");
        scene.pass(61).await;
        scene.chaos.always("api", Step::answer(first));
        scene.pass(61).await;
        scene.chaos.always(None, Step::fail(down()));
        scene.pass(400).await;
        scene.chaos.always(None, Step::fail(Error::new(ErrorKind::NotFound, "gone")));
        scene.pass(100).await;
        scene.chaos.always(None, Step::panic());
        scene.pass(100).await;
        let _ = format!("{:?} {:?}", scene.cache, scene.cache.status());
        settle().await;
    }
    let said = log.text();
    for event in ["rotated", "version_went_back", "rotation_rolled_back", "stale_served"] {
        assert!(said.contains(event), "{event}");
    }
    assert!(said.contains("value_invalid") && said.contains("stale_exhausted"));
    assert!(!said.contains("canary"), "a value was logged");
}
