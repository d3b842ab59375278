//! On a fake Infisical.

use serde_json::json;
use strongroom_testkit::{FakeInfisical, Fault, On};
use tokio::runtime::Builder;

use crate::doctor::outcome;
use crate::support::{Cli, key, members, runtime};

/// A fake, and the command on it, as the identity that may do everything.
pub(crate) fn infisical() -> (FakeInfisical, Cli) {
    let infisical = runtime().block_on(FakeInfisical::start());
    let cli = on(
        &infisical,
        &[
            ("INFISICAL_CLIENT_ID", FakeInfisical::CLIENT_ID),
            ("INFISICAL_CLIENT_SECRET", FakeInfisical::CLIENT_SECRET),
        ],
    );
    (infisical, cli)
}

/// The command on a fake, with this credential.
pub(crate) fn on(infisical: &FakeInfisical, credential: &[(&str, &str)]) -> Cli {
    let server = [
        ("SECRETS_PROVIDER", "infisical_self_host"),
        ("INFISICAL_BASE_URL", &infisical.address()),
        ("INFISICAL_PROJECT_ID", FakeInfisical::PROJECT_ID),
        ("INFISICAL_ENVIRONMENT", FakeInfisical::ENVIRONMENT),
    ];
    Cli::with(&[&server, credential].concat())
}

#[test]
fn secrets_are_written_read_listed_and_deleted() {
    let (infisical, cli) = infisical();
    let put = cli.run_with(&["put", "app/db", "--stdin", "--json"], b"canary-1").json();
    assert_eq!(members(&put), ["name", "version"]);
    assert_eq!(put["version"], "1");
    let put = |name, condition| {
        cli.run_with(&["put", name, "--stdin", "--json", "--if-version", condition], b"canary-2")
    };
    assert_eq!(put("app/db", "absent").kind().1, "Conflict");
    assert_eq!(put("app/db", "1").kind(), (69, "Unsupported".into()));
    assert_eq!(infisical.value_of("/app", "db").as_deref(), Some("canary-1"));
    assert_eq!(put("app/new", "absent").json()["version"], "1");
    assert_eq!(cli.run_with(&["put", "app/db", "--stdin"], b"canary-2").text(), "2\n");
    assert_eq!(cli.run(&["get", "app/db", "--reveal"]).text(), "canary-2");
    assert_eq!(cli.run(&["get", "app/db", "--reveal", "--version", "1"]).text(), "canary-1");
    let shown = cli.run(&["get", "app/db", "--json"]).json();
    assert_eq!(
        (&shown["provider"], &shown["version"]),
        (&json!("infisical_self_host"), &json!("2"))
    );
    assert_eq!(cli.run(&["list", "app"]).text(), "app/db\napp/new\n");
    let get = ["get", "app/db", "--json"];
    assert_eq!(cli.run(&[&get[..], &["--version", "3"]].concat()).kind(), (44, "NotFound".into()));
    assert_eq!(cli.run(&["versions", "app/db", "--json"]).kind(), (69, "Unsupported".into()));
    assert_eq!(cli.run(&["delete", "app/db", "--yes"]).code, 0);
    assert_eq!(infisical.version_of("/app", "db"), None);
    assert_eq!(cli.run(&get).kind(), (44, "NotFound".into()));
    assert_eq!(cli.run(&["get", "a:b", "--json"]).kind(), (78, "Misconfigured".into()));
}

#[test]
fn a_key_signs_verifies_and_is_rotated() {
    let (infisical, cli) = infisical();
    infisical.put("/app", "SIGNING", &key("1"));
    let cli = cli.and("INFISICAL_SIGNING_SECRET_NAME", "SIGNING").and("SECRETS_PREFIX", "app");
    let signed = cli.run_with(&["sign", "--json"], b"hello").json();
    let signature = signed["signature"].as_str().unwrap();
    let verify =
        |message: &[u8]| cli.run_with(&["verify", "--json", "--signature", signature], message);
    assert_eq!(verify(b"hello").json()["current"], true);
    let rotated = cli.run(&["rotate", "--no-wait", "--json"]).json();
    assert_eq!(
        (&rotated["version"], infisical.version_of("/app", "SIGNING")),
        (&json!("2"), Some(2))
    );
    assert_eq!(verify(b"hello").json()["current"], false, "found by its number");
    let forged = verify(b"hullo");
    assert_eq!((forged.code, &forged.answer()["valid"]), (1, &json!(false)));
}

#[test]
fn doctor_tells_what_is_ready_and_what_is_not() {
    let (infisical, cli) = infisical();
    infisical.put("/", "db", "canary");
    infisical.put("/", "SIGNING", &key("1"));
    let cli = cli.and("INFISICAL_SIGNING_SECRET_NAME", "SIGNING");
    let run = cli.run(&["doctor", "db", "--json"]);
    assert_eq!(run.json()["status"], "ready", "{run:?}");
    for check in ["network", "credential", "clock", "read", "list", "version", "sign"] {
        assert_eq!(outcome(&run, check), "pass", "{check}: {run:?}");
    }
    assert_eq!(outcome(&run, "tls"), "skip", "{run:?}");
    let service = infisical.add_service_token(&[("prod", "/")], &["read", "write"], None);
    let service = on(&infisical, &[("INFISICAL_SERVICE_TOKEN", &service)]);
    let run = service.run(&["doctor", "db", "--json"]);
    assert_eq!(run.json()["status"], "ready", "{run:?}");
    assert_eq!(outcome(&run, "credential"), "warn", "{run:?}");
    let run = cli.and("INFISICAL_CLIENT_SECRET", "canary-wrong").run(&["doctor", "db", "--json"]);
    assert_eq!((run.code, outcome(&run, "credential")), (1, "fail".to_owned()), "{run:?}");
    assert_eq!(run.answer()["status"], "not_ready", "{run:?}");
}

#[test]
fn the_cloud_is_reached_over_tls_through_a_proxy() {
    // TLS is served on a runtime that goes on while nobody waits on it.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let infisical = runtime.block_on(FakeInfisical::start());
    infisical.put("/", "db", "canary");
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, infisical.ca_pem()).unwrap();
    let cli = Cli::with(&[
        ("SECRETS_PROVIDER", "infisical_cloud"),
        ("SECRETS_PROXY", &infisical.proxy_address()),
        ("INFISICAL_CA_BUNDLE_PATH", ca.to_str().unwrap()),
        ("INFISICAL_CLIENT_ID", FakeInfisical::CLIENT_ID),
        ("INFISICAL_CLIENT_SECRET", FakeInfisical::CLIENT_SECRET),
        ("INFISICAL_PROJECT_ID", FakeInfisical::PROJECT_ID),
        ("INFISICAL_ENVIRONMENT", FakeInfisical::ENVIRONMENT),
    ]);
    for cli in [&cli, &cli.and("INFISICAL_BASE_URL", "https://eu.infisical.com")] {
        assert_eq!(cli.run(&["get", "db", "--reveal"]).text(), "canary");
        let run = cli.run(&["doctor", "db", "--json"]);
        assert_eq!((run.code, outcome(&run, "tls")), (0, "pass".to_owned()), "{run:?}");
    }
}

#[test]
fn failures_of_the_service_have_their_kinds_and_exit_codes() {
    let (infisical, cli) = infisical();
    infisical.put("/", "db", "canary");
    let get = ["get", "db", "--json"];
    let busy = Fault::new(On::Read).status(429).header("retry-after", "0");
    let denied = FakeInfisical::error(On::Read, 403, "PermissionDenied", "canary-text");
    for (fault, expected) in [
        (busy, (29, "Throttled")),
        (denied, (43, "PermissionDenied")),
        (Fault::new(On::Read).status(503).body("canary-text"), (75, "Unavailable")),
        (Fault::new(On::Login).status(503).body("canary-text"), (75, "Unavailable")),
    ] {
        infisical.fault(fault);
        let run = cli.run(&get);
        assert_eq!(run.kind(), (expected.0, expected.1.to_owned()), "{run:?}");
        assert!(!run.stderr.contains("canary-text"), "{run:?}");
        infisical.clear_faults();
    }
    infisical.set_hidden("/", "db", true);
    assert_eq!(cli.run(&get).kind(), (66, "InvalidValue".into()));
    let wrong = cli.and("INFISICAL_CLIENT_SECRET", "canary-wrong").run(&get);
    assert_eq!(wrong.kind(), (41, "Unauthenticated".into()));
    for (name, value) in [
        ("INFISICAL_SECRET_PATH", "app"),
        ("INFISICAL_ENVIRONMENT", "nope"),
        ("INFISICAL_BASE_URL", "http://169.254.169.254"),
    ] {
        let run = cli.and(name, value).run(&get);
        assert_eq!(run.kind(), (78, "Misconfigured".into()), "{run:?}");
        assert!(run.stderr.contains(name), "{run:?}");
    }
    let service = infisical.add_service_token(&[("prod", "/app")], &["read"], None);
    let run = on(&infisical, &[("INFISICAL_SERVICE_TOKEN", &service)]).run(&get);
    assert_eq!(run.kind(), (78, "Misconfigured".into()), "{run:?}");
    assert!(run.stderr.contains("INFISICAL_SECRET_PATH"), "{run:?}");
}
