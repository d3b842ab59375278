//! What a server sees of a request.

mod common;

use common::{answer, client, config, quiet, trusting};
use strongroom_core::{ErrorKind, SecretValue};
use strongroom_http::{Header, Method, Request};
use strongroom_testkit::{Certificate, Exchange, RawServer, TlsFront, http};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

#[tokio::test]
async fn s12_s24_only_what_was_asked_for_is_sent() {
    let headers = [("set-cookie", "a=canary; Path=/"), ("location", "/elsewhere")];
    let ok = Exchange::new().send(http(200, &headers, "{}"));
    let server = RawServer::start([ok]).await;
    let client = client(config(&server.url()));
    let host = format!("host: {}", server.address());
    let expected = [
        "",
        "POST /v1/transit HTTP/1.1",
        "accept: */*",
        "content-length: 24",
        "content-type: application/json",
        host.as_str(),
        concat!("user-agent: strongroom/", env!("CARGO_PKG_VERSION")),
        "x-vault-token: canary-token",
        r#"{"input":"canary-input"}"#,
    ];
    // The second request is the one that could bring a cookie back, or say where it comes from.
    for _ in 0..2 {
        answer(&client).await;
    }
    for seen in server.requests() {
        let seen = String::from_utf8(seen).unwrap();
        let mut lines = seen.split_terminator("\r\n").collect::<Vec<_>>();
        lines.sort_unstable();
        assert_eq!(lines, expected);
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn case_10_segments_and_parameters_arrive_as_they_were_given() {
    let server = RawServer::start([Exchange::new().send(http(200, &[], "{}"))]).await;
    let client = client(config(&format!("{}/prefix/", server.url())));
    let segments = ["v1", "a/b", "c?d#e", "%2e%2e", "ü x"];
    let request =
        Request::new(Method::Get, segments).query("version", "1&x=\r\n/").query("list", "true");
    client.send(request).await.unwrap();
    let seen = String::from_utf8(server.requests().remove(0)).unwrap();
    let expected = "GET /prefix/v1/a%2Fb/c%3Fd%23e/%252e%252e/%C3%BC%20x?version=1%26x%3D%0D%0A%2F&list=true HTTP/1.1\r\n";
    assert!(seen.starts_with(expected), "{seen}");
}

#[tokio::test]
async fn case_10_a_segment_that_would_climb_is_refused_before_anything_is_sent() {
    let server = RawServer::start([]).await;
    let client = client(config(&server.url()));
    for segment in ["", ".", ".."] {
        let error = client.send(Request::new(Method::Delete, ["v1", segment])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{segment:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn f090_a_url_of_another_server_is_refused_before_anything_is_sent() {
    let server = RawServer::start([Exchange::new().send(http(200, &[], "{}"))]).await;
    let other = RawServer::start([]).await;
    let client = client(config(&format!("{}/prefix", server.url())));
    let whole = |text: String| Request::whole(Method::Patch, text.parse().unwrap());
    let elsewhere = [
        format!("{}/prefix/a", other.url()),
        format!("https://{}/prefix/a", server.address()),
        format!("{}/a", server.url()),
        format!("{}/prefixed", server.url()),
        format!("{}/prefix/../a", server.url()),
    ];
    for url in elsewhere {
        let error = client.send(whole(url.clone())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{url}");
    }
    assert_eq!((server.connections(), other.connections()), (0, 0));
    for path in ["/prefix/a%2Fb?page=canary", "/prefix"] {
        client.send(whole(format!("{}{path}", server.url()))).await.unwrap();
        let seen = String::from_utf8(server.requests().pop().unwrap()).unwrap();
        assert!(seen.starts_with(&format!("PATCH {path} HTTP/1.1\r\n")), "{seen}");
    }
}

#[test]
fn s12_a_header_that_no_header_may_be_is_refused_and_not_shown() {
    for value in [&b"canary\r\nx: y"[..], b"canary\n", b"canary\0", b"canary\x7f"] {
        let error =
            quiet(Header::secret("x-vault-token", &SecretValue::copy_from(value)).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{value:?}");
        assert!(error.to_string().contains("x-vault-token"), "{error}");
    }
}

#[tokio::test]
async fn one_connection_serves_call_after_call() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(3).mount(&server).await;
    let front = TlsFront::start(*server.address(), Certificate::Good).await;
    let client = client(trusting(&front.url(), front.ca_pem()));
    for _ in 0..3 {
        assert_eq!(answer(&client).await.status(), 200);
    }
    assert_eq!(front.connections(), 1);
}
