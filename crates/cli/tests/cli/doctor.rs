//! `doctor`, and what its exit code says.

use serde_json::{Value, json};
use strongroom_testkit::{FakeVault, ServerState};

use crate::support::{Cli, Run, folder, members, vault, write};
use crate::vault::post;

/// The spellings of the checks, in their order.
const CHECKS: [&str; 11] = [
    "config",
    "network",
    "tls",
    "credential",
    "clock",
    "files",
    "read",
    "list",
    "version",
    "sign",
    "verification",
];

/// How one check went.
#[track_caller]
pub(crate) fn outcome(run: &Run, check: &str) -> String {
    let answer = run.answer();
    let mut checks = answer["checks"].as_array().unwrap().iter();
    let check = checks.find(|one| one["name"] == check).unwrap();
    check["status"].as_str().unwrap().to_owned()
}

fn status(run: &Run) -> (i32, Value) {
    (run.code, run.answer()["status"].clone())
}

/// With a secret, and a token that may do what it needs and no more.
fn served() -> (FakeVault, Cli) {
    let vault = vault();
    post(&vault, "secret/data/db", r#"{"data":{"value":"canary"}}"#);
    let all: &[&str] = &["read", "list"];
    vault.add_token("canary-app", &[("secret/data/*", all), ("secret/metadata/*", all)]);
    let cli = Cli::on_vault(&vault).and("VAULT_TOKEN", "canary-app");
    (vault, cli)
}

#[test]
fn every_check_is_told_with_its_shape() {
    let (_vault, cli) = served();
    let run = cli.run(&["doctor", "db", "--json"]);
    let told = run.json();
    assert_eq!(members(&told), ["checks", "provider", "status"]);
    assert_eq!(
        (&told["provider"], &told["status"]),
        (&json!("vault_dev"), &json!("ready")),
        "{told}"
    );
    let checks = told["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, CHECKS);
    for check in checks {
        assert_eq!(members(check), ["detail", "latency_ms", "name", "status"]);
        let status = check["status"].as_str().unwrap();
        assert!(["pass", "warn", "fail", "skip"].contains(&status), "{check}");
        assert!(check["latency_ms"].is_number() || check["latency_ms"].is_null(), "{check}");
    }
    assert!(checks.iter().any(|check| check["latency_ms"].is_number()));
}

#[test]
fn people_get_a_table_whose_last_line_is_the_status() {
    let (_vault, cli) = served();
    let run = cli.run(&["doctor", "db"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.text().starts_with("CHECK "), "{run:?}");
    assert_eq!(run.text().lines().last(), Some("ready"));
    for check in CHECKS {
        assert!(run.text().lines().any(|line| line.starts_with(check)), "{check}: {run:?}");
    }
}

#[test]
fn degraded_is_0_and_with_strict_1() {
    let (vault, cli) = served();
    vault.add_token("canary-reader", &[("secret/data/*", &["read"])]);
    let cli = cli.and("VAULT_TOKEN", "canary-reader").and("VAULT_KV_VERSION", "2");
    let run = cli.run(&["doctor", "db", "--json"]);
    assert_eq!(status(&run), (0, json!("degraded")), "{run:?}");
    assert_eq!(outcome(&run, "list"), "fail");
    assert_eq!(status(&cli.run(&["doctor", "db", "--json", "--strict"])), (1, json!("degraded")));
}

#[test]
fn not_ready_is_1() {
    let (vault, cli) = served();
    for (cli, check) in [
        (cli.and("VAULT_TOKEN", "canary-wrong"), "credential"),
        (cli.and("VAULT_ADDR", "http://127.0.0.1:1"), "network"),
        (cli.and("SECRETS_CACHE_TTL_SECONDS", "0"), "config"),
        (cli.and("VAULT_VERIFY_ENABLED", "ture"), "config"),
        (cli.and("SECRETS_PROVIDER", "canary"), "config"),
    ] {
        let run = cli.run(&["doctor", "db", "--json"]);
        assert_eq!(status(&run), (1, json!("not_ready")), "{check}: {run:?}");
        assert_eq!(outcome(&run, check), "fail", "{run:?}");
    }
    let absent = cli.run(&["doctor", "nope", "--json"]);
    assert_eq!((status(&absent).0, outcome(&absent, "read")), (1, "fail".into()));
    vault.set_state(ServerState::Sealed);
    assert_eq!(status(&cli.run(&["doctor", "db", "--json"])), (1, json!("not_ready")));
}

#[test]
fn f097_verification_that_is_switched_off_is_not_ready() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path())
        .and("VAULT_VERIFY_ENABLED", "false")
        .and("SECRETS_ALLOW_UNVERIFIED", "true");
    let run = cli.run(&["doctor", "--json"]);
    assert_eq!(status(&run), (1, json!("not_ready")), "{run:?}");
    assert_eq!(outcome(&run, "verification"), "fail");
}

#[test]
fn a_provider_that_cannot_be_opened_is_named_if_it_is_one() {
    let broken = Cli::with(&[("SECRETS_PROVIDER", "file"), ("SECRETS_DIR", "/nope-canary")]);
    let run = broken.run(&["doctor", "--json"]);
    assert_eq!(
        (status(&run), &run.answer()["provider"]),
        ((1, json!("not_ready")), &json!("file"))
    );
    let none = Cli::default().run(&["doctor", "--json"]);
    assert_eq!(
        (status(&none), &none.answer()["provider"]),
        ((1, json!("not_ready")), &json!(null))
    );
}

#[test]
fn f105_a_link_that_dangles_fails_a_check() {
    let folder = crate::support::releases();
    let current = folder.path().join("current");
    std::fs::remove_file(&current).unwrap();
    std::os::unix::fs::symlink("releases/absent", &current).unwrap();
    let run = Cli::on_folder(folder.path()).run(&["doctor", "db", "--json"]);
    assert_eq!(run.code, 1, "{run:?}");
}

#[test]
fn a_folder_is_checked_and_its_secrets_are_read() {
    let folder = folder();
    let cli = Cli::on_folder(folder.path());
    let good = cli.run(&["doctor", "db", "app/url", "--json"]);
    assert_eq!(status(&good), (0, json!("ready")), "{good:?}");
    assert_eq!((outcome(&good, "sign"), outcome(&good, "tls")), ("pass".into(), "skip".into()));
    write(&folder, "signing-key", "short");
    let short = cli.and("SECRETS_SIGNING_SECRET_NAME", "signing-key").run(&["doctor", "--json"]);
    assert_eq!((short.code, outcome(&short, "sign")), (1, "fail".into()), "{short:?}");
}
