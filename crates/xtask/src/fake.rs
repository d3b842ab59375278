//! The examples of the testkit that serve a fake, as children: no emulators of Azure and of Infisical can be had, and a
//! fake needs a runtime that nothing else here needs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::command::cargo;

/// A fake of its own, which ends when this value goes, and when our process does.
pub(crate) struct Fake {
    child: Child,
    settings: Vec<(String, String)>,
}

impl Fake {
    /// Starts one, whose settings are those of what is asked for, and answers once it serves.
    ///
    /// # Errors
    /// If it cannot be built or started, or prints anything but settings.
    pub(crate) fn start(serving: Serving) -> Result<Self, String> {
        fs::create_dir_all(FOLDER).map_err(|cause| format!("cannot make {FOLDER}: {cause}"))?;
        let (example, words) = serving.command();
        let run = "run --quiet --locked -p strongroom-testkit --example";
        let mut command = cargo(&format!("{run} {example} -- {words}"));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let child = child.map_err(|cause| format!("cannot start {example}: {cause}"))?;
        let mut fake = Self { child, settings: Vec::new() };
        let output = fake.child.stdout.take();
        let output = output.ok_or_else(|| format!("{example} has no output"))?;
        for line in BufReader::new(output).lines() {
            let line = line.map_err(|cause| format!("cannot read from {example}: {cause}"))?;
            match (line.as_str(), setting(&line)) {
                ("", _) => return Ok(fake),
                (_, Some(setting)) => fake.settings.push(setting),
                (_, None) => return Err(format!("{example} printed what is no setting")),
            }
        }
        Err(format!("{example} ended before it served"))
    }

    /// The settings that select it.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // The end of its input. Killing cargo would leave the fake behind.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What is served, and to whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Serving {
    /// Azure, to an application that knows a secret.
    AzureClientSecret,
    /// Azure, to a machine by its identity.
    AzureManagedIdentity,
    /// Infisical, on a server of one's own.
    InfisicalSelfHost,
    /// Infisical, in its cloud.
    InfisicalCloud,
}

impl Serving {
    /// The example, and its words.
    fn command(self) -> (&'static str, String) {
        let (azure, infisical) = ("fake_azure", "fake_infisical");
        match self {
            Self::AzureClientSecret => (azure, format!("{FOLDER}/azure.pem client_secret")),
            Self::AzureManagedIdentity => (azure, format!("{FOLDER}/azure.pem managed_identity")),
            Self::InfisicalSelfHost => (infisical, "infisical_self_host".to_owned()),
            Self::InfisicalCloud => (infisical, format!("infisical_cloud {FOLDER}/infisical.pem")),
        }
    }
}

fn setting(line: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

/// Where certificate authorities are written.
const FOLDER: &str = "target/fakes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_read_up_to_the_end_of_its_line() {
        let read = setting("export NAME=canary=1").unwrap();
        assert_eq!(read, ("NAME".to_owned(), "canary=1".to_owned()));
        for line in ["NAME=canary", "export NAME", "serving", ""] {
            assert_eq!(setting(line), None, "{line}");
        }
    }
}
