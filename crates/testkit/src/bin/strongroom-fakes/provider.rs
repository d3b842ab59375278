//! What a seed can ask of some providers and not of others.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use strongroom_core::{Clock, SecretName, SystemClock};
use strongroom_testkit::{Fake, FakeAws, FakeAzure, FakeInfisical, FakeVault};

/// How a secret is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    #[default]
    Enabled,
    Disabled,
    Deleted,
    Expired,
}

/// A fake that can be seeded. What it cannot be, it says.
pub(crate) trait Seeded: Fake {
    /// Whether the provider can keep a secret of this name.
    ///
    /// # Errors
    /// If not, with what would be right.
    fn check(name: &str) -> Result<(), String> {
        SecretName::new(name).map(drop).map_err(|error| error.to_string())
    }

    /// Keeps bytes that are no text.
    ///
    /// # Errors
    /// If the provider cannot.
    fn put_bytes(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let _ = (name, bytes);
        Err("the provider keeps text only, and this is none".to_owned())
    }

    /// Puts the secret into a state other than enabled.
    ///
    /// # Errors
    /// If the provider knows no such state.
    fn put_into(&self, name: &str, state: State) -> Result<(), String> {
        match state {
            State::Enabled => {}
            State::Deleted => self.delete_secret(name),
            State::Disabled | State::Expired => {
                return Err(
                    "the provider has no such state; expected enabled or deleted".to_owned()
                );
            }
        }
        Ok(())
    }
}

impl Seeded for FakeVault {}

impl Seeded for FakeInfisical {}

impl Seeded for FakeAws {
    fn put_bytes(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        self.put_binary(name, bytes);
        Ok(())
    }
}

impl Seeded for FakeAzure {
    fn check(name: &str) -> Result<(), String> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-/".contains(&byte);
        match SecretName::new(name) {
            Err(error) => Err(error.to_string()),
            Ok(name) if name.as_str().bytes().all(is_allowed) => Ok(()),
            Ok(_) => {
                Err("Key Vault has letters, digits and `-` in names, and `/` becomes `--`".into())
            }
        }
    }

    fn put_into(&self, name: &str, state: State) -> Result<(), String> {
        let native = name.replace('/', "--");
        let version = self.version_of(&native).unwrap_or_default();
        match state {
            State::Enabled => {}
            State::Disabled => self.disable(&native, &version),
            State::Deleted => self.delete_secret(name),
            State::Expired => self.set_expires(&native, &version, an_hour_ago()),
        }
        Ok(())
    }
}

fn an_hour_ago() -> SystemTime {
    SystemClock.now() - Duration::from_secs(3_600)
}
