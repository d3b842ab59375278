//! On a fake Key Vault, over TLS.

use serde_json::json;
use strongroom_testkit::{FakeAzure, Fault, On};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::doctor::outcome;
use crate::support::{Cli, key, members};

/// What a fake lives on.
pub(crate) type Held = (Runtime, TempDir);

/// A fake, and the command on it.
pub(crate) fn azure() -> (FakeAzure, Cli, Held) {
    // TLS is served on a runtime that goes on while nobody waits on it.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let azure = runtime.block_on(FakeAzure::start());
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, azure.ca_pem()).unwrap();
    let cli = Cli::with(&[
        ("SECRETS_PROVIDER", "azure_kv"),
        ("AZURE_KEY_VAULT_URL", &azure.address()),
        ("AZURE_AUTHORITY_HOST", &azure.address()),
        ("AZURE_KV_VERIFY_CHALLENGE_RESOURCE", "false"),
        ("AZURE_KV_CA_BUNDLE_PATH", ca.to_str().unwrap()),
        ("AZURE_TENANT_ID", FakeAzure::TENANT_ID),
        ("AZURE_CLIENT_ID", FakeAzure::CLIENT_ID),
        ("AZURE_CLIENT_SECRET", FakeAzure::CLIENT_SECRET),
    ]);
    (azure, cli, (runtime, folder))
}

#[test]
fn secrets_are_written_read_listed_versioned_and_deleted() {
    let (azure, cli, _held) = azure();
    let put = cli.run_with(&["put", "app/db", "--stdin", "--json"], b"canary-1").json();
    assert_eq!(members(&put), ["name", "version"]);
    let first = put["version"].as_str().unwrap();
    let conditional =
        cli.run_with(&["put", "app/db", "--stdin", "--json", "--if-version", first], b"canary-2");
    assert_eq!(conditional.kind().1, "Unsupported");
    let put = cli.run_with(&["put", "app/db", "--stdin"], b"canary-2");
    let second = put.text().trim();
    assert_eq!(azure.version_of("app--db").as_deref(), Some(second));
    assert_eq!(cli.run(&["get", "app/db", "--reveal"]).text(), "canary-2");
    assert_eq!(cli.run(&["get", "app/db", "--reveal", "--version", first]).text(), "canary-1");
    let shown = cli.run(&["get", "app/db", "--json"]).json();
    assert_eq!((&shown["provider"], &shown["version"]), (&json!("azure_kv"), &json!(second)));
    assert_eq!(cli.run(&["list", "app"]).text(), "app/db\n");
    let versions = cli.run(&["versions", "app/db", "--json"]).json();
    assert_eq!(versions["versions"][0]["version"], second);
    assert_eq!(versions["versions"][1]["state"], "previous");
    azure.disable("app--db", second);
    assert_eq!(cli.run(&["get", "app/db", "--json"]).kind().1, "Disabled");
    assert_eq!(cli.run(&["delete", "app/db", "--yes"]).code, 0);
    assert_eq!(cli.run(&["get", "app/db", "--json"]).kind(), (45, "Deleted".into()));
    assert_eq!(cli.run(&["get", "nope", "--json"]).kind(), (44, "NotFound".into()));
    assert_eq!(cli.run(&["get", "my_secret", "--json"]).kind(), (78, "Misconfigured".into()));
}

#[test]
fn a_key_signs_verifies_and_is_rotated() {
    let (azure, cli, _held) = azure();
    azure.put("app--signing", &key("1"));
    let cli = cli.and("AZURE_KV_SIGNING_SECRET_NAME", "signing").and("SECRETS_PREFIX", "app");
    let signed = cli.run_with(&["sign", "--json"], b"hello").json();
    let signature = signed["signature"].as_str().unwrap();
    let verify =
        |message: &[u8]| cli.run_with(&["verify", "--json", "--signature", signature], message);
    assert_eq!(verify(b"hello").json()["current"], true);
    let rotated = cli.run(&["rotate", "--no-wait", "--json"]).json();
    assert_eq!(rotated["version"].as_str(), azure.version_of("app--signing").as_deref());
    assert_eq!(verify(b"hello").json()["current"], false, "found by the list of versions");
    let forged = verify(b"hullo");
    assert_eq!((forged.code, &forged.answer()["valid"]), (1, &json!(false)));
}

#[test]
fn doctor_tells_what_is_ready_and_what_is_not() {
    let (azure, cli, _held) = azure();
    azure.put("db", "canary");
    azure.put("signing", &key("1"));
    let cli = cli.and("AZURE_KV_SIGNING_SECRET_NAME", "signing");
    let run = cli.run(&["doctor", "db", "--json"]);
    assert_eq!(run.json()["status"], "ready", "{run:?}");
    for check in ["network", "tls", "credential", "clock", "read", "list", "version", "sign"] {
        assert_eq!(outcome(&run, check), "pass", "{check}: {run:?}");
    }
    azure.add_client("reader", "canary-reader", &[("*", &["get"])]);
    let reader = cli.and("AZURE_CLIENT_ID", "reader").and("AZURE_CLIENT_SECRET", "canary-reader");
    let run = reader.run(&["doctor", "db", "--json"]);
    assert_eq!(run.json()["status"], "degraded", "{run:?}");
    assert!(run.text().contains("may not be listed"), "{run:?}");
    let run = cli.and("AZURE_CLIENT_SECRET", "canary-wrong").run(&["doctor", "db", "--json"]);
    assert_eq!((run.code, outcome(&run, "credential")), (1, "fail".to_owned()), "{run:?}");
    assert!(run.text().contains("AADSTS7000215"), "{run:?}");
}

#[test]
fn failures_of_the_service_have_their_kinds_and_exit_codes() {
    let (azure, cli, _held) = azure();
    azure.put("db", "canary");
    let get = ["get", "db", "--json"];
    let busy = Fault::new(On::Read).status(429).header("retry-after", "0");
    let denied = FakeAzure::error(On::Read, 403, "Forbidden", Some("ForbiddenByPolicy"));
    for (fault, expected) in [
        (busy, (29, "Throttled")),
        (denied, (43, "PermissionDenied")),
        (Fault::new(On::Read).status(503).body("canary-text"), (75, "Unavailable")),
        (Fault::new(On::Login).status(503).body("canary-text"), (75, "Unavailable")),
    ] {
        azure.fault(fault);
        let run = cli.run(&get);
        assert_eq!(run.kind(), (expected.0, expected.1.to_owned()), "{run:?}");
        assert!(!run.stderr.contains("canary-text"), "{run:?}");
        azure.clear_faults();
    }
    let wrong = cli.and("AZURE_CLIENT_SECRET", "canary-wrong").run(&get);
    assert_eq!(wrong.kind(), (41, "Unauthenticated".into()));
    let url = cli.and("AZURE_KEY_VAULT_URL", "https://169.254.169.254").run(&get);
    assert_eq!(url.kind(), (78, "Misconfigured".into()));
}
