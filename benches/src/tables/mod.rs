//! The tables, each with its bars.

pub(crate) mod allocations;
pub(crate) mod hmac;
pub(crate) mod memory;
pub(crate) mod one_secret;
pub(crate) mod reads;
pub(crate) mod refresh;
pub(crate) mod stampede;
