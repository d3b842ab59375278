//! The same server over TLS, and behind the names of the cloud.

use std::io;
use std::sync::Arc;

use strongroom_testkit::{Certificate, FakeInfisical};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::client::exchange;

/// Shakes hands as somebody who trusts the authority of the fake.
async fn shake(
    infisical: &FakeInfisical,
    stream: TcpStream,
    host: &str,
) -> io::Result<TlsStream<TcpStream>> {
    let authority = CertificateDer::from_pem_slice(infisical.ca_pem().as_bytes());
    let mut roots = RootCertStore::empty();
    roots.add(authority.expect("one certificate")).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has suites")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// Connects to what a URL names.
async fn connect(url: &str) -> TcpStream {
    let (_, address) = url.split_once("://").expect("a URL");
    TcpStream::connect(address).await.expect("a server")
}

/// Asks the proxy for the way to a host; gives the status.
async fn tunnel(infisical: &FakeInfisical, host: &str) -> (TcpStream, String) {
    let mut stream = connect(&infisical.proxy_address()).await;
    let request = format!("CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a proxy that reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    let head = String::from_utf8(head).expect("text");
    (stream, head.split(' ').nth(1).expect("a status").to_owned())
}

#[tokio::test]
async fn the_server_is_the_same_over_tls() {
    let infisical = FakeInfisical::start().await;
    let stream = connect(&infisical.tls_address()).await;
    let stream = shake(&infisical, stream, "127.0.0.1").await.expect("a good certificate");
    let answer = exchange(stream, "127.0.0.1", "GET /api/status", &[], "").await;
    assert_eq!((answer.status, infisical.count("status")), (200, 1));
    assert_eq!(infisical.tls_connections(), 1);
}

#[tokio::test]
async fn the_proxy_leads_to_the_names_of_the_cloud_and_nowhere_else() {
    let infisical = FakeInfisical::start().await;
    for host in ["app.infisical.com", "us.infisical.com", "eu.infisical.com"] {
        let (stream, status) = tunnel(&infisical, host).await;
        assert_eq!(status, "200", "{host}");
        let stream = shake(&infisical, stream, host).await.expect("a certificate for the name");
        assert_eq!(exchange(stream, host, "GET /api/status", &[], "").await.status, 200);
    }
    assert_eq!(tunnel(&infisical, "other.example").await.1, "403");
    assert_eq!(infisical.count("status"), 3);
}

#[tokio::test]
async fn case_70_a_certificate_of_nobody_known_is_refused_before_any_request() {
    let infisical =
        strongroom_testkit::infisical().certificate(Certificate::SelfSigned).start().await;
    let stream = connect(&infisical.tls_address()).await;
    assert!(shake(&infisical, stream, "127.0.0.1").await.is_err());
    assert_eq!((infisical.tls_connections(), infisical.calls().len()), (1, 0));
}
