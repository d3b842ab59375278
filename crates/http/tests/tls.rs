//! Servers whose certificate or TLS is not to be trusted.

mod common;

use common::{answer, client, config, refused, told, trusting};
use strongroom_core::{ErrorKind, Reason};
use strongroom_http::Client;
use strongroom_testkit::{Certificate, Exchange, RawServer, TlsFront, http};

#[tokio::test]
async fn s21_f076_each_bad_certificate_is_refused_and_nothing_is_sent() {
    let upstream = RawServer::start([]).await;
    for (certificate, reason) in [
        (Certificate::Expired, "has expired"),
        (Certificate::NotYetValid, "not valid yet"),
        (Certificate::WrongName, "for another name"),
        (Certificate::SelfSigned, "not signed by an authority that is trusted"),
        (Certificate::OtherCa, "not signed by an authority that is trusted"),
    ] {
        let front = TlsFront::start(upstream.address(), certificate).await;
        let error = refused(&client(trusting(&front.url(), front.ca_pem()))).await;
        assert_eq!(told(&error), (ErrorKind::TlsRejected, None), "{certificate:?}");
        let shown = error.to_string();
        assert!(shown.contains(reason) && shown.contains(&front.url()), "{shown}");
        assert_eq!(front.connections(), 1, "{certificate:?}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn s21_case_70_an_authority_is_trusted_once_its_bundle_is_given() {
    let (upstream, front) = good(Exchange::new().send(http(200, &[], "{}"))).await;
    let error = refused(&client(config(&front.url()))).await;
    assert_eq!(told(&error), (ErrorKind::TlsRejected, None));
    assert_eq!(upstream.connections(), 0);
    let trusting = client(trusting(&front.url(), front.ca_pem()));
    assert_eq!(answer(&trusting).await.status(), 200);
    assert_eq!((front.handshakes(), upstream.connections()), (1, 1));
}

#[tokio::test]
async fn s21_each_authority_of_a_bundle_is_trusted_and_no_other() {
    let (_upstream, front) = good(Exchange::new().send(http(200, &[], "{}"))).await;
    let (_, other) = good(Exchange::new()).await;
    let both = format!("{}{}", other.ca_pem(), front.ca_pem());
    assert_eq!(answer(&client(trusting(&front.url(), &both))).await.status(), 200);
    let error = refused(&client(trusting(&front.url(), other.ca_pem()))).await;
    assert_eq!(error.kind(), ErrorKind::TlsRejected);
}

#[tokio::test]
async fn f077_what_is_no_tls_is_refused_with_a_hint() {
    for bytes in [
        &b"HTTP/1.0 400 Bad Request\r\n\r\ncanary"[..],
        b"SSH-2.0-canary\r\n",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x16\x03\x03\x00\x04\xff\xff\xff\xff",
    ] {
        let error = refused(&hello(bytes).await.1).await;
        assert_eq!(told(&error), (ErrorKind::TlsRejected, None), "{bytes:?}: {error}");
        let is_hinted = error.to_string().contains("plain http");
        assert!(is_hinted || !bytes.is_ascii(), "{bytes:?}: {error}");
    }
}

#[tokio::test]
async fn f077_s21_servers_of_older_versions_are_refused() {
    // RFC 5246, 7.4.1.3: version, 32 random bytes, no session, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA.
    let server_hello = |version: u8| {
        let body = [&[3, version][..], &[7; 32], &[0, 0xc0, 0x13, 0]].concat();
        let size = u8::try_from(body.len()).unwrap();
        [&[22, 3, version, 0, size + 4, 2, 0, 0, size][..], &body].concat()
    };
    for (what, bytes) in [
        ("SSL 3.0", server_hello(0)),
        ("TLS 1.0", server_hello(1)),
        ("TLS 1.1", server_hello(2)),
        // RFC 5246, 7.2: fatal protocol_version, as a server of TLS 1.1 says it.
        ("an alert", vec![21, 3, 2, 0, 2, 2, 70]),
    ] {
        let (server, client) = hello(&bytes).await;
        let error = refused(&client).await;
        assert_eq!(told(&error), (ErrorKind::TlsRejected, None), "{what}: {error}");
        assert!(!error.to_string().contains("plain http"), "{what}: {error}");
        assert_eq!(server.connections(), 1, "{what}");
    }
}

#[tokio::test]
async fn f052_s20_an_https_server_does_not_lead_to_plain_http() {
    let plain = RawServer::start([]).await;
    let location = [("location", &*format!("{}/v1/canary", plain.url()))];
    let (_upstream, front) = good(Exchange::new().send(http(307, &location, "canary"))).await;
    let error = refused(&client(trusting(&front.url(), front.ca_pem()))).await;
    assert_eq!(told(&error), (ErrorKind::Malformed, Some(Reason::Redirect)));
    assert_eq!(plain.connections(), 0);
}

#[tokio::test]
async fn f070_an_answer_without_a_length_that_ends_without_close_notify_is_not_read() {
    let unended = "HTTP/1.1 200 \r\n\r\n{}";
    let (_upstream, front) = good(Exchange::new().send(unended).reset()).await;
    let error = refused(&client(trusting(&front.url(), front.ca_pem()))).await;
    let truncated = (ErrorKind::Malformed, Some(Reason::Truncated));
    // A reset may come first.
    assert!([truncated, (ErrorKind::Unavailable, None)].contains(&told(&error)), "{error}");
}

async fn good(exchange: Exchange) -> (RawServer, TlsFront) {
    let upstream = RawServer::start([exchange]).await;
    let front = TlsFront::start(upstream.address(), Certificate::Good).await;
    (upstream, front)
}

/// A server that says this to whoever connects, and a client that expects TLS of it.
async fn hello(bytes: &[u8]) -> (RawServer, Client) {
    let server = RawServer::start([Exchange::new().without_reading().send(bytes)]).await;
    let (_, front) = good(Exchange::new()).await;
    let client = client(trusting(&format!("https://{}", server.address()), front.ca_pem()));
    (server, client)
}
