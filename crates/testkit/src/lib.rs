//! Test support for services that use Strongroom and for backends of it.
//!
//! [`ManualClock`] is a clock that a test moves; [`ScriptedStore`] wraps a store, counts what is asked of
//! it and fails when told to.

#![forbid(unsafe_code)]

mod clock;
mod raw;
mod scripted;
mod tls;

pub use clock::ManualClock;
pub use raw::{BlackHole, Exchange, RawServer, http};
pub use scripted::ScriptedStore;
pub use tls::{Certificate, TlsFront};
