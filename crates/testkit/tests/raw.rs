//! `RawServer` and `BlackHole`, seen through a socket.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use strongroom_core::{Clock, SystemClock};
use strongroom_testkit::{BlackHole, Exchange, RawServer, http};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const REQUEST: &[u8] = b"GET /canary HTTP/1.1\r\nhost: localhost\r\n\r\n";
const A_WHILE: Duration = Duration::from_millis(50);

#[tokio::test]
async fn bytes_come_as_scripted_and_then_the_connection_ends() {
    let server = RawServer::start([Exchange::new().send("HTTP/9 what\r\n").send(b"\0\xff")]).await;
    assert_eq!(ask(server.address(), REQUEST).await.unwrap(), b"HTTP/9 what\r\n\0\xff");
    assert_eq!(server.url(), format!("http://{}", server.address()));
}

#[tokio::test]
async fn connections_play_the_script_in_order_and_repeat_its_end() {
    let script = ["first", "second"].map(|text| Exchange::new().send(text));
    let server = RawServer::start(script).await;
    for expected in ["first", "second", "second"] {
        assert_eq!(ask(server.address(), REQUEST).await.unwrap(), expected.as_bytes());
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn an_empty_script_ends_connections_without_an_answer() {
    let server = RawServer::start([]).await;
    assert_eq!(ask(server.address(), REQUEST).await.unwrap(), b"");
    assert_eq!(server.requests(), [REQUEST]);
}

#[tokio::test]
async fn requests_are_read_to_the_end_of_their_bodies() {
    let server = RawServer::start([]).await;
    let request = b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\ncanary\r\n\r\n";
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    let (head, body) = request.split_at(45);
    client.write_all(head).await.unwrap();
    assert!(timeout(A_WHILE, client.read_u8()).await.is_err(), "the body is still to come");
    client.write_all(body).await.unwrap();
    assert_eq!(rest(&mut client).await.unwrap(), b"");
    assert_eq!(server.requests(), [request]);
}

#[tokio::test]
async fn a_request_that_breaks_off_is_not_recorded() {
    let server = RawServer::start([Exchange::new().send("no")]).await;
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut client).await.unwrap(), b"");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_reset_is_a_connection_reset() {
    let table = [
        (Exchange::new().reset(), 1),
        (Exchange::new().send(http(200, &[], "{}")).reset(), 1),
        (Exchange::new().without_reading().reset(), 0),
    ];
    for (exchange, requests) in table {
        let server = RawServer::start([exchange.clone()]).await;
        let mut client = TcpStream::connect(server.address()).await.unwrap();
        if requests > 0 {
            client.write_all(REQUEST).await.unwrap();
        }
        let error = rest(&mut client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{exchange:?}");
        assert_eq!((server.connections(), server.requests().len()), (1, requests), "{exchange:?}");
    }
}

#[tokio::test]
async fn hanging_keeps_the_connection_and_says_nothing() {
    let server = RawServer::start([Exchange::new().send("x").hang().send("y")]).await;
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    assert_eq!(client.read_u8().await.unwrap(), b'x');
    assert!(timeout(A_WHILE, client.read_u8()).await.is_err());
    assert_eq!(server.requests(), [REQUEST]);
}

#[tokio::test]
async fn dripping_waits_before_each_byte() {
    let every = Duration::from_millis(5);
    let server = RawServer::start([Exchange::new().drip("drip", every)]).await;
    let before = SystemClock.monotonic();
    assert_eq!(ask(server.address(), REQUEST).await.unwrap(), b"drip");
    assert!(SystemClock.monotonic() - before >= every * 4);
}

#[tokio::test]
async fn endless_bytes_do_not_end_before_the_client_does() {
    let server = RawServer::start([Exchange::new().endless("abc")]).await;
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    let mut many = vec![0; 3 << 20];
    client.read_exact(&mut many).await.unwrap();
    assert!(many.chunks(3).all(|chunk| chunk == b"abc"));
}

#[tokio::test]
async fn an_endless_nothing_is_no_busy_loop() {
    let server = RawServer::start([Exchange::new().endless("").send("x")]).await;
    assert_eq!(ask(server.address(), REQUEST).await.unwrap(), b"x");
}

#[tokio::test]
async fn without_reading_speaks_first_and_ends_cleanly_over_what_the_client_says() {
    let server = RawServer::start([Exchange::new().without_reading().send("garbage")]).await;
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    assert_eq!(rest(&mut client).await.unwrap(), b"garbage");
    assert!(server.requests().is_empty());
}

#[test]
fn an_http_answer_states_its_length_and_that_it_is_the_last() {
    let answer = http(503, &[("retry-after", "1")], "sealed");
    let expected =
        "HTTP/1.1 503 \r\nretry-after: 1\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsealed";
    assert_eq!(String::from_utf8(answer).unwrap(), expected);
}

#[tokio::test]
async fn a_dropped_server_ends_its_connections() {
    let server = RawServer::start([Exchange::new().send("x").hang()]).await;
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    assert_eq!(client.read_u8().await.unwrap(), b'x');
    drop(server);
    assert_eq!(rest(&mut client).await.unwrap(), b"");
}

#[tokio::test]
async fn debug_does_not_show_requests() {
    let server = RawServer::start([]).await;
    ask(server.address(), REQUEST).await.unwrap();
    let shown = format!("{server:?}");
    assert!(!shown.contains("canary") && !shown.contains(&format!("{REQUEST:?}")), "{shown}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn connecting_to_a_black_hole_neither_succeeds_nor_fails() {
    let hole = BlackHole::open().await;
    for _ in 0..3 {
        assert!(timeout(A_WHILE, TcpStream::connect(hole.address())).await.is_err());
    }
}

async fn ask(address: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut client = TcpStream::connect(address).await?;
    client.write_all(request).await?;
    rest(&mut client).await
}

async fn rest(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await?;
    Ok(bytes)
}
