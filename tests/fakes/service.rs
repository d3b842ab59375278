//! A service through rotation, outage and restart of its provider: the same test on every fake.

use std::time::Duration;

use strongroom::{ErrorKind, GetOptions, Health, Secrets};
use strongroom_testkit::{Builder, Fake, ManualClock, Script};
use strongroom_tests::{key, refused, until};

use crate::on_every_fake;

on_every_fake!(
    what_was_read_is_served_through_an_outage_and_not_for_ever,
    signatures_of_before_a_rotation_by_somebody_else_verify_for_the_grace,
    an_outage_is_neither_an_absence_nor_a_forgery,
);

async fn what_was_read_is_served_through_an_outage_and_not_for_ever(builder: Builder<impl Fake>) {
    let clock = ManualClock::at(1_800_000_000);
    let fake = builder.secret("db/password", "canary-1").start().await;
    let builder = Secrets::builder().settings(fake.settings()).clock(clock.clone()).attempts(1);
    let secrets = builder.critical(["db/password"]).build().await.unwrap();
    secrets.ready().await.unwrap();
    fake.play(Script::Unavailable);
    clock.advance(Duration::from_secs(61));
    assert_eq!(secrets.get("db/password").await.unwrap().value().expose(), b"canary-1");
    until("it is told", async || matches!(secrets.health(), Health::Degraded { .. })).await;
    // 60 s fresh and 300 s more.
    clock.advance(Duration::from_secs(300));
    refused(secrets.get("db/password").await, ErrorKind::Unavailable);
    assert!(matches!(secrets.health(), Health::NotReady { .. }));
    fake.clear_faults();
    fake.set_secret("db/password", "canary-2");
    until("it is back", async || {
        clock.advance(Duration::from_secs(60));
        secrets.get("db/password").await.is_ok()
    })
    .await;
    let now = GetOptions::default().max_age(Duration::ZERO);
    let secret = secrets.get_with("db/password", now).await.unwrap();
    assert_eq!(secret.value().expose(), b"canary-2");
}

async fn signatures_of_before_a_rotation_by_somebody_else_verify_for_the_grace(
    builder: Builder<impl Fake>,
) {
    let clock = ManualClock::at(1_800_000_000);
    let builder = builder.clock(clock.clone()).signing_key("orders").secret("orders", &key("1"));
    let fake = builder.start().await;
    let open = async || {
        let builder = Secrets::builder().settings(fake.settings()).clock(clock.clone());
        builder.build().await.unwrap().signer().await.unwrap()
    };
    let (pod, other) = (open().await, open().await);
    let old = pod.sign(b"hi").await.unwrap();
    clock.advance(Duration::from_secs(10));
    fake.set_secret("orders", &key("2"));
    // A pod that starts now signs with the new key; one that runs has not heard of it, and asks.
    let restarted = open().await;
    let new = restarted.sign(b"hi").await.unwrap();
    assert_ne!(old.key(), new.key());
    for signer in [&pod, &other, &restarted] {
        assert!(signer.verify(b"hi", &old).await.is_ok());
        assert!(signer.verify(b"hi", &new).await.unwrap().is_current());
        let forged = signer.verify(b"ho", &new).await;
        refused(forged, ErrorKind::SignatureMismatch);
    }
    // The grace: 900 s from the moment of the rotation.
    clock.advance(Duration::from_secs(901));
    let restarted = open().await;
    refused(restarted.verify(b"hi", &old).await, ErrorKind::SignatureMismatch);
    assert!(restarted.verify(b"hi", &new).await.is_ok());
}

/// Also on the type itself, whose own method is nearer than that of the trait.
#[tokio::test]
async fn the_clock_of_aws_is_right_again_when_the_faults_are_cleared() {
    let fake = strongroom_testkit::aws().secret("a", "canary").start().await;
    fake.play(Script::ClockSkew(Duration::from_secs(3_600)));
    fake.clear_faults();
    let secrets = Secrets::from_settings(fake.settings()).await.unwrap();
    assert!(secrets.get("a").await.is_ok());
}

async fn an_outage_is_neither_an_absence_nor_a_forgery(builder: Builder<impl Fake>) {
    let clock = ManualClock::at(1_800_000_000);
    let builder = builder.signing_key("orders").secret("orders", &key("1"));
    let fake = builder.start().await;
    let builder = Secrets::builder().settings(fake.settings()).clock(clock.clone()).attempts(1);
    let secrets = builder.build().await.unwrap();
    let signer = secrets.signer().await.unwrap();
    let old = signer.sign(b"hi").await.unwrap();
    fake.play(Script::Reset);
    refused(secrets.get("nothing/like/it").await, ErrorKind::Unavailable);
    // Known keys still sign and verify; what a key of nobody signed cannot be told from a new one's.
    assert!(signer.verify(b"hi", &old).await.is_ok());
    let unknown = strongroom_tests::signed_with(&key("3")).await;
    refused(signer.verify(b"hi", &unknown).await, ErrorKind::Unavailable);
    fake.clear_faults();
    clock.advance(Duration::from_secs(60));
    refused(secrets.get("nothing/like/it").await, ErrorKind::NotFound);
    refused(signer.verify(b"hi", &unknown).await, ErrorKind::SignatureMismatch);
}
