//! The example `fake_azure` of the testkit, as a child: no emulator of Azure can be had, and the fake needs a
//! runtime that nothing else here needs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::command::cargo;

/// A fake of its own, which ends when this value goes, and when our process does.
pub(crate) struct FakeAzure {
    child: Child,
    settings: Vec<(String, String)>,
}

impl FakeAzure {
    /// Starts one, whose settings are those of this `credential`, and answers once it serves.
    ///
    /// # Errors
    /// If it cannot be built or started, or prints anything but settings.
    pub(crate) fn start(credential: &str) -> Result<Self, String> {
        fs::create_dir_all(FOLDER).map_err(|cause| format!("cannot make {FOLDER}: {cause}"))?;
        let example = "run --quiet --locked -p strongroom-testkit --example fake_azure";
        let mut command = cargo(&format!("{example} -- {FOLDER}/ca.pem {credential}"));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let child = child.map_err(|cause| format!("cannot start fake_azure: {cause}"))?;
        let mut fake = Self { child, settings: Vec::new() };
        let output = fake.child.stdout.take().ok_or("fake_azure has no output")?;
        for line in BufReader::new(output).lines() {
            let line = line.map_err(|cause| format!("cannot read from fake_azure: {cause}"))?;
            match line.as_str() {
                "" => return Ok(fake),
                line => fake.settings.push(setting(line)?),
            }
        }
        Err("fake_azure ended before it served".to_owned())
    }

    /// The settings that select it.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

impl Drop for FakeAzure {
    fn drop(&mut self) {
        // The end of its input. Killing cargo would leave the fake behind.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn setting(line: &str) -> Result<(String, String), String> {
    let setting = line.strip_prefix("export ").and_then(|text| text.split_once('='));
    let (name, value) = setting.ok_or("fake_azure printed what is no setting")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// An application that knows a secret.
pub(crate) const CLIENT_SECRET: &str = "client_secret";

/// The identity of a machine.
pub(crate) const MANAGED_IDENTITY: &str = "managed_identity";

/// Where the certificate authority is written.
const FOLDER: &str = "target/fake-azure";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_read_up_to_the_end_of_its_line() {
        let read = setting("export NAME=canary=1").unwrap();
        assert_eq!(read, ("NAME".to_owned(), "canary=1".to_owned()));
        for line in ["NAME=canary", "export NAME", "serving"] {
            assert!(setting(line).is_err(), "{line}");
        }
    }
}
