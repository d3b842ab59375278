//! On a fake Secrets Manager, and for what a person checks first, on moto.

use serde_json::json;
use strongroom_servers::Moto;
use strongroom_testkit::{FakeAws, On};

use crate::doctor::outcome;
use crate::support::{Cli, key, members, runtime};

/// A fake that serves in its own thread.
fn aws() -> FakeAws {
    runtime().block_on(FakeAws::start())
}

fn on(aws: &FakeAws) -> Cli {
    Cli::with(&[
        ("SECRETS_PROVIDER", "aws_sm"),
        ("AWS_REGION", FakeAws::REGION),
        ("AWS_ACCESS_KEY_ID", FakeAws::KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", FakeAws::SECRET),
        ("AWS_ENDPOINT_URL", &aws.address()),
    ])
}

#[test]
fn secrets_are_written_read_listed_versioned_and_deleted() {
    let aws = aws();
    let cli = on(&aws);
    let put = cli
        .run_with(&["put", "app/db", "--stdin", "--json", "--if-version", "absent"], b"canary-1");
    let put = put.json();
    assert_eq!(members(&put), ["name", "version"]);
    let first = put["version"].as_str().unwrap();
    let again = cli
        .run_with(&["put", "app/db", "--stdin", "--json", "--if-version", "absent"], b"canary-1");
    assert_eq!(again.kind(), (73, "Conflict".into()));
    let put = cli.run_with(&["put", "app/db", "--stdin", "--if-version", first], b"canary-2");
    let second = put.text().trim();
    assert_eq!(aws.version_of("app/db", "AWSCURRENT").as_deref(), Some(second));
    let late =
        cli.run_with(&["put", "app/db", "--stdin", "--json", "--if-version", first], b"canary-3");
    assert_eq!(late.kind(), (73, "Conflict".into()));
    assert_eq!(cli.run(&["get", "app/db", "--reveal"]).text(), "canary-2");
    assert_eq!(cli.run(&["get", "app/db", "--reveal", "--version", first]).text(), "canary-1");
    let shown = cli.run(&["get", "app/db", "--json"]).json();
    assert_eq!((&shown["provider"], &shown["version"]), (&json!("aws_sm"), &json!(second)));
    assert!(shown["created_at"].as_str().unwrap().ends_with('Z'), "{shown}");
    assert_eq!(cli.run_with(&["put", "app/db2#user", "--stdin"], b"canary-user").code, 0);
    assert_eq!(cli.run(&["get", "app/db2#user", "--reveal"]).text(), "canary-user");
    assert_eq!(cli.run(&["list", "app"]).text(), "app/db\napp/db2\n");
    let versions = cli.run(&["versions", "app/db", "--json"]).json();
    assert_eq!(versions["versions"][0]["version"], second);
    assert_eq!(versions["versions"][1]["version"], first);
    assert_eq!(versions["versions"][1]["state"], "previous");
    assert_eq!(cli.run(&["delete", "app/db", "--yes"]).code, 0);
    assert_eq!(cli.run(&["get", "app/db", "--json"]).kind(), (45, "Deleted".into()));
    assert_eq!(cli.run(&["get", "nope", "--json"]).kind(), (44, "NotFound".into()));
}

#[test]
fn a_key_signs_verifies_and_is_rotated() {
    let aws = aws();
    aws.put("keys/signing", &key("1"));
    let cli =
        on(&aws).and("AWS_SM_SIGNING_SECRET_ARN", "keys/signing").and("SECRETS_PREFIX", "app");
    let signed = cli.run_with(&["sign", "--json"], b"hello").json();
    let signature = signed["signature"].as_str().unwrap();
    let verify =
        |message: &[u8]| cli.run_with(&["verify", "--json", "--signature", signature], message);
    assert_eq!(
        verify(b"hello").json(),
        json!({"valid": true, "key": signed["key"], "current": true})
    );
    let rotated = cli.run(&["rotate", "--no-wait", "--json"]).json();
    assert_eq!(members(&rotated), ["name", "next_step_at", "phase", "previous", "version"]);
    assert_eq!((&rotated["name"], &rotated["phase"]), (&json!("keys/signing"), &json!("retiring")));
    assert_eq!(
        rotated["version"].as_str(),
        aws.version_of("keys/signing", "AWSCURRENT").as_deref()
    );
    assert_eq!(
        rotated["previous"].as_str(),
        aws.version_of("keys/signing", "AWSPREVIOUS").as_deref()
    );
    assert_eq!(verify(b"hello").json()["current"], false);
    let forged = verify(b"hullo");
    assert_eq!((forged.code, &forged.answer()["valid"]), (1, &json!(false)));
}

#[test]
fn doctor_tells_what_is_ready_and_what_is_not() {
    let aws = aws();
    aws.put("db", "canary");
    aws.put("keys/signing", &key("1"));
    let cli = on(&aws).and("AWS_SM_SIGNING_SECRET_ARN", "keys/signing");
    let run = cli.run(&["doctor", "db", "--json"]);
    assert_eq!(run.json()["status"], "ready", "{run:?}");
    for check in ["network", "credential", "clock", "read", "list", "version", "sign"] {
        assert_eq!(outcome(&run, check), "pass", "{check}: {run:?}");
    }
    assert!(!run.text().contains("canary"), "{run:?}");
    aws.set_skew_seconds(-600);
    let run = cli.run(&["doctor", "db", "--json"]);
    assert_eq!((run.code, outcome(&run, "clock")), (1, "fail".to_owned()), "{run:?}");
    assert!(run.text().contains("clock skew 60"), "{run:?}");
    aws.set_skew_seconds(0);
    aws.add_key("CANARYACCESSKEYID001", "canary-key", &[("app/*", &["GetSecretValue"])]);
    let denied = cli
        .and("AWS_ACCESS_KEY_ID", "CANARYACCESSKEYID001")
        .and("AWS_SECRET_ACCESS_KEY", "canary-key");
    let run = denied.run(&["doctor", "db", "--json"]);
    assert_eq!((run.code, outcome(&run, "read")), (1, "fail".to_owned()), "{run:?}");
    assert_eq!(outcome(&run, "credential"), "pass");
}

#[test]
fn failures_of_the_service_have_their_kinds_and_exit_codes() {
    let aws = aws();
    aws.put("db", "canary");
    let cli = on(&aws);
    let get = ["get", "db", "--json"];
    for (code, expected) in [
        ("ThrottlingException", (29, "Throttled")),
        ("ExpiredTokenException", (41, "Unauthenticated")),
        ("AccessDeniedException", (43, "PermissionDenied")),
        ("InternalServiceError", (75, "Unavailable")),
    ] {
        aws.fault(FakeAws::error(On::Read, code, "canary-text"));
        let run = cli.run(&get);
        assert_eq!(run.kind(), (expected.0, expected.1.to_owned()), "{run:?}");
        assert!(!run.stderr.contains("canary-text"), "{run:?}");
        aws.clear_faults();
    }
    let region = cli.and("AWS_REGION", "us_east_1").run(&get);
    assert_eq!(region.kind(), (78, "Misconfigured".into()));
    let half = cli.and("AWS_SECRET_ACCESS_KEY", "").run(&get);
    assert_eq!(half.kind(), (78, "Misconfigured".into()));
    let profile = cli.and("AWS_PROFILE", "nowhere").run(&get);
    assert_eq!(profile.kind(), (78, "Misconfigured".into()));
    assert!(profile.stderr.contains("AWS_PROFILE"), "{profile:?}");
}

#[test]
fn secrets_and_signatures_come_from_moto_too() {
    let server = Moto::start().unwrap();
    let cli =
        Cli::with(&[("SECRETS_PROVIDER", "aws_sm"), ("AWS_SM_SIGNING_SECRET_ARN", "signing")]);
    let cli = server.environment().iter().fold(cli, |cli, (name, value)| cli.and(name, value));
    assert_eq!(cli.run_with(&["put", "app/db", "--stdin"], b"canary-1").code, 0);
    assert_eq!(cli.run(&["get", "app/db", "--reveal"]).text(), "canary-1");
    assert_eq!(cli.run(&["put", "signing", "--generate", "32"]).code, 0);
    let signed = cli.run_with(&["sign"], b"hello");
    let signature = signed.text().trim();
    assert_eq!(cli.run(&["rotate", "--no-wait"]).code, 0);
    let verified = cli.run_with(&["verify", "--json", "--signature", signature], b"hello").json();
    assert_eq!(verified["current"], false);
    assert_eq!(cli.run(&["doctor", "app/db", "--json"]).json()["status"], "ready");
}
