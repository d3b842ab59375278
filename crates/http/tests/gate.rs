//! Pauses that a server asks for.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{answer, config, refused, request};
use strongroom_core::ErrorKind;
use strongroom_http::Client;
use strongroom_testkit::{Exchange, ManualClock, RawServer, http};

/// 2026-11-23 00:00:00 UTC.
const MIDNIGHT: u64 = 1_795_392_000;
const IN_SEVEN_SECONDS: &str = "Mon, 23 Nov 2026 00:00:07 GMT";
const YESTERDAY: &str = "Sun, 22 Nov 2026 00:00:00 GMT";
const TOMORROW: &str = "Tue, 24 Nov 2026 00:00:00 GMT";

#[tokio::test]
async fn f042_no_call_goes_out_until_the_named_time_has_passed() {
    let (server, client, clock) = throttled(429, &[("retry-after", "7")]).await;
    assert_eq!(pause(&client).await, Some(millis(7_000)));
    for (left, passing) in [(7_000, 1_000), (6_000, 5_999), (1, 1)] {
        assert_eq!(pause(&client).await, Some(millis(left)));
        clock.advance(millis(passing));
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(answer(&client).await.status(), 200);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn f042_a_probe_that_is_throttled_closes_nothing() {
    let (_server, client, _) = throttled(429, &[("retry-after", "7")]).await;
    assert_eq!(client.send(request().probe()).await.unwrap().status(), 429);
    assert_eq!(answer(&client).await.status(), 200);
}

#[tokio::test]
async fn f042_a_probe_passes_during_a_pause_and_does_not_end_it() {
    let (server, client, _) = throttled(429, &[("retry-after", "7")]).await;
    assert_eq!(pause(&client).await, Some(millis(7_000)));
    assert_eq!(client.send(request().probe()).await.unwrap().status(), 200);
    assert_eq!(pause(&client).await, Some(millis(7_000)));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn f042_of_two_pauses_the_longer_one_holds() {
    let long = Exchange::new().send(http(429, &[("retry-after", "7")], ""));
    let short = http(429, &[("retry-after", "1")], "");
    let later = Exchange::new().drip(short, Duration::from_millis(2));
    let server = RawServer::start([long, later]).await;
    let client = client_of(&server, &ManualClock::at(MIDNIGHT));
    let (one, other) = tokio::join!(pause(&client), pause(&client));
    assert_ne!(one, other);
    assert_eq!(pause(&client).await, Some(millis(7_000)));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn f042_another_identity_is_not_held_up() {
    let (server, client, clock) = throttled(429, &[("retry-after", "7")]).await;
    let other = client_of(&server, &clock);
    assert_eq!(pause(&client).await, Some(millis(7_000)));
    assert_eq!(answer(&other).await.status(), 200);
}

#[tokio::test]
async fn f042_a_clock_that_is_set_back_does_not_make_the_pause_longer() {
    let (_server, client, clock) = throttled(429, &[("retry-after", "7")]).await;
    pause(&client).await;
    clock.set_back(millis(3_600_000));
    clock.advance(millis(7_000));
    assert_eq!(answer(&client).await.status(), 200);
}

#[tokio::test]
async fn case_60_f043_the_pause_is_what_the_headers_say_and_300_seconds_at_most() {
    for (headers, expected) in [
        (&[("retry-after", IN_SEVEN_SECONDS)][..], Some(7_000)),
        (&[("retry-after", TOMORROW)], Some(300_000)),
        (&[("retry-after", "301")], Some(300_000)),
        (&[("retry-after", "99999999999999999999999")], Some(300_000)),
        (&[("retry-after", "7"), ("retry-after-ms", "1500")], Some(1_500)),
        (&[("retry-after", "7"), ("x-ms-retry-after-ms", "1500")], Some(1_500)),
        (&[("retry-after", "7"), ("retry-after-ms", "canary")], Some(7_000)),
    ] {
        let (server, client, clock) = throttled(429, headers).await;
        let expected = expected.map(millis);
        assert_eq!(pause(&client).await, expected, "{headers:?}");
        assert_eq!(pause(&client).await, expected, "{headers:?}");
        assert_eq!(server.connections(), 1, "{headers:?}");
        clock.advance(expected.unwrap_or_default());
        assert_eq!(answer(&client).await.status(), 200, "{headers:?}");
    }
}

#[tokio::test]
async fn case_61_f043_what_names_no_time_or_none_to_come_pauses_nothing() {
    for (headers, expected) in [
        (&[][..], None),
        (&[("retry-after", "0")], Some(0)),
        (&[("retry-after", YESTERDAY)], Some(0)),
        (&[("retry-after", "7"), ("retry-after-ms", "0")], Some(0)),
        (&[("retry-after", "-1")], None),
        (&[("retry-after", "1e9")], None),
        (&[("retry-after", "1.5")], None),
        (&[("retry-after", "")], None),
        (&[("retry-after", "canary")], None),
        (&[("retry-after", "\u{e9}")], None),
    ] {
        let (server, client, _) = throttled(429, headers).await;
        assert_eq!(pause(&client).await, expected.map(millis), "{headers:?}");
        assert_eq!(answer(&client).await.status(), 200, "{headers:?}");
        assert_eq!(server.connections(), 2, "{headers:?}");
    }
}

#[tokio::test]
async fn other_statuses_name_a_time_and_pause_nothing() {
    for (status, kind, expected) in [
        (503, ErrorKind::Unavailable, Some(millis(7_000))),
        (403, ErrorKind::PermissionDenied, None),
    ] {
        let (_server, client, _) = throttled(status, &[("retry-after", "7")]).await;
        let error = refused(&client).await;
        assert_eq!((error.kind(), error.retry_after()), (kind, expected), "{status}");
        assert_eq!(answer(&client).await.status(), 200, "{status}");
    }
}

#[tokio::test]
async fn f042_a_refusal_whose_body_breaks_off_pauses_too() {
    let head = "HTTP/1.1 429 \r\nretry-after: 7\r\ncontent-length: 100\r\n\r\ncanary";
    let server = RawServer::start([Exchange::new().send(head)]).await;
    let client = client_of(&server, &ManualClock::at(MIDNIGHT));
    for _ in 0..2 {
        assert_eq!(pause(&client).await, Some(millis(7_000)));
    }
    assert_eq!(server.connections(), 1);
}

/// A server that refuses the first call so and answers every later one, and a client at midnight.
async fn throttled(status: u16, headers: &[(&str, &str)]) -> (RawServer, Client, ManualClock) {
    let refusal = Exchange::new().send(http(status, headers, "canary"));
    let ok = Exchange::new().send(http(200, &[], "{}"));
    let server = RawServer::start([refusal, ok]).await;
    let clock = ManualClock::at(MIDNIGHT);
    let client = client_of(&server, &clock);
    (server, client, clock)
}

fn client_of(server: &RawServer, clock: &ManualClock) -> Client {
    Client::new(config(&server.url()), Arc::new(clock.clone())).expect("a configuration")
}

/// How long a throttled call has to wait.
async fn pause(client: &Client) -> Option<Duration> {
    let error = refused(client).await;
    assert_eq!(error.kind(), ErrorKind::Throttled, "{error}");
    error.retry_after()
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}
