//! The example `quickstart` says the same on every provider.

use strongroom_servers::{Moto, OpenBao};

use crate::command::{cargo, stream};
use crate::fake::{Fake, Serving};
use crate::servers;

/// Runs it as a newcomer does, without settings, and gives the lines it prints.
///
/// # Errors
/// If it fails.
pub(crate) fn without_settings() -> Result<Vec<String>, String> {
    run("", &[])
}

/// Runs it on a real server, once with keys that stay there and once with keys that it fetches, and
/// compares the lines with those of the run without settings.
///
/// # Errors
/// If there is no server, a run fails, or one prints another sequence of lines.
pub(crate) fn on_openbao(without_settings: &[String]) -> Result<(), String> {
    let server = OpenBao::start()?;
    servers::create_transit_key(&server)?;
    for signing in
        [(servers::TRANSIT_KEY, servers::KEY), ("VAULT_SIGNING_SECRET_NAME", "quickstart-signing")]
    {
        let mut settings = servers::settings(&server).to_vec();
        settings.push(signing);
        let lines = run("--features vault", &settings)?;
        same(without_settings, &lines)
            .map_err(|problem| format!("with {}: {problem}", signing.0))?;
    }
    Ok(())
}

/// Does the same on moto, with a key that it fetches from there.
///
/// # Errors
/// As [`on_openbao`].
pub(crate) fn on_moto(without_settings: &[String]) -> Result<(), String> {
    let server = Moto::start()?;
    let mut settings = server.environment().to_vec();
    settings.push(("SECRETS_PROVIDER", "aws_sm"));
    settings.push(("AWS_SM_SIGNING_SECRET_ARN", "quickstart-signing"));
    same(without_settings, &run("--features aws", &settings)?)
}

/// Does the same on the fake of Azure, with a key that is there and that it fetches: once as an application with a secret,
/// and once as a machine with an identity.
///
/// # Errors
/// As [`on_openbao`].
pub(crate) fn on_fake_azure(without_settings: &[String]) -> Result<(), String> {
    let both = [Serving::AzureClientSecret, Serving::AzureManagedIdentity];
    on_fakes(without_settings, "--features azure", both)
}

/// Does the same on the fake of Infisical, with a key that it makes there and fetches: once on a server of one's own,
/// and once in the cloud.
///
/// # Errors
/// As [`on_openbao`].
pub(crate) fn on_fake_infisical(without_settings: &[String]) -> Result<(), String> {
    let both = [Serving::InfisicalSelfHost, Serving::InfisicalCloud];
    on_fakes(without_settings, "--features infisical", both)
}

fn on_fakes(
    without_settings: &[String],
    features: &str,
    fakes: [Serving; 2],
) -> Result<(), String> {
    for serving in fakes {
        let fake = Fake::start(serving)?;
        let lines = run(features, &fake.settings())?;
        same(without_settings, &lines).map_err(|problem| format!("on {serving:?}: {problem}"))?;
    }
    Ok(())
}

fn run(features: &str, settings: &[(&str, &str)]) -> Result<Vec<String>, String> {
    // At the root, so that the package of the examples is the default one.
    let mut command = cargo(&format!("run --locked --example quickstart {features}"));
    command.envs(settings.iter().copied());
    let mut lines = Vec::new();
    let success = stream(&mut command, |line| lines.push(line.to_owned()))?;
    if success { Ok(lines) } else { Err("example quickstart failed".to_owned()) }
}

/// Whether another run prints lines about the same things.
fn same(without_settings: &[String], lines: &[String]) -> Result<(), String> {
    match (labels(without_settings), labels(lines)) {
        (expected, found) if found == expected => Ok(()),
        (expected, found) => Err(format!("{found:?}, not {expected:?}")),
    }
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
