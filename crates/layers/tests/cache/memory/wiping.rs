//! F123: a value is out of memory a second after it was invalidated or came to its age limit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use strongroom_core::{Clock, Error, ErrorKind, Result, Secret};
use strongroom_layers::{Cache, Follow, Limits, Live, Source};
use tokio::time::{Instant, sleep};

use crate::needle::Needle;
use crate::{alone, runtime, settle};

const SECOND: Duration = Duration::from_secs(1);

/// Has one value, until it is told to have trouble.
#[derive(Debug)]
struct Keeper {
    needle: Mutex<Needle>,
    is_down: AtomicBool,
}

#[async_trait]
impl Source for Keeper {
    type Key = String;
    type Value = Secret;

    fn provider(&self) -> &'static str {
        "keeper"
    }

    fn batches(&self) -> bool {
        false
    }

    async fn load(&self, keys: &[String]) -> Vec<Result<Secret>> {
        let answer = |key: &String| match (&**key, self.is_down.load(Ordering::Relaxed)) {
            ("db", false) => Ok(Secret::new(self.needle.lock().unwrap().value())),
            ("db", true) => Err(Error::new(ErrorKind::Unavailable, "down")),
            _ => Ok(Secret::new("canary".into())),
        };
        keys.iter().map(answer).collect()
    }
}

/// The time of tokio's timer, which a paused runtime moves by itself.
#[derive(Debug)]
struct Timer(Instant);

impl Clock for Timer {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.0.elapsed()
    }

    fn monotonic(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

struct Scene {
    cache: Cache<Keeper>,
    needle: Needle,
}

impl Scene {
    fn new() -> Self {
        let needle = Needle::new();
        let source = Keeper { needle: Mutex::new(needle.clone()), is_down: AtomicBool::new(false) };
        let limits = Limits::new(Duration::from_secs(60), Duration::from_secs(300));
        Self { cache: Cache::new(source, limits, Arc::new(Timer(Instant::now()))), needle }
    }

    async fn read(&self, name: &str) {
        drop(self.cache.get(&name.to_owned(), Some(name), None).await);
    }

    /// In use, with a handle, and read in every way.
    async fn use_it(&self) -> Live<Secret> {
        let parse = |secret: &Secret| Ok(secret.clone());
        let live = self.cache.watch(&"db".to_owned(), Some("db"), Follow::Renewals, parse).await;
        self.read("db").await;
        assert!(self.cache.hit("db").is_some() && self.cache.cached("db").is_some());
        let live = live.unwrap();
        assert!(live.load().is_ok());
        live
    }

    fn go_down(&self) {
        self.cache.source().is_down.store(true, Ordering::Relaxed);
    }

    #[track_caller]
    fn is_held(&self) {
        assert!(self.needle.copies() > 0, "the search finds a value that is held");
    }

    #[track_caller]
    fn is_wiped(&self) {
        assert_eq!(self.needle.copies(), 0, "pieces of the value are left");
    }
}

#[test]
fn f123_an_invalidated_value_is_wiped() {
    let _alone = alone();
    for in_use in [true, false] {
        runtime(true).block_on(async {
            let scene = Scene::new();
            scene.read("db").await;
            let live = match in_use {
                true => Some(scene.use_it().await),
                false => None,
            };
            sleep(Duration::from_millis(700)).await;
            scene.is_held();
            scene.go_down();
            scene.cache.invalidate(|_| true);
            settle().await;
            scene.is_wiped();
            drop(live);
        });
    }
}

#[test]
fn f123_a_value_past_its_age_limit_is_wiped_within_a_second() {
    let _alone = alone();
    for in_use in [true, false] {
        runtime(true).block_on(async {
            let scene = Scene::new();
            let began = Instant::now();
            // Looks at odd times are no reason to look late.
            scene.read("other").await;
            sleep(Duration::from_millis(300)).await;
            let live = match in_use {
                true => Some(scene.use_it().await),
                false => None,
            };
            scene.read("db").await;
            scene.go_down();
            let (loaded, mut last) = (began.elapsed(), 0);
            while began.elapsed() < loaded + Duration::from_secs(359) {
                sleep(Duration::from_millis(900)).await;
                scene.read(&format!("another-{last}")).await;
                last += 1;
            }
            scene.is_held();
            let end = began + loaded + Duration::from_secs(360) + SECOND;
            sleep(end - Instant::now()).await;
            scene.is_wiped();
            drop(live);
        });
    }
}

#[test]
fn f123_a_value_that_makes_room_for_others_is_wiped() {
    let _alone = alone();
    runtime(true).block_on(async {
        let scene = Scene::new();
        scene.read("db").await;
        scene.is_held();
        for number in 0..1_500 {
            scene.read(&format!("other-{number}")).await;
        }
        sleep(SECOND).await;
        scene.is_wiped();
    });
}

#[test]
fn f123_a_shutdown_wipes() {
    let _alone = alone();
    runtime(true).block_on(async {
        let scene = Scene::new();
        let live = scene.use_it().await;
        scene.is_held();
        scene.cache.shutdown().await;
        scene.is_wiped();
        assert!(live.load().is_err());
    });
}

#[test]
fn f123_the_end_of_the_last_handle_wipes() {
    let _alone = alone();
    runtime(true).block_on(async {
        let scene = Scene::new();
        let live = scene.use_it().await;
        let Scene { cache, needle } = scene;
        drop(cache);
        assert!(needle.copies() > 0);
        drop(live);
        settle().await;
        assert_eq!(needle.copies(), 0);
    });
}

#[test]
fn f123_a_value_that_is_replaced_is_wiped() {
    let _alone = alone();
    runtime(true).block_on(async {
        let scene = Scene::new();
        let live = scene.use_it().await;
        let next = Needle::new();
        *scene.cache.source().needle.lock().unwrap() = next.clone();
        sleep(SECOND).await;
        let newest = Some(Duration::ZERO);
        drop(scene.cache.get(&"db".to_owned(), None, newest).await);
        settle().await;
        scene.is_wiped();
        assert!(next.copies() > 0 && live.load().is_ok());
    });
}
