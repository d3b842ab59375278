//! What the statuses of answers stand for, redirects among them.

mod common;

use common::{client, config, refused, request, told};
use strongroom_core::{Error, ErrorKind, Reason};
use strongroom_testkit::{Exchange, RawServer, http};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

#[tokio::test]
async fn case_65_a_server_that_lags_behind_is_an_outage() {
    assert_eq!(told(&refusal(412).await), (ErrorKind::Unavailable, None));
}

#[tokio::test]
async fn case_66_refusals_are_made_once_and_have_their_kinds() {
    use ErrorKind::*;
    for (status, kind) in [
        (400, Internal),
        (401, Unauthenticated),
        (402, Internal),
        (403, PermissionDenied),
        (404, NotFound),
        (405, Internal),
        (407, Misconfigured),
        (408, Unavailable),
        (409, Conflict),
        (410, NotFound),
        (413, InvalidValue),
        (422, Internal),
        (425, Unavailable),
        (429, Throttled),
        (500, Unavailable),
        (501, Unsupported),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
        (599, Unavailable),
        (600, Malformed),
        (999, Malformed),
    ] {
        let error = refusal(status).await;
        assert_eq!(told(&error), (kind, None), "{status}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }
}

#[tokio::test]
async fn f055_a_probe_sees_every_status_and_its_body_and_pauses_nothing() {
    for status in [200, 429, 472, 473, 474, 501, 503, 530] {
        let answer = Exchange::new().send(http(status, &[("retry-after", "7")], "{}"));
        let server = RawServer::start([answer]).await;
        let client = client(config(&server.url()));
        for _ in 0..2 {
            let response = client.send(request().probe()).await.unwrap();
            assert_eq!((response.status(), response.body()), (status, &b"{}"[..]));
        }
        assert_eq!(client.send(request()).await.unwrap().status(), status);
        assert_eq!(server.connections(), 3, "{status}");
    }
}

#[tokio::test]
async fn case_56_s23_s26_f052_a_redirect_to_another_server_is_not_followed() {
    let other = RawServer::start([]).await;
    let port = other.address().port();
    for (location, origin) in [
        (other.url(), other.url()),
        (format!("{}/v1/transit?token=canary#canary", other.url()), other.url()),
        (format!("//127.0.0.1:{port}/canary"), other.url()),
        (format!("http://canary:canary@127.0.0.1:{port}/"), other.url()),
        (format!("http://localhost:{port}/v1/transit"), format!("http://localhost:{port}")),
        (format!("https://127.0.0.1:{port}/"), format!("https://127.0.0.1:{port}")),
        ("https://vault.example.com/canary".to_owned(), "https://vault.example.com".to_owned()),
    ] {
        let error = redirected(307, Some(&location)).await;
        assert_eq!(told(&error), (ErrorKind::Malformed, Some(Reason::Redirect)), "{location}");
        assert!(error.to_string().contains(&format!("redirect to {origin};")), "{error}");
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn f053_redirects_are_refused_after_one_request_whatever_their_sort() {
    for status in [300, 301, 302, 303, 307, 308] {
        // The first is a loop.
        for location in [Some("/v1/transit"), None, Some(""), Some("http://["), Some("\u{e9}")] {
            let error = redirected(status, location).await;
            let expected = (ErrorKind::Malformed, Some(Reason::Redirect));
            assert_eq!(told(&error), expected, "{status} {location:?}");
        }
    }
}

#[tokio::test]
async fn f054_another_path_of_the_same_server_is_a_wrong_address() {
    for location in
        ["/v1/transit/", "other", "/v1/canary?canary", "/v1/../v1//transit", "../canary"]
    {
        let error = redirected(307, Some(location)).await;
        let expected = (ErrorKind::Misconfigured, Some(Reason::Redirect));
        assert_eq!(told(&error), expected, "{location}");
    }
}

#[tokio::test]
async fn f054_a_redirect_whose_body_breaks_off_is_still_a_redirect() {
    let head = "HTTP/1.1 308 \r\nlocation: /canary\r\ncontent-length: 100\r\n\r\ncanary";
    let expected = (ErrorKind::Misconfigured, Some(Reason::Redirect));
    assert_eq!(told(&once(head.into()).await), expected);
}

#[tokio::test]
async fn f054_the_same_server_is_known_by_its_whole_address_too() {
    let server = MockServer::start().await;
    let own = format!("{}/v1/canary", server.uri());
    for location in [&own, own.strip_prefix("http:").unwrap()] {
        let redirect = ResponseTemplate::new(307).insert_header("location", location);
        server.reset().await;
        Mock::given(any()).respond_with(redirect).expect(1).mount(&server).await;
        let error = refused(&client(config(&server.uri()))).await;
        let expected = (ErrorKind::Misconfigured, Some(Reason::Redirect));
        assert_eq!(told(&error), expected, "{location}");
        server.verify().await;
    }
}

async fn refusal(status: u16) -> Error {
    once(http(status, &[("content-type", "application/json")], "canary")).await
}

async fn redirected(status: u16, location: Option<&str>) -> Error {
    let headers = location.map(|to| ("location", to));
    once(http(status, headers.as_slice(), "canary")).await
}

/// The error for this answer to a POST, which was the only request.
async fn once(answer: Vec<u8>) -> Error {
    let server = RawServer::start([Exchange::new().send(answer)]).await;
    let error = refused(&client(config(&server.url()))).await;
    assert_eq!(server.connections(), 1);
    assert!(server.requests().concat().starts_with(b"POST /v1/transit HTTP/1.1\r\n"));
    assert!(error.to_string().contains(&server.url()), "{error}");
    error
}
