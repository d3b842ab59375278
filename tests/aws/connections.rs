//! Connections that break, and certificates that are not trusted.

use strongroom::{ErrorKind, Outcome, Reason, Secrets, Settings};
use strongroom_testkit::{BlackHole, Certificate, Exchange, FakeAws, RawServer, TlsFront, http};
use strongroom_tests::{FilesOnly, expect};

use crate::refused;

fn at(address: &str, more: &[(&str, &str)]) -> Settings {
    let settings = Settings::new(FilesOnly)
        .with("SECRETS_PROVIDER", "aws_sm")
        .with("AWS_REGION", FakeAws::REGION)
        .with("AWS_ACCESS_KEY_ID", FakeAws::KEY_ID)
        .with("AWS_SECRET_ACCESS_KEY", FakeAws::SECRET)
        .with("AWS_ENDPOINT_URL", address);
    more.iter().fold(settings, |settings, (name, value)| settings.with(*name, *value))
}

async fn from(settings: Settings) -> Secrets {
    Secrets::builder().settings(settings).attempts(1).build().await.unwrap()
}

#[tokio::test]
async fn case_67_73_broken_connections_have_kinds_too() {
    let huge = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 1_u64 << 30);
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"SecretString\":\"canary";
    for (exchange, kinds) in [
        (Exchange::new().reset(), &[ErrorKind::Unavailable][..]),
        (Exchange::new().send(cut).reset(), &[ErrorKind::Unavailable]),
        (Exchange::new().send(cut), &[ErrorKind::Malformed]),
        (Exchange::new().send(huge), &[ErrorKind::Malformed]),
        (
            Exchange::new().send(http(301, &[("location", "http://127.0.0.1:1/")], "")),
            &[ErrorKind::Malformed],
        ),
    ] {
        let server = RawServer::start([exchange]).await;
        let error = from(at(&server.url(), &[])).await.get("a").await.unwrap_err();
        assert!(kinds.contains(&error.kind()), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    // Bound and not listening: nobody else gets the port, and connecting is refused.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = socket.local_addr().unwrap();
    let secrets = from(at(&format!("http://{closed}"), &[])).await;
    let error = refused(secrets.get("a").await, ErrorKind::Unavailable);
    assert!(error.to_string().contains("refused"), "{error}");
    let diagnosis = secrets.diagnose(&["a"]).await;
    assert_eq!(diagnosis.status(), "not_ready");
    expect(&diagnosis, "network", Outcome::Fail, &closed.to_string());
}

#[tokio::test]
async fn case_67_a_server_that_says_nothing_is_given_up_in_time() {
    let hole = BlackHole::open().await;
    let settings = at(&format!("http://{}", hole.address()), &[("SECRETS_TIMEOUT_SECONDS", "1")]);
    let error = refused(from(settings).await.get("a").await, ErrorKind::Unavailable);
    assert_eq!(error.reason(), Some(Reason::Timeout), "{error:?}");
}

#[tokio::test]
async fn case_70_f076_tls_is_trusted_by_the_bundle_alone_and_not_tried_again() {
    let fake = FakeAws::start().await;
    fake.put("a", "canary-a");
    let upstream = fake.address().trim_start_matches("http://").parse().unwrap();
    let bundle = |front: &TlsFront| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), front.ca_pem()).unwrap();
        file
    };
    let front = TlsFront::start(upstream, Certificate::Good).await;
    let file = bundle(&front);
    let trusted = [("AWS_CA_BUNDLE", file.path().to_str().unwrap())];
    let secrets = Secrets::from_settings(at(&front.url(), &trusted)).await.unwrap();
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
    expect(&secrets.diagnose(&["a"]).await, "tls", Outcome::Pass, "trusted");
    let calls = fake.calls().len();

    let stranger = Secrets::from_settings(at(&front.url(), &[])).await.unwrap();
    refused(stranger.get("a").await, ErrorKind::TlsRejected);
    for certificate in [
        Certificate::Expired,
        Certificate::NotYetValid,
        Certificate::WrongName,
        Certificate::SelfSigned,
        Certificate::OtherCa,
    ] {
        let front = TlsFront::start(upstream, certificate).await;
        let file = bundle(&front);
        let trusted = [("AWS_CA_BUNDLE", file.path().to_str().unwrap())];
        let secrets = Secrets::from_settings(at(&front.url(), &trusted)).await.unwrap();
        let error = refused(secrets.get("a").await, ErrorKind::TlsRejected);
        assert_eq!((front.connections(), error.attempts()), (1, 1), "{certificate:?}");
        let diagnosis = secrets.diagnose(&[]).await;
        expect(&diagnosis, "tls", Outcome::Fail, "not trusted");
    }
    assert_eq!(fake.calls().len(), calls, "nothing was sent to a stranger");
}
