//! The provider for Vault and OpenBao, on the fake and on a real OpenBao.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "scenarios that the tests of two servers share"
)]

mod access;
mod auth;
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

use strongroom_tests::refused;
