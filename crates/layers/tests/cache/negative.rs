//! Names that do not exist, and answers that are not remembered as if they did not.

use std::time::Duration;

use strongroom_core::{Error, ErrorKind};
use strongroom_layers::Limits;
use strongroom_testkit::Step;

use crate::scene::{SECOND, STALE, Scene, TTL, settle};

#[tokio::test]
async fn f014_only_answers_about_the_secret_are_remembered_for_five_seconds() {
    for kind in ErrorKind::all() {
        let scene = Scene::new();
        scene.chaos.next("db", Step::fail(Error::new(kind, "refused")));
        for _ in 0..10 {
            assert_eq!(scene.get("db").await.unwrap_err().kind(), kind, "never another kind");
        }
        assert_eq!(scene.chaos.calls(), 1, "{kind}");
        scene.pass(2).await;
        assert_eq!(scene.get("db").await.is_err(), kind.is_authoritative(), "{kind}");
        scene.pass(3).await;
        assert_eq!(scene.read("db").await.unwrap(), "canary-1", "{kind}");
    }
}

#[tokio::test]
async fn f014_an_outage_is_never_told_as_an_absent_secret() {
    let scene = Scene::new();
    assert_eq!(scene.get("absent").await.unwrap_err().kind(), ErrorKind::NotFound);
    scene.chaos.always(None, Step::fail(crate::scene::down()));
    scene.pass(5).await;
    for _ in 0..60 {
        assert_eq!(scene.get("absent").await.unwrap_err().kind(), ErrorKind::Unavailable);
        scene.pass(1).await;
    }
}

#[tokio::test]
async fn f015_a_secret_that_is_created_is_seen_after_five_seconds_at_most() {
    let scene = Scene::new();
    let error = scene.get("api").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    scene.values.put("api", "canary-a");
    for left in [5, 4, 3, 2, 1] {
        let error = scene.get("api").await.unwrap_err();
        let retry_after = Some(Duration::from_secs(left));
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::NotFound, retry_after));
        scene.pass(1).await;
    }
    assert_eq!(scene.read("api").await.unwrap(), "canary-a");
    assert_eq!(scene.chaos.calls(), 2);
}

#[tokio::test]
async fn f015_a_short_ttl_shortens_how_long_that_is_remembered() {
    let scene = Scene::with(Limits::new(SECOND, STALE), false);
    assert!(scene.get("api").await.is_err());
    scene.values.put("api", "canary-a");
    scene.pass(1).await;
    assert_eq!(scene.read("api").await.unwrap(), "canary-a");
}

#[tokio::test]
async fn a_name_in_use_that_disappears_and_comes_back_is_seen_by_readers_and_handles() {
    let scene = Scene::new();
    let mut live = scene.live("db").await;
    scene.values.remove("db");
    scene.leap(TTL).await;
    assert_eq!(live.changed().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(scene.get("db").await.unwrap_err().kind(), ErrorKind::NotFound);
    scene.values.put("db", "canary-2");
    scene.pass(5).await;
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");
    live.changed().await.unwrap();
    assert!(live.load().is_ok());
}

#[tokio::test]
async fn an_absent_name_that_is_kept_is_asked_for_less_and_less_and_then_once_a_ttl() {
    let scene = Scene::new();
    assert!(scene.keep("api").await.is_err());
    settle().await;
    let before = scene.chaos.calls();
    scene.pass(600).await;
    let loads = scene.chaos.calls() - before;
    assert!((9..=11 + 4).contains(&loads), "{loads}");
    let before = scene.chaos.calls();
    scene.pass(600).await;
    let loads = scene.chaos.calls() - before;
    assert!((9..=11).contains(&loads), "{loads}");
    scene.values.put("api", "canary-a");
    scene.pass(60).await;
    assert!(scene.cache.cached("api").is_some());
}
