//! What `doctor` says.

use strongroom::{ErrorKind, Outcome, Probe};
use strongroom_testkit::{FakeAzure, Fault, On};
use strongroom_tests::{expect, key};

use crate::refused;
use crate::scene::Scene;

const KEY: (&str, &str) = ("AZURE_KV_SIGNING_SECRET_NAME", "signing-key");

#[tokio::test]
async fn a_good_set_up_is_ready_and_says_which_way_finds_previous_keys() {
    let scene = Scene::once().await;
    scene.fake.put(KEY.1, &key("1"));
    let diagnosis = scene.another(&[KEY]).await.diagnose(&["a"]).await;
    for (name, words) in [
        ("network", "https://127.0.0.1"),
        ("tls", "trusted"),
        ("credential", "`client_secret`, accepted"),
        ("clock", "provider's"),
        ("read", "`a`"),
        ("sign", ""),
        ("version", "may be listed"),
    ] {
        expect(&diagnosis, name, Outcome::Pass, words);
    }
    let limited = scene.limited(&[("*", &["get"])], &[KEY]).await;
    let diagnosis = limited.diagnose(&["a"]).await;
    let check = expect(&diagnosis, "version", Outcome::Fail, "may not be listed");
    assert!(check.detail.contains("`list` permission") && check.detail.contains("`jwks`"));
    assert_eq!(diagnosis.status(), "degraded");
    // What the keys are written in holds them all.
    let jwks = ("SECRETS_SIGNING_KEY_ENCODING", "jwks");
    let diagnosis = scene.limited(&[("*", &["get"])], &[KEY, jwks]).await.diagnose(&["a"]).await;
    let version = diagnosis.checks.iter().find(|check| check.name == "version").unwrap();
    assert!(!version.detail.contains("`jwks`"), "{version:?}");
}

#[tokio::test]
async fn the_key_that_is_looked_at_is_the_one_below_the_prefix() {
    let scene = Scene::once().await;
    scene.fake.put("app--signing-key", &key("1"));
    scene.fake.put("app--a", "canary");
    let rights: &[(&str, &[&str])] = &[("app--*", &["get", "list"])];
    let secrets = scene.limited(rights, &[KEY, ("SECRETS_PREFIX", "app")]).await;
    let diagnosis = secrets.diagnose(&["a"]).await;
    expect(&diagnosis, "version", Outcome::Pass, "`app/signing-key`: its versions may be listed");
}

#[tokio::test]
async fn each_fault_is_told_where_it_is() {
    let scene = Scene::once().await;
    let wrong = scene.another(&[("AZURE_CLIENT_SECRET", "canary-wrong")]).await;
    let diagnosis = wrong.diagnose(&["a"]).await;
    expect(&diagnosis, "network", Outcome::Pass, "answers");
    expect(&diagnosis, "credential", Outcome::Fail, "AADSTS7000215");
    assert_eq!(diagnosis.status(), "not_ready");
    assert!(!format!("{diagnosis:?}").contains("canary"), "{diagnosis:?}");

    scene.fake.fault(FakeAzure::error(On::Any, 403, "Forbidden", Some("ForbiddenByFirewall")));
    let diagnosis = scene.another(&[]).await.diagnose(&["a"]).await;
    expect(&diagnosis, "network", Outcome::Fail, "firewall");
    refused(scene.another(&[]).await.probe().await, ErrorKind::PermissionDenied);
    scene.fake.clear_faults();

    scene.fake.fault(Fault::new(On::Any).status(503));
    let diagnosis = scene.another(&[]).await.diagnose(&["a"]).await;
    assert_eq!(diagnosis.status(), "not_ready");
    expect(&diagnosis, "network", Outcome::Fail, "503");
    scene.fake.clear_faults();

    scene.fake.fault(Fault::new(On::Login).status(503));
    let diagnosis = scene.another(&[]).await.diagnose(&["a"]).await;
    expect(&diagnosis, "network", Outcome::Pass, "answers");
    expect(&diagnosis, "credential", Outcome::Fail, "503");
    scene.fake.clear_faults();

    let past = ("date", "Sat, 01 Jan 2000 00:00:00 GMT");
    scene.fake.fault(Fault::new(On::Any).header(past.0, past.1));
    let diagnosis = scene.another(&[]).await.diagnose(&["a"]).await;
    expect(&diagnosis, "clock", Outcome::Fail, "ahead of the provider's");
    scene.fake.clear_faults();

    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = format!("https://{}", socket.local_addr().unwrap());
    let secrets = scene.another(&[("AZURE_KEY_VAULT_URL", &closed)]).await;
    expect(&secrets.diagnose(&["a"]).await, "network", Outcome::Fail, "cannot connect");
}

#[tokio::test]
async fn case_108_110_111_a_probe_reads_no_secret_and_tells_what_is_the_matter() {
    let scene = Scene::once().await;
    assert_eq!(scene.secrets.probe().await.unwrap().probe, Probe::Active);
    assert_eq!(scene.fake.count("GET /secrets/a"), 0);
    let limited = scene.limited(&[("b", &["get"])], &[]).await;
    assert_eq!(limited.probe().await.unwrap().probe, Probe::Active, "it is known all the same");
    let signing = scene.another(&[KEY]).await;
    let error = refused(signing.probe().await, ErrorKind::Misconfigured);
    assert_eq!(error.name(), Some(KEY.1), "{error}");
    let wrong = scene.another(&[("AZURE_CLIENT_SECRET", "canary-wrong")]).await;
    refused(wrong.probe().await, ErrorKind::Unauthenticated);
    scene.fake.fault(Fault::new(On::Any).status(503));
    refused(scene.secrets.probe().await, ErrorKind::Unavailable);
}
