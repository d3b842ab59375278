//! The provider for Infisical, on the fake. Its server cannot be had here.

#![expect(clippy::panic, clippy::unwrap_used, reason = "scenarios that several tests share")]

mod batch;
mod conformance;
mod faults;
mod login;
mod python;
mod reads;
mod scene;
mod settings;
mod signing;
mod writes;

use strongroom::{Error, ErrorKind, Result};

/// The error of an operation that has to fail with this kind.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) -> Error {
    let error = result.expect_err("is refused");
    assert_eq!(error.kind(), kind, "{error:?}");
    error
}
