//! What counts when loads, invalidations and versions cross each other.

use strongroom_core::{ErrorKind, Freshness, Reason, Secret};
use strongroom_testkit::{Gate, Step};
use tracing::Level;

use crate::log::Log;
use crate::scene::{AGE, SECOND, Scene, TTL, down, key, settle, text};

#[tokio::test]
async fn f012_a_load_that_an_invalidation_overtook_answers_those_who_wait_and_is_not_kept() {
    let scene = Scene::new();
    let held = Gate::shut();
    scene.chaos.next("db", Step::ask().hold(&held));
    let before = scene.start_reading("db").await;
    held.arrived().await;
    scene.values.put("db", "canary-2");
    scene.cache.invalidate(|name| *name == key("db"));

    let after = scene.start_reading("db").await;
    assert_eq!(after.await.unwrap().unwrap(), "canary-2", "a load of its own");
    held.release();
    assert_eq!(before.await.unwrap().unwrap(), "canary-1", "it asked before");
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");
    assert_eq!(text(&scene.cache.cached("db").unwrap()), "canary-2");
    assert_eq!(scene.chaos.calls(), 2);
}

#[tokio::test]
async fn f012_without_a_second_reader_the_overtaken_result_is_not_kept_either() {
    let scene = Scene::new();
    let held = Gate::shut();
    scene.chaos.next("db", Step::ask().hold(&held));
    let before = scene.start_reading("db").await;
    scene.values.put("db", "canary-2");
    scene.cache.invalidate(|_| true);
    held.release();
    assert_eq!(before.await.unwrap().unwrap(), "canary-1");
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");
}

#[tokio::test]
async fn f012_a_renewal_that_an_invalidation_overtook_is_not_shown() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    let (held, gate) = (Gate::shut(), Gate::shut());
    scene.chaos.next("db", Step::ask().hold(&held));
    scene.chaos.next("db", Step::ask().wait(&gate));
    scene.leap(TTL).await;
    held.arrived().await;
    scene.values.put("db", "canary-2");
    scene.cache.invalidate(|_| true);
    held.release();
    settle().await;
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::Invalidated));
    assert!(scene.cache.cached("db").is_none() && scene.cache.hit("db").is_none());
    gate.release();
    settle().await;
    assert_eq!(text(&live.load().unwrap()), "canary-2");
}

#[tokio::test]
async fn f013_an_older_load_that_ends_later_replaces_nothing() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    let (old, new) = (Gate::shut(), Gate::shut());
    scene.values.put("db", "canary-2");
    scene.chaos.next("db", Step::ask().hold(&old));
    scene.chaos.next("db", Step::ask().hold(&new));
    scene.leap(TTL).await;
    old.arrived().await;
    scene.values.put("db", "canary-3");
    scene.cache.expire(|_| true);
    settle().await;
    new.arrived().await;
    new.release();
    settle().await;
    assert_eq!(scene.read("db").await.unwrap(), "canary-3");
    old.release();
    settle().await;
    assert_eq!(text(&live.load().unwrap()), "canary-3");
    assert_eq!(scene.read("db").await.unwrap(), "canary-3");
    assert_eq!(scene.chaos.calls(), 3);
}

#[tokio::test]
async fn an_invalidation_is_not_held_up_by_the_gate_of_a_failure() {
    for by_order in [true, false] {
        let scene = Scene::new();
        scene.chaos.next("db", Step::fail(down()));
        assert!(scene.get("db").await.is_err());
        assert!(scene.get("db").await.is_err());
        assert_eq!(scene.chaos.calls(), 1);
        match by_order {
            true => scene.cache.invalidate(|_| true),
            false => scene.cache.expire(|_| true),
        }
        assert_eq!(scene.read("db").await.unwrap(), "canary-1");
    }
}

#[tokio::test]
async fn an_invalidation_means_the_keys_that_it_names() {
    let scene = Scene::new();
    scene.values.put("api", "canary-a");
    for name in ["db", "api"] {
        scene.use_name(name).await;
    }
    scene.cache.invalidate(|name| *name == key("db"));
    assert!(scene.cache.cached("db").is_none() && scene.cache.cached("api").is_some());
}

fn replica(value: &str, version: &str, like: &Secret) -> Secret {
    let secret = Secret::new(value.into()).with_version(version.into());
    secret.with_created_at(like.created_at().unwrap())
}

/// With version 2 held of one that was written a minute after the first.
async fn with_two_versions() -> (Scene, Secret) {
    let scene = Scene::new();
    let first = scene.values.secret("db");
    scene.clock.advance(TTL);
    scene.values.put("db", "canary-2");
    scene.use_name("db").await;
    (scene, first)
}

#[tokio::test]
async fn f129_an_older_version_is_not_believed_the_first_time() {
    let (scene, first) = with_two_versions().await;
    let live = scene.live("db").await;
    let log = Log::start();
    scene.chaos.next("db", Step::answer(first).times(1));
    scene.leap(TTL).await;
    assert_eq!(text(&live.load().unwrap()), "canary-2", "a replica lags");
    assert_eq!(scene.read("db").await.unwrap(), "canary-2");
    let said = log.events("version_went_back");
    assert_eq!(said.len(), 1);
    assert_eq!((&*said[0].1["version"], &*said[0].1["answered"]), ("2", "1"));
    assert_eq!(scene.chaos.calls(), 2, "the replica has a second to catch up");
    scene.leap(SECOND).await;
    assert_eq!(scene.chaos.calls(), 3);
    assert!(scene.cache.hit("db").is_some(), "it is as new as it should be again");
    assert_eq!((log.count("rotated"), log.count("rotation_rolled_back")), (0, 0));
}

#[tokio::test]
async fn f129_an_older_version_that_stays_is_a_rollback() {
    let (scene, first) = with_two_versions().await;
    let mut live = scene.live("db").await;
    let log = Log::start();
    scene.chaos.always("db", Step::answer(first));
    scene.leap(TTL).await;
    assert_eq!(text(&live.load().unwrap()), "canary-2");
    scene.leap(SECOND).await;
    live.changed().await.unwrap();
    assert_eq!(text(&live.load().unwrap()), "canary-1");
    assert_eq!(scene.read("db").await.unwrap(), "canary-1");
    let said = log.events("rotation_rolled_back");
    assert_eq!((said.len(), said[0].0), (1, Level::WARN));
    assert_eq!((&*said[0].1["from"], &*said[0].1["version"]), ("2", "1"));
    scene.pass(120).await;
    assert_eq!(log.count("version_went_back"), 1, "and is believed from now on");
}

#[tokio::test]
async fn f129_readers_who_want_the_newest_do_not_settle_the_doubt_before_its_time() {
    let (scene, first) = with_two_versions().await;
    let log = Log::start();
    scene.chaos.always("db", Step::answer(first));
    for _ in 0..4 {
        scene.clock.advance(SECOND / 5);
        assert_eq!(scene.read_anew("db").await.unwrap(), "canary-2");
    }
    assert_eq!(log.count("rotation_rolled_back"), 0);
    scene.leap(SECOND).await;
    assert_eq!(scene.read("db").await.unwrap(), "canary-1");
}

#[tokio::test]
async fn f129_a_value_past_its_age_limit_does_not_come_back_with_a_doubt() {
    let (scene, first) = with_two_versions().await;
    let held = Gate::shut();
    scene.chaos.next("db", Step::answer(first).hold(&held));
    scene.clock.advance(SECOND);
    let reader = scene.clone();
    let read = tokio::spawn(async move { reader.read_anew("db").await });
    held.arrived().await;
    // Released first, so that the load ends before anybody saw what time it is.
    held.release();
    scene.clock.suspend(AGE);
    assert_eq!(read.await.unwrap().unwrap(), "canary-1");
}

#[tokio::test]
async fn f130_a_version_that_comes_back_with_other_bytes_is_an_alarm_and_the_old_ones_stay() {
    let scene = Scene::new();
    scene.use_name("db").await;
    let live = scene.live("db").await;
    let log = Log::start();
    let other = replica("canary-x", "1", &scene.values.secret("db"));
    scene.chaos.always("db", Step::answer(other));
    scene.leap(TTL).await;
    for _ in 0..50 {
        assert_eq!(scene.read("db").await.unwrap(), "canary-1");
        scene.pass(1).await;
    }
    let error = scene.status("db").unwrap().error.unwrap();
    assert_eq!(
        (error.kind(), error.reason()),
        (ErrorKind::Malformed, Some(Reason::VersionConflict))
    );
    let said = log.events("rotation_invalid");
    assert_eq!((said.len(), said[0].0), (1, Level::ERROR));
    assert_eq!(said[0].1["reason"], "version_conflict");
    assert_eq!(live.freshness(), Freshness::Stale);

    scene.values.put("db", "canary-2");
    scene.chaos.clear();
    scene.pass(31).await;
    assert_eq!(text(&live.load().unwrap()), "canary-2", "written once more");
}

#[tokio::test]
async fn f130_the_old_bytes_stay_up_to_their_age_limit() {
    let scene = Scene::new();
    let live = scene.live("db").await;
    let other = replica("canary-x", "1", &scene.values.secret("db"));
    scene.chaos.always("db", Step::answer(other));
    scene.pass(359).await;
    assert_eq!(text(&live.load().unwrap()), "canary-1");
    scene.pass(1).await;
    assert_eq!(live.load().unwrap_err().reason(), Some(Reason::AgeLimit));
}

#[tokio::test]
async fn a_later_version_is_shown_and_said() {
    let scene = Scene::new();
    let mut live = scene.live("db").await;
    let log = Log::start();
    scene.clock.advance(SECOND);
    scene.values.put("db", "canary-2");
    scene.leap(TTL).await;
    live.changed().await.unwrap();
    assert_eq!(text(&live.load().unwrap()), "canary-2");
    let said = log.events("rotated");
    assert_eq!((said.len(), said[0].0), (1, Level::INFO));
    let fields = ["provider", "secret", "from", "version"].map(|field| &*said[0].1[field]);
    assert_eq!(fields, ["values", "db", "1", "2"]);
}
