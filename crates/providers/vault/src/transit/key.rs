//! One key of Transit, as the server describes it.

use std::collections::HashMap;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64ct::{Base64, Encoding};
use strongroom_core::{Error, ErrorKind, Reason, Result, escaped};
use strongroom_http::Response;

use super::wire::{OneKey, ReadKey};
use crate::config::KeyType;

/// What has to be known of a key to sign with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Known {
    pub(crate) key_type: KeyType,
    /// The version that signed last, or was the latest when the key was read.
    pub(crate) latest: u32,
}

/// Type, versions and public keys.
pub(crate) struct TransitKey {
    pub(crate) key_type: KeyType,
    pub(crate) latest: u32,
    public_keys: HashMap<u32, Vec<u8>>,
}

impl TransitKey {
    /// # Errors
    /// `Unsupported` for a type that does not sign here, and for derived keys, which need a context.
    pub(crate) fn read(response: &Response) -> Result<Self> {
        let ReadKey { data } = response.json()?;
        let Some(key_type) = KeyType::from_word(&data.key_type) else {
            let message = format!(
                "the Transit key is of type `{}`; expected `hmac` or `ed25519`",
                escaped(&data.key_type)
            );
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        if data.derived {
            let message =
                "the Transit key is a derived one, which needs a context for each signature";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let mut public_keys = HashMap::new();
        for (version, key) in data.keys.unwrap_or_default() {
            // Symmetric keys have a time in this place.
            if let OneKey::Public { public_key } = key {
                let bytes = Base64::decode_vec(&public_key).map_err(|_| response.malformed())?;
                public_keys.insert(version, bytes);
            }
        }
        Ok(Self { key_type, latest: data.latest_version, public_keys })
    }

    pub(crate) fn known(&self) -> Known {
        Known { key_type: self.key_type, latest: self.latest }
    }

    /// Verifies an Ed25519 signature with the published key of a version. The server lists only versions from
    /// `min_decryption_version` on.
    ///
    /// # Errors
    /// `SignatureMismatch`: `unknown_key` above the latest version, `retired` if it is no longer listed,
    /// `tag` if the signature is wrong.
    pub(crate) fn verify(&self, version: u32, message: &[u8], tag: &[u8]) -> Result<()> {
        let Some(key) = self.public_keys.get(&version) else {
            return Err(Error::signature(match version > self.latest {
                true => Reason::UnknownKey,
                false => Reason::Retired,
            }));
        };
        UnparsedPublicKey::new(&ED25519, key)
            .verify(message, tag)
            .map_err(|_| Error::signature(Reason::Tag))
    }
}
