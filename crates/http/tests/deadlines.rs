//! Connections that fail, break or take too long.

mod common;

use std::error::Error as _;
use std::time::Duration;

use common::{answer, client, config, refused, told, trusting};
use strongroom_core::{Error, ErrorKind, Reason};
use strongroom_testkit::{Certificate, Exchange, RawServer, TlsFront, http};
use tokio::time::Instant;

/// What the clients here are given.
const SHORT: Duration = Duration::from_millis(200);
/// Below every default, and long enough for a machine that is busy.
const SOON: Duration = Duration::from_millis(2_500);
/// Far below any idle timeout.
const DRIP: Duration = Duration::from_millis(10);

#[tokio::test]
async fn case_67_f066_a_refused_connection_is_an_outage() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    // Bound and not listening: nobody else gets the port, and nobody answers there.
    let address = format!("http://{}", socket.local_addr().unwrap());
    let error = refused(&client(config(&address))).await;
    assert_eq!(told(&error), (ErrorKind::Unavailable, None));
    assert!(error.to_string().contains(&address), "{error}");
    assert!(error.source().is_some(), "nothing was sent that a cause could show");
}

#[tokio::test]
async fn case_67_f066_a_reset_is_an_outage_and_never_a_partial_value() {
    let whole = http(200, &[("content-type", "application/json")], r#"{"a":"canary"}"#);
    let head = whole.len() - r#"{"a":"canary"}"#.len();
    let chunked = "HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n";
    for (at, exchange) in [
        ("on accept", Exchange::new().without_reading().reset()),
        ("after the request", Exchange::new().reset()),
        ("in the headers", Exchange::new().send(&whole[..head / 2]).reset()),
        ("before the body", Exchange::new().send(&whole[..head]).reset()),
        ("in the body", Exchange::new().send(&whole[..whole.len() - 1]).reset()),
        ("between chunks", Exchange::new().send(chunked).reset()),
    ] {
        let server = RawServer::start([exchange]).await;
        let error = refused(&client(config(&server.url()))).await;
        assert_eq!(told(&error), (ErrorKind::Unavailable, None), "{at}: {error}");
        // One on accept may come while we connect, when nothing was sent that a cause could show.
        assert!(at == "on accept" || error.source().is_none(), "{at}");
        assert_eq!(server.connections(), 1, "{at}");
    }
}

#[tokio::test]
async fn f066_an_end_before_or_in_the_headers_is_an_outage() {
    for sent in ["", "HTTP/1.1 200 OK\r\ncontent-le"] {
        let server = RawServer::start([Exchange::new().send(sent)]).await;
        let error = refused(&client(config(&server.url()))).await;
        assert_eq!(told(&error), (ErrorKind::Unavailable, None), "{sent:?}");
    }
}

#[tokio::test]
async fn f066_a_reset_or_an_end_in_the_handshake_is_an_outage() {
    let authority = TlsFront::start(([127, 0, 0, 1], 1).into(), Certificate::Good).await;
    for exchange in [Exchange::new(), Exchange::new().reset()] {
        let server = RawServer::start([exchange.without_reading()]).await;
        let address = format!("https://{}", server.address());
        let error = refused(&client(trusting(&address, authority.ca_pem()))).await;
        assert_eq!(told(&error), (ErrorKind::Unavailable, None), "{error}");
    }
}

#[tokio::test]
async fn f066_after_a_reset_the_next_call_is_answered() {
    let ok = Exchange::new().send(http(200, &[], "{}"));
    let server = RawServer::start([Exchange::new().reset(), ok]).await;
    let client = client(config(&server.url()));
    refused(&client).await;
    assert_eq!(answer(&client).await.body(), b"{}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn f067_a_black_hole_fails_at_the_deadline_of_the_connection() {
    let hole = strongroom_testkit::BlackHole::open().await;
    let mut config = config(&format!("http://{}", hole.address()));
    config.connect = SHORT;
    let error = cut(config).await;
    assert!(error.to_string().contains("no connection"), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn f067_the_deadline_of_the_attempt_includes_the_connection() {
    let hole = strongroom_testkit::BlackHole::open().await;
    let mut config = config(&format!("http://{}", hole.address()));
    config.attempt = SHORT;
    cut(config).await;
}

#[tokio::test]
async fn f067_a_handshake_that_hangs_fails_at_the_deadline_of_the_connection() {
    let authority = TlsFront::start(([127, 0, 0, 1], 1).into(), Certificate::Good).await;
    let server = RawServer::start([Exchange::new().without_reading().hang()]).await;
    let address = format!("https://{}", server.address());
    let mut config = trusting(&address, authority.ca_pem());
    config.connect = SHORT;
    let error = cut(config).await;
    assert!(error.to_string().contains("no connection"), "{error}");
}

#[tokio::test]
async fn case_67_f068_f069_answers_that_take_longer_than_an_attempt_are_cut() {
    let head = "HTTP/1.1 200 \r\ncontent-length: 1000\r\n\r\n";
    let slow = "HTTP/1.1 200 \r\nx-slow: ".to_owned() + &"x".repeat(1_000);
    for (what, exchange) in [
        ("nothing", Exchange::new().hang()),
        ("interim answers", Exchange::new().send("HTTP/1.1 100 \r\n\r\n").hang()),
        ("slow headers", Exchange::new().drip(slow, DRIP)),
        ("no body", Exchange::new().send(head).hang()),
        ("a dripping body", Exchange::new().send(head).drip("x".repeat(1_000), DRIP)),
    ] {
        let server = RawServer::start([exchange]).await;
        let mut config = config(&server.url());
        config.attempt = SHORT;
        cut(config).await;
        assert_eq!(server.connections(), 1, "{what}");
    }
}

#[tokio::test]
async fn f069_an_error_whose_body_drips_keeps_its_status() {
    let head = "HTTP/1.1 403 \r\ncontent-length: 1000\r\n\r\n";
    let server = RawServer::start([Exchange::new().send(head).hang()]).await;
    let mut config = config(&server.url());
    config.attempt = SHORT;
    let began = Instant::now();
    assert_eq!(refused(&client(config)).await.kind(), ErrorKind::PermissionDenied);
    assert!(began.elapsed() < SOON);
}

/// The error of a call that ends by a short deadline.
async fn cut(config: strongroom_http::Config) -> Error {
    let client = client(config);
    let began = Instant::now();
    let error = refused(&client).await;
    let took = began.elapsed();
    assert_eq!(told(&error), (ErrorKind::Unavailable, Some(Reason::Timeout)), "{error}");
    assert!(took >= SHORT && took < SOON, "{took:?}");
    error
}
