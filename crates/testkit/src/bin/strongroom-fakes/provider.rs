//! What a seed can ask of some providers and not of others.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use strongroom_core::{Clock, SystemClock};
use strongroom_testkit::{Fake, FakeAws, FakeAzure, FakeInfisical, FakeVault, Variables};

use crate::arguments::Auth;

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
    /// The variables of a program that logs in so.
    ///
    /// # Errors
    /// If the fake has one way to log in, and another one is asked for.
    fn variables_for(&self, auth: Option<Auth>) -> Result<Variables, String> {
        match auth {
            None => Ok(self.variables()),
            Some(_) => Err("--auth: only `azure_kv` has several ways to log in".to_owned()),
        }
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
            State::Deleted => self.try_delete(name)?,
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
        self.try_put_binary(name, bytes).map(drop)
    }
}

impl Seeded for FakeAzure {
    fn variables_for(&self, auth: Option<Auth>) -> Result<Variables, String> {
        Ok(match auth {
            None | Some(Auth::ClientSecret) => self.variables(),
            Some(Auth::ManagedIdentity) => self.managed_identity_variables(),
            Some(Auth::WorkloadIdentity) => self.workload_identity_variables(),
        })
    }

    fn put_into(&self, name: &str, state: State) -> Result<(), String> {
        let native = name.replace('/', "--");
        let version = self.version_of(&native).unwrap_or_default();
        match state {
            State::Enabled => {}
            State::Disabled => self.disable(&native, &version),
            State::Deleted => self.try_delete(name)?,
            State::Expired => self.set_expires(&native, &version, an_hour_ago()),
        }
        Ok(())
    }
}

fn an_hour_ago() -> SystemTime {
    SystemClock.now() - Duration::from_secs(3_600)
}
