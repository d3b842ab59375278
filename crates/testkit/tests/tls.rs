//! `TlsFront`, seen by clients that trust its authority.

use std::io;
use std::sync::Arc;

use strongroom_testkit::{Certificate, Exchange, RawServer, TlsFront, http};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, RootCertStore,
    SupportedProtocolVersion,
};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

#[tokio::test]
async fn a_good_certificate_is_accepted_for_each_of_its_names() {
    let upstream = RawServer::start([Exchange::new().send(http(200, &[], "canary"))]).await;
    let front = TlsFront::start(upstream.address(), Certificate::Good).await;
    for (count, host) in ["127.0.0.1", "::1", "localhost"].into_iter().enumerate() {
        let mut client = connect(&front, host, BOTH, &["http/1.1"]).await.unwrap();
        client.write_all(REQUEST).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, http(200, &[], "canary"), "{host}");
        assert_eq!(front.handshakes(), count + 1);
    }
    assert_eq!(upstream.requests(), [REQUEST; 3]);
    assert_eq!(front.url(), format!("https://{}", front.address()));
}

#[tokio::test]
async fn each_bad_certificate_is_refused_for_its_one_fault() {
    use Certificate::{Expired, NotYetValid, OtherCa, SelfSigned, WrongName};
    use Error::InvalidCertificate;
    let upstream = RawServer::start([]).await;
    for certificate in [Expired, NotYetValid, WrongName, SelfSigned, OtherCa] {
        let front = TlsFront::start(upstream.address(), certificate).await;
        let error = refused(&front, &["http/1.1"]).await;
        let expected = matches!(
            (certificate, &error),
            (Expired, InvalidCertificate(CertificateError::ExpiredContext { .. }))
                | (NotYetValid, InvalidCertificate(CertificateError::NotValidYetContext { .. }))
                | (WrongName, InvalidCertificate(CertificateError::NotValidForNameContext { .. }))
                | (SelfSigned | OtherCa, InvalidCertificate(CertificateError::UnknownIssuer))
        );
        assert!(expected, "{certificate:?} {error:?}");
        assert_eq!((front.connections(), front.handshakes()), (1, 0), "{certificate:?}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn the_wrong_name_is_right_elsewhere() {
    let upstream = RawServer::start([]).await;
    let front = TlsFront::start(upstream.address(), Certificate::WrongName).await;
    connect(&front, "other.example", BOTH, &[]).await.unwrap();
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken() {
    let upstream = RawServer::start([]).await;
    let front = TlsFront::start(upstream.address(), Certificate::Good).await;
    for version in [&TLS12, &TLS13] {
        let client = connect(&front, "localhost", &[version], &[]).await.unwrap();
        assert_eq!(client.get_ref().1.protocol_version(), Some(version.version));
    }
}

#[tokio::test]
async fn http_1_is_the_only_protocol() {
    let upstream = RawServer::start([]).await;
    let front = TlsFront::start(upstream.address(), Certificate::Good).await;
    let client = connect(&front, "localhost", BOTH, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let error = refused(&front, &["h2"]).await;
    assert_eq!(error, Error::AlertReceived(AlertDescription::NoApplicationProtocol));
}

#[tokio::test]
async fn each_front_has_an_authority_of_its_own() {
    let upstream = RawServer::start([]).await;
    let trusted = TlsFront::start(upstream.address(), Certificate::Good).await;
    let other = TlsFront::start(upstream.address(), Certificate::Good).await;
    assert_ne!(trusted.ca_pem(), other.ca_pem());
}

#[tokio::test]
async fn an_upstream_that_resets_is_an_end_without_close_notify() {
    let upstream = RawServer::start([Exchange::new().reset()]).await;
    let front = TlsFront::start(upstream.address(), Certificate::Good).await;
    let mut client = connect(&front, "localhost", BOTH, &[]).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    let kind = client.read_u8().await.unwrap_err().kind();
    assert!(matches!(kind, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset));
    assert_eq!(upstream.requests(), [REQUEST]);
}

#[tokio::test]
async fn debug_shows_no_key() {
    let upstream = RawServer::start([]).await;
    let front = TlsFront::start(upstream.address(), Certificate::Good).await;
    assert!(!format!("{front:?}").contains("PRIVATE"));
}

#[tokio::test]
async fn a_dropped_front_ends_its_connections() {
    let upstream = RawServer::start([Exchange::new().send("x").hang()]).await;
    let front = TlsFront::start(upstream.address(), Certificate::Good).await;
    let mut client = connect(&front, "localhost", BOTH, &[]).await.unwrap();
    client.write_all(REQUEST).await.unwrap();
    assert_eq!(client.read_u8().await.unwrap(), b'x');
    drop(front);
    assert_eq!(client.read_u8().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

async fn refused(front: &TlsFront, alpn: &[&str]) -> Error {
    let error = connect(front, "127.0.0.1", BOTH, alpn).await.expect_err("refused");
    error.downcast().expect("rustls refused it")
}

async fn connect(
    front: &TlsFront,
    host: &str,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    let authority = CertificateDer::from_pem_slice(front.ca_pem().as_bytes());
    let mut roots = RootCertStore::empty();
    roots.add(authority.expect("one certificate")).expect("an authority");
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .expect("the provider has suites of each version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(host.to_owned()).expect("a host name or an address");
    let stream = TcpStream::connect(front.address()).await?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}
