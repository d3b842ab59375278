//! What `ENABLE_SECRETS_PROVIDER_TELEMETRY` adds to the log.

use strongroom::ErrorKind;
use strongroom_tests::{Log, key, settle};

use crate::on_each;
use crate::place::Place;

on_each!(case_77_the_provider_is_named_once_at_the_start_and_nothing_else_is_added);

async fn case_77_the_provider_is_named_once_at_the_start_and_nothing_else_is_added(place: &Place) {
    place.put("a", "canary-77").await;
    place.put("signing-key", &key("77")).await;
    let silent = work(place, "false").await;
    let lines = work(place, "true").await;
    let id = place.service(&[]).await.provider();
    let expected = format!("INFO strongroom::builder: secrets provider provider=\"{id}\"");
    assert_eq!(lines.first(), Some(&expected));
    assert_eq!(lines[1..], silent, "it says nothing else");
    for line in &lines {
        assert!(!line.contains("canary"), "{line}");
    }
}

/// What a service says of itself that starts, reads, signs and finds something missing: without the times.
async fn work(place: &Place, telemetry: &str) -> Vec<String> {
    let log = Log::capture();
    let settings = [("ENABLE_SECRETS_PROVIDER_TELEMETRY", telemetry)];
    let secrets = place.service(&settings).await;
    for _ in 0..3 {
        secrets.get("a").await.unwrap();
        assert_eq!(secrets.get("b").await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    let signer = secrets.signer().await.unwrap();
    let signature = signer.sign(b"hi").await.unwrap();
    signer.verify(b"hi", &signature).await.unwrap();
    secrets.health();
    drop((signer, secrets));
    settle().await;
    let text = log.text();
    let without_time = text.lines().filter_map(|line| line.split_once(' ')).map(|(_, line)| line);
    without_time.map(str::trim).filter(|l| l.contains("strongroom")).map(str::to_owned).collect()
}
