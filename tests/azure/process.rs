//! What the official credentials read of the process. Tests may not set variables, so each runs another test of this
//! file as a process with those in question.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use strongroom::{ErrorKind, Secrets};
use strongroom_testkit::{FakeAzure, RawServer};
use tempfile::TempDir;

use crate::refused;

/// A fake with a secret, and a folder with its certificate.
async fn scene() -> (FakeAzure, TempDir) {
    let fake = FakeAzure::start().await;
    fake.put("a", "canary-a");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), fake.ca_pem()).unwrap();
    (fake, folder)
}

/// Another test of this file, with the variables of a service on this fake that lacks a credential.
fn child(test: &str, fake: &FakeAzure, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test has a program"));
    command.args(["--ignored", "--exact", &format!("process::{test}")]).current_dir(folder);
    command.env_clear().env("HOME", folder).env("PATH", folder);
    command.envs([
        ("SECRETS_PROVIDER", "azure_kv"),
        ("AZURE_KEY_VAULT_URL", &fake.address()),
        ("AZURE_AUTHORITY_HOST", &fake.address()),
        ("AZURE_KV_VERIFY_CHALLENGE_RESOURCE", "false"),
        ("AZURE_KV_CA_BUNDLE_PATH", folder.join("ca.pem").to_str().unwrap()),
    ]);
    command
}

async fn succeed(mut command: Command) {
    // The servers run on while this waits.
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("no panic").expect("this program can be run");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
}

fn app_service(command: &mut Command, fake: &FakeAzure) {
    command.env("IDENTITY_ENDPOINT", fake.identity_endpoint());
    command.env("IDENTITY_HEADER", FakeAzure::IDENTITY_HEADER);
}

#[tokio::test]
async fn app_service_hands_out_tokens_without_any_setting_of_ours() {
    let (fake, folder) = scene().await;
    let mut child = child("a_secret_is_read", &fake, folder.path());
    app_service(&mut child, &fake);
    succeed(child).await;
    let identities: Vec<_> = fake.calls().into_iter().filter_map(|call| call.flow).collect();
    assert_eq!(identities, [strongroom_testkit::AzureFlow::AppService]);
}

#[tokio::test]
async fn app_service_hands_out_tokens_of_the_identity_that_is_named() {
    let (fake, folder) = scene().await;
    fake.add_user_identity("canary-identity", &[("a", &["get"])]);
    let mut child = child("a_secret_is_read", &fake, folder.path());
    app_service(&mut child, &fake);
    child.env("AZURE_MANAGED_IDENTITY_CLIENT_ID", "canary-identity");
    succeed(child).await;
    let read = fake.calls().into_iter().rfind(|call| call.operation == "get").unwrap();
    assert_eq!(read.client_id.as_deref(), Some("canary-identity"));
}

#[tokio::test]
#[ignore = "run by others of this file, as a process of its own"]
async fn a_secret_is_read() {
    let secrets = Secrets::from_env().await.unwrap();
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
}

#[tokio::test]
async fn app_service_that_refuses_the_process_is_told() {
    let (fake, folder) = scene().await;
    let mut child = child("a_credential_is_refused", &fake, folder.path());
    app_service(&mut child, &fake);
    child.env("IDENTITY_HEADER", "canary-wrong");
    succeed(child).await;
}

#[tokio::test]
#[ignore = "run by others of this file, as a process of its own"]
async fn a_credential_is_refused() {
    let secrets = Secrets::from_env().await.unwrap();
    let error = refused(secrets.get("a").await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("AZURE_AUTH_METHOD"), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn a_kind_of_host_that_the_official_credential_does_not_know_is_said_at_the_start() {
    let (fake, folder) = scene().await;
    let mut arc = child("the_host_is_no_app_service", &fake, folder.path());
    arc.env("IDENTITY_ENDPOINT", "http://127.0.0.1:40342");
    arc.env("IMDS_ENDPOINT", "http://127.0.0.1:40342");
    succeed(arc).await;
    let mut shell = child("the_host_is_not_known", &fake, folder.path());
    shell.env("MSI_ENDPOINT", "http://127.0.0.1:1").env("AZURE_AUTH_METHOD", "managed_identity");
    succeed(shell).await;
    assert_eq!(fake.calls(), []);
}

#[tokio::test]
#[ignore = "run by others of this file, as a process of its own"]
async fn the_host_is_no_app_service() {
    let error = refused(Secrets::from_env().await, ErrorKind::Misconfigured);
    assert_eq!(error.key(), Some("IDENTITY_ENDPOINT"), "{error}");
    assert!(error.to_string().contains("Azure Arc"), "{error}");
}

#[tokio::test]
#[ignore = "run by others of this file, as a process of its own"]
async fn the_host_is_not_known() {
    let error = refused(Secrets::from_env().await, ErrorKind::Misconfigured);
    assert_eq!(error.key(), Some("AZURE_AUTH_METHOD"), "{error}");
    assert!(error.to_string().contains("kind of host"), "{error}");
}

/// Puts an `az` into the folder that prints this and ends so.
fn install_az(folder: &Path, printed: &str, status: u8) {
    let (path, text) = (folder.join("az"), folder.join("printed"));
    std::fs::write(&text, printed).unwrap();
    let script = format!(
        "#!/bin/sh\nPATH=/usr/bin:/bin\necho \"$@\" >> \"$HOME/asked\"\ncat \"$HOME/printed\"\necho canary-of-az >&2\nexit {status}\n"
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn the_azure_cli_hands_out_the_token_of_a_developer() {
    let (fake, folder) = scene().await;
    // A token that the fake knows, as somebody else has got it.
    let other = Secrets::from_settings(fake.settings()).await.unwrap();
    other.get("a").await.unwrap();
    let printed = r#"{"accessToken":"canary-azure-token-1","expiresOn":"2999-01-01 00:00:00.000000","expires_on":32472144000,"tokenType":"Bearer"}"#;
    install_az(folder.path(), printed, 0);
    let mut child = child("a_secret_is_read", &fake, folder.path());
    child.env("AZURE_AUTH_METHOD", "azure_cli").env("AZURE_TENANT_ID", FakeAzure::TENANT_ID);
    succeed(child).await;
    assert_eq!(fake.count("token"), 1, "that of the other");
    let asked = std::fs::read_to_string(folder.path().join("asked")).unwrap();
    let expected = format!(
        "account get-access-token -o json --scope {}/.default --tenant {}\n",
        FakeAzure::RESOURCE,
        FakeAzure::TENANT_ID
    );
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn an_azure_cli_without_a_login_or_not_installed_is_told_and_not_quoted() {
    let (fake, folder) = scene().await;
    let run = async || {
        let mut child = child("a_credential_is_refused", &fake, folder.path());
        child.env("AZURE_AUTH_METHOD", "azure_cli");
        succeed(child).await;
    };
    run().await;
    install_az(folder.path(), "canary-output", 1);
    run().await;
    install_az(folder.path(), "canary-output", 0);
    run().await;
    assert_eq!(fake.count("get"), 3, "the challenge alone");
}

#[tokio::test]
async fn case_72_s24_no_proxy_but_that_of_the_settings_is_used() {
    let (fake, folder) = scene().await;
    let proxy = RawServer::start([]).await;
    let mut child = child("a_secret_is_read", &fake, folder.path());
    app_service(&mut child, &fake);
    let names =
        ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
    child.envs(names.map(|name| (name, proxy.url())));
    // Nor for what is on loopback, as the identity endpoint is.
    child.env("SECRETS_PROXY", proxy.url());
    succeed(child).await;
    assert_eq!(proxy.connections(), 0);
}
