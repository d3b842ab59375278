//! Answers that are cut short, too large, or not what was asked for.

mod common;

use std::collections::HashMap;
use std::time::Duration;

use common::{answer, client, config, quiet, refused, told};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use strongroom_core::{Error, ErrorKind, Reason};
use strongroom_http::Response;
use strongroom_testkit::{Exchange, RawServer, http};
use tokio::time::timeout;

const CAP: usize = 1 << 20;
const CHUNKED: &str = "HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n";
/// Long enough for a machine that is busy, and far below the deadline of an attempt.
const SOON: Duration = Duration::from_millis(2_500);

#[tokio::test]
async fn case_68_f070_a_truncated_answer_is_never_read() {
    let announced = |body: &str| format!("HTTP/1.1 200 \r\ncontent-length: 14\r\n\r\n{body}");
    let chunked = |body: &str| format!("{CHUNKED}{body}");
    for bytes in [
        announced(""),
        announced(r#"{"a":"canary"#),
        announced("{}"),
        chunked(""),
        chunked("2"),
        chunked("2\r\n{"),
        chunked("2\r\n{}"),
        chunked("2\r\n{}\r\n"),
        chunked("2\r\n{}\r\n0\r\n"),
    ] {
        let error = fault(Exchange::new().send(bytes.clone())).await;
        assert_eq!(told(&error), (ErrorKind::Malformed, Some(Reason::Truncated)), "{bytes:?}");
    }
}

#[tokio::test]
async fn f070_chunks_that_are_none_are_no_outage() {
    for chunk in ["canary\r\n", "-2\r\n{}\r\n", "2\r\n{}canary", "ffffffffffffffffff\r\n{}"] {
        let error = fault(Exchange::new().send(format!("{CHUNKED}{chunk}"))).await;
        assert_eq!(told(&error), (ErrorKind::Malformed, None), "{chunk:?}: {error}");
    }
}

#[tokio::test]
async fn case_73_f071_what_is_longer_than_the_cap_is_not_read() {
    let head = |status: u16| format!("HTTP/1.1 {status} \r\ncontent-length: {}\r\n\r\n", 1 << 30);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(65_536));
    for (what, exchange) in [
        ("1 GiB, announced", Exchange::new().send(head(200)).hang()),
        ("1 GiB, sent", Exchange::new().send(head(200)).endless("x")),
        ("endless chunks", Exchange::new().send(CHUNKED).endless(chunk)),
        (
            "small chunks",
            Exchange::new().send(CHUNKED).endless("20\r\n01234567012345670123456701234567\r\n"),
        ),
        ("no length", Exchange::new().send("HTTP/1.1 200 \r\n\r\n").endless("x")),
        ("one byte more", Exchange::new().send(http(200, &[], vec![b'x'; CAP + 1]))),
    ] {
        let error = timeout(SOON, fault(exchange)).await.expect(what);
        assert_eq!(told(&error), (ErrorKind::Malformed, Some(Reason::TooLarge)), "{what}");
    }
    let failed = timeout(SOON, fault(Exchange::new().send(head(500)).endless("x"))).await;
    assert_eq!(failed.unwrap().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn f071_the_cap_itself_is_read() {
    let body = vec![b'x'; CAP];
    let response = answered(Exchange::new().send(http(200, &[], &body))).await;
    assert!(response.body() == body);
}

#[tokio::test]
async fn f071_s24_a_compressed_answer_is_not_inflated() {
    // RFC 1952: the magic, and nothing that could be inflated.
    let body = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";
    let headers = [("content-encoding", "gzip"), ("content-type", "application/json")];
    let server = RawServer::start([Exchange::new().send(http(200, &headers, body))]).await;
    let response = answer(&client(config(&server.url()))).await;
    assert_eq!(response.body(), body);
    let error = json::<serde_json::Value>(&response);
    assert!(error.to_string().contains("10 bytes"), "{error}");
    let request = String::from_utf8(server.requests().remove(0)).unwrap().to_lowercase();
    assert!(!request.contains("accept-encoding"), "{request}");
}

#[tokio::test]
async fn f072_too_many_or_too_long_headers_are_an_error() {
    let status = "HTTP/1.1 200 \r\n";
    for (what, exchange) in [
        (
            "10,000",
            Exchange::new().send(status.to_owned() + &"x: canary\r\n".repeat(10_000) + "\r\n"),
        ),
        ("1 MiB", Exchange::new().send(format!("{status}x: {}\r\n\r\n", "x".repeat(CAP)))),
        (
            "a name of 1 MiB",
            Exchange::new().send(format!("{status}{}: x\r\n\r\n", "x".repeat(CAP))),
        ),
        ("endless", Exchange::new().send(status).endless("x: canary\r\n")),
        ("one without end", Exchange::new().send(status.to_owned() + "x: ").endless("x")),
    ] {
        let error = timeout(SOON, fault(exchange)).await.expect(what);
        assert_eq!(told(&error), (ErrorKind::Malformed, None), "{what}: {error}");
    }
}

#[tokio::test]
async fn case_68_what_is_not_http_is_malformed() {
    for text in [
        "canary\r\n\r\n",
        "SSH-2.0-canary\r\n",
        "HTTP/9.9 200 canary\r\n\r\n",
        "HTTP/1.1 canary\r\n\r\n",
        "HTTP/1.1 200 \r\ncanary\r\n\r\n",
        "HTTP/1.1 200 \r\ncontent-length: canary\r\n\r\n",
        "HTTP/1.1 200 \r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    ] {
        let error = fault(Exchange::new().send(text)).await;
        assert_eq!(told(&error), (ErrorKind::Malformed, None), "{text:?}: {error}");
    }
}

#[tokio::test]
async fn case_68_f073_a_body_of_another_sort_is_named_by_status_and_type_only() {
    for (content_type, body) in [
        ("text/html", "<html>canary</html>"),
        ("application/json", ""),
        ("application/json", "null"),
        ("application/json", "[]"),
        ("application/json", "{}"),
        ("application/json", r#""canary""#),
        ("application/json", r#"{"data":"canary"}"#),
        ("application/json", r#"{"data":["canary"]}"#),
        ("application/json", r#"{"data":{"canary":1}}"#),
        ("application/json", r#"{"data":{"canary":"canary"}"#),
    ] {
        let head = [("content-type", format!("{content_type}; charset=utf-8"))];
        let head = head.each_ref().map(|(name, value)| (*name, value.as_str()));
        let response = answered(Exchange::new().send(http(200, &head, body))).await;
        let shown = json::<Reply>(&response).to_string();
        assert!(shown.contains("answered 200") && shown.contains(content_type), "{shown}");
    }
}

#[tokio::test]
async fn f073_a_type_that_is_missing_or_foreign_is_shown_as_such() {
    for (head, expected) in [
        (&[][..], "no content type"),
        (&[("content-type", "")], "no content type"),
        (&[("content-type", "text/html;x=canary")], "`text/html`"),
        (&[("content-type", "\u{e9}canary")], "no content type"),
    ] {
        let response = answered(Exchange::new().send(http(200, head, "canary"))).await;
        let shown = json::<Reply>(&response).to_string();
        assert!(shown.contains(expected), "{shown}");
    }
}

#[tokio::test]
async fn f074_json_is_read_strictly() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for body in [
        deep.as_bytes(),
        br#"{"canary":1}canary"#,
        b"{}{}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\xffcanary\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        br#"{"a":"\ud800"}"#,
        b"{\"a\":\"\ncanary\"}",
        br#"{"a":NaN}"#,
        br#"{"a":-Infinity}"#,
        br#"{"a":1e400}"#,
        br#"{"a":01}"#,
        br#"{"a":1,}"#,
        br#"{'a':1}"#,
        b"// canary\n{}",
    ] {
        let response = answered(Exchange::new().send(http(200, &[], body))).await;
        json::<serde_json::Value>(&response);
    }
}

#[tokio::test]
async fn f074_a_member_that_comes_twice_is_refused() {
    let twice = r#"{"data":{"a":"canary"},"data":{"a":"canary"}}"#;
    json::<Reply>(&answered(Exchange::new().send(http(200, &[], twice))).await);
}

#[tokio::test]
async fn f074_depth_in_what_is_not_read_overflows_nothing() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let body = format!(r#"{{"other":{deep},"data":{{"a":"canary"}}}}"#);
    let response = answered(Exchange::new().send(http(200, &[], body))).await;
    assert_eq!(response.json::<Reply>().unwrap().data["a"], "canary");
}

#[tokio::test]
async fn case_69_members_that_are_not_asked_for_are_passed_over() {
    let body = r#"{"lease":null,"data":{"a":"canary"},"x":{"data":1}}"#;
    let response = answered(Exchange::new().send(http(200, &[], body))).await;
    assert_eq!(response.json::<Reply>().unwrap().data["a"], "canary");
}

#[tokio::test]
async fn f075_other_successes_and_interim_answers_are_not_what_was_asked_for() {
    let body = r#"{"data":{}}"#;
    for status in [201, 202, 203, 204, 205, 206, 226, 299, 300, 304, 101] {
        let bytes = match status {
            // By RFC 9110 these have no body, whatever they announce.
            101 | 204 | 304 => format!("HTTP/1.1 {status} \r\n\r\n").into_bytes(),
            _ => http(status, &[], body),
        };
        let error = fault(Exchange::new().send(bytes)).await;
        assert_eq!(error.kind(), ErrorKind::Malformed, "{status}: {error}");
        assert!(error.to_string().contains(&status.to_string()), "{status}: {error}");
    }
}

#[tokio::test]
async fn f075_interim_answers_are_passed_over() {
    let interim = "HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 \r\nlink: </x>\r\n\r\n";
    let exchange = Exchange::new().send(interim).send(http(200, &[], "{}"));
    assert_eq!(answered(exchange).await.status(), 200);
    let never = fault(Exchange::new().send(interim)).await;
    assert_eq!(never.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn case_75_an_answer_does_not_show_its_body() {
    let head = [("content-type", "canary"), ("x-canary", "canary")];
    let response = answered(Exchange::new().send(http(200, &head, "canary"))).await;
    assert!(!format!("{response:?} {response:#?}").contains("canary"), "{response:?}");
}

/// What a provider would read.
#[derive(Debug, Deserialize)]
struct Reply {
    data: HashMap<String, String>,
}

fn json<T: DeserializeOwned + std::fmt::Debug>(response: &Response) -> Error {
    let error = quiet(response.json::<T>().expect_err("not the expected JSON"));
    assert_eq!(told(&error), (ErrorKind::Malformed, None));
    error
}

async fn answered(exchange: Exchange) -> Response {
    let server = RawServer::start([exchange]).await;
    answer(&client(config(&server.url()))).await
}

async fn fault(exchange: Exchange) -> Error {
    let server = RawServer::start([exchange]).await;
    let error = refused(&client(config(&server.url()))).await;
    assert_eq!(server.connections(), 1);
    error
}
