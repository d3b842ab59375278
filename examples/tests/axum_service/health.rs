//! What the platform is told, and how the service stops.

use std::time::Duration;

use serde_json::json;
use strongroom::{PutOptions, Secrets};
use strongroom_testkit::{FakeVault, Fault, ManualClock, On, ServerState};

use crate::client::UnderWay;
use crate::scene::{KEY, ORDER, Running, folder, transit};

#[tokio::test]
async fn a_service_with_a_fresh_key_is_ready() {
    let (_folder, settings) = folder();
    let service = Running::on(settings).await;
    let ready = service.get("/health/ready").await;
    assert_eq!((ready.status, ready.header("content-type")), (200, Some("application/json")));
    assert_eq!(ready.json(), json!({ "status": "ready", "problems": [] }));
    let live = service.get("/health/live").await;
    assert_eq!((live.status, &*live.body), (200, ""));
}

#[tokio::test]
async fn a_key_that_is_served_stale_degrades_and_past_its_age_limit_nothing_is_ready() {
    let vault = FakeVault::start().await;
    let settings = vault.settings().with("VAULT_SIGNING_SECRET_NAME", "orders-key");
    let clock = ManualClock::at(1_800_000_000);
    let secrets = Secrets::builder().settings(settings).clock(clock.clone()).attempts(1);
    let secrets = secrets.critical_signing_key().build().await.unwrap();
    secrets.put("orders-key", KEY, PutOptions::default()).await.unwrap();
    let service = Running::with(secrets.clone(), Duration::ZERO).await;
    let signature = service.sign(ORDER).await;
    vault.fault(Fault::new(On::Any).status(503));

    let mut told = Vec::new();
    // Past the time in which a renewal is due, and past the 360 s in which anything is served.
    for seconds in [120, 241] {
        clock.advance(Duration::from_secs(seconds));
        let verified = service.verify(ORDER, &signature).await.status;
        let ready = service.get("/health/ready").await;
        assert!(!ready.body.contains("canary"), "{}", ready.body);
        told.push((verified, ready.status, ready.json()["status"].clone()));
        assert_eq!(ready.json()["problems"][0]["name"], "orders-key");
    }
    assert_eq!(told, [(200, 200, json!("degraded")), (503, 503, json!("not_ready"))]);
}

/// A platform sends no orders to what is not ready, and asks every few seconds whether it is.
#[tokio::test]
async fn a_service_without_orders_is_ready_again_after_an_outage() {
    let (vault, settings) = transit("hmac").await;
    let clock = ManualClock::at(1_800_000_000);
    let secrets = Secrets::builder().settings(settings).clock(clock.clone()).attempts(1);
    let secrets = secrets.critical_signing_key().build().await.unwrap();
    let service = Running::with(secrets, Duration::ZERO).await;
    let signature = service.sign(ORDER).await;
    vault.set_state(ServerState::Sealed);
    assert_eq!(service.verify(ORDER, &signature).await.status, 503);
    assert_eq!(service.get("/health/ready").await.status, 503);

    vault.set_state(ServerState::Active);
    let asked = vault.calls().len();
    clock.advance(Duration::from_secs(5));
    let mut tries = 0;
    while service.get("/health/ready").await.status != 200 {
        tries += 1;
        assert!(tries < 10_000, "it does not find out");
    }
    assert_eq!(vault.calls().len(), asked + 1);
    assert_eq!(service.verify(ORDER, &signature).await.status, 200);
}

#[tokio::test]
async fn a_request_that_does_not_end_holds_up_the_stop_for_the_grace_and_no_longer() {
    let (_folder, settings) = folder();
    let secrets = crate::axum_service::open(settings).await.unwrap();
    let service = Running::with(secrets, Duration::ZERO).await;
    let _never_ended = UnderWay::begin(service.address, "POST /orders", ORDER.len()).await;
    service.stop.send(()).unwrap();
    let in_time = tokio::time::timeout(Duration::from_secs(10), service.served).await;
    in_time.expect("stops").unwrap();
}
