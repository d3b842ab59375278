//! Public keys of a provider that signs, as the cache asks for them: with them signatures verify in this
//! process, also while the provider is down.

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_core::{
    Change, Error, ErrorKind, Reason, Result, SecretName, SecretVersion, SignOptions, Signature,
    Signer, Verified, Verifier,
};
use strongroom_layers::{Cache, Reloaded, Source, Value};

use crate::rings::COOLDOWN;

/// What a provider that signs publishes of its keys.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) provider: &'static str,
    pub(crate) signer: Arc<dyn Signer>,
}

/// The public keys of one key; `None` if it has none, and each signature has to be shown to the provider.
#[derive(Clone, Debug)]
pub(crate) struct PublicKeys(Option<Arc<dyn Verifier>>);

impl PublicKeys {
    /// Whether signatures can be verified here at all.
    pub(crate) fn are_published(&self) -> bool {
        self.0.is_some()
    }
}

impl Value for PublicKeys {
    fn change_from(&self, held: &Self) -> Change {
        let keys = |these: &Self| these.0.as_ref().map(|keys| keys.keys());
        if keys(self) == keys(held) { Change::Same } else { Change::Newer }
    }

    fn version(&self) -> Option<&SecretVersion> {
        None
    }
}

#[async_trait]
impl Source for Published {
    type Key = SecretName;
    type Value = PublicKeys;

    fn provider(&self) -> &'static str {
        self.provider
    }

    fn batches(&self) -> bool {
        false
    }

    async fn load(&self, names: &[SecretName]) -> Vec<Result<PublicKeys>> {
        let mut keys = Vec::with_capacity(names.len());
        for name in names {
            let published = self.signer.published(name).await;
            keys.push(match published {
                // Whoever may not read the key may still have the provider verify with it.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(PublicKeys(None)),
                published => published.map(PublicKeys),
            });
        }
        keys
    }
}

/// Verifies with published keys; `None` if the provider has to be asked, because it publishes none or not this
/// one.
pub(crate) async fn verify(
    published: &Cache<Published>,
    name: &SecretName,
    message: &[u8],
    signature: &Signature,
    options: &SignOptions,
) -> Option<Result<Verified>> {
    let keys = match published.hit(name.as_str()) {
        Some(keys) => Ok(keys),
        None => published.get(name, Some(name.as_str()), None).await,
    };
    let keys = match keys {
        Ok(PublicKeys(keys)) => keys?,
        // It does not answer us; it would not answer about the signature.
        Err(error) if error.kind().allows_stale() => return Some(Err(error)),
        Err(_) => return None,
    };
    let kid = *signature.key();
    if !keys.covers(&kid) {
        // Of another of its keys, or a forgery: the provider knows which.
        return None;
    }
    let verified = keys.verify(message, signature, options);
    if !verified.as_ref().is_err_and(may_be_outdated) {
        return Some(verified);
    }
    let is_newer = |keys: &PublicKeys| match &keys.0 {
        Some(keys) => {
            !keys.verify(message, signature, options).as_ref().is_err_and(may_be_outdated)
        }
        None => false,
    };
    match published.reload(name, COOLDOWN, is_newer).await {
        Ok(Reloaded::Found(now) | Reloaded::NotFound(now)) => {
            settled(now.0?.verify(message, signature, options))
        }
        Ok(Reloaded::Cooling { left, failure }) => {
            settled(verified).map(|said| said.map_err(|said| failure.unwrap_or(said).retold(left)))
        }
        Err(error) => Some(Err(error)),
    }
}

/// The version may be newer than the keys, or the key was made again with another type.
fn may_be_outdated(error: &Error) -> bool {
    let outdated = matches!(error.reason(), Some(Reason::UnknownKey | Reason::Alg));
    outdated || error.kind() == ErrorKind::Unavailable
}

/// What stands, unless the keys lag behind what was seen at work: then the provider may know better.
fn settled(verified: Result<Verified>) -> Option<Result<Verified>> {
    let lags = verified.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unavailable);
    (!lags).then_some(verified)
}
