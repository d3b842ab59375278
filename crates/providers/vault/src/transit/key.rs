//! One key of Transit, as the server describes it.

use std::collections::HashMap;

use aws_lc_rs::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};
use base64ct::{Base64, Encoding};
use strongroom_core::{Error, ErrorKind, Reason, Result, escaped};
use strongroom_http::Response;

use super::wire::{OneKey, ReadKey};
use crate::config::KeyType;

/// What this process knows of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Known {
    pub(crate) key_type: KeyType,
    /// The version to ask the next signature for: the one that signed last.
    pub(crate) next: u32,
    /// The latest version, if the server has told: `None` where the key may not be read, before the first
    /// signature.
    pub(crate) latest: Option<u32>,
    /// The highest version that was seen at work here. A server that does not know it lags behind.
    pub(crate) seen: u32,
}

impl Known {
    /// A key that may not be read, of a type that somebody configured.
    pub(crate) fn assumed(key_type: KeyType) -> Self {
        Self { key_type, next: 1, latest: None, seen: 0 }
    }
}

/// Type, versions and public keys.
pub(crate) struct TransitKey {
    pub(crate) key_type: KeyType,
    pub(crate) latest: u32,
    oldest: u32,
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
            if let (KeyType::Ed25519, OneKey::Public { public_key }) = (key_type, key) {
                let bytes = Base64::decode_vec(&public_key).ok();
                let bytes = bytes.filter(|bytes| bytes.len() == ED25519_PUBLIC_KEY_LEN);
                public_keys.insert(version, bytes.ok_or_else(|| response.malformed())?);
            }
        }
        let (latest, oldest) = (data.latest_version, data.min_decryption_version);
        // A key that is not there in full would make forgeries of good signatures.
        let mut listed = oldest.max(1)..=latest;
        if key_type == KeyType::Ed25519 && !listed.all(|version| public_keys.contains_key(&version))
        {
            return Err(response.malformed());
        }
        Ok(Self { key_type, latest, oldest, public_keys })
    }

    /// Verifies an Ed25519 signature with the published key of a version.
    ///
    /// # Errors
    /// `SignatureMismatch`: `unknown_key` above the latest version, `retired` below `min_decryption_version`,
    /// `tag` if the signature is wrong.
    pub(crate) fn verify(&self, version: u32, message: &[u8], tag: &[u8]) -> Result<()> {
        if version < self.oldest {
            return Err(Error::signature(Reason::Retired));
        }
        let key = self.public_keys.get(&version);
        let key = key.ok_or_else(|| Error::signature(Reason::UnknownKey))?;
        UnparsedPublicKey::new(&ED25519, key)
            .verify(message, tag)
            .map_err(|_| Error::signature(Reason::Tag))
    }
}
