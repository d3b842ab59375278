//! Provider `env`, which only reads.

use serde_json::json;

use crate::support::{Cli, key};

fn cli() -> Cli {
    Cli::with(&[
        ("SECRETS_PROVIDER", "env"),
        ("SECRETS_ENV_PREFIX", "APP_"),
        ("APP_DB_URL", "canary-url"),
        ("APP_SIGNING_KEY", &key("1")),
    ])
}

#[test]
fn get_and_sign_read_variables() {
    assert_eq!(cli().run(&["get", "db/url", "--reveal"]).text(), "canary-url");
    let shown = cli().run(&["get", "db/url", "--json"]).json();
    assert_eq!((&shown["provider"], &shown["version"]), (&json!("env"), &json!(null)));
    let signed = cli().run_with(&["sign"], b"hello");
    let verified = cli().run_with(&["verify", "--signature", signed.text().trim()], b"hello");
    assert_eq!(verified.code, 0);
}

#[test]
fn what_it_cannot_do_is_unsupported() {
    for words in [
        &["put", "db/url", "--generate", "32", "--json"][..],
        &["versions", "db/url", "--json"],
        &["delete", "db/url", "--yes", "--json"],
        &["rotate", "--no-wait", "--json"],
    ] {
        assert_eq!(cli().run(words).kind(), (69, "Unsupported".into()), "{words:?}");
    }
    assert_eq!(cli().run(&["get", "nope", "--json"]).kind(), (44, "NotFound".into()));
}
