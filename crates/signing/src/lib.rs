//! Signing with keys that a secret store keeps.
//!
//! A [`KeySource`] reads keys from any [`SecretStore`](strongroom_core::SecretStore). What it brings is a
//! [`KeySnapshot`]: every live version of a key at one instant. The current one signs, and the one that a
//! signature names verifies, if it is pending, current, or was retired less than the grace ago.
//! [`RawSnapshot`] makes and checks plain HMAC-SHA256 tags for protocols that others define.
//!
//! Nothing here keeps keys fresh: a cache loads snapshots and publishes them, and
//! [`KeySnapshot::change_from`] tells it what a new one means.
//!
//! The signature form, with vectors, is in `docs/signature-format.md`.

#![forbid(unsafe_code)]

mod encoding;
mod hmac_state;
mod jwks;
mod key;
mod limits;
mod live_key;
mod load;
mod raw;
mod snapshot;

pub use encoding::KeyEncoding;
pub use jwks::KeySet;
pub use key::SigningKey;
pub use limits::KeyLimits;
pub use live_key::KeyState;
pub use load::KeySource;
pub use raw::{RawSnapshot, RawTag};
pub use snapshot::KeySnapshot;
