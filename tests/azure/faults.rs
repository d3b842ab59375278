//! What goes wrong on the way, and how often it is tried again.

use std::time::Duration;

use strongroom::{ErrorKind, Freshness, Outcome, PutOptions, Reason, Secrets, Settings};
use strongroom_testkit::{
    BlackHole, Certificate, Exchange, FakeAzure, Fault, On, RawServer, TlsFront, http,
};
use strongroom_tests::{Log, expect, key, until};

use crate::refused;
use crate::scene::{Scene, TTL};

const LONGEST_WAIT: Duration = Duration::from_secs(31);
/// Of the vault's calls, those that are made with a token.
const GET: On = On::Path("/secrets/a");

fn reads(fake: &FakeAzure) -> usize {
    let of = |call: &&strongroom_testkit::AzureCall| call.operation == "get" && call.has_token;
    fake.calls().iter().filter(of).count()
}

/// A service that knows how the vault wants to be asked, and nothing else.
async fn known() -> Scene {
    let scene = Scene::new().await;
    scene.fake.put("z", "canary-z");
    scene.secrets.get("z").await.unwrap();
    scene
}

#[tokio::test]
async fn case_60_f043_throttling_is_waited_out_as_each_header_says() {
    for header in [("retry-after", "0"), ("retry-after-ms", "20"), ("x-ms-retry-after-ms", "20")] {
        // By the real clock, as the waits are.
        let fake = FakeAzure::start().await;
        let secrets = Secrets::from_settings(fake.settings()).await.unwrap();
        for name in ["a", "z"] {
            fake.put(name, "canary");
        }
        secrets.get("z").await.unwrap();
        let fault = FakeAzure::error(GET, 429, "Throttled", None).header(header.0, header.1);
        fake.fault(fault.times(2));
        assert!(secrets.get("a").await.is_ok());
        assert_eq!(fake.count("GET /secrets/a"), 3, "{header:?}");
    }
}

#[tokio::test]
async fn f043_throttling_of_a_renewal_serves_the_stale_value_and_makes_no_herd() {
    let Scene { fake, clock, secrets, .. } = Scene::new().await;
    secrets.get("a").await.unwrap();
    fake.fault(FakeAzure::error(GET, 429, "Throttled", None).header("retry-after", "30"));
    clock.advance(TTL);
    let freshness = async || secrets.get("a").await.unwrap().freshness();
    until("the renewal has failed", async || freshness().await.is_stale()).await;
    let calls = fake.calls().len();
    for _ in 0..1_000 {
        assert_eq!(freshness().await, Freshness::Stale);
    }
    // The vault has asked for a pause, and means all secrets.
    refused(secrets.get("b").await, ErrorKind::Throttled);
    assert_eq!(fake.calls().len(), calls);
    fake.clear_faults();
    clock.advance(LONGEST_WAIT);
    until("it is renewed", async || !freshness().await.is_stale()).await;
}

#[tokio::test]
async fn case_63_64_passing_outages_are_ridden_out_and_others_are_no_absence() {
    for status in [500, 502, 503, 504, 408] {
        let Scene { fake, secrets, .. } = known().await;
        fake.fault(Fault::new(GET).status(status).body("<html>canary</html>").times(2));
        assert!(secrets.get("a").await.is_ok());
        assert_eq!(fake.count("GET /secrets/a"), 3, "{status}");
    }
    let Scene { fake, secrets, .. } = known().await;
    fake.fault(Fault::new(On::Any).status(503));
    let error = refused(secrets.get("a").await, ErrorKind::Unavailable);
    assert_eq!(error.attempts(), 3);
}

#[tokio::test]
async fn case_63_writes_are_made_once() {
    let Scene { fake, secrets, .. } = known().await;
    fake.fault(Fault::new(On::Write).status(503));
    let put = secrets.put("a", "canary", PutOptions::default()).await;
    let error = refused(put, ErrorKind::Unavailable);
    assert_eq!((error.attempts(), fake.count("set")), (1, 1));
    fake.clear_faults();
    fake.fault(FakeAzure::error(On::Write, 400, "BadParameter", None));
    let put = secrets.put("a", "canary", PutOptions::default()).await;
    refused(put, ErrorKind::InvalidValue);
}

#[tokio::test]
async fn case_66_refusals_are_not_tried_again_and_their_texts_not_shown() {
    for (status, code, inner, kind) in [
        (400, "BadParameter", None, ErrorKind::Internal),
        (409, "Conflict", None, ErrorKind::Conflict),
        (400, "SomethingNew", None, ErrorKind::Internal),
        (400, "canary-value that is quoted", None, ErrorKind::Internal),
        (403, "Forbidden", Some("SomethingNew"), ErrorKind::PermissionDenied),
        (403, "Forbidden", None, ErrorKind::PermissionDenied),
        (404, "VaultNotFound", None, ErrorKind::Internal),
        (409, "Conflict", Some("ObjectIsBeingDeleted"), ErrorKind::Deleted),
        (409, "Conflict", Some("ObjectIsBeingRecovered"), ErrorKind::Conflict),
        (405, "MethodNotAllowed", None, ErrorKind::Internal),
    ] {
        let Scene { fake, secrets, .. } = known().await;
        let body = match inner {
            Some(inner) => format!(
                r#"{{"error":{{"code":"{code}","message":"canary-text","innererror":{{"code":"{inner}"}}}}}}"#
            ),
            None => format!(r#"{{"error":{{"code":"{code}","message":"canary-text"}}}}"#),
        };
        fake.fault(Fault::new(GET).status(status).body(body));
        let error = refused(secrets.get("a").await, kind);
        assert_eq!((error.operation(), error.name()), (Some("get"), Some("a")), "{code}");
        assert_eq!(fake.count("GET /secrets/a"), 1, "{code}");
        assert!(!format!("{error} {error:?}").contains("canary-"), "{error:?}");
    }
}

#[tokio::test]
async fn case_68_69_answers_of_something_else_are_malformed_and_not_shown() {
    let id = format!("https://canary.vault.azure.net/secrets/a/{}", "0".repeat(32));
    let with = |more: &str| format!(r#"{{"id":"{id}",{more}}}"#);
    for (status, body, kind) in [
        (200, "<html>canary</html>".to_owned(), ErrorKind::Malformed),
        (200, String::new(), ErrorKind::Malformed),
        (200, "null".to_owned(), ErrorKind::Malformed),
        (200, "[]".to_owned(), ErrorKind::Malformed),
        (200, r#"{"value":"canary"#.to_owned(), ErrorKind::Malformed),
        (200, r#"{"value":"canary"}"#.to_owned(), ErrorKind::Malformed),
        (200, with(r#""value":["canary"]"#), ErrorKind::Malformed),
        (200, with(r#""value":"canary","attributes":{"exp":"canary"}"#), ErrorKind::Malformed),
        (200, with(r#""value":"canary","value":"canary""#), ErrorKind::Malformed),
        (204, String::new(), ErrorKind::Malformed),
        (302, String::new(), ErrorKind::Malformed),
        (404, "<html>canary</html>".to_owned(), ErrorKind::Malformed),
        (409, "canary".to_owned(), ErrorKind::Malformed),
        (502, "<html>canary</html>".to_owned(), ErrorKind::Unavailable),
    ] {
        let Scene { fake, secrets, .. } = known().await;
        fake.fault(Fault::new(GET).status(status).body(body.clone()));
        let error = secrets.get("a").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    let Scene { fake, secrets, .. } = known().await;
    let body = with(
        r#""value":"canary","attributes":null,"tags":null,"new":[1],"kid":"x","managed":true"#,
    );
    fake.fault(Fault::new(GET).status(200).body(body.replace("\"attributes\":null,", "")));
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary");
}

#[tokio::test]
async fn case_74_75_76_nothing_secret_is_shown_or_logged() {
    const VALUE: &str = "canary-7d1e-logged";
    let log = Log::capture();
    let scene = Scene::new().await;
    let signing = ("AZURE_KV_SIGNING_SECRET_NAME", "signing-key");
    let secrets = scene.another(&[signing]).await;
    secrets.put("b", VALUE, PutOptions::default()).await.unwrap();
    secrets.put("b#c", VALUE, PutOptions::default()).await.unwrap_err();
    secrets.put(signing.1, key("1"), PutOptions::default()).await.unwrap();
    drop((secrets.get("b").await, secrets.get_many(&["a", "b", "none"]).await));
    drop((secrets.list(None).await, secrets.versions("b").await, secrets.probe().await));
    secrets.signer().await.unwrap().sign(b"canary-message").await.unwrap();
    let managed = scene.from(scene.fake.managed_identity_variables().settings(), &[]).await;
    managed.get("b").await.unwrap();
    scene.fake.expire_tokens();
    scene.fake.fault(Fault::new(On::Login).status(400).body(format!("{{\"error\":\"{VALUE}\"}}")));
    let refused = secrets.get("c").await.unwrap_err();
    let shown = format!(
        "{secrets:?} {managed:?} {refused} {refused:?} {:?}",
        secrets.diagnose(&["b"]).await
    );
    for text in [shown, log.text()] {
        for part in
            [VALUE, FakeAzure::CLIENT_SECRET, "canary-azure-token", "canary-key", "canary-message"]
        {
            assert!(!text.contains(part), "{part}");
        }
    }
    assert!(!log.text().is_empty());
}

fn at(address: &str, ca: Option<&str>) -> Settings {
    let settings = Settings::new(strongroom_tests::FilesOnly)
        .with("SECRETS_PROVIDER", "azure_kv")
        .with("AZURE_KEY_VAULT_URL", address)
        .with("AZURE_AUTHORITY_HOST", address)
        .with("AZURE_KV_VERIFY_CHALLENGE_RESOURCE", "false")
        .with("AZURE_TENANT_ID", FakeAzure::TENANT_ID)
        .with("AZURE_CLIENT_ID", FakeAzure::CLIENT_ID)
        .with("AZURE_CLIENT_SECRET", FakeAzure::CLIENT_SECRET);
    match ca {
        Some(ca) => settings.with("AZURE_KV_CA_BUNDLE_PATH", ca),
        None => settings,
    }
}

async fn from(settings: Settings) -> Secrets {
    Secrets::builder().settings(settings).attempts(1).build().await.unwrap()
}

#[tokio::test]
async fn case_67_73_broken_connections_have_kinds_too() {
    let huge = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 1_u64 << 30);
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"value\":\"canary";
    for (exchange, kind) in [
        (Exchange::new().reset(), ErrorKind::Unavailable),
        (Exchange::new().send(cut), ErrorKind::Malformed),
        (Exchange::new().send(huge), ErrorKind::Malformed),
        (Exchange::new().send(http(301, &[("location", "https://x/")], "")), ErrorKind::Malformed),
    ] {
        let server = RawServer::start([exchange]).await;
        let front = TlsFront::start(server.address(), Certificate::Good).await;
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, front.ca_pem()).unwrap();
        let secrets = from(at(&front.url(), ca.to_str())).await;
        let error = refused(secrets.get("a").await, kind);
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    let hole = BlackHole::open().await;
    let secrets = from(at(&format!("https://{}", hole.address()), None)).await;
    let error = refused(secrets.get("a").await, ErrorKind::Unavailable);
    assert_eq!(error.reason(), Some(Reason::Timeout), "{error:?}");
}

#[tokio::test]
async fn a_write_whose_body_waits_for_the_challenge_says_that_it_has_none() {
    let denied = Exchange::new().send(http(403, &[], "{}"));
    let server = RawServer::start([denied]).await;
    let front = TlsFront::start(server.address(), Certificate::Good).await;
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, front.ca_pem()).unwrap();
    let secrets = from(at(&front.url(), ca.to_str())).await;
    refused(secrets.restore("a").await, ErrorKind::PermissionDenied);
    refused(secrets.put("a", "canary", PutOptions::default()).await, ErrorKind::PermissionDenied);
    let requests = server.requests();
    let put = requests.iter().find(|request| request.starts_with(b"PUT ")).expect("a write");
    let put = String::from_utf8_lossy(put).to_lowercase();
    assert!(put.contains("content-length: 0") && !put.contains("canary"), "{put}");
}

#[tokio::test]
async fn case_70_certificates_that_are_not_trusted_end_it_before_anything_is_sent() {
    for certificate in [
        Certificate::Expired,
        Certificate::NotYetValid,
        Certificate::WrongName,
        Certificate::SelfSigned,
        Certificate::OtherCa,
    ] {
        let fake = strongroom_testkit::azure().certificate(certificate).start().await;
        let secrets = Secrets::from_settings(fake.settings()).await.unwrap();
        refused(secrets.get("a").await, ErrorKind::TlsRejected);
        assert_eq!(fake.calls(), [], "{certificate:?}");
        let diagnosis = secrets.diagnose(&["a"]).await;
        expect(&diagnosis, "tls", Outcome::Fail, "certificate");
    }
    // A good one, of an authority that nobody knows but the bundle.
    let fake = FakeAzure::start().await;
    fake.put("a", "canary-a");
    assert!(Secrets::from_settings(fake.settings()).await.unwrap().get("a").await.is_ok());
    let secrets = from(at(&fake.address(), None)).await;
    refused(secrets.get("a").await, ErrorKind::TlsRejected);
    assert_eq!(reads(&fake), 1);
}
