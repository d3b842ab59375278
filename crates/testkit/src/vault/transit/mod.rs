//! The Transit engine.

mod batch;
mod key;
mod keys;
mod proof;

pub(super) use keys::Transit;
