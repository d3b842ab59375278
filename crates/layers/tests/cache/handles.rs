//! Handles: what they show, and when they say so.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom_core::{Error, ErrorKind, Reason, Secret};
use strongroom_layers::{Follow, Limits, Live};
use strongroom_testkit::Step;
use tracing::Level;

use crate::log::Log;
use crate::scene::{STALE, Scene, TTL, down, key, now, settle, text};

/// A handle of a number.
async fn number(scene: &Scene) -> Live<u64> {
    scene.values.put("number", "1");
    let parse = |secret: &Secret| {
        let refused = || Error::new(ErrorKind::InvalidValue, "expected a number");
        text(secret).parse::<u64>().map_err(|_| refused())
    };
    scene.cache.watch(&key("number"), None, Follow::Changes, parse).await.unwrap()
}

#[tokio::test]
async fn a_value_that_is_refused_leaves_the_one_of_before_until_there_is_a_good_one() {
    let scene = Scene::new();
    let mut live = number(&scene).await;
    let log = Log::start();
    scene.values.put("number", "canary-no-number");
    scene.pass(150).await;
    assert_eq!(*live.load().unwrap(), 1);
    assert!(live.freshness().is_stale(), "there is a newer one");
    let said = log.events("value_invalid");
    assert_eq!(said.len(), 1, "said once, however often it is read");
    assert_eq!((said[0].0, &*said[0].1["kind"]), (Level::ERROR, "InvalidValue"));
    assert!(now(pin!(live.changed())).is_none());

    scene.values.put("number", "3");
    scene.leap(TTL).await;
    live.changed().await.unwrap();
    assert_eq!((*live.load().unwrap(), live.freshness().is_stale()), (3, false));
}

#[tokio::test]
async fn a_value_whose_successor_is_refused_ends_at_its_age_limit() {
    let scene = Scene::new();
    let mut live = number(&scene).await;
    scene.leap(TTL).await;
    scene.values.put("number", "canary-no-number");
    scene.pass(359).await;
    assert_eq!(*live.load().unwrap(), 1);
    scene.pass(1).await;
    let error = live.changed().await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Unavailable, Some(Reason::AgeLimit)));
    assert!(live.load().is_err() && scene.get("number").await.is_ok());
    scene.values.put("number", "3");
    scene.leap(TTL).await;
    live.changed().await.unwrap();
    assert_eq!(*live.load().unwrap(), 3);
}

#[tokio::test]
async fn a_reader_of_values_that_panics_refuses() {
    let scene = Scene::new();
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = reads.clone();
    let parse = move |secret: &Secret| match counted.fetch_add(1, Ordering::Relaxed) {
        1 => panic!("a reader that a test wrote"),
        _ => Ok(text(secret)),
    };
    let live = scene.cache.watch(&key("db"), None, Follow::Changes, parse).await.unwrap();
    let log = Log::start();
    scene.values.put("db", "canary-2");
    scene.leap(TTL).await;
    assert_eq!((&**live.load().unwrap(), log.count("value_invalid")), ("canary-1", 1));
    scene.values.put("db", "canary-3");
    scene.leap(TTL).await;
    assert_eq!(&**live.load().unwrap(), "canary-3");
    assert_eq!(reads.load(Ordering::Relaxed), 3, "each value is read once");
}

#[tokio::test]
async fn a_first_value_that_is_refused_is_an_error_and_keeps_nothing() {
    let scene = Scene::new();
    let refused = Error::new(ErrorKind::InvalidValue, "refused");
    let watched = scene
        .cache
        .watch(&key("db"), None, Follow::Changes, move |_| Err::<(), _>(refused.clone()))
        .await;
    assert_eq!(watched.unwrap_err().kind(), ErrorKind::InvalidValue);
    scene.pass(600).await;
    assert!(scene.chaos.calls() <= 4, "{} loads of a name that nobody uses", scene.chaos.calls());
}

#[tokio::test]
async fn changed_tells_each_change_once_and_misses_none_when_it_is_dropped() {
    let scene = Scene::new();
    let mut live = scene.live("db").await;
    let mut other = live.clone();
    assert!(now(pin!(live.changed())).is_none(), "nothing changed, and this wait was given up");
    scene.values.put("db", "canary-2");
    scene.leap(TTL).await;
    assert!(now(pin!(live.changed())).unwrap().is_ok());
    assert!(now(pin!(live.changed())).is_none(), "told once");
    scene.leap(TTL).await;
    assert!(now(pin!(live.changed())).is_none(), "read again, and the same");
    assert!(now(pin!(other.changed())).unwrap().is_ok(), "each handle for itself");
}

#[tokio::test]
async fn changed_tells_once_that_the_value_became_unusable_whatever_the_errors_after_it() {
    let scene = Scene::new();
    let mut live = scene.live("db").await;
    scene.chaos.always(None, Step::fail(down()));
    scene.cache.invalidate(|_| true);
    assert_eq!(live.changed().await.unwrap_err().reason(), Some(Reason::Invalidated));
    settle().await;
    assert_eq!(scene.get("db").await.unwrap_err().reason(), None, "it was tried meanwhile");
    assert_eq!(live.load().unwrap_err().kind(), ErrorKind::Unavailable);
    scene.chaos.always(None, Step::fail(Error::new(ErrorKind::PermissionDenied, "refused")));
    scene.pass(31).await;
    assert_eq!(live.load().unwrap_err().kind(), ErrorKind::PermissionDenied, "the latest error");
    assert!(now(pin!(live.changed())).is_none(), "it was unusable before");
    scene.chaos.clear();
    scene.pass(31).await;
    live.changed().await.unwrap();
    assert_eq!(text(&live.load().unwrap()), "canary-1");
}

#[tokio::test]
async fn an_invalidation_reaches_handles_at_once_and_they_come_back_by_themselves() {
    let scene = Scene::new();
    let mut live = scene.live("db").await;
    scene.values.put("db", "canary-2");
    scene.cache.invalidate(|_| true);
    let error = live.load().unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Unavailable, Some(Reason::Invalidated)));
    assert!(live.changed().await.is_err());
    live.changed().await.unwrap();
    assert_eq!(text(&live.load().unwrap()), "canary-2");
}

#[tokio::test]
async fn a_handle_alone_keeps_its_secret_renewed() {
    let scene = Scene::new();
    let live = scene.live("db").await;
    let Scene { cache, chaos, values, clock } = scene;
    drop(cache);
    for version in 2..10 {
        values.put("db", &format!("canary-{version}"));
        clock.advance(TTL);
        settle().await;
        assert_eq!(text(&live.load().unwrap()), format!("canary-{version}"));
    }
    assert_eq!(chaos.calls(), 9);
}

#[tokio::test]
async fn a_handle_made_without_waiting_shows_the_value_once_it_is_read() {
    let scene = Scene::with(Limits::new(TTL, STALE), false);
    let mut live =
        scene.cache.attach(&key("db"), None, Follow::Changes, |secret| Ok(text(secret))).unwrap();
    assert_eq!(live.load().unwrap_err().kind(), ErrorKind::Unavailable);
    live.changed().await.unwrap();
    assert_eq!(&**live.load().unwrap(), "canary-1");
}

#[tokio::test]
async fn a_borrowed_value_stays_readable_when_the_cache_moves_on() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    let (shown, cached) = (live.load().unwrap(), scene.cache.cached("db").unwrap());
    scene.values.put("db", "canary-2");
    scene.cache.invalidate(|_| true);
    settle().await;
    assert_eq!((text(&shown), text(&cached)), ("canary-1".into(), "canary-1".into()));
    assert_eq!(text(&live.load().unwrap()), "canary-2");
}

#[tokio::test]
async fn a_handle_of_a_stale_value_says_so_from_the_start() {
    for follow in [Follow::Changes, Follow::Renewals] {
        let scene = Scene::new();
        scene.use_name("db").await;
        scene.chaos.always(None, Step::fail(down()));
        scene.leap(TTL).await;
        let parse = |secret: &Secret| Ok(secret.clone());
        let live = scene.cache.watch(&key("db"), None, follow, parse).await.unwrap();
        assert!(live.freshness().is_stale() && live.load().unwrap().freshness().is_stale());
        scene.chaos.clear();
        scene.pass(31).await;
        assert!(!live.freshness().is_stale());
    }
}

#[tokio::test]
async fn a_handle_that_follows_renewals_shows_the_age_and_calls_none_of_them_a_change() {
    let scene = Scene::new();
    let mut live = scene.live("db").await;
    let shown = |live: &Live<Secret>| live.load().unwrap().loaded_at().unwrap();
    let first = shown(&live);
    scene.leap(TTL).await;
    assert_eq!(shown(&live).duration_since(first).unwrap(), TTL);
    scene.chaos.always(None, Step::fail(down()));
    scene.leap(TTL).await;
    assert_eq!(shown(&live).duration_since(first).unwrap(), TTL);
    assert!(live.load().unwrap().freshness().is_stale());
    assert!(now(pin!(live.changed())).is_none());
}

#[tokio::test]
async fn a_value_that_is_refused_at_each_renewal_is_said_once() {
    let scene = Scene::new();
    let parse = |secret: &Secret| match text(secret).as_str() {
        "canary-1" => Ok(()),
        _ => Err(Error::new(ErrorKind::InvalidValue, "refused")),
    };
    let live = scene.cache.watch(&key("db"), None, Follow::Renewals, parse).await.unwrap();
    let log = Log::start();
    scene.values.put("db", "canary-2");
    scene.pass(300).await;
    assert!(live.load().is_ok() && live.freshness().is_stale());
    assert_eq!(log.count("value_invalid"), 1);
}
