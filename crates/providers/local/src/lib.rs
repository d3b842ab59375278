//! Providers of Strongroom that need no network.
//!
//! - `file`: a folder of files; or `releases/<stamp>/` with a `current` link, which gives versions,
//!   rotation and snapshots that are never torn. [`FILE`] is the provider, [`FileStore`] the store.
//! - `env`: variables, or the files that `NAME_FILE` variables point to. [`ENV`].
//! - `memory`: for tests, [`MemoryStore`].
//!
//! [`ProcessEnvironment`] is where settings come from outside tests.

#![forbid(unsafe_code)]

#[cfg(not(unix))]
compile_error!("the file provider needs the folder handles, modes and links of Unix");

mod blocking;
mod bom;
mod env;
mod environment;
mod file;
mod memory;

pub use env::ENV;
pub use environment::ProcessEnvironment;
pub use file::{FILE, FileStore};
pub use memory::MemoryStore;

use strongroom_core::{Key, Result, SecretName, Settings};

/// The setting that names the signing key of the providers of this crate.
const SIGNING_SECRET_NAME: Key = Key::text(
    "SECRETS_SIGNING_SECRET_NAME",
    "logical name of the secret that holds the signing key",
)
.with_default("signing-key");

/// The logical name of the signing key, and whether somebody set it: `SECRETS_SIGNING_SECRET_NAME`, by
/// default `signing-key`.
///
/// # Errors
/// `Misconfigured` if the setting is no name.
pub fn signing_key(settings: &Settings) -> Result<(SecretName, bool)> {
    let name = settings.name(&SIGNING_SECRET_NAME)?;
    let name = name.ok_or_else(|| Settings::missing(&SIGNING_SECRET_NAME))?;
    Ok((name, settings.is_set(&SIGNING_SECRET_NAME)))
}
