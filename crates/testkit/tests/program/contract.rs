//! What the program prints, when it ends, and what it refuses.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Output;

use rustix::process::{Pid, Signal, kill_process};

use crate::running::{Running, program};

const IDS: [&str; 7] = [
    "vault_dev",
    "vault_hcp",
    "vault",
    "infisical_cloud",
    "infisical_self_host",
    "aws_sm",
    "azure_kv",
];

fn output(arguments: &[&str]) -> Output {
    program(arguments).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_first_line_exports_the_provider_its_url_and_a_credential() {
    for (provider, names) in IDS.into_iter().zip([
        &["VAULT_ADDR", "VAULT_TOKEN"][..],
        &["VAULT_ADDR", "VAULT_TOKEN", "VAULT_NAMESPACE"],
        &["VAULT_ADDR", "VAULT_TOKEN"],
        &["INFISICAL_BASE_URL", "INFISICAL_CLIENT_SECRET"],
        &["INFISICAL_BASE_URL", "INFISICAL_CLIENT_SECRET"],
        &["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"],
        &["AZURE_KEY_VAULT_URL", "AZURE_CLIENT_SECRET", "AZURE_KV_CA_BUNDLE_PATH"],
    ]) {
        let running = Running::start(&["--provider", provider]);
        assert_eq!(running.variable("SECRETS_PROVIDER"), provider);
        names.iter().for_each(|name| assert!(!running.variable(name).is_empty(), "{name}"));
        let urls = running.variables.iter().filter(|(_, value)| value.contains("://"));
        let urls: Vec<_> = urls.map(|(_, value)| value).collect();
        assert!(
            !urls.is_empty() && urls.iter().all(|url| url.contains("://127.0.0.1:")),
            "{urls:?}"
        );
    }
}

#[test]
fn over_tls_the_authority_is_in_a_file_that_goes_with_the_program() {
    for (provider, name) in [
        ("vault", "VAULT_CACERT"),
        ("infisical_cloud", "INFISICAL_CA_BUNDLE_PATH"),
        ("infisical_self_host", "INFISICAL_CA_BUNDLE_PATH"),
        ("aws_sm", "AWS_CA_BUNDLE"),
        ("azure_kv", "AZURE_KV_CA_BUNDLE_PATH"),
    ] {
        let mut running = Running::start(&["--provider", provider, "--tls"]);
        let file = running.variable(name).to_owned();
        assert!(fs::read_to_string(&file).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
        let https = running.variables.iter().any(|(_, value)| value.starts_with("https://127."));
        assert!(https, "{provider}");
        assert!(running.stop(Signal::TERM).success());
        assert!(fs::metadata(&file).is_err(), "{file} is still there");
    }
}

#[test]
fn on_azure_the_way_to_log_in_can_be_chosen() {
    for (auth, name) in [
        ("client_secret", "AZURE_CLIENT_SECRET"),
        ("managed_identity", "AZURE_POD_IDENTITY_AUTHORITY_HOST"),
        ("workload_identity", "AZURE_FEDERATED_TOKEN_FILE"),
    ] {
        let running = Running::start(&["--provider", "azure_kv", "--auth", auth]);
        assert!(!running.variable(name).is_empty());
        let secret = running.variables.iter().any(|(name, _)| name == "AZURE_CLIENT_SECRET");
        assert_eq!(secret, auth == "client_secret");
    }
}

#[test]
fn it_serves_until_it_is_told_to_stop() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut running = Running::start(&["--provider", "vault_dev"]);
        let address = running.variable("VAULT_ADDR").trim_start_matches("http://").to_owned();
        assert!(TcpStream::connect(&address).is_ok());
        assert!(running.child.try_wait().unwrap().is_none(), "its input ended, and it serves");
        assert!(running.stop(signal).success());
        assert!(TcpStream::connect(&address).is_err());
    }
}

#[test]
fn it_can_be_told_to_stop_as_soon_as_it_has_said_where_it_is() {
    for _ in 0..20 {
        let mut running = Running::start(&["--provider", "azure_kv"]);
        let ca = running.variable("AZURE_KV_CA_BUNDLE_PATH").to_owned();
        assert!(running.stop(Signal::TERM).success());
        assert!(fs::metadata(&ca).is_err(), "{ca} is still there");
    }
}

#[test]
fn a_command_that_is_told_to_stop_may_tidy_up() {
    let folder = tempfile::tempdir().unwrap();
    let (ready, tidied) = (folder.path().join("ready"), folder.path().join("tidied"));
    let script = "trap 'touch \"$2\"; exit 9' TERM; touch \"$1\"; while :; do sleep 0.01; done";
    let mut command = program(&["--provider", "vault", "--", "sh", "-c", script, "sh"]);
    let mut child = command.arg(&ready).arg(&tidied).spawn().unwrap();
    while !ready.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was ready");
        std::thread::yield_now();
    }
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert!(tidied.exists());
}

#[test]
fn the_port_can_be_chosen_and_one_that_is_taken_is_an_error() {
    // Below those that the system gives to who asks for any, as the tests beside this one do.
    let ports = (20_000..30_000).cycle().skip(std::process::id() as usize % 10_000);
    let mut bound = ports.map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    let free = bound.find_map(Result::ok).unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    for provider in IDS {
        for tls in [&[][..], &["--tls"]] {
            let taken = output(&[&["--provider", provider, "--port", &port], tls].concat());
            assert_eq!((taken.status.code(), taken.stdout.len()), (Some(78), 0), "{provider}");
            assert!(text(&taken.stderr).contains(&format!("port {port}")), "{provider}");
        }
    }
    drop(free);
    for tls in [&[][..], &["--tls"]] {
        let words = [&["--provider", "aws_sm", "--port", &port], tls].concat();
        let running = Running::start(&words);
        let url = running.variable("AWS_ENDPOINT_URL_SECRETS_MANAGER");
        assert!(url.ends_with(&format!(":{port}")), "{url}");
    }
}

#[test]
fn a_command_is_run_with_the_variables_and_its_exit_code_is_ours() {
    let script = "test \"$SECRETS_PROVIDER\" = vault && test -n \"$VAULT_TOKEN\" && exit 7";
    let ran = output(&["--provider", "vault", "--", "sh", "-c", script]);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(7), String::new()));
    let killed = output(&["--provider", "vault", "--", "sh", "-c", "kill -9 $$"]);
    assert_eq!(killed.status.code(), Some(128 + 9));
    let missing = output(&["--provider", "vault", "--", "canary-no-such-program"]);
    assert_eq!(missing.status.code(), Some(127));
}

#[test]
fn what_cannot_be_served_is_said_before_anything_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_string_lossy().into_owned()
    };
    let secret = |rest: &str| format!("{{\"secrets\":[{{\"name\":\"a/b\",{rest}}}]}}");
    for (provider, file, words) in [
        ("vault", write("text", "canary"), "no JSON"),
        ("vault", write("number", &secret("\"value\":99887766")), "line 1"),
        ("vault", write("bytes", &secret("\"value_base64\":\"/w==\"")), "text only"),
        ("vault", write("expired", &secret("\"state\":\"expired\"")), "no such state"),
        ("aws_sm", write("disabled", &secret("\"state\":\"disabled\"")), "no such state"),
        ("azure_kv", write("name", r#"{"secrets":[{"name":"a_b"}]}"#), "letters, digits"),
        (
            "aws_sm",
            write("empty", &secret("\"value\":\"\"")),
            "CreateSecret is ValidationException",
        ),
        ("aws_sm", write("blank", r#"{"secrets":[{"name":"a b"}]}"#), "secret `a b`"),
        ("vault", write("field", r#"{"secrets":[{"name":"a#f","state":"deleted"}]}"#), "no state"),
        ("vault", write("nothing", r#"{"secrets":[{"name":"a#"}]}"#), "no field behind"),
        ("azure_kv", write("dashes", r#"{"secrets":[{"name":"a--b"}]}"#), "`--` is for `/`"),
        ("aws_sm", write("twice", r#"{"secrets":[{"name":"a"},{"name":"a"}]}"#), "twice"),
        ("aws_sm", write("climb", r#"{"secrets":[{"name":"../a"}]}"#), "secret `../a`"),
        ("vault", "no/such/file".to_owned(), "cannot read"),
    ] {
        let refused = output(&["--provider", provider, "--seed", &file]);
        let problem = text(&refused.stderr);
        assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(78), String::new()));
        assert!(problem.contains(words), "{provider} {file}: {problem}");
        assert!(!problem.contains("canary") && !problem.contains("99887766"), "{problem}");
    }
    assert_eq!(
        output(&["--provider", "vault", "--auth", "managed_identity"]).status.code(),
        Some(78)
    );
    for provider in ["file", "env", "memory", "vault_", ""] {
        assert_eq!(output(&["--provider", provider]).status.code(), Some(2), "{provider}");
    }
    assert_eq!(output(&[]).status.code(), Some(2));
}

#[test]
fn secrets_in_every_state_are_as_the_command_line_of_the_contract_says() {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("seed.json");
    let states = ["enabled", "disabled", "deleted", "expired"];
    let entries = states.map(|state| format!("{{\"name\":\"{state}\",\"state\":\"{state}\"}}"));
    fs::write(&seed, format!("{{\"secrets\":[{}]}}", entries.join(","))).unwrap();
    let seed = seed.to_string_lossy().into_owned();
    let script = "\
import json, os, ssl, sys, urllib.request
trust = ssl.create_default_context(cafile=os.environ['AZURE_KV_CA_BUNDLE_PATH'])
def ask(path, **more):
    request = urllib.request.Request(os.environ['AZURE_KEY_VAULT_URL'] + path, **more)
    try:
        return json.load(urllib.request.urlopen(request, context=trust))
    except urllib.error.HTTPError as error:
        return error.code
form = 'grant_type=client_credentials&scope=https%3A%2F%2Fvault.azure.net%2F.default&client_id={}&client_secret={}'
form = form.format(os.environ['AZURE_CLIENT_ID'], os.environ['AZURE_CLIENT_SECRET']).encode()
token = ask('/' + os.environ['AZURE_TENANT_ID'] + '/oauth2/v2.0/token', data=form)['access_token']
for name in ['enabled', 'disabled', 'deleted', 'expired']:
    found = ask(f'/secrets/{name}?api-version=7.4', headers={'Authorization': 'Bearer ' + token})
    print(name, found if isinstance(found, int) else 'exp' in found['attributes'])
";
    let ran = output(&["--provider", "azure_kv", "--seed", &seed, "--", "python3", "-c", script]);
    let lines = "enabled False\ndisabled 403\ndeleted 404\nexpired True\n";
    assert_eq!(text(&ran.stdout), lines, "{}", text(&ran.stderr));
}
