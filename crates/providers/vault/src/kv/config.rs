//! The settings of the KV engine.

use strongroom_core::{Key, Result, SecretName, Settings};

use crate::config::{fault, mount, place};

pub(crate) const MOUNT: Key =
    Key::text("VAULT_KV_MOUNT", "where the KV engine is mounted").with_default("secret");
pub(crate) const VERSION: Key = Key::choice(
    "VAULT_KV_VERSION",
    &["auto", "1", "2"],
    "version of the KV engine; `auto` asks the server. Where the token may not ask, set it: without, version 2 is read, and what is not there is an error",
)
.with_default("auto");
pub(crate) const PREFIX: Key =
    Key::text("VAULT_KV_PREFIX", "put before every name, below the mount").with_default("");

/// Where the secrets are.
#[derive(Debug)]
pub(crate) struct KvConfig {
    pub(crate) mount: SecretName,
    pub(crate) prefix: Option<SecretName>,
    /// `None`: the server is asked.
    pub(crate) version: Option<KvVersion>,
}

/// Version of the KV engine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KvVersion {
    One,
    Two,
}

impl KvConfig {
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let version = match settings.choice(&VERSION)? {
            Some("1") => Some(KvVersion::One),
            Some("2") => Some(KvVersion::Two),
            _ => None,
        };
        Ok(Self { mount: mount(settings, &MOUNT)?, prefix: prefix(settings)?, version })
    }
}

fn prefix(settings: &Settings) -> Result<Option<SecretName>> {
    let prefix = place(settings, &PREFIX)?;
    match prefix.as_ref().and_then(|prefix| prefix.segments().next()) {
        Some("data" | "metadata") => {
            Err(fault(&PREFIX, "begins with `data` or `metadata`, which are added here"))
        }
        _ => Ok(prefix),
    }
}
