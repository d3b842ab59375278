//! One canary in every value and token, and a search for it in all that comes out of every command in every
//! failure, at the most verbose level.

use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::sync::LazyLock;

use strongroom_testkit::{
    Builder, Canary, Certificate, Fake, FakeInfisical, FakeVault, Fault, On, Script, ServerState,
    TlsFront,
};

use crate::azure::azure;
use crate::infisical::{infisical, on};
use crate::support::{Cli, Run, empty, folder, key, releases, runtime, vault, write};
use crate::vault::post;

/// Every command, as `--reveal` is not among them.
const COMMANDS: &[&[&str]] = &[
    &["providers"],
    &["get", "db"],
    &["get", "db#password"],
    &["get", "db", "--version", "1"],
    &["put", "db", "--stdin"],
    &["put", "db#password", "--stdin"],
    &["put", "new", "--generate", "32"],
    &["list"],
    &["versions", "db"],
    &["sign"],
    &["sign", "--format", "hex", "--key", "signing-key"],
    &["sign", "--format", "native"],
    &[
        "verify",
        "--signature",
        "sr1.aaaaaaaaaaaaaaaa.hs256.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ],
    &["rotate", "--no-wait"],
    &["rotate", "db", "--stdin", "--no-wait"],
    &["doctor", "db", "signing-key"],
    &["completions", "bash"],
    &["delete", "db", "--yes"],
];

/// What begins every value and every token here. Shorter than it could be, as some stand for themselves.
static CANARY: LazyLock<Canary> = LazyLock::new(|| Canary::new("canary"));

/// Runs every command with everything turned on, text and JSON, and looks at what came out.
#[track_caller]
fn search(what: &str, cli: &Cli) {
    COMMANDS.iter().for_each(|words| search_in(what, cli, words));
}

/// Runs one command so, as text and as JSON.
#[track_caller]
fn search_in(what: &str, cli: &Cli, words: &[&str]) {
    let cli = cli.and("RUST_LOG", "trace").and("RUST_BACKTRACE", "full");
    for options in [&["-vvv", "--timeout", "2"][..], &["-vvv", "--timeout", "2", "--json"]] {
        let words = [words, options].concat();
        let mut child = cli.start(&words);
        let line = command_line(&mut child);
        let _ = child.stdin.take().unwrap().write_all(b"canary-from-stdin");
        let run = Run::of(child.wait_with_output().unwrap());
        for bytes in [&line, &run.stdout, run.stderr.as_bytes()] {
            assert_eq!(CANARY.hits(bytes), [""; 0], "{what} {words:?}: {run:?}");
        }
        assert!(![101, 134].contains(&run.code), "{what} {words:?}: {run:?}");
    }
}

/// What others see of the command, once it is ours: for a moment it may be that of this test. It may have ended by
/// then, and has none.
fn command_line(child: &mut Child) -> Vec<u8> {
    loop {
        let line = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
        let is_ours = line.starts_with(env!("CARGO_BIN_EXE_strongroom").as_bytes());
        if is_ours || child.try_wait().unwrap().is_some() {
            return if is_ours { line } else { Vec::new() };
        }
    }
}

fn filled() -> (FakeVault, Cli) {
    let vault = vault();
    post(&vault, "secret/data/db", r#"{"data":{"value":"canary","password":"canary-password"}}"#);
    post(&vault, "secret/data/signing-key", &format!(r#"{{"data":{{"value":"{}"}}}}"#, key("1")));
    let cli = Cli::on_vault(&vault).and("VAULT_SIGNING_SECRET_NAME", "signing-key");
    (vault, cli)
}

#[test]
fn s10_with_reveal_the_search_would_find_it() {
    let (_vault, cli) = filled();
    let run = cli.and("RUST_LOG", "trace").run(&["get", "db", "--reveal", "-vvv"]);
    assert_eq!(CANARY.hits(&run.stdout), ["raw"]);
    assert_eq!(CANARY.hits(run.stderr.as_bytes()), [""; 0]);
    assert!(run.stderr.contains("TRACE"), "the log is on");
}

#[test]
fn s10_folders() {
    search("flat", &Cli::on_folder(folder().path()));
    search("releases", &Cli::on_folder(releases().path()));
    let json = empty();
    write(&json, "db", r#"{"password":"canary","x":canary}"#);
    write(&json, "signing-key", "canary");
    search("unusable", &Cli::on_folder(json.path()));
    search(
        "wrong encoding",
        &Cli::on_folder(json.path()).and("SECRETS_SIGNING_KEY_ENCODING", "jwks"),
    );
}

#[test]
fn s10_the_environment() {
    let cli =
        Cli::with(&[("SECRETS_PROVIDER", "env"), ("DB", "canary"), ("SIGNING_KEY", &key("1"))]);
    search("env", &cli);
}

#[test]
fn s10_a_server_that_serves() {
    let (vault, cli) = filled();
    search("healthy", &cli);
    post(&vault, "transit/keys/app", r#"{"type":"hmac","key_size":32}"#);
    search("transit", &cli.and("VAULT_TRANSIT_KEY", "app"));
}

#[test]
fn s10_a_server_that_refuses() {
    let (vault, cli) = filled();
    search("bad token", &cli.and("VAULT_TOKEN", "canary-wrong"));
    vault.add_token("canary-none", &[]);
    search("denied", &cli.and("VAULT_TOKEN", "canary-none"));
    search("denied, set", &cli.and("VAULT_TOKEN", "canary-none").and("VAULT_KV_VERSION", "2"));
    search("no mount", &cli.and("VAULT_KV_MOUNT", "absent"));
    vault.set_state(ServerState::Sealed);
    search("sealed", &cli);
}

#[test]
fn s10_azure() {
    let (azure, cli, _held) = azure();
    azure.put("db", r#"{"password":"canary"}"#);
    azure.put("signing-key", &key("1"));
    let cli = cli.and("AZURE_KV_SIGNING_SECRET_NAME", "signing-key");
    search("azure", &cli);
    search("azure, wrong secret", &cli.and("AZURE_CLIENT_SECRET", "canary-wrong"));
    azure.remove_identity();
    let managed = cli
        .and("AZURE_AUTH_METHOD", "managed_identity")
        .and("AZURE_POD_IDENTITY_AUTHORITY_HOST", &azure.identity_address());
    search("azure, no identity", &managed);
    azure.fault(Fault::new(On::Any).status(403).body("canary"));
    search("azure, refused", &cli);
}

#[test]
fn s10_infisical() {
    let (infisical, cli) = infisical();
    let fill = |value: &str| {
        infisical.put("/", "db", value);
        infisical.put("/", "signing-key", &key("1"));
    };
    let signing = ("INFISICAL_SIGNING_SECRET_NAME", "signing-key");
    let cli = cli.and(signing.0, signing.1);
    fill("canary");
    search("infisical", &cli);
    let service = infisical.add_service_token(&[("prod", "/")], &["read", "write"], None);
    fill("canary");
    search(
        "infisical, service token",
        &on(&infisical, &[("INFISICAL_SERVICE_TOKEN", &service), signing]),
    );
    fill("canary");
    for name in ["db", "signing-key"] {
        infisical.set_hidden("/", name, true);
    }
    search("infisical, masked", &cli);
    fill("${canary.canary}");
    search("infisical, a reference", &cli);
    infisical.remove_service_token(&service);
    search(
        "infisical, no such service token",
        &on(&infisical, &[("INFISICAL_SERVICE_TOKEN", &service)]),
    );
    search("infisical, wrong secret", &cli.and("INFISICAL_CLIENT_SECRET", "canary-wrong"));
    let token = on(&infisical, &[("INFISICAL_TOKEN", "canary.wrong.token")]);
    search("infisical, wrong token", &token);
    infisical.fault(FakeInfisical::error(On::Any, 403, "PermissionDenied", "canary"));
    search("infisical, refused", &token);
}

#[test]
fn s10_logins_that_are_refused() {
    let (_vault, cli) = filled();
    let folder = empty();
    let jwt = write(&folder, "jwt", "canary.header.signature");
    let jwt = jwt.to_str().unwrap();
    let without = Cli::with(&[
        ("SECRETS_PROVIDER", "vault_dev"),
        ("VAULT_ADDR", &cli.variable("VAULT_ADDR")),
    ]);
    let role = without.and("VAULT_AUTH_METHOD", "approle").and("VAULT_ROLE_ID", "role");
    search("approle", &role.and("VAULT_SECRET_ID", "canary-secret-id"));
    let wrapped = role.and("VAULT_SECRET_ID_WRAPPED", "true");
    search("wrapped", &wrapped.and("VAULT_SECRET_ID", "canary-wrapping-token"));
    for method in ["jwt", "kubernetes"] {
        let cli = without.and("VAULT_AUTH_METHOD", method).and("VAULT_ROLE", "role");
        search(method, &cli.and("VAULT_JWT_FILE", jwt));
    }
}

#[test]
fn s10_a_server_that_fails() {
    let (vault, cli) = filled();
    for (what, fault) in [
        ("500", Fault::new(On::Any).status(500).body(r#"{"errors":["canary"]}"#)),
        ("403", Fault::new(On::Any).status(403).body(r#"{"errors":["canary"]}"#)),
        ("429", Fault::new(On::Any).status(429).header("retry-after", "60").body("canary")),
        ("307", Fault::new(On::Any).status(307).header("location", "http://127.0.0.1:1/?x=canary")),
    ] {
        vault.clear_faults();
        vault.fault(fault);
        search(what, &cli);
    }
}

#[test]
fn s10_a_server_that_answers_garbage() {
    let (vault, cli) = filled();
    let cli = cli.and("VAULT_KV_VERSION", "2");
    for body in [
        r#"{"data": canary"#,
        r#"{"data":{"data":{"value":["canary"]},"metadata":{"version":"canary"}}}"#,
        r#"{"data":"canary"}"#,
        "canary",
    ] {
        vault.clear_faults();
        vault.fault(Fault::new(On::Any).status(200).body(body));
        search(body, &cli);
    }
}

#[test]
fn s10_settings_that_are_wrong() {
    let good = Cli::with(&[
        ("SECRETS_PROVIDER", "vault"),
        ("VAULT_ADDR", "https://127.0.0.1:1"),
        ("VAULT_TOKEN", "canary-token"),
    ]);
    for (name, value) in [
        ("VAULT_TOKEN", "canary\ntoken"),
        ("VAULT_TOKEN", "\"canary\""),
        ("VAULT_TOKEN_FILE", "/canary"),
        ("VAULT_ADDR", "https://canary:canary@127.0.0.1:1"),
        ("VAULT_ADDR", "https://127.0.0.1:1?x=canary"),
        ("VAULT_ADDR", "canary"),
        ("SECRETS_PROVIDER", "canary"),
        ("SECRETS_PROXY", "http://canary:canary@127.0.0.1:1"),
        ("SECRETS_CACHE_TTL_SECONDS", "canary"),
        ("SECRETS_SIGNING_KEY_ENCODING", "canary"),
        ("VAULT_CACERT", "/canary"),
        ("RUST_LOG", "canary=canary=canary"),
    ] {
        search(&format!("{name}={value}"), &good.and(name, value));
    }
}

#[test]
fn s10_a_certificate_that_is_refused() {
    let runtime = runtime();
    let (vault, cli) = filled();
    let upstream = vault.address().trim_start_matches("http://").parse().unwrap();
    let front = runtime.block_on(TlsFront::start(upstream, Certificate::Good));
    let serving = std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    search("untrusted", &cli.and("VAULT_ADDR", &front.url()));
    drop(serving);
}

/// Everything that can go wrong with a provider by name, on a fake each.
fn every_script<F: Fake>(builder: fn() -> Builder<F>) {
    let folder = empty();
    for script in Script::ALL {
        let builder = builder().signing_key("signing-key").secret("signing-key", &key("1"));
        let fake = builder.secret("db", r#"{"password":"canary"}"#);
        let fake = runtime().block_on(fake.start());
        let variables = fake.variables().for_child(folder.path()).unwrap();
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fake.play(script);
        let (what, cli) = (format!("{fake:?} {script:?}"), Cli::with(&variables));
        // At the same time, as most of them wait for one that does not answer.
        std::thread::scope(|scope| {
            for words in COMMANDS {
                scope.spawn(|| search_in(&what, &cli, words));
            }
        });
    }
    report();
}

/// `cargo xtask test` reads the last of these. Who comes here found nothing.
fn report() {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/canary/command-line");
    std::fs::create_dir_all(target.parent().unwrap()).unwrap();
    std::fs::write(target, CANARY.searched().to_string()).unwrap();
}

#[test]
fn s10_every_script_on_vault() {
    every_script(strongroom_testkit::vault);
}

#[test]
fn s10_every_script_on_aws() {
    every_script(strongroom_testkit::aws);
}

#[test]
fn s10_every_script_on_azure() {
    every_script(strongroom_testkit::azure);
}

#[test]
fn s10_every_script_on_infisical() {
    every_script(strongroom_testkit::infisical);
}
