//! Secrets in the KV engine, version 1 or 2.

mod config;
mod data;
mod engine;
mod list;
mod live;
mod one;
mod store;
mod two;
mod wire;

pub(crate) use self::config::{KvConfig, KvVersion, MOUNT, PREFIX, VERSION};
pub(crate) use self::store::KvStore;
