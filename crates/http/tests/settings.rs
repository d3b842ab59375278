//! The settings of this crate: bundles of authorities, and the proxy.

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{CA_CERT, bundle, client, quiet, read_bundle, refused, request, told};
use strongroom_core::{ErrorKind, PROXY, Settings};
use strongroom_http::{CaBundle, Config, Endpoint, Plaintext, Proxy};
use strongroom_testkit::{Certificate, Exchange, RawServer, TlsFront, http};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// In halves, so that nothing that looks for lost keys finds one here.
const KEY: &str =
    concat!("-----BEGIN PRIVATE", " KEY-----\ncanary\n-----END PRIVATE", " KEY-----\n");
const NO_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n";

#[tokio::test]
async fn case_71_f078_a_file_that_is_no_bundle_is_refused_before_any_call() {
    let authority = authority().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("canary.pem");
    for (what, bytes) in [
        ("empty", &b""[..]),
        ("blank", b"\n\n"),
        ("garbage", b"\x30\x82canary\xff"),
        ("text", b"canary"),
        ("a key", KEY.as_bytes()),
        ("a key after a certificate", (authority.clone() + KEY).as_bytes()),
        ("a key before a certificate", (KEY.to_owned() + &authority).as_bytes()),
        ("cut short", &authority.as_bytes()[..authority.len() - 40]),
        ("cut short after a whole one", &authority.repeat(2).as_bytes()[..authority.len() + 90]),
        ("no certificate inside", NO_CERTIFICATE.as_bytes()),
        ("no certificate after one", (authority.clone() + NO_CERTIFICATE).as_bytes()),
        ("no base64", authority.replace("\nM", "\n!").as_bytes()),
        ("longer than 1 MiB", authority.repeat((1 << 20) / authority.len() + 1).as_bytes()),
    ] {
        fs::write(&path, bytes).unwrap();
        refuses(&path, what);
    }
}

#[tokio::test]
async fn case_71_f078_a_file_that_is_missing_unreadable_or_anybody_s_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    refuses(&folder.path().join("missing"), "missing");
    refuses(&folder.path().join("missing/below"), "a folder that is missing");
    refuses(folder.path(), "a folder");
    let path = folder.path().join("ca.pem");
    fs::write(&path, authority().await).unwrap();
    for (mode, accepted) in [(0o644, true), (0o664, true), (0o646, false), (0o777, false)] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        match accepted {
            true => assert!(read_bundle(&path).unwrap().is_some(), "{mode:o}"),
            false => refuses(&path, "world-writable"),
        }
    }
}

#[tokio::test]
async fn f078_bundles_as_tools_write_them_are_read() {
    let authority = authority().await;
    for text in [
        authority.clone(),
        authority.replace('\n', "\r\n"),
        authority.trim_end().to_owned(),
        format!("Issuer: somebody\n{authority}\n# and again\n\n{authority}"),
    ] {
        assert!(!format!("{:?}", bundle(&text)).contains("BEGIN"), "{text}");
    }
    let unset = Settings::from_pairs::<&str, &str>([]);
    assert!(CaBundle::read(&unset, &CA_CERT).unwrap().is_none());
}

#[tokio::test]
async fn case_72_s24_the_proxy_that_is_set_gets_the_request() {
    let proxy = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&proxy).await;
    let client = client(through(&proxy.uri(), "http://vault.test:8200/prefix"));
    assert_eq!(client.send(request()).await.unwrap().status(), 200);
    let requests = proxy.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].url.as_str(), "http://vault.test:8200/prefix/v1/transit");
}

#[tokio::test]
async fn s24_a_proxy_sees_nothing_of_a_request_by_https() {
    for status in [403, 407, 502] {
        let proxy = RawServer::start([Exchange::new().send(http(status, &[], "canary"))]).await;
        let error = refused(&client(through(&proxy.url(), "https://vault.test"))).await;
        assert_eq!(told(&error), (ErrorKind::Unavailable, None), "{status}");
        assert!(error.to_string().contains(&proxy.url()), "{error}");
        let seen = String::from_utf8(proxy.requests().concat()).unwrap();
        assert!(seen.starts_with("CONNECT vault.test:443 HTTP/1.1\r\n"), "{seen}");
        assert!(!seen.contains("canary"), "{seen}");
    }
}

#[tokio::test]
async fn case_72_loopback_is_never_proxied() {
    let proxy = RawServer::start([]).await;
    let server = RawServer::start([Exchange::new().send(http(200, &[], "{}"))]).await;
    let client = client(through(&proxy.url(), &server.url()));
    assert_eq!(client.send(request()).await.unwrap().status(), 200);
    assert_eq!((proxy.connections(), server.connections()), (0, 1));
}

#[test]
fn a_proxy_that_cannot_be_used_is_refused_by_the_name_of_its_setting() {
    for text in [
        "",
        "proxy",
        "proxy.test:3128",
        "socks5://proxy.test:1080",
        "http://canary:canary@proxy.test:3128",
        "http://proxy.test:99999",
        "http://proxy.test?canary",
        "http://",
    ] {
        let settings = Settings::from_pairs([(PROXY.name, text)]);
        let error = quiet(Proxy::read(&settings).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{text}");
        assert!(error.to_string().contains("SECRETS_PROXY"), "{error}");
    }
    let unset = Settings::from_pairs::<&str, &str>([]);
    assert!(Proxy::read(&unset).unwrap().is_none());
}

async fn authority() -> String {
    let nobody = ([127, 0, 0, 1], 1).into();
    TlsFront::start(nobody, Certificate::Good).await.ca_pem().to_owned()
}

fn refuses(path: &Path, what: &str) {
    let error = quiet(read_bundle(path).expect_err(what));
    assert_eq!(told(&error), (ErrorKind::Misconfigured, None), "{what}");
    assert_eq!(error.key(), Some("VAULT_CACERT"), "{what}");
    assert_eq!(error.to_string().contains("private key"), what.starts_with("a key"), "{error}");
}

fn through(proxy: &str, url: &str) -> Config {
    let settings = Settings::from_pairs([(PROXY.name, proxy)]);
    let endpoint = Endpoint::parse("VAULT_ADDR", url, Plaintext::AnyHost);
    let mut config = Config::new(endpoint.expect("a URL"));
    config.proxy = Proxy::read(&settings).expect("a proxy");
    config
}
