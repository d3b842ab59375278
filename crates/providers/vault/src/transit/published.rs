//! Verifying with the public keys that the server lists.

use std::fmt;

use strongroom_core::{
    Algorithm, Error, ErrorKind, KeyId, Reason, Result, SecretName, SignOptions, Signature,
    Verified, Verifier, signed_bytes,
};

use super::TransitSigner;
use super::config::KeyType;
use super::key::{TransitKey, version_of};

/// The Ed25519 keys of a name and of those that it had before, as they were when they were read.
pub(super) struct Published {
    /// The one that signs is the first.
    keys: Vec<PublishedKey>,
}

struct PublishedKey {
    name: SecretName,
    key: TransitKey,
    /// The version that signs now; `None` for a name of before a renaming.
    current: Option<u32>,
}

impl TransitSigner {
    /// `None` for an HMAC key, whose signatures the server alone verifies; it is read only if its type is not
    /// known.
    pub(super) async fn read_published(&self, name: &SecretName) -> Result<Option<Published>> {
        let Some(key) = self.read_public(name).await? else { return Ok(None) };
        // A standby that lags does not take back what this process has seen at work.
        let latest = self.keys().get(name).and_then(|known| known.latest);
        let current = Some(latest.unwrap_or_default().max(key.latest));
        let mut keys = vec![PublishedKey { name: name.clone(), key, current }];
        for previous in self.previous(name) {
            match self.read_public(previous).await {
                Ok(Some(key)) => {
                    keys.push(PublishedKey { name: previous.clone(), key, current: None });
                }
                // What the server says of that key alone does not take the others away: `verify` judges.
                Ok(None) => {}
                Err(error) if is_about_the_key(error.kind()) => {}
                // But half an answer must not replace a whole one that is still good.
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Published { keys }))
    }

    async fn read_public(&self, name: &SecretName) -> Result<Option<TransitKey>> {
        if self.is_hmac(name) {
            return Ok(None);
        }
        let key = self.read_key(name).await.map_err(self.located(name, "published"))?;
        Ok((key.key_type == KeyType::Ed25519).then_some(key))
    }

    /// Whether a key is known to be of that type, by the server or by the settings.
    fn is_hmac(&self, name: &SecretName) -> bool {
        let known = self.keys().get(name).map(|known| known.key_type);
        let said = self.config.key_type.filter(|_| *name == self.config.key);
        known.or(said) == Some(KeyType::Hmac)
    }
}

/// It is gone, it may not be read, or it is of a type that does not sign.
fn is_about_the_key(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Misconfigured | ErrorKind::PermissionDenied | ErrorKind::Unsupported)
}

impl Published {
    fn find(&self, id: &KeyId) -> Option<(&PublishedKey, u32)> {
        self.keys.iter().find_map(|one| version_of(&one.name, id).map(|version| (one, version)))
    }
}

impl Verifier for Published {
    fn knows(&self, key: &KeyId) -> bool {
        self.find(key).is_some_and(|(one, version)| one.key.publishes(version))
    }

    fn verify(
        &self,
        message: &[u8],
        signature: &Signature,
        options: &SignOptions,
    ) -> Result<Verified> {
        let id = signature.key();
        let (one, version) = self.find(id).ok_or_else(|| Error::signature(Reason::UnknownKey))?;
        if signature.algorithm() != Algorithm::Ed25519 {
            return Err(Error::signature(Reason::Alg));
        }
        if version > one.key.latest && one.current.is_some_and(|current| version <= current) {
            let message = "the server that listed the keys lags behind what was seen at work";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let message = signed_bytes(id, signature.algorithm(), &options.purpose, message);
        one.key.verify(version, &message, signature.tag())?;
        Ok(Verified::by(*id, one.current.is_some_and(|current| version >= current)))
    }

    fn covers(&self, key: &KeyId) -> bool {
        self.find(key).is_some()
    }

    fn keys(&self) -> Vec<KeyId> {
        let ids = |one: &PublishedKey| {
            let id = |version| KeyId::transit(one.name.as_str(), version);
            one.key.published().map(id).collect::<Vec<_>>()
        };
        self.keys.iter().flat_map(ids).collect()
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Published").field(&self.keys()).finish()
    }
}
