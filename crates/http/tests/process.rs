//! What the variables of the process change. Tests may not set any, so each runs another test of this file
//! as a process with the variables in question.

mod common;

use std::path::Path;
use std::process::Command;

use common::{answer, client, config, read_bundle, refused, told, trusting};
use strongroom_core::PROXY;
use strongroom_core::{ErrorKind, Settings};
use strongroom_http::{Config, Endpoint, Plaintext, Proxy};
use strongroom_testkit::{Certificate, Exchange, RawServer, TlsFront, http};

#[tokio::test]
async fn case_72_s24_the_proxy_variables_of_the_process_are_ignored() {
    let proxy = RawServer::start([]).await;
    let names =
        ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
    let mut child = child("an_answer_comes_by_http_and_by_https");
    child.envs(names.map(|name| (name, proxy.url())));
    succeed(child).await;
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn s24_session_keys_are_not_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let mut child = child("an_answer_comes_by_http_and_by_https");
    child.env("SSLKEYLOGFILE", &keys);
    succeed(child).await;
    assert!(!keys.exists());
}

#[tokio::test]
async fn an_answer_comes_by_http_and_by_https() {
    let server = server().await;
    assert_eq!(answer(&client(config(&server.url()))).await.status(), 200);
    let front = TlsFront::start(server.address(), Certificate::Good).await;
    let trusting = client(trusting(&front.url(), front.ca_pem()));
    assert_eq!(answer(&trusting).await.status(), 200);
}

/// Elsewhere the roots of the system are not taken from this variable.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn s21_s25_a_bundle_replaces_the_roots_of_the_system() {
    let server = server().await;
    let front = TlsFront::start(server.address(), Certificate::Good).await;
    let other = TlsFront::start(server.address(), Certificate::Good).await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name| folder.path().join(name);
    std::fs::write(at("url"), front.url()).unwrap();
    std::fs::write(at("roots.pem"), front.ca_pem()).unwrap();
    std::fs::write(at("bundle.pem"), other.ca_pem()).unwrap();
    let mut child = child("a_server_is_trusted_by_the_roots_of_the_system_and_not_by_a_bundle");
    child.arg("--ignored").current_dir(folder.path()).env("SSL_CERT_FILE", at("roots.pem"));
    succeed(child).await;
    assert_eq!(front.connections(), 3);
}

#[tokio::test]
#[ignore = "run by s21_s25_a_bundle_replaces_the_roots_of_the_system, in a folder of its own"]
async fn a_server_is_trusted_by_the_roots_of_the_system_and_not_by_a_bundle() {
    let url = std::fs::read_to_string("url").unwrap();
    let by_the_system = config(&url);
    assert_eq!(answer(&client(by_the_system.clone())).await.status(), 200);

    let mut by_the_bundle = by_the_system;
    by_the_bundle.roots = read_bundle(Path::new("bundle.pem")).unwrap();
    let error = refused(&client(by_the_bundle)).await;
    assert_eq!(told(&error), (ErrorKind::TlsRejected, None));

    let endpoint = Endpoint::parse("VAULT_ADDR", "http://vault.test", Plaintext::AnyHost);
    let mut by_a_proxy = Config::new(endpoint.unwrap());
    by_a_proxy.proxy = Proxy::read(&Settings::from_pairs([(PROXY.name, url)])).unwrap();
    assert_eq!(answer(&client(by_a_proxy)).await.status(), 200);
}

async fn server() -> RawServer {
    RawServer::start([Exchange::new().send(http(200, &[], "{}"))]).await
}

/// Another test of this file, with none of the variables that these tests are about.
fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test has a program"));
    command.args(["--exact", test]);
    for name in ["NO_PROXY", "no_proxy", "REQUEST_METHOD", "SSL_CERT_DIR"] {
        command.env_remove(name);
    }
    command
}

async fn succeed(mut command: Command) {
    // The servers run on while this waits.
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("no panic").expect("this program can be run");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
}
