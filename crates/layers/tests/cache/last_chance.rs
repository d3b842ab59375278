//! Values that are about to end.

use std::time::Duration;

use strongroom_layers::Limits;
use strongroom_testkit::Step;

use crate::scene::{Scene, down};

#[tokio::test]
async fn a_provider_that_is_back_within_the_stale_window_is_asked_before_the_value_ends() {
    let mut limits = Limits::new(Duration::from_secs(2), Duration::from_secs(12));
    limits.attempt = Duration::from_secs(1);
    let scene = Scene::with(limits, false);
    let live = scene.live("db").await;
    scene.pass(4).await;
    scene.chaos.always(None, Step::fail(down()));
    for _ in 0..100 {
        scene.leap(Duration::from_millis(100)).await;
    }
    scene.chaos.clear();
    for tenth in 0..100 {
        scene.leap(Duration::from_millis(100)).await;
        assert!(live.load().is_ok(), "{tenth} tenths of a second after the provider was back");
    }
}
