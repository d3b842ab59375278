//! The example `quickstart`, built once, says the same on every provider: only variables differ.

use std::fs;
use std::path::Path;
use std::process::Command;

use strongroom_servers::{Moto, OpenBao};

use crate::command::{cargo, stream, succeed};
use crate::servers;

/// Runs it as a newcomer does, without settings, and gives the lines it prints.
///
/// # Errors
/// If it fails.
pub(crate) fn without_settings() -> Result<Vec<String>, String> {
    // At the root, so that the package of the examples is the default one.
    lines(&mut cargo("run --locked --example quickstart"))
}

/// Runs it without the features of the providers that need one (b025): the error names the id, the feature and every id
/// that there is.
///
/// # Errors
/// If a run goes well, or says something else.
pub(crate) fn without_features() -> Result<(), String> {
    succeed(&mut cargo("build --locked --example quickstart"))?;
    for (id, feature) in FEATURES {
        let ran = program().env("SECRETS_PROVIDER", id).output();
        let ran = ran.map_err(|cause| format!("cannot start {PROGRAM}: {cause}"))?;
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        let feature = format!("feature `{feature}`");
        let ids = FEATURES.iter().map(|(id, _)| *id).chain(["file", "env"]);
        let mut words = ids.chain(["SECRETS_PROVIDER", "not compiled in", feature.as_str()]);
        if ran.status.success() || !words.all(|word| said.contains(word)) {
            return Err(format!("without a feature, {id} says: {said}"));
        }
        println!("{id}: {}", said.trim_end());
    }
    Ok(())
}

/// The ids that need a feature of the crate, and which.
const FEATURES: [(&str, &str); 7] = [
    ("vault_dev", "vault"),
    ("vault_hcp", "vault"),
    ("vault", "vault"),
    ("infisical_cloud", "infisical"),
    ("infisical_self_host", "infisical"),
    ("aws_sm", "aws"),
    ("azure_kv", "azure"),
];

/// Builds it with every provider, runs it on each of the nine ids, and compares the lines with those of the run
/// without settings. Vault is OpenBao and AWS is moto; the others are `strongroom-fakes`, a folder and the environment.
///
/// # Errors
/// If there is no server, a run fails, or one prints another sequence of lines.
pub(crate) fn on_every_provider(without_settings: &[String]) -> Result<(), String> {
    succeed(&mut cargo("build --locked --example quickstart --features full"))?;
    let fakes = "-p strongroom-testkit --bin strongroom-fakes --features program";
    succeed(&mut cargo(&format!("build --locked {fakes}")))?;
    fs::create_dir_all(FOLDER).map_err(|cause| format!("cannot make {FOLDER}: {cause}"))?;
    let rotated = labels(without_settings);
    // What only reads keeps its key, and says so in one line in place of three.
    let kept: Vec<_> = rotated
        .iter()
        .filter(|label| !label.is_empty())
        .map(|label| if *label == "rotated" { "kept" } else { *label })
        .collect();
    let mut problems = Vec::new();
    let mut run = |what: &str, expected: &[&str], command: &mut Command| {
        println!("-- {what}");
        let outcome = lines(command).and_then(|lines| same(expected, &lines));
        problems.extend(outcome.err().map(|problem| format!("{what}: {problem}")));
    };
    let bao = OpenBao::start()?;
    servers::create_transit_key(&bao)?;
    for signing in [(servers::TRANSIT_KEY, servers::KEY), ("VAULT_SIGNING_SECRET_NAME", KEY)] {
        let settings = servers::settings(&bao);
        let what = format!("vault_dev, {}", signing.0);
        run(&what, &rotated, program().envs(settings).envs([signing]));
    }
    let moto = Moto::start()?;
    let selection = [("SECRETS_PROVIDER", "aws_sm"), ("AWS_SM_SIGNING_SECRET_ARN", KEY)];
    run("aws_sm", &rotated, program().envs(moto.environment()).envs(selection));
    let seed = seed()?;
    for (id, signing) in FAKES {
        run(id, &rotated, fake(id, &seed).arg(PROGRAM).env(signing, KEY));
    }
    let machine = "azure_kv, managed identity";
    let mut fake = alone(FAKE);
    fake.args(["--provider", "azure_kv", "--auth", "managed_identity", "--seed", &seed, "--"]);
    run(machine, &rotated, fake.arg(PROGRAM).env("AZURE_KV_SIGNING_SECRET_NAME", KEY));
    let folder = format!("{FOLDER}/file");
    let _ = fs::remove_dir_all(&folder);
    let made = fs::create_dir(&folder).and_then(|()| Path::new(&folder).canonicalize());
    let made = made.map_err(|cause| format!("cannot make {folder}: {cause}"))?;
    run("file", &rotated, program().env("SECRETS_PROVIDER", "file").env("SECRETS_DIR", made));
    let variables = [("SECRETS_PROVIDER", "env"), ("SIGNING_KEY", VALUE)];
    run("env", &kept, program().envs(variables));
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// What the fakes are, and which variable names the signing key there.
const FAKES: [(&str, &str); 5] = [
    ("vault", "VAULT_SIGNING_SECRET_NAME"),
    ("vault_hcp", "VAULT_SIGNING_SECRET_NAME"),
    ("infisical_cloud", "INFISICAL_SIGNING_SECRET_NAME"),
    ("infisical_self_host", "INFISICAL_SIGNING_SECRET_NAME"),
    ("azure_kv", "AZURE_KV_SIGNING_SECRET_NAME"),
];

const PROGRAM: &str = "target/debug/examples/quickstart";
const FAKE: &str = "target/debug/strongroom-fakes";
const FOLDER: &str = "target/quickstart";
const KEY: &str = "quickstart-signing";
const VALUE: &str = "canary-key-of-thirty-two-bytes-1";

fn program() -> Command {
    alone(PROGRAM)
}

/// With nothing of the environment of whoever runs this, which may select a provider of its own.
#[expect(clippy::disallowed_methods, reason = "where programs are, and no setting")]
fn alone(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var("PATH").unwrap_or_default());
    command
}

/// The fake of a provider, which runs what is given as its last arguments.
fn fake(id: &str, seed: &str) -> Command {
    let mut command = alone(FAKE);
    command.args(["--provider", id, "--seed", seed, "--"]);
    command
}

/// A signing key that is there: Key Vault has no write for absent secrets only, by which the example makes one on other
/// providers.
fn seed() -> Result<String, String> {
    let seed = format!("{FOLDER}/seed.json");
    let text = format!(r#"{{"secrets":[{{"name":"{KEY}","value":"{VALUE}"}}]}}"#);
    fs::write(&seed, text).map_err(|cause| format!("cannot write {seed}: {cause}"))?;
    Ok(seed)
}

fn lines(command: &mut Command) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    let success = stream(command, |line| lines.push(line.to_owned()))?;
    if success { Ok(lines) } else { Err("example quickstart failed".to_owned()) }
}

/// Whether a run prints lines about these things.
fn same(expected: &[&str], lines: &[String]) -> Result<(), String> {
    let found = labels(lines);
    if found == expected { Ok(()) } else { Err(format!("{found:?}, not {expected:?}")) }
}

/// What each line is about. A line that goes on with the one before is about nothing.
///
/// Leaves out what may differ: that no provider was selected, and whether the key was there already.
fn labels(lines: &[String]) -> Vec<&str> {
    let labels = lines.iter().filter_map(|line| line.split(' ').next());
    let labels = labels.filter(|label| *label != "provider");
    labels.map(|label| if label == "found" { "put" } else { label }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_differ_is_left_out() {
        let lines = ["provider   none", "opened     x", "found      y", "           z"];
        assert_eq!(labels(&lines.map(str::to_owned)), ["opened", "put", ""]);
    }
}
