//! Providers that are down, and what else a failed load may mean.

use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Reason};
use strongroom_layers::Limits;
use strongroom_testkit::Step;
use tracing::Level;

use crate::log::Log;
use crate::scene::{AGE, STALE, Scene, TTL, down, key, settle};

#[tokio::test]
async fn f001_a_value_serves_on_as_stale_when_the_provider_is_down_at_its_ttl() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    let loaded_at = scene.get("db").await.unwrap().loaded_at();
    let log = Log::start();
    scene.chaos.always(None, Step::fail(down()));
    scene.leap(TTL).await;
    for _ in 0..100 {
        let secret = scene.get("db").await.unwrap();
        assert!(secret.freshness().is_stale());
        assert_eq!(secret.loaded_at(), loaded_at, "no failed load makes it younger");
        scene.pass(1).await;
    }
    assert!(scene.cache.cached("db").unwrap().freshness().is_stale());
    assert!(live.freshness().is_stale() && live.load().is_ok());
    let status = scene.status("db").unwrap();
    assert_eq!(status.age, Some(Duration::from_secs(160)));
    assert!(status.freshness.unwrap().is_stale());
    assert_eq!(status.error.unwrap().kind(), ErrorKind::Unavailable);
    let said = log.events("stale_served");
    assert_eq!(said.len(), 1, "said once");
    assert_eq!((said[0].0, &*said[0].1["kind"]), (Level::WARN, "Unavailable"));
}

#[tokio::test]
async fn f001_a_value_that_was_read_once_serves_on_too_and_that_is_said_once() {
    let scene = Scene::new();
    scene.get("db").await.unwrap();
    let log = Log::start();
    scene.chaos.always(None, Step::fail(down()));
    scene.leap(TTL).await;
    for _ in 0..100 {
        assert!(scene.get("db").await.unwrap().freshness().is_stale());
        scene.pass(1).await;
    }
    assert_eq!(log.count("stale_served"), 1);
}

#[tokio::test]
async fn f002_past_the_age_limit_the_value_is_gone() {
    for in_use in [true, false] {
        let scene = Scene::new();
        scene.get("db").await.unwrap();
        let live = match in_use {
            true => Some(scene.live("db").await),
            false => None,
        };
        let log = Log::start();
        scene.chaos.always(None, Step::fail(down()));
        scene.pass(359).await;
        assert!(scene.get("db").await.is_ok());
        assert!(live.as_ref().is_none_or(|live| live.load().is_ok()));
        scene.pass(1).await;
        assert_eq!(scene.get("db").await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert!(scene.cache.cached("db").is_none() && scene.cache.hit("db").is_none());
        if let Some(live) = live {
            assert_eq!(live.load().unwrap_err().reason(), Some(Reason::AgeLimit));
            assert_eq!(scene.status("db").unwrap().freshness, None);
            assert_eq!(log.count("stale_exhausted"), 1);
        }
        assert_eq!(AGE, TTL + STALE);
    }
}

#[tokio::test]
async fn f003_an_hour_of_failures_costs_at_most_130_loads() {
    for in_use in [true, false] {
        let scene = Scene::new();
        scene.get("db").await.unwrap();
        let _live = match in_use {
            true => Some(scene.live("db").await),
            false => None,
        };
        scene.chaos.always(None, Step::fail(down()));
        let before = scene.chaos.calls();
        for second in 1..=3_600 {
            scene.leap(Duration::from_secs(1)).await;
            assert_eq!(scene.get("db").await.is_ok(), second < 360, "at {second}");
        }
        let loads = scene.chaos.calls() - before;
        assert!((100..=130).contains(&loads), "{loads} loads");
    }
}

#[tokio::test]
async fn f003_a_name_that_was_never_read_well_is_not_asked_for_more_often() {
    let scene = Scene::new();
    scene.chaos.always(None, Step::fail(down()));
    for _ in 0..3_600 {
        assert!(scene.get("absent").await.is_err());
        scene.pass(1).await;
    }
    assert!((100..=130).contains(&scene.chaos.calls()), "{} loads", scene.chaos.calls());
}

#[tokio::test]
async fn the_kind_of_the_error_decides_whether_the_last_value_serves_on() {
    for kind in ErrorKind::all() {
        let scene = Scene::new();
        let mut live = scene.live("db").await;
        let keeps = kind.allows_stale() || kind == ErrorKind::InvalidValue;
        let log = Log::start();
        scene.chaos.always(None, Step::fail(Error::new(kind, "refused")));
        scene.leap(TTL).await;
        let read = scene.get("db").await;
        assert_eq!(live.load().is_ok(), keeps, "{kind}");
        assert_eq!(scene.cache.cached("db").is_some(), keeps, "{kind}");
        match keeps {
            true => assert!(read.unwrap().freshness().is_stale(), "{kind}"),
            false => {
                assert_eq!(read.unwrap_err().kind(), kind);
                assert_eq!(live.changed().await.unwrap_err().kind(), kind);
            }
        }
        assert_eq!(log.count("revoked"), usize::from(!keeps), "{kind}");
        let alarms = usize::from(kind == ErrorKind::InvalidValue);
        assert_eq!(log.count("rotation_invalid"), alarms, "{kind}");

        scene.chaos.clear();
        scene.pass(TTL.as_secs() + 2).await;
        assert!(live.load().is_ok() && !live.freshness().is_stale(), "{kind}");
        assert!(scene.cache.hit("db").is_some(), "{kind}");
        if !keeps {
            live.changed().await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_expired_by_order_is_read_again_and_serves_on_if_it_cannot_be() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    scene.values.put("db", "canary-2");
    scene.cache.expire(|name| *name == key("db"));
    assert!(scene.cache.cached("db").is_none(), "not before it is read again");
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");

    scene.chaos.always(None, Step::fail(down()));
    scene.cache.expire(|_| true);
    assert!(live.load().is_ok());
    settle().await;
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");
    assert!(scene.cache.cached("db").is_some(), "for everyone");
    scene.values.put("db", "canary-3");
    scene.chaos.clear();
    scene.pass(3).await;
    assert_eq!(scene.read("db").await.unwrap(), "canary-3", "tried again by the gate");
}

#[tokio::test]
async fn what_expired_by_order_and_by_time_at_once_serves_on_too() {
    let scene = Scene::new();
    scene.use_name("db").await;
    scene.chaos.always(None, Step::fail(down()));
    scene.cache.expire(|_| true);
    scene.leap(TTL).await;
    assert!(scene.cache.cached("db").unwrap().freshness().is_stale());
    assert_eq!(scene.read("db").await.unwrap(), "canary-1");
}

#[tokio::test]
async fn without_a_stale_window_nobody_waits_and_nothing_past_its_ttl_is_served() {
    let scene = Scene::with(Limits::new(TTL, Duration::ZERO), false);
    scene.use_name("db").await;
    let live = scene.live("db").await;
    for second in 0..600 {
        scene.clock.advance(Duration::from_secs(1));
        assert!(scene.cache.hit("db").is_some(), "at {second}");
        settle().await;
    }
    let loads = scene.chaos.calls() - 1;
    assert!((10..=12).contains(&loads), "{loads}");
    scene.chaos.always(None, Step::fail(down()));
    scene.pass(60).await;
    assert!(live.load().is_err() && scene.cache.cached("db").is_none());
    assert_eq!(scene.get("db").await.unwrap_err().kind(), ErrorKind::Unavailable);
}
