//! Every kind of failure of a server, on a fake one.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;
use strongroom_testkit::{Certificate, FakeVault, Fault, Mount, On, ServerState, TlsFront};

use crate::support::{Cli, members, runtime, vault};

/// Asks the fake for something that the command has no word for.
pub(crate) fn post(vault: &FakeVault, path: &str, body: &str) {
    let address = vault.address();
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).unwrap();
    let (token, length) = (FakeVault::TOKEN, body.len());
    let head = format!(
        "POST /v1/{path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-vault-token: {token}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
}

/// With a Transit key.
fn signing(vault: &FakeVault) -> Cli {
    post(vault, "transit/keys/app", r#"{"type":"ed25519"}"#);
    Cli::on_vault(vault).and("VAULT_TRANSIT_KEY", "app")
}

#[test]
fn secrets_are_written_read_listed_and_deleted() {
    let vault = vault();
    let cli = Cli::on_vault(&vault);
    let put = cli.run_with(&["put", "app/db#password", "--stdin", "--json"], b"canary-1");
    assert_eq!(put.json(), json!({"name": "app/db#password", "version": "1"}));
    assert_eq!(cli.run_with(&["put", "app/db#user", "--stdin"], b"canary-2").text(), "2\n");
    let read = cli.run(&["get", "app/db#password", "--json", "--reveal"]).json();
    assert_eq!(
        (&read["value"], &read["version"], &read["provider"]),
        (&json!("canary-1"), &json!("2"), &json!("vault_dev"))
    );
    assert_eq!(cli.run(&["list", "--json"]).json(), json!({"names": ["app/db"]}));
    let versions = cli.run(&["versions", "app/db", "--json"]).json();
    let states: Vec<_> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["version"], &one["state"]))
        .collect();
    assert_eq!(states, [(&json!("2"), &json!("current")), (&json!("1"), &json!("previous"))]);
    assert_eq!(cli.run(&["delete", "app/db", "--yes"]).code, 0);
    assert_eq!(cli.run(&["get", "app/db", "--json"]).kind(), (45, "Deleted".into()));
}

#[test]
fn transit_signs_verifies_and_rotates() {
    let vault = vault();
    let cli = signing(&vault);
    let signed = cli.run_with(&["sign", "--json"], b"hello").json();
    let signature = signed["signature"].as_str().unwrap();
    let verified = cli.run_with(&["verify", "--json", "--signature", signature], b"hello").json();
    assert_eq!(verified, json!({"valid": true, "key": signed["key"], "current": true}));
    let rotated = cli.run(&["rotate", "--no-wait", "--json"]).json();
    assert_eq!(members(&rotated), ["name", "next_step_at", "phase", "previous", "version"]);
    assert_eq!(
        rotated,
        json!({"name": "app", "version": "2", "previous": "1", "phase": "retiring", "next_step_at": null})
    );
    let verified = cli.run_with(&["verify", "--json", "--signature", signature], b"hello").json();
    assert_eq!(verified["current"], false);
    let forged = cli.run_with(&["verify", "--json", "--signature", signature], b"hullo");
    assert_eq!((forged.code, &forged.answer()["valid"]), (1, &json!(false)));
    let own = cli.run(&["rotate", "--no-wait", "--generate", "32", "--json"]);
    assert_eq!(own.kind(), (69, "Unsupported".into()));
}

#[test]
fn native_signatures_are_those_of_the_server() {
    let vault = vault();
    let cli = signing(&vault);
    let signed = cli.run_with(&["sign", "--format", "native", "--json"], b"hello").json();
    let signature = signed["signature"].as_str().unwrap();
    assert!(signature.starts_with("vault:v1:"), "{signature}");
    assert_eq!(signed["key"], json!(null));
    let verify = |signature: &str, message: &[u8]| {
        let words = ["verify", "--format", "native", "--json", "--signature", signature];
        cli.run_with(&words, message)
    };
    let valid = json!({"valid": true, "key": null, "current": null});
    assert_eq!(verify(signature, b"hello").json(), valid);
    for (signature, message) in [
        (signature, &b"hullo"[..]),
        ("vault:v+1:AAAA", b"hello"),
        ("canary", b"hello"),
        ("", b"hello"),
    ] {
        let refused = verify(signature, message);
        assert_eq!(refused.code, 1, "{signature}: {refused:?}");
        assert_eq!(refused.answer(), json!({"valid": false, "key": null, "current": false}));
    }
    let words = ["sign", "--format", "native", "--key", "nope", "--json"];
    assert_eq!(cli.run(&words).kind(), (78, "Misconfigured".into()));
}

#[test]
fn failures_of_a_server_have_their_kinds_and_exit_codes() {
    let vault = vault();
    let cli = Cli::on_vault(&vault);
    assert_eq!(cli.run_with(&["put", "db", "--stdin"], b"canary").code, 0);
    vault.add_token("canary-none", &[]);
    let get = ["get", "db", "--json"];
    assert_eq!(cli.run(&["get", "nope", "--json"]).kind(), (44, "NotFound".into()));
    assert_eq!(
        cli.and("VAULT_TOKEN", "canary-wrong").run(&get).kind(),
        (41, "Unauthenticated".into())
    );
    let denied = cli.and("VAULT_TOKEN", "canary-none").and("VAULT_KV_VERSION", "2");
    assert_eq!(denied.run(&get).kind(), (43, "PermissionDenied".into()));
    assert!(denied.run(&["get", "db"]).stderr.contains("hint: `strongroom doctor"));
    let busy = Fault::new(On::Read).status(429).header("retry-after", "60");
    for (fault, expected) in [
        (busy, (29, "Throttled")),
        (Fault::new(On::Any).status(500), (75, "Unavailable")),
        (Fault::new(On::Any).status(200).body("{\"data\": canary"), (65, "Malformed")),
    ] {
        vault.fault(fault);
        let run = cli.run(&get);
        assert_eq!(run.kind(), (expected.0, expected.1.to_owned()), "{run:?}");
        if expected.1 == "Throttled" {
            let after = run.error()["retry_after_ms"].as_u64().unwrap();
            assert!((50_000..=60_000).contains(&after), "{after}");
            assert!(cli.run(&["get", "db"]).stderr.contains("hint: try again in "));
        }
        vault.clear_faults();
    }
    vault.set_state(ServerState::Sealed);
    assert_eq!(cli.run(&get).kind(), (75, "Unavailable".into()));
    vault.set_state(ServerState::Active);
    vault.mount("other", Mount::Kv2);
    let mount = cli.and("VAULT_KV_MOUNT", "absent");
    assert_eq!(mount.run(&get).kind(), (78, "Misconfigured".into()));
}

#[test]
fn a_certificate_that_is_not_trusted_is_refused() {
    let runtime = runtime();
    let vault = vault();
    let upstream = vault.address().trim_start_matches("http://").parse().unwrap();
    let front = runtime.block_on(TlsFront::start(upstream, Certificate::Good));
    // It serves in this runtime.
    let serving = std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    let run = Cli::on_vault(&vault).and("VAULT_ADDR", &front.url()).run(&["get", "db", "--json"]);
    assert_eq!(run.kind(), (76, "TlsRejected".into()));
    drop(serving);
}

#[test]
fn b028_b043_settings_of_a_server_that_are_wrong_are_told_without_their_values() {
    for (name, value, part) in [
        ("VAULT_TOKEN", "canary\ntoken", "VAULT_TOKEN"),
        ("VAULT_TOKEN", "\"canary\"", "quotation"),
        ("VAULT_TOKEN", "canar\u{e9}-canary", "VAULT_TOKEN"),
        ("VAULT_ADDR", "https://canary:canary@host", "VAULT_ADDR"),
        ("VAULT_ADDR", "https://host?x=canary", "query"),
        ("VAULT_ADDR", "https://host/#canary", "fragment"),
        ("VAULT_ADDR", "http://canary.example", "VAULT_ADDR"),
    ] {
        let cli = Cli::with(&[
            ("SECRETS_PROVIDER", "vault"),
            ("VAULT_ADDR", "https://host"),
            ("VAULT_TOKEN", "x"),
        ]);
        let run = cli.and(name, value).run(&["get", "db", "--json"]);
        assert_eq!(run.kind(), (78, "Misconfigured".into()), "{value:?}");
        assert!(run.stderr.contains(part), "{part}: {run:?}");
        assert!(!run.stderr.contains("canary") || value.contains("canary.example"), "{run:?}");
    }
}
