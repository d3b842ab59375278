//! Settings of the provider: every mistake is said before anything is sent.

use strongroom::{ErrorKind, Secrets, Settings};
use strongroom_testkit::FakeAws;
use strongroom_tests::FilesOnly;
use strongroom_tests::spoiled::{Good, UNSET};

use crate::refused;

const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/key-a1B2c3";

const GOOD: Good = Good(&[
    ("SECRETS_PROVIDER", "aws_sm"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "CANARYACCESSKEYID001"),
    ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
]);

#[tokio::test]
async fn case_40_the_provider_opens_with_a_region_and_keys_and_sends_nothing() {
    let secrets = GOOD.accepted(&[]).await;
    assert_eq!(secrets.provider(), "aws_sm");
    assert!(secrets.warnings().is_empty(), "{:?}", secrets.warnings());
    let fake = FakeAws::start().await;
    drop(Secrets::from_settings(fake.settings()).await.unwrap());
    assert_eq!(fake.calls(), []);
}

#[tokio::test]
async fn b033_a_region_becomes_part_of_a_host_name() {
    for region in ["us_east_1", "../x", "US-EAST-1", "-us", "us-", "us", "a.b", "\u{e9}-1"] {
        GOOD.misconfigured(&[("AWS_REGION", region)], "AWS_REGION", "as in `eu-west-1`").await;
    }
    GOOD.misconfigured(&[("AWS_REGION", "us-east-1\n")], "AWS_REGION", "control character").await;
    GOOD.misconfigured(&[("AWS_REGION", "")], "AWS_REGION", "set and empty").await;
    for region in ["eu-west-1", "us-gov-east-1", "us-isob-east-1"] {
        GOOD.accepted(&[("AWS_REGION", region)]).await;
    }
}

#[tokio::test]
async fn b034_the_missing_half_of_a_key_is_named() {
    let token = ("AWS_SESSION_TOKEN", "canary-session");
    let (id, secret) = (("AWS_ACCESS_KEY_ID", UNSET), ("AWS_SECRET_ACCESS_KEY", UNSET));
    GOOD.misconfigured(&[id], id.0, "is not set, and AWS_SECRET_ACCESS_KEY is").await;
    GOOD.misconfigured(&[secret], secret.0, "is not set, and AWS_ACCESS_KEY_ID is").await;
    GOOD.misconfigured(&[id, secret, token], id.0, "is not set, and AWS_SESSION_TOKEN is").await;
    GOOD.misconfigured(&[("AWS_ACCESS_KEY_ID", "")], id.0, "set and empty").await;
    GOOD.accepted(&[token]).await;
    GOOD.accepted(&[id, secret]).await;
}

#[tokio::test]
async fn keys_with_odd_characters_are_refused_and_not_shown() {
    for key in ["canary key", "canary\n", "canary\u{7f}", "canary-\u{e9}", "\tcanary"] {
        for setting in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            GOOD.misconfigured(&[(setting, key)], setting, "character").await;
        }
    }
}

#[tokio::test]
async fn endpoints_are_https_or_loopback_and_hold_nothing_else() {
    for setting in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"] {
        for (address, words) in [
            ("http://moto:5000", "plain http"),
            ("http://localhost:5000", "plain http"),
            ("http://127.0.0.1.nip.io", "plain http"),
            ("http://[::ffff:8.8.8.8]", "plain http"),
            ("http://0.0.0.0:5000", "plain http"),
            ("https://canary:canary@host", "user name or password"),
            ("https://host?x=canary", "neither `?` nor `#`"),
            ("https://host/#canary", "neither `?` nor `#`"),
            ("canary", "must be a URL"),
            ("ftp://host", "https:// or http://"),
            ("https://host:0", "port"),
            ("https://host:99999", "must be a URL"),
            ("", "set and empty"),
        ] {
            GOOD.misconfigured(&[(setting, address)], setting, words).await;
        }
        for address in ["http://127.0.0.1:1", "http://[::1]:1", "https://vpce.example.com/path"] {
            GOOD.accepted(&[(setting, address)]).await;
        }
    }
}

#[tokio::test]
async fn another_endpoint_is_a_warning_that_names_its_host_alone() {
    let general = ("AWS_ENDPOINT_URL", "https://general.example.com/path");
    let own = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:4566/path");
    for (settings, expected) in [
        (&[general][..], "AWS_ENDPOINT_URL sends all calls to https://general.example.com and not"),
        (
            &[general, own],
            "AWS_ENDPOINT_URL_SECRETS_MANAGER sends all calls to http://127.0.0.1:4566 and not",
        ),
    ] {
        let secrets = GOOD.accepted(settings).await;
        let [warning] = secrets.warnings() else { panic!("{:?}", secrets.warnings()) };
        assert!(warning.contains(expected) && !warning.contains("/path"), "{warning}");
    }
}

#[tokio::test]
async fn b014_each_arn_that_is_not_one_of_a_secret_here_is_told_apart() {
    let of = |from: &str, to: &str| ARN.replace(from, to);
    for (arn, words) in [
        (of("-a1B2c3", ""), "without the `-` and six characters"),
        (of("secretsmanager", "kms"), "ARN of something else"),
        (of(":secret:", ":key:"), "ARN of something else"),
        ("arn:aws:secretsmanager:us-east-1".to_owned(), "a part of an ARN"),
        (of("us-east-1", "eu-west-1"), "is of region `eu-west-1`, and AWS_REGION is `us-east-1`"),
    ] {
        let setting = "AWS_SM_SIGNING_SECRET_ARN";
        GOOD.misconfigured(&[(setting, &arn)], setting, words).await;
    }
    GOOD.accepted(&[("AWS_SM_SIGNING_SECRET_ARN", ARN)]).await;
    GOOD.accepted(&[("AWS_SM_SIGNING_SECRET_ARN", "app/key")]).await;
}

#[tokio::test]
async fn b015_a_name_that_ends_as_an_arn_is_a_warning() {
    let secrets = GOOD.accepted(&[("AWS_SM_SIGNING_SECRET_ARN", "app-secret")]).await;
    let [warning] = secrets.warnings() else { panic!("{:?}", secrets.warnings()) };
    assert!(warning.contains("AWS_SM_SIGNING_SECRET_ARN ends in `-` and six"), "{warning}");
    for plain in ["app/secrets", ARN] {
        let secrets = GOOD.accepted(&[("AWS_SM_SIGNING_SECRET_ARN", plain)]).await;
        assert!(secrets.warnings().is_empty(), "{plain}");
    }
}

#[tokio::test]
async fn b010_b011_case_9_names_that_aws_has_not_are_refused_before_anything_is_sent() {
    let fake = FakeAws::start().await;
    let secrets = Secrets::from_settings(fake.settings()).await.unwrap();
    let long = "n".repeat(513);
    for name in ["a\u{202e}b", "a\u{200d}b", "a b", "a?b", "a:b", "a%2Fb", "\u{e9}", "a;b", &long] {
        let put = secrets.put(name, "canary", Default::default()).await;
        for error in [
            refused(secrets.get(name).await, ErrorKind::Misconfigured),
            refused(put, ErrorKind::Misconfigured),
            refused(secrets.get_many(&[name]).await.remove(0), ErrorKind::Misconfigured),
            refused(secrets.versions(name).await, ErrorKind::Misconfigured),
            refused(secrets.delete(name).await, ErrorKind::Misconfigured),
        ] {
            assert!(!error.to_string().contains('\u{202e}'), "{error}");
        }
    }
    assert_eq!(fake.calls(), []);
    let longest = "n".repeat(512);
    fake.put(&longest, "canary-long");
    assert_eq!(secrets.get(&longest).await.unwrap().value().expose(), b"canary-long");
}

#[tokio::test]
async fn only_the_credentials_may_be_in_files() {
    let fake = FakeAws::start().await;
    fake.add_session("CANARYACCESSKEYID002", "canary-secret", "canary-token", &[("*", &["*"])]);
    fake.put("a", "canary-a");
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(FilesOnly)
        .with("SECRETS_PROVIDER", "aws_sm")
        .with("AWS_REGION", FakeAws::REGION)
        .with("AWS_ENDPOINT_URL", fake.address());
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "CANARYACCESSKEYID002\n"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret\n"),
        ("AWS_SESSION_TOKEN", "canary-token\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, value).unwrap();
        settings = settings.with(format!("{name}_FILE"), path.to_str().unwrap());
    }
    let secrets = Secrets::from_settings(settings.clone()).await.unwrap();
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
    let both = settings.clone().with("AWS_SECRET_ACCESS_KEY_FILE", "/x");
    let both = Secrets::from_settings(both.with("AWS_ACCESS_KEY_ID", "x")).await;
    refused(both, ErrorKind::Misconfigured);
    // What other programs read too has no twin: the file is not even looked for.
    let other =
        settings.with("AWS_ENDPOINT_URL_FILE", "/nonexistent").with("AWS_REGION_FILE", "/x");
    assert!(Secrets::from_settings(other).await.is_ok());
}

#[tokio::test]
async fn the_ttl_of_the_provider_wins() {
    let (common, grace) =
        (("SECRETS_CACHE_TTL_SECONDS", "600"), ("SECRETS_PREVIOUS_KEY_GRACE_SECONDS", "2"));
    GOOD.misconfigured(&[common, grace], grace.0, "from 1800 ").await;
    let own = ("AWS_SM_CACHE_TTL_SECONDS", "100");
    GOOD.misconfigured(&[common, own, grace], grace.0, "from 800 ").await;
    for value in ["0", "3601", "1m"] {
        GOOD.misconfigured(&[(own.0, value)], own.0, "from 1 to 3600").await;
    }
}

#[tokio::test]
async fn a_proxy_is_that_of_the_settings_and_holds_no_credentials() {
    for (proxy, words) in [
        ("socks5://proxy", "https:// or http://"),
        ("http://canary:canary@proxy:3128", "user name or password"),
    ] {
        GOOD.misconfigured(&[("SECRETS_PROXY", proxy)], "SECRETS_PROXY", words).await;
    }
    GOOD.accepted(&[("SECRETS_PROXY", "http://proxy:3128")]).await;
}

#[tokio::test]
async fn case_71_f078_a_bundle_that_cannot_be_used_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n";
    let bad = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n";
    for (path, words) in [
        (folder.path().join("missing").to_str().unwrap().to_owned(), "does not exist"),
        (folder.path().to_str().unwrap().to_owned(), "regular file"),
        (write("empty", ""), "PEM"),
        (write("garbage", "canary"), "PEM"),
        (write("key", key), "private key"),
        (write("bad", bad), "cannot be read"),
    ] {
        GOOD.misconfigured(&[("AWS_CA_BUNDLE", &path)], "AWS_CA_BUNDLE", words).await;
    }
}
