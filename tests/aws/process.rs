//! What the SDK reads of the process: AWS's files, and where it finds credentials. Tests may not set variables, so
//! each runs another test of this file as a process with those in question.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use strongroom::{Clock, Error, ErrorKind, Secrets, Settings, SystemClock};
use strongroom_testkit::{BlackHole, Exchange, FakeAws, RawServer, http};
use strongroom_tests::FilesOnly;
use tempfile::TempDir;

use crate::refused;

const ALL: &[(&str, &[&str])] = &[("*", &["*"])];
const ID: &str = "CANARYACCESSKEYID004";
const SECRET: &str = "canary-secret-of-a-profile";

/// The SDK looks for `secrets-manager` in a section of services, and not for `secrets_manager` as other SDKs do.
const CONFIG: &str = "\
[profile here]
region = eu-west-1
[profile bare]
output = json
[profile elsewhere]
region = us-east-1
endpoint_url = http://192.0.2.1
[profile elsewhere-for-one]
region = us-east-1
services = one
[services one]
secrets-manager =
  endpoint_url = http://192.0.2.1
";

/// A fake with a secret, and files of AWS that speak of it.
async fn scene() -> (FakeAws, TempDir) {
    let fake = FakeAws::start().await;
    fake.put("a", "canary-a");
    fake.add_region("eu-west-1");
    fake.add_key(ID, SECRET, ALL);
    fake.add_session(ID, SECRET, "canary-session", ALL);
    fake.add_key("CANARYACCESSKEYID005", SECRET, ALL);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("config", CONFIG);
    let keys = format!(
        "[here]\naws_access_key_id = CANARYACCESSKEYID005\naws_secret_access_key = {SECRET}\n"
    );
    write("credentials", &keys);
    write("broken", "[profile here\nregion canary\n");
    write("address", &fake.address());
    (fake, folder)
}

/// Another test of this file, with the variables of nobody.
fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test has a program"));
    command.args(["--ignored", "--exact", &format!("process::{test}")]).current_dir(folder);
    command.env_clear().env("HOME", folder).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_CONFIG_FILE", folder.join("config"));
    command.env("AWS_SHARED_CREDENTIALS_FILE", folder.join("credentials"));
    command
}

async fn succeed(mut command: Command) {
    // The servers run on while this waits.
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("no panic").expect("this program can be run");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
}

fn settings(more: &[(&str, &str)]) -> Settings {
    let address = std::fs::read_to_string("address").unwrap();
    let settings = Settings::new(FilesOnly)
        .with("SECRETS_PROVIDER", "aws_sm")
        .with("AWS_ENDPOINT_URL", address);
    more.iter().fold(settings, |settings, (name, value)| settings.with(*name, *value))
}

async fn misconfigured(more: &[(&str, &str)], setting: &str, words: &str) {
    let opened = Secrets::from_settings(settings(more)).await;
    let error = refused(opened, ErrorKind::Misconfigured);
    assert_eq!(error.key(), Some(setting), "{error}");
    assert!(error.to_string().contains(words), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

const REGION: (&str, &str) = ("AWS_REGION", FakeAws::REGION);

#[tokio::test]
async fn a_profile_gives_region_and_keys_and_one_that_is_not_there_is_an_error() {
    let (fake, folder) = scene().await;
    succeed(child("profiles", folder.path())).await;
    let regions: Vec<_> = fake.calls().into_iter().filter_map(|call| call.region).collect();
    assert!(regions.contains(&"eu-west-1".to_owned()), "{regions:?}");
}

#[tokio::test]
#[ignore = "run by a_profile_gives_region_and_keys, in a folder of its own"]
async fn profiles() {
    misconfigured(&[REGION, ("AWS_PROFILE", "nowhere")], "AWS_PROFILE", "no profile").await;
    misconfigured(&[("AWS_PROFILE", "bare")], "AWS_REGION", "is not set").await;
    misconfigured(&[], "AWS_REGION", "is not set").await;
    let error = refused(Secrets::from_settings(settings(&[])).await, ErrorKind::Misconfigured);
    assert!(!error.to_string().contains("AWS_REGION_FILE"), "{error}");

    let here = ("AWS_PROFILE", "here");
    let secrets = Secrets::from_settings(settings(&[here])).await.unwrap();
    refused(secrets.get("a").await, ErrorKind::NotFound);
    let secrets = Secrets::from_settings(settings(&[here, REGION])).await.unwrap();
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
    let secrets = Secrets::from_settings(settings(&[REGION])).await.unwrap();
    let error = refused(secrets.get("a").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("no credentials were found"), "{error}");

    // An endpoint of the settings wins over that of a profile.
    let elsewhere = [
        ("AWS_PROFILE", "elsewhere"),
        ("AWS_ACCESS_KEY_ID", FakeAws::KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", FakeAws::SECRET),
    ];
    let secrets = Secrets::from_settings(settings(&elsewhere)).await.unwrap();
    assert!(secrets.get("a").await.is_ok());
    for profile in ["elsewhere", "elsewhere-for-one"] {
        let of_profile = Settings::new(FilesOnly)
            .with("SECRETS_PROVIDER", "aws_sm")
            .with("AWS_PROFILE", profile);
        let error = refused(Secrets::from_settings(of_profile).await, ErrorKind::Misconfigured);
        assert_eq!(error.key(), Some("AWS_ENDPOINT_URL"), "{profile}: {error}");
        assert!(!error.to_string().contains("192.0.2.1"), "{error}");
    }
}

#[tokio::test]
async fn files_of_aws_that_cannot_be_read_are_said_at_the_start() {
    let (_, folder) = scene().await;
    let mut child = child("broken_files", folder.path());
    child.env("AWS_CONFIG_FILE", folder.path().join("broken"));
    succeed(child).await;
}

#[tokio::test]
#[ignore = "run by files_of_aws_that_cannot_be_read_are_said_at_the_start, in a folder of its own"]
async fn broken_files() {
    misconfigured(&[REGION, ("AWS_PROFILE", "here")], "AWS_PROFILE", "cannot be read").await;
}

#[tokio::test]
async fn case_72_s24_no_proxy_but_that_of_the_settings_is_used_and_none_for_credentials() {
    let (fake, folder) = scene().await;
    let (source, proxy) = (container().await, RawServer::start([]).await);
    std::fs::write(folder.path().join("proxy"), proxy.url()).unwrap();
    let names =
        ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
    for test in ["a_secret_is_read", "nothing_is_reached"] {
        let mut child = child(test, folder.path());
        child.envs(names.map(|name| (name, proxy.url())));
        child.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/role", source.url()));
        succeed(child).await;
        assert_eq!(proxy.connections(), 0, "{test}");
    }
    assert_eq!(fake.count("GetSecretValue"), 3);
    let mut child = child("a_proxy_is_asked_for_the_service_alone", folder.path());
    child.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/role", source.url()));
    succeed(child).await;
    assert_eq!(source.requests().len(), 3, "one a process");
    assert_ne!(proxy.connections(), 0);
    for request in proxy.requests() {
        assert!(request.starts_with(b"CONNECT strongroom.invalid:443 "), "{request:?}");
    }
}

#[tokio::test]
#[ignore = "run by case_72_s24_no_proxy_but_that_of_the_settings, in a folder of its own"]
async fn nothing_is_reached() {
    let elsewhere = settings(&[REGION, ("AWS_ENDPOINT_URL", "https://strongroom.invalid")]);
    let secrets = Secrets::from_settings(elsewhere).await.unwrap();
    refused(secrets.get("a").await, ErrorKind::Unavailable);
}

#[tokio::test]
#[ignore = "run by case_72_s24_no_proxy_but_that_of_the_settings, in a folder of its own"]
async fn a_proxy_is_asked_for_the_service_alone() {
    let proxy = std::fs::read_to_string("proxy").unwrap();
    let proxy = ("SECRETS_PROXY", proxy.as_str());
    let elsewhere = [REGION, ("AWS_ENDPOINT_URL", "https://strongroom.invalid"), proxy];
    let secrets = Secrets::from_settings(settings(&elsewhere)).await.unwrap();
    refused(secrets.get("a").await, ErrorKind::Unavailable);
    let local = Secrets::from_settings(settings(&[
        REGION,
        proxy,
        ("AWS_ACCESS_KEY_ID", FakeAws::KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", FakeAws::SECRET),
    ]));
    assert!(local.await.unwrap().get("a").await.is_ok(), "loopback is never proxied");
}

/// What hands credentials out to containers, by http.
async fn container() -> RawServer {
    let body = format!(
        r#"{{"AccessKeyId":"{ID}","SecretAccessKey":"{SECRET}","Token":"canary-session","Expiration":"2999-01-01T00:00:00Z"}}"#
    );
    let json = [("content-type", "application/json")];
    RawServer::start([Exchange::new().send(http(200, &json, body))]).await
}

#[tokio::test]
async fn f062_credentials_of_a_container_are_fetched_once() {
    let (_fake, folder) = scene().await;
    let source = container().await;
    let mut child = child("a_secret_is_read", folder.path());
    child.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/role", source.url()));
    succeed(child).await;
    assert_eq!(source.requests().len(), 1);
}

#[tokio::test]
#[ignore = "run by f062_credentials_of_a_container_are_fetched_once, in a folder of its own"]
async fn a_secret_is_read() {
    let secrets = Secrets::from_settings(settings(&[REGION])).await.unwrap();
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
    refused(secrets.get("none").await, ErrorKind::NotFound);
    refused(secrets.get("none/2").await, ErrorKind::NotFound);
}

#[tokio::test]
async fn f062_a_container_that_does_not_hand_out_credentials_is_an_outage_in_time() {
    let (_fake, folder) = scene().await;
    let hole = BlackHole::open().await;
    let broken = RawServer::start([Exchange::new().send(http(500, &[], "canary"))]).await;
    for address in [broken.url(), format!("http://{}", hole.address())] {
        let mut child = child("an_outage_in_time", folder.path());
        child.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{address}/role"));
        succeed(child).await;
    }
}

#[tokio::test]
#[ignore = "run by f062_a_container_that_does_not_hand_out_credentials, in a folder of its own"]
async fn an_outage_in_time() {
    let error = refused_in_time(ErrorKind::Unavailable).await;
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

/// To the SDK, a machine whose metadata service does not answer is one that has none: a developer's. So this is
/// `Unauthenticated`, as that is, and not `Unavailable`.
#[tokio::test]
async fn f062_a_machine_without_metadata_has_no_credentials_and_says_so_in_time() {
    let (_fake, folder) = scene().await;
    let hole = BlackHole::open().await;
    let mut child = child("no_credentials_in_time", folder.path());
    child.env_remove("AWS_EC2_METADATA_DISABLED");
    child.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://{}", hole.address()));
    succeed(child).await;
}

#[tokio::test]
#[ignore = "run by f062_a_machine_without_metadata_has_no_credentials, in a folder of its own"]
async fn no_credentials_in_time() {
    let error = refused_in_time(ErrorKind::Unauthenticated).await;
    assert!(error.to_string().contains("no credentials were found"), "{error}");
}

async fn refused_in_time(kind: ErrorKind) -> Error {
    let start = SystemClock.monotonic();
    let elapsed = || SystemClock.monotonic().saturating_duration_since(start);
    let secrets = Secrets::from_settings(settings(&[REGION])).await.unwrap();
    assert!(elapsed() < Duration::from_secs(1), "nothing is asked at the start");
    let error = refused(secrets.get("a").await, kind);
    assert!(elapsed() < Duration::from_secs(12), "{:?}", elapsed());
    error
}
