//! One key of Transit, as the server describes it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, ED25519_PUBLIC_KEY_LEN, UnparsedPublicKey};
use base64ct::{Base64, Encoding};
use strongroom_core::{
    Clock, Error, ErrorKind, KeyId, Moment, Reason, Result, SecretName, escaped,
};
use strongroom_http::Response;

use super::config::KeyType;
use super::wire::{OneKey, ReadKey};

/// The version of the key of this name that an id stands for. Nothing is asked.
pub(crate) fn version_of(name: &SecretName, id: &KeyId) -> Option<u32> {
    id.version().filter(|version| KeyId::transit(name.as_str(), *version) == *id)
}

/// What this process knows of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) key_type: KeyType,
    /// The version to ask the next signature for: the one that signed last.
    pub(crate) next: u32,
    /// The latest version, if the server has told: `None` where the key may not be read, before the first
    /// signature.
    pub(crate) latest: Option<u32>,
    /// The highest version that was seen at work here, and when that was last.
    pub(crate) seen: Option<(u32, Moment)>,
    /// When it was learnt.
    pub(crate) learnt: Moment,
}

/// How long a server may lag behind another one of its cluster. What was seen at work longer ago and is not
/// known now is gone.
const LAG: Duration = Duration::from_secs(60);

impl Known {
    /// A key that may not be read, of a type that somebody configured.
    pub(crate) fn assumed(key_type: KeyType, now: Moment) -> Self {
        Self { key_type, next: 1, latest: None, seen: None, learnt: now }
    }

    /// A key as a server describes it, which may lag behind what was seen at work.
    pub(crate) fn read(key: &TransitKey, before: Option<&Self>, clock: &dyn Clock) -> Self {
        let seen = before.and_then(|before| before.seen).filter(|(_, at)| at.age(clock) < LAG);
        let latest = seen.map_or(0, |(version, _)| version).max(key.latest);
        let learnt = Moment::now(clock);
        Self { key_type: key.key_type, next: key.latest, latest: Some(latest), seen, learnt }
    }

    /// Whether a version that a server does not know was at work a moment ago.
    pub(crate) fn has_seen(&self, version: u32, clock: &dyn Clock) -> bool {
        self.seen.is_some_and(|(seen, at)| version <= seen && at.age(clock) < LAG)
    }

    /// Notes that a version has signed, or that a signature of it verified.
    pub(crate) fn saw(&mut self, version: u32, has_signed: bool, now: Moment) {
        if self.seen.is_none_or(|(seen, _)| version >= seen) {
            self.seen = Some((version, now));
        }
        self.next = self.next.max(version);
        self.latest = match self.latest {
            Some(latest) => Some(latest.max(version)),
            // What verifies need not be the latest; what signs is.
            None => has_signed.then_some(version),
        };
    }
}

/// Type, versions and public keys.
pub(crate) struct TransitKey {
    pub(crate) key_type: KeyType,
    pub(crate) latest: u32,
    oldest: u32,
    /// From `oldest` to `latest`; empty for `hmac`.
    public_keys: BTreeMap<u32, Vec<u8>>,
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
        let mut public_keys = BTreeMap::new();
        for (version, key) in data.keys.unwrap_or_default() {
            // Symmetric keys have a time in this place.
            if let (KeyType::Ed25519, OneKey::Public { public_key }) = (key_type, key) {
                let bytes = Base64::decode_vec(&public_key).ok();
                let bytes = bytes.filter(|bytes| bytes.len() == ED25519_PUBLIC_KEY_LEN);
                public_keys.insert(version, bytes.ok_or_else(|| response.malformed())?);
            }
        }
        let (latest, oldest) = (data.latest_version, data.min_decryption_version);
        let mut versions = oldest.max(1)..=latest;
        public_keys.retain(|version, _| versions.contains(version));
        // A key that is not there in full would make forgeries of good signatures.
        let is_whole = !versions.is_empty() && versions.all(|one| public_keys.contains_key(&one));
        if key_type == KeyType::Ed25519 && !is_whole {
            return Err(response.malformed());
        }
        Ok(Self { key_type, latest, oldest, public_keys })
    }

    /// The versions that verify here, the latest first: none of an `hmac` key.
    pub(crate) fn published(&self) -> impl Iterator<Item = u32> {
        self.public_keys.keys().rev().copied()
    }

    /// Whether signatures of this version verify here.
    pub(crate) fn publishes(&self, version: u32) -> bool {
        self.public_keys.contains_key(&version)
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
