//! Test support for services that use Strongroom and for backends of it.
//!
//! [`ManualClock`] is a clock that a test moves; [`ScriptedStore`] wraps a store, counts what is asked of
//! it and fails when told to.

#![forbid(unsafe_code)]

mod clock;
pub mod conformance;
mod fault;
mod raw;
mod scripted;
mod tls;
mod vault;

pub use clock::ManualClock;
pub use fault::{Fault, On};
pub use raw::{BlackHole, Exchange, RawServer, http};
pub use scripted::ScriptedStore;
pub use tls::{Certificate, TlsFront};
pub use vault::{Call, FakeVault, Mount, ServerState};
