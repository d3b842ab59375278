//! Signing with keys that a secret store keeps.
//!
//! A [`KeyRing`] is an immutable snapshot of every live version of a key: the current one signs, and the
//! one that a signature names verifies, if it is pending, current, or was retired less than the grace
//! ago. [`StoreSigner`] loads rings from any [`SecretStore`](strongroom_core::SecretStore), keeps them
//! fresh, and follows a rotation. [`RawHmac`] makes and checks plain HMAC-SHA256 tags for protocols that
//! others define.
//!
//! The signature form, with vectors, is in `docs/signature-format.md`.

#![forbid(unsafe_code)]

mod encoding;
mod freshness;
mod hmac_state;
mod jwks;
mod key;
mod load;
mod raw;
mod ring;
mod slot;
mod store_signer;

pub use encoding::KeyEncoding;
pub use freshness::Freshness;
pub use jwks::KeySet;
pub use key::SigningKey;
pub use raw::{RawHmac, RawTag};
pub use ring::{KeyRing, KeyState};
pub use store_signer::StoreSigner;
