//! How much is kept, and that what matters is not what makes room.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::Reason;
use strongroom_layers::Limits;
use strongroom_testkit::{Gate, ManualClock, Step};
use tokio::time::sleep;

use crate::scene::{STALE, Scene, TTL, key, settle};
use crate::timer::Timer;

const KEPT: usize = 1_000;
const IN_USE: usize = 1_024;

async fn write_and_read(scene: &Scene, names: std::ops::Range<usize>) {
    for number in names {
        let name = format!("name-{number}");
        scene.values.put(&name, "canary");
        assert!(scene.get(&name).await.is_ok());
    }
}

#[tokio::test]
async fn f017_ten_thousand_names_that_are_read_once_push_out_nothing_in_use() {
    let scene = Scene::new();
    for name in ["api", "signing-key"] {
        scene.values.put(name, "canary");
    }
    let live = scene.live("signing-key").await;
    scene.keep("api").await.unwrap();
    scene.use_name("db").await;
    write_and_read(&scene, 0..10_000).await;
    let calls = scene.chaos.calls();
    for name in ["db", "api", "signing-key"] {
        assert!(scene.cache.cached(name).is_some() && scene.cache.hit(name).is_some());
    }
    assert!(live.load().is_ok());
    assert_eq!((scene.chaos.calls(), scene.cache.status().len()), (calls, 3));
}

#[tokio::test]
async fn of_names_that_are_read_once_the_last_thousand_are_kept() {
    let scene = Scene::new();
    write_and_read(&scene, 0..3 * KEPT).await;
    let calls = scene.chaos.calls();
    for number in 2 * KEPT..3 * KEPT {
        scene.cache.get(&key(&format!("name-{number}")), None, None).await.unwrap();
    }
    assert_eq!(scene.chaos.calls(), calls);
    scene.cache.get(&key("name-0"), None, None).await.unwrap();
    assert_eq!(scene.chaos.calls(), calls + 1);
}

#[tokio::test]
async fn a_name_that_is_read_twice_is_in_use_also_when_a_thousand_others_are_kept() {
    let scene = Scene::new();
    write_and_read(&scene, 0..2 * KEPT).await;
    scene.use_name("db").await;
    assert!(scene.cache.hit("db").is_some());
    assert_eq!(scene.chaos.calls_for("db"), 1);
}

#[tokio::test]
async fn reading_twice_puts_a_bounded_number_of_names_in_use_and_declaring_any_number() {
    let scene = Scene::new();
    for number in 0..IN_USE {
        for _ in 0..2 {
            write_and_read(&scene, number..number + 1).await;
        }
    }
    assert_eq!(scene.cache.status().len(), IN_USE);
    scene.use_name("db").await;
    assert!(scene.cache.hit("db").is_none());
    scene.keep("db").await.unwrap();
    assert!(scene.cache.hit("db").is_some());
    assert_eq!(scene.cache.status().len(), IN_USE + 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_an_operation_and_a_load_that_does_stands_in_nobodys_way() {
    let timer = Timer::new();
    let limits = Limits::new(TTL, STALE);
    let dates = ManualClock::at(1_800_000_000);
    let scene = Scene::timed_by(dates, Arc::new(timer.clone()), limits, false);
    let gate = Gate::shut();
    scene.chaos.next("db", Step::ask().wait(&gate));
    let error = scene.get("db").await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::Timeout));
    assert!(timer.elapsed() < Duration::from_millis(10_250), "{:?}", timer.elapsed());
    assert_eq!((scene.read("db").await.unwrap(), scene.chaos.calls()), ("canary-1".into(), 2));
    sleep(Duration::from_secs(5)).await;
    gate.release();
    settle().await;
    assert_eq!((scene.read("db").await.unwrap(), scene.chaos.calls()), ("canary-1".into(), 2));
}
