//! Providers that are down.

use std::time::Duration;

use strongroom_core::{ErrorKind, Reason};
use strongroom_testkit::Step;

use crate::scene::{AGE, Scene, TTL, down, settle};

#[tokio::test]
async fn f001_a_value_serves_on_as_stale_when_the_provider_is_down_at_its_ttl() {
    let scene = Scene::new();
    scene.use_name("db").await;
    scene.chaos.always(None, Step::fail(down()));
    scene.leap(TTL).await;
    let secret = scene.get("db").await.unwrap();
    assert!(secret.freshness().is_stale());
    assert!(scene.cache.cached("db").unwrap().freshness().is_stale());
}

#[tokio::test]
async fn f002_past_the_age_limit_the_value_is_gone() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.cache.watch(&crate::scene::key("db"), None, |s| Ok(s.clone())).await.unwrap();
    scene.chaos.always(None, Step::fail(down()));
    scene.pass(359).await;
    assert!(live.load().is_ok() && scene.cache.cached("db").is_some());
    scene.pass(1).await;
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::AgeLimit));
    assert!(scene.cache.cached("db").is_none());
    assert_eq!(scene.get("db").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(AGE > TTL);
}

#[tokio::test]
async fn names_in_use_are_read_once_a_ttl_and_nobody_waits() {
    let scene = Scene::new();
    scene.use_name("db").await;
    assert_eq!(scene.chaos.calls(), 1);
    let mut reads = 0;
    for second in 0..600 {
        scene.clock.advance(Duration::from_secs(1));
        if second == 300 {
            scene.values.put("db", "canary-2");
        }
        assert!(scene.cache.hit("db").is_some(), "at {second}");
        settle().await;
        reads += 1;
    }
    assert_eq!(reads, 600);
    assert!((10..=11).contains(&(scene.chaos.calls() - 1)), "{}", scene.chaos.calls());
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");
}
