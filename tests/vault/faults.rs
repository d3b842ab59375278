//! What goes wrong on the way, and how often it is tried again.

use std::error::Error as _;

use serde_json::json;
use strongroom::{Error, ErrorKind, PutOptions, Reason, Secrets, Settings};
use strongroom_testkit::{Canary, Certificate, Exchange, Fault, On, RawServer, TlsFront, http};
use strongroom_tests::server::Server;
use strongroom_tests::{Log, on_both};

use crate::refused;

on_both!(
    case_64_a_sealed_server_is_an_outage_until_it_is_unsealed,
    case_74_75_76_nothing_secret_is_shown_or_logged,
);

async fn case_64_a_sealed_server_is_an_outage_until_it_is_unsealed(server: &Server) {
    server.transit_key("orders", "hmac").await;
    let secrets = server.secrets(&[("VAULT_TRANSIT_KEY", "orders")]).await.unwrap();
    secrets.put("a", "canary", PutOptions::default()).await.unwrap();
    let signer = secrets.signer().await.unwrap();
    let signature = signer.sign(b"hi").await.unwrap();
    server.seal(true).await;
    for error in [
        refused(secrets.get("a").await, ErrorKind::Unavailable),
        refused(signer.sign(b"hi").await, ErrorKind::Unavailable),
        refused(signer.verify(b"hi", &signature).await, ErrorKind::Unavailable),
    ] {
        assert_eq!((error.reason(), error.attempts()), (Some(Reason::Sealed), 3), "{error:?}");
        assert!(error.to_string().contains("sealed"), "{error}");
    }
    let put =
        refused(secrets.put("a", "canary", PutOptions::default()).await, ErrorKind::Unavailable);
    assert_eq!(put.attempts(), 1, "a write is not tried again");
    server.seal(false).await;
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary");
    assert!(signer.verify(b"hi", &signature).await.is_ok());
}

/// A fake whose KV engine is known already, and how often the secret was asked for.
async fn scene() -> (Server, Secrets) {
    let server = Server::fake().await;
    let secrets = server.secrets(&[]).await.unwrap();
    secrets.put("a", "canary-value", PutOptions::default()).await.unwrap();
    (server, secrets)
}

const PATH: &str = "/v1/secret/data/a";

#[tokio::test]
async fn case_63_f047_passing_outages_are_ridden_out() {
    for status in [500, 502, 503, 504, 412, 408] {
        let (server, secrets) = scene().await;
        let before = server.as_fake().count("GET", PATH);
        server.as_fake().fault(Fault::new(On::Read).status(status).body("oops").times(2));
        assert!(secrets.get("a").await.is_ok(), "case 65 {status}");
        assert_eq!(server.as_fake().count("GET", PATH) - before, 3, "{status}");
    }
}

#[tokio::test]
async fn case_63_writes_are_made_once() {
    let (server, secrets) = scene().await;
    server.as_fake().fault(Fault::new(On::Write).status(500));
    let before = server.as_fake().count("POST", PATH);
    refused(secrets.put("a", "canary", PutOptions::default()).await, ErrorKind::Unavailable);
    assert_eq!(server.as_fake().count("POST", PATH) - before, 1);
}

#[tokio::test]
async fn case_66_refusals_are_not_tried_again() {
    for (status, kind) in [
        (400, ErrorKind::Internal),
        (401, ErrorKind::Unauthenticated),
        (403, ErrorKind::PermissionDenied),
        (404, ErrorKind::NotFound),
        (405, ErrorKind::Internal),
        (422, ErrorKind::Internal),
        (501, ErrorKind::Unsupported),
    ] {
        let (server, secrets) = scene().await;
        let before = server.as_fake().count("GET", PATH);
        server.as_fake().fault(Fault::new(On::Read).status(status).body(r#"{"errors":[]}"#));
        let error = refused(secrets.get("a").await, kind);
        assert_eq!(server.as_fake().count("GET", PATH) - before, 1, "{status}");
        assert_eq!((error.operation(), error.name()), (Some("get"), Some("a")), "{status}");
    }
}

#[tokio::test]
async fn case_60_f042_a_pause_that_is_asked_for_is_kept() {
    let (server, secrets) = scene().await;
    server.as_fake().fault(Fault::new(On::Read).status(429).header("retry-after", "60").times(1));
    let before = server.as_fake().calls().len();
    for _ in 0..3 {
        let error = refused(secrets.get("a").await, ErrorKind::Throttled);
        assert!(error.retry_after().is_some_and(|wait| wait.as_secs() > 50), "{error:?}");
    }
    refused(secrets.put("a", "canary", PutOptions::default()).await, ErrorKind::Throttled);
    assert_eq!(server.as_fake().calls().len() - before, 1, "no call but the first");
    assert!(secrets.probe().await.is_err(), "the token is not asked about either");
}

#[tokio::test]
async fn case_61_throttling_without_a_time_is_tried_again() {
    for header in [None, Some("0")] {
        let (server, secrets) = scene().await;
        let before = server.as_fake().count("GET", PATH);
        let fault = Fault::new(On::Read).status(429).times(2);
        server.as_fake().fault(match header {
            Some(wait) => fault.header("retry-after", wait),
            None => fault,
        });
        assert!(secrets.get("a").await.is_ok());
        assert_eq!(server.as_fake().count("GET", PATH) - before, 3);
    }
}

#[tokio::test]
async fn case_61_a_quota_of_the_real_server_is_throttling() {
    let server = Server::real().await;
    let quota = json!({"rate": 1, "path": "kv1/"});
    assert_eq!(server.raw("POST", "/v1/sys/quotas/rate-limit/q", Some(quota)).await.0, 204);
    let store = server.open(&[("VAULT_KV_MOUNT", "kv1")]).await.store;
    let name = "a".parse().unwrap();
    let mut kinds = Vec::new();
    for _ in 0..5 {
        kinds.push(store.get(&name, Default::default()).await.unwrap_err().kind());
    }
    assert!(
        kinds.contains(&ErrorKind::NotFound) && kinds.contains(&ErrorKind::Throttled),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn case_68_69_f073_answers_of_something_else_are_malformed_and_not_shown() {
    for (status, body, kind) in [
        (200, "<html>canary-body</html>", ErrorKind::Malformed),
        (200, "", ErrorKind::Malformed),
        (200, "null", ErrorKind::Malformed),
        (200, "[]", ErrorKind::Malformed),
        (200, r#"{"data":{"data":{"value":"canary-body"}"#, ErrorKind::Malformed),
        (200, r#"{"data":{"data":{"value":"canary-body"},"metadata":{}}}"#, ErrorKind::Malformed),
        (
            200,
            r#"{"data":{"data":"canary-body","metadata":{"version":1,"created_time":""}}}"#,
            ErrorKind::Malformed,
        ),
        (
            200,
            r#"{"data":{"data":{"value":"canary-body","value":"x"},"metadata":{"version":1,"created_time":""}}}"#,
            ErrorKind::Malformed,
        ),
        (
            200,
            r#"{"data":{"data":{},"metadata":{"version":1e400,"created_time":""}}}"#,
            ErrorKind::Malformed,
        ),
        (204, "", ErrorKind::Malformed),
        (206, "{}", ErrorKind::Malformed),
        (302, "", ErrorKind::Malformed),
        (404, "<html>canary-body</html>", ErrorKind::Malformed),
        (404, "", ErrorKind::Malformed),
        (400, "{}", ErrorKind::Malformed),
        (502, "<html>canary-body</html>", ErrorKind::Unavailable),
    ] {
        let (server, secrets) = scene().await;
        server.as_fake().fault(Fault::new(On::Read).status(status).body(body));
        let error = refused(secrets.get("a").await, kind);
        assert!(error.attempts() > 1, "{status} {body}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    // Case 69: what is not known is ignored, and what is null is absent.
    let (server, secrets) = scene().await;
    let body = r#"{"new":1,"data":{"new":[],"data":{"value":"canary","x":null},"metadata":{"version":7,"created_time":"soon","new":{}}},"warnings":null,"auth":null}"#;
    server.as_fake().fault(Fault::new(On::Read).status(200).body(body));
    let secret = secrets.get("a").await.unwrap();
    assert_eq!((secret.value().expose(), secret.created_at()), (&b"canary"[..], None));
}

fn at(address: &str, more: &[(&str, &str)]) -> Settings {
    let settings = Settings::new(strongroom_tests::FilesOnly)
        .with("SECRETS_PROVIDER", "vault_dev")
        .with("VAULT_TOKEN", "canary-root-token")
        .with("VAULT_ADDR", address);
    more.iter().fold(settings, |settings, (name, value)| settings.with(*name, *value))
}

async fn from(settings: Settings) -> Secrets {
    Secrets::builder().settings(settings).attempts(1).build().await.unwrap()
}

#[tokio::test]
async fn case_67_70_73_broken_connections_have_kinds_too() {
    let mounted = r#"{"data":{"path":"secret/","type":"kv","options":{"version":"2"}}}"#;
    let first = || Exchange::new().send(http(200, &[], mounted));
    let huge = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 1_u64 << 30);
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":{\"canary";
    for (second, kind, reason) in [
        (Exchange::new().reset(), ErrorKind::Unavailable, None),
        (Exchange::new().send(cut).reset(), ErrorKind::Unavailable, None),
        (Exchange::new().send(cut), ErrorKind::Malformed, Some(Reason::Truncated)),
        (
            Exchange::new().send(cut.replace("200 OK", "404 Not Found")),
            ErrorKind::Malformed,
            Some(Reason::Truncated),
        ),
        (Exchange::new().send(huge), ErrorKind::Malformed, Some(Reason::TooLarge)),
    ] {
        let server = RawServer::start([first(), second]).await;
        let secrets = from(at(&server.url(), &[])).await;
        let error = refused(secrets.get("a").await, kind);
        assert_eq!(error.reason(), reason, "{error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    // Bound and not listening: nobody else gets the port, and connecting is refused.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = socket.local_addr().unwrap();
    let secrets = from(at(&format!("http://{closed}"), &[])).await;
    let error = refused(secrets.get("a").await, ErrorKind::Unavailable);
    assert!(error.to_string().contains(&closed.to_string()), "{error}");
}

#[tokio::test]
async fn case_70_f076_tls_is_trusted_by_the_bundle_alone_and_not_tried_again() {
    let fake = Server::fake().await;
    let upstream = fake.address().trim_start_matches("http://").parse().unwrap();
    let bundle = |front: &TlsFront| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), front.ca_pem()).unwrap();
        file
    };
    let front = TlsFront::start(upstream, Certificate::Good).await;
    let file = bundle(&front);
    let trusted = [("VAULT_CACERT", file.path().to_str().unwrap())];
    let secrets = Secrets::from_settings(at(&front.url(), &trusted)).await.unwrap();
    secrets.put("a", "canary", PutOptions::default()).await.unwrap();
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary");
    let calls = fake.as_fake().calls().len();

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
        let trusted = [("VAULT_CACERT", file.path().to_str().unwrap())];
        let secrets = Secrets::from_settings(at(&front.url(), &trusted)).await.unwrap();
        let error = refused(secrets.get("a").await, ErrorKind::TlsRejected);
        assert_eq!((front.connections(), error.attempts()), (1, 1), "{certificate:?}");
    }
    assert_eq!(fake.as_fake().calls().len(), calls, "nothing was sent to a stranger");
}

#[tokio::test]
async fn s14_nothing_secret_is_in_a_path_or_query() {
    let (server, secrets) = scene().await;
    secrets.put("a#b", "canary-field", PutOptions::default()).await.unwrap();
    secrets.versions("a").await.unwrap();
    refused(
        server.secrets(&[("VAULT_TOKEN", "canary-bad")]).await.unwrap().get("a").await,
        ErrorKind::Unauthenticated,
    );
    for call in server.as_fake().calls() {
        assert!(!call.path.contains("canary"), "{call:?}");
    }
}

async fn case_74_75_76_nothing_secret_is_shown_or_logged(server: &Server) {
    const VALUE: &str = "canary-7d1e-logged";
    let log = Log::capture();
    server.transit_key("orders", "hmac").await;
    let token = server.token(&[("secret/*", &["create", "read", "update"])]).await;
    let settings = [("VAULT_TRANSIT_KEY", "orders")];
    let secrets = server.secrets(&settings).await.unwrap();
    secrets.put("a", VALUE, PutOptions::default()).await.unwrap();
    secrets.put("a#b", VALUE, PutOptions::default()).await.unwrap();
    let mut errors: Vec<Error> = Vec::new();
    errors.extend(secrets.get("missing").await.err());
    errors.extend(secrets.get("a#missing").await.err());
    errors.extend(secrets.get("a#/value/deeper").await.err());
    errors.extend(secrets.put("a#/no/place", VALUE, PutOptions::default()).await.err());
    let signer = secrets.signer().await.unwrap();
    let signature = signer.sign(VALUE.as_bytes()).await.unwrap();
    errors.extend(signer.verify(b"other", &signature).await.err());
    let limited = server.secrets(&[settings[0], ("VAULT_TOKEN", &token)]).await.unwrap();
    errors.extend(limited.signer().await.err());
    errors.extend(limited.list(None).await.err());
    let unknown = server.secrets(&[("VAULT_TOKEN", "canary-unknown-token")]).await.unwrap();
    errors.extend(unknown.get("a").await.err());
    errors.extend(server.secrets(&[("VAULT_KV_VERSION", "1")]).await.unwrap().get("a").await.err());
    server.seal(true).await;
    errors.extend(secrets.get("a").await.err());
    errors.extend(secrets.probe().await.err());
    assert_eq!(errors.len(), 11);

    let mut shown = format!("{secrets:?} {secrets:#?} {signer:?} {:?}", server.settings(&settings));
    for error in &errors {
        shown += &format!("{error} {error:?} {error:#?}");
        let mut source = error.source();
        while let Some(cause) = source {
            shown += &format!("{cause} {cause:?}");
            source = cause.source();
        }
    }
    for secret in [VALUE, server.root(), &token, "canary-unknown-token"] {
        assert!(
            Canary::new(secret).hits(shown.as_bytes()).is_empty(),
            "an error or Debug shows `{secret}`"
        );
        assert!(
            Canary::new(secret).hits(log.text().as_bytes()).is_empty(),
            "the log shows `{secret}`"
        );
    }
}
