//! Test support for services that use Strongroom and for backends of it.
//!
//! - [`FakeVault`] is a Vault without Vault: stateful, with policies, [faults](Fault) and counted calls. Its
//!   `settings()` open a whole `Secrets` on it.
//! - [`FakeAws`] is AWS Secrets Manager without AWS: signatures, versions, labels, pages, planned deletion.
//! - [`FakeAzure`] is Azure Key Vault without Azure, over TLS, with Entra and the endpoints of managed identities.
//! - [`FakeInfisical`] is Infisical without Infisical: both interfaces for secrets, universal auth, service tokens.
//! - [`conformance`] says what every store and every signer has to do, row by row.
//! - [`RawServer`], [`BlackHole`] and [`TlsFront`] do what no server library can: break off, drip, hang, and
//!   show bad certificates.
//! - [`ChaosStore`] wraps a store, counts what is asked of it, and fails, panics, waits, lags or answers
//!   [as told](Step), call by call and name by name.
//! - [`ManualClock`] is a clock that a test moves.

#![forbid(unsafe_code)]

mod aws;
mod azure;
mod chaos;
mod clock;
pub mod conformance;
mod fault;
mod infisical;
mod raw;
mod tls;
mod tunnel;
mod vault;

pub use aws::{AwsCall, ErrorForm, FakeAws};
pub use azure::{AzureCall, AzureFlow, FakeAzure};
pub use chaos::{ChaosStore, Gate, Step};
pub use clock::ManualClock;
pub use fault::{Fault, On};
pub use infisical::{FakeInfisical, InfisicalCall};
pub use raw::{BlackHole, Exchange, RawServer, http};
pub use tls::{Certificate, TlsFront};
pub use vault::{Auth, Call, FakeVault, Lease, Mount, Role, ServerState};
