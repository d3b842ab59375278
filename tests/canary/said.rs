//! What is said, and a search in it.

use std::error::Error as _;
use std::fmt::{Debug, Display};

use strongroom::{Error, Result};

use crate::CANARY;

/// Searches what a value prints.
#[track_caller]
pub(crate) fn shown(value: &impl Debug) {
    clean(&format!("{value:?} {value:#?}"));
}

/// Searches what a value prints for people.
#[track_caller]
pub(crate) fn told(value: &impl Display) {
    clean(&format!("{value} {value:#}"));
}

/// Searches what came of a call: the answer, or the error with all its causes.
#[track_caller]
pub(crate) fn came<T: Debug>(result: &Result<T>) {
    match result {
        Ok(answer) => shown(answer),
        Err(error) => failed(error),
    }
}

#[track_caller]
pub(crate) fn failed(error: &Error) {
    shown(error);
    told(error);
    let mut source = error.source();
    while let Some(cause) = source {
        clean(&format!("{cause} {cause:?} {cause:#?}"));
        source = cause.source();
    }
}

#[track_caller]
pub(crate) fn clean(text: &str) {
    assert_eq!(CANARY.hits(text.as_bytes()), [""; 0], "{text}");
}
