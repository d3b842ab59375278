//! The provider for Azure Key Vault, on the fake, over TLS. No emulator of Azure can be had here.

#![expect(clippy::panic, clippy::unwrap_used, reason = "scenarios that several tests share")]

mod challenge;
mod conformance;
mod doctor;
mod faults;
mod lists;
mod login;
mod process;
mod python;
mod scene;
mod secrets;
mod settings;
mod signing;
mod versions;

use strongroom::{Error, ErrorKind, Result};

/// The error of an operation that has to fail with this kind.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) -> Error {
    let error = result.expect_err("is refused");
    assert_eq!(error.kind(), kind, "{error:?}");
    error
}
