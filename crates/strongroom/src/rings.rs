//! Signing keys, as the cache asks for them, and what an unknown key id does.

use std::time::Duration;

use async_trait::async_trait;
use strongroom_core::{
    Change, Error, Purpose, Reason, Result, SecretName, SecretVersion, Signature, Verified,
};
use strongroom_layers::{Cache, Nudged, Reloaded, Source, Value};
use strongroom_signing::{KeySnapshot, KeySource};

/// Least time between two loads of a key set that unknown key ids force.
pub(crate) const COOLDOWN: Duration = Duration::from_secs(30);

/// When a key that is being looked for may have been found.
const SOON: Duration = Duration::from_secs(1);

/// The signing keys of a store.
#[derive(Debug)]
pub(crate) struct Rings {
    pub(crate) provider: &'static str,
    pub(crate) keys: KeySource,
}

/// Every live version of a signing key, at one instant.
#[derive(Clone, Debug)]
pub(crate) struct Ring(pub(crate) KeySnapshot);

impl Value for Ring {
    fn change_from(&self, held: &Self) -> Change {
        self.0.change_from(&held.0)
    }

    fn version(&self) -> Option<&SecretVersion> {
        self.0.version()
    }
}

#[async_trait]
impl Source for Rings {
    type Key = SecretName;
    type Value = Ring;

    fn provider(&self) -> &'static str {
        self.provider
    }

    fn batches(&self) -> bool {
        false
    }

    async fn load(&self, names: &[SecretName]) -> Vec<Result<Ring>> {
        let mut rings = Vec::with_capacity(names.len());
        for name in names {
            rings.push(self.keys.load(name).await.map(Ring));
        }
        rings
    }
}

/// The ring of a key, from the cache.
pub(crate) async fn ring(rings: &Cache<Rings>, name: &SecretName) -> Result<Ring> {
    match rings.hit(name.as_str()) {
        Some(ring) => Ok(ring),
        None => rings.get(name, Some(name.as_str()), None).await,
    }
}

/// Verifies with a key whose id the ring does not have: reads the keys again, at most once a cooldown, so that
/// forged ids cannot hammer the provider.
///
/// # Errors
/// That of reading the keys, also for those who ask again during the cooldown: an outage never reads as a
/// forgery. `SignatureMismatch` if the id is still unknown, with `retry_after` while cooling down.
pub(crate) async fn verify_unknown(
    rings: &Cache<Rings>,
    name: &SecretName,
    purpose: &Purpose,
    message: &[u8],
    signature: &Signature,
) -> Result<Verified> {
    let kid = *signature.key();
    match rings.reload(name, COOLDOWN, |ring: &Ring| ring.0.knows(&kid)).await? {
        Reloaded::Found(ring) => ring.0.with_purpose(purpose)?.verify(message, signature),
        Reloaded::NotFound(_) => Err(Error::signature(Reason::UnknownKey)),
        Reloaded::Cooling { left, failure } => Err(cooling(left, failure)),
    }
}

/// What a caller that cannot wait is told about an unknown key id, which is looked for meanwhile.
pub(crate) fn look_for(rings: &Cache<Rings>, name: &SecretName) -> Error {
    match rings.nudge(name, COOLDOWN) {
        Ok(Nudged::UnderWay) => Error::signature(Reason::UnknownKey).with_retry_after(SOON),
        Ok(Nudged::Cooling { left, failure }) => cooling(left, failure),
        Err(error) => error,
    }
}

fn cooling(left: Duration, failure: Option<Error>) -> Error {
    failure.unwrap_or_else(|| Error::signature(Reason::UnknownKey)).retold(left)
}
