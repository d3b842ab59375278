//! Signing with keys of Transit, which never leave the server.

mod batch;
mod calls;
mod config;
mod key;
mod native;
mod published;
mod signer;
mod tag;
mod wire;

pub(crate) use self::config::{KEY, KEY_TYPE, MOUNT, PREVIOUS_KEYS, TransitConfig};
pub(crate) use self::signer::TransitSigner;
