//! Test support for services that use Strongroom and for backends of it.
//!
//! - [`vault`], [`infisical`], [`aws`] and [`azure`] start a fake of a provider in one line. Its `settings()` open a whole
//!   `Secrets` on it; no account is needed, and nothing leaves the machine.
//! - [`Fake`] is what they have in common: secrets that somebody else changes, faults, requests counted.
//! - [`Fault`] says exactly what goes wrong, [`Script`] in the provider's own words.
//! - [`FakeVault`], [`FakeAws`], [`FakeAzure`] and [`FakeInfisical`] say what each fake does and what it does not.
//! - [`ManualClock`] is a clock that a test moves.
//! - [`Canary`] looks for a secret in logs, errors and output.
//! - [`conformance`] says what every store and every signer has to do, row by row.
//! - [`ChaosStore`] wraps a store, counts what is asked of it, and fails, panics, waits, lags or answers
//!   [as told](Step), call by call and name by name.
//! - [`RawServer`], [`BlackHole`] and [`TlsFront`] do what no server library can: break off, drip, hang, and
//!   show bad certificates.
//!
//! The program `strongroom-fakes` serves the fakes to services in other languages.

#![forbid(unsafe_code)]

mod aws;
mod azure;
mod builder;
mod canary;
mod chaos;
mod clock;
pub mod conformance;
mod entrance;
mod fake;
mod fault;
mod infisical;
mod loopback;
mod raw;
mod script;
mod server;
mod tls;
mod tunnel;
mod variables;
mod vault;

pub use aws::{AwsCall, ErrorForm, FakeAws};
pub use azure::{AzureCall, AzureFlow, FakeAzure};
pub use builder::{Builder, aws, azure, infisical, vault};
pub use canary::Canary;
pub use chaos::{ChaosStore, Gate, Step};
pub use clock::ManualClock;
pub use fake::{Fake, Opening, SIGNING_KEY};
pub use fault::{Fault, On};
pub use infisical::{FakeInfisical, InfisicalCall};
pub use raw::{BlackHole, Exchange, RawServer, http};
pub use script::Script;
pub use tls::{Certificate, TlsFront};
pub use variables::Variables;
pub use vault::{Auth, FakeVault, Lease, Mount, Role, ServerState, VaultCall};
