//! On a real OpenBao.

use serde_json::json;
use strongroom_servers::OpenBao;

use crate::doctor::outcome;
use crate::support::{Cli, members};

fn on(server: &OpenBao) -> Cli {
    Cli::with(&[
        ("SECRETS_PROVIDER", "vault_dev"),
        ("VAULT_ADDR", server.address()),
        ("VAULT_TOKEN", server.token()),
    ])
}

#[test]
fn secrets_are_written_read_listed_versioned_and_deleted() {
    let server = OpenBao::start().unwrap();
    let cli = on(&server);
    let put = cli
        .run_with(&["put", "app/db", "--stdin", "--json", "--if-version", "absent"], b"canary-1");
    assert_eq!(put.json(), json!({"name": "app/db", "version": "1"}));
    let again = cli
        .run_with(&["put", "app/db", "--stdin", "--json", "--if-version", "absent"], b"canary-1");
    assert_eq!(again.kind(), (73, "Conflict".into()));
    assert_eq!(
        cli.run_with(&["put", "app/db", "--stdin", "--if-version", "1"], b"canary-2").text(),
        "2\n"
    );
    assert_eq!(cli.run(&["get", "app/db", "--reveal"]).text(), "canary-2");
    assert_eq!(cli.run(&["get", "app/db", "--reveal", "--version", "1"]).text(), "canary-1");
    let shown = cli.run(&["get", "app/db", "--json"]).json();
    assert!(shown["created_at"].as_str().unwrap().ends_with('Z'), "{shown}");
    assert_eq!(cli.run(&["list", "app"]).text(), "app/db\n");
    let versions = cli.run(&["versions", "app/db", "--json"]).json();
    assert_eq!(versions["versions"][1]["state"], "previous");
    assert_eq!(
        server.bao(&["kv", "get", "-mount=secret", "-field=value", "app/db"]).unwrap(),
        "canary-2"
    );
    assert_eq!(cli.run(&["delete", "app/db", "--yes"]).code, 0);
    assert_eq!(cli.run(&["get", "app/db", "--json"]).kind(), (45, "Deleted".into()));
    assert_eq!(cli.run(&["get", "nope", "--json"]).kind(), (44, "NotFound".into()));
}

#[test]
fn transit_signs_verifies_and_rotates() {
    let server = OpenBao::start().unwrap();
    let path = |kind: &str| format!("transit/keys/{kind}");
    server.bao(&["write", &path("hmac"), "type=hmac", "key_size=32"]).unwrap();
    server.bao(&["write", &path("ed25519"), "type=ed25519"]).unwrap();
    for kind in ["hmac", "ed25519"] {
        let cli = on(&server).and("VAULT_TRANSIT_KEY", kind);
        for format in ["sr1", "native"] {
            let signed = cli.run_with(&["sign", "--format", format], b"hello");
            let signature = signed.text().trim();
            let verify = |message: &[u8]| {
                let words = ["verify", "--format", format, "--json", "--signature", signature];
                cli.run_with(&words, message)
            };
            assert_eq!(verify(b"hello").json()["valid"], true, "{kind} {format}: {signed:?}");
            assert_eq!(verify(b"hullo").code, 1, "{kind} {format}");
            let rotated = cli.run(&["rotate", "--no-wait", "--json"]).json();
            assert_eq!((&rotated["name"], &rotated["next_step_at"]), (&json!(kind), &json!(null)));
            assert_eq!(verify(b"hello").json()["valid"], true, "{kind} {format}: after a rotation");
        }
    }
}

#[test]
fn a_key_of_the_store_signs_and_rotates() {
    let server = OpenBao::start().unwrap();
    let cli = on(&server).and("VAULT_SIGNING_SECRET_NAME", "signing-key");
    assert_eq!(cli.run(&["put", "signing-key", "--generate", "32"]).text(), "1\n");
    let signed = cli.run_with(&["sign"], b"hello");
    let rotated = cli.run(&["rotate", "--no-wait", "--json"]).json();
    assert_eq!(members(&rotated), ["name", "next_step_at", "phase", "previous", "version"]);
    assert_eq!((&rotated["version"], &rotated["previous"]), (&json!("2"), &json!("1")));
    let words = ["verify", "--json", "--signature", signed.text().trim()];
    let verified = cli.run_with(&words, b"hello").json();
    assert_eq!((&verified["valid"], &verified["current"]), (&json!(true), &json!(false)));
}

#[test]
fn doctor_tells_a_good_set_up_from_a_broken_one() {
    let server = OpenBao::start().unwrap();
    let cli = on(&server).and("VAULT_SIGNING_SECRET_NAME", "signing-key");
    assert_eq!(cli.run(&["put", "signing-key", "--generate", "32"]).code, 0);
    let told = cli.run(&["doctor", "signing-key", "--json"]);
    assert_eq!((told.code, &told.answer()["status"]), (0, &json!("ready")), "{told:?}");
    assert_eq!(outcome(&told, "credential"), "warn", "a root token");
    let absent = cli.run(&["doctor", "nope", "--json"]);
    assert_eq!((absent.code, &absent.answer()["status"]), (1, &json!("not_ready")));
    assert_eq!(outcome(&absent, "read"), "fail");
    let refused = cli.and("VAULT_TOKEN", "canary-wrong").run(&["doctor", "--json"]);
    assert_eq!((refused.code, outcome(&refused, "credential")), (1, "fail".into()), "{refused:?}");
    server.bao(&["operator", "seal"]).unwrap();
    let sealed = cli.run(&["doctor", "--json"]);
    assert_eq!((sealed.code, &sealed.answer()["status"]), (1, &json!("not_ready")));
}
