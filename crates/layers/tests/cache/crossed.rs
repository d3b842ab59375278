//! Handles whose news arrive late, because a reader of values takes its time while others read.

use std::pin::pin;
use std::sync::{Mutex, mpsc};
use std::thread;

use strongroom_core::{Result, Secret};
use tokio::runtime::{Builder, Runtime};

use crate::scene::{SECOND, Scene, TTL, key, now, settle, text};
use strongroom_layers::Follow;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// A reader of values that waits, at the value `at`, until another thread has read the secret anew.
fn interrupted(
    scene: &Scene,
    at: &'static str,
) -> impl Fn(&Secret) -> Result<String> + Send + Sync + use<> {
    let (ask, asked) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel::<()>();
    let other = scene.clone();
    thread::spawn(move || {
        for () in asked {
            other.clock.advance(SECOND);
            runtime().block_on(other.read_anew("db")).unwrap();
            tell.send(()).unwrap();
        }
    });
    let told = Mutex::new(told);
    move |secret| {
        if text(secret) == at {
            ask.send(()).unwrap();
            told.lock().unwrap().recv().unwrap();
        }
        Ok(text(secret))
    }
}

#[test]
fn a_value_that_is_read_again_while_a_handle_is_made_is_shown() {
    let scene = Scene::new();
    runtime().block_on(async {
        let parse = interrupted(&scene, "canary-1");
        let live = scene.cache.watch(&key("db"), None, Follow::Changes, parse).await.unwrap();
        settle().await;
        assert_eq!(&**live.load().unwrap(), "canary-1");
    });
}

#[test]
fn a_new_value_that_is_read_again_before_it_is_shown_is_shown() {
    let scene = Scene::new();
    runtime().block_on(async {
        let parse = interrupted(&scene, "canary-2");
        let mut live = scene.cache.watch(&key("db"), None, Follow::Changes, parse).await.unwrap();
        scene.values.put("db", "canary-2");
        scene.leap(TTL).await;
        assert!(now(pin!(live.changed())).is_some());
        assert_eq!(&**live.load().unwrap(), "canary-2");
        assert!(!live.freshness().is_stale());
    });
}
