//! The provider for Vault and OpenBao, on the fake and on a real OpenBao.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "scenarios that the tests of two servers share"
)]

mod access;
mod auth;
mod conformance;
mod doctor;
mod faults;
mod freshness;
mod kv;
mod migration;
mod namespaces;
mod native;
mod probe;
mod published;
mod script;
mod settings;
mod transit;

use strongroom::{Error, ErrorKind, Result};

/// The error of an operation that has to fail with this kind.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) -> Error {
    let error = result.expect_err("is refused");
    assert_eq!(error.kind(), kind, "{error:?}");
    error
}
