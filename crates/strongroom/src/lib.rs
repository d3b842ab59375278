//! Strongroom reads secrets, and signs and verifies with keys that you never have to manage.
//!
//! One API over several providers, chosen by `SECRETS_PROVIDER`. Always there: `file` (a folder, or releases
//! behind a `current` link), `env`, and [`MemoryStore`] for tests. Behind the feature of the same name: `vault`
//! (HashiCorp Vault and OpenBao), `aws` (AWS Secrets Manager), `azure` (Azure Key Vault) and `infisical`; `full`
//! turns all on.
//!
//! Secrets and signing keys are cached, renewed in the background, follow rotations and are carried through
//! outages, up to an age limit; or keys stay with a provider that signs itself.
//!
//! Needs a tokio runtime, of any flavour, with its timer enabled.
//!
//! ```
//! use strongroom::{PutOptions, Secrets, MemoryStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> strongroom::Result<()> {
//! // In a service: Secrets::from_env().await?
//! let secrets = Secrets::builder().store(MemoryStore::new()).build().await?;
//! secrets.put("billing/database-url", "canary-url", PutOptions::default()).await?;
//! let secret = secrets.get("billing/database-url").await?;
//! assert_eq!(secret.value().expose_str()?, "canary-url");
//! # Ok(())
//! # }
//! ```
//!
//! In the tests of a service a fake stands in for the provider, so that no account is needed:
//!
//! ```
//! use strongroom::{PutOptions, Secrets};
//! use strongroom_testkit::{Fault, FakeVault, On};
//!
//! # #[cfg(feature = "vault")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> strongroom::Result<()> {
//! let vault = FakeVault::start().await;
//! let secrets = Secrets::from_settings(vault.settings()).await?;
//! secrets.put("billing/database#password", "canary", PutOptions::default()).await?;
//!
//! vault.fault(Fault::new(On::Read).status(503).times(2));
//! let password = secrets.get("billing/database#password").await?; // the third attempt
//! assert_eq!(password.value().expose_str()?, "canary");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "vault"))]
//! # fn main() {}
//! ```
//!
//! Authors of backends find the traits in [`provider`].

#![forbid(unsafe_code)]

mod batch;
mod builder;
mod common;
mod declared;
mod diagnose;
mod field_write;
mod finally;
mod fresh;
mod health;
mod inner;
mod key_ring;
mod native;
mod published;
mod reads;
mod registry;
mod rings;
mod rotate;
mod secrets;
mod signer;
mod use_secret;

pub mod provider;

pub use builder::Builder;
pub use diagnose::Diagnosis;
pub use health::{Health, Problem, Trouble};
pub use key_ring::{KeyRing, RawHmac};
pub use native::Native;
pub use registry::{Listed, providers};
pub use rotate::{Rotate, Rotation};
pub use secrets::{Probed, Secrets};
pub use signer::{Enforced, Signer};
pub use use_secret::Use;

pub use strongroom_core::{
    Algorithm, Check, Clock, Environment, Error, ErrorKind, Form, Freshness, GetOptions, IfVersion,
    Key, KeyId, Layer, NativeSignature, Outcome, Probe, Purpose, PutOptions, Reason, Result, Retry,
    Secret, SecretName, SecretRef, SecretValue, SecretVersion, Select, Settings, Signature, Stage,
    SystemClock, Verified, VersionInfo, VersionState,
};
pub use strongroom_layers::{Live, LiveRef, Ref};
pub use strongroom_local::{FileStore, MemoryStore, ProcessEnvironment};
pub use strongroom_signing::{KeyEncoding, KeySet, KeyState, RawTag, SigningKey};
