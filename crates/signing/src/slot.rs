//! One key's ring over time: reused while fresh, reloaded by one caller at a time, kept through an outage.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use strongroom_core::{Error, ErrorKind, KeyId, Moment, Reason, Result, SecretName};
use tokio::sync::Mutex;

use crate::KeyRing;
use crate::load::KeySource;

/// Least time between two loads of one key that fail.
const FAILURE_GATE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Slot {
    shelf: RwLock<Shelf>,
    // Held during a load: whoever comes meanwhile waits for its result instead of loading too.
    loading: Mutex<Attempts>,
}

#[derive(Debug, Default)]
struct Shelf {
    ring: Option<KeyRing>,
    // Raised by every invalidation: a load that began before one does not end it.
    generation: u64,
    ring_generation: u64,
}

#[derive(Debug, Default)]
struct Attempts {
    // With the generation that it belongs to: an invalidation opens the gate.
    failed: Option<(Moment, u64, Error)>,
    // When an unknown key id last forced a load, and how it failed if it did.
    forced: Option<(Moment, Option<Error>)>,
}

impl Slot {
    /// The ring, loaded if there is none or it is no longer fresh.
    ///
    /// # Errors
    /// That of the load, unless its kind lets the older ring serve and that one is within its age limit.
    pub(crate) async fn ring(&self, source: &KeySource, name: &SecretName) -> Result<KeyRing> {
        if let Some(ring) = self.fresh(source) {
            return Ok(ring);
        }
        let mut attempts = self.loading.lock().await;
        if let Some(ring) = self.fresh(source) {
            return Ok(ring);
        }
        let failed = match &attempts.failed {
            Some((at, generation, error))
                if *generation == self.generation() && at.age(&*source.clock) < FAILURE_GATE =>
            {
                error.clone()
            }
            _ => match self.load(source, name, &mut attempts).await {
                Ok(ring) => return Ok(ring),
                Err(error) => error,
            },
        };
        // An unusable new version says nothing about the keys that were good: they serve on, within their
        // age, while somebody mends it.
        let serves = failed.kind().allows_stale() || failed.kind() == ErrorKind::InvalidValue;
        match self.kept().filter(|ring| serves && ring.check_age().is_ok()) {
            Some(ring) => Ok(ring),
            None => Err(failed),
        }
    }

    /// The ring, after one load if it does not know a key id: at most one a cooldown, so that forged ids
    /// cannot hammer the provider. Known ids never come here.
    ///
    /// # Errors
    /// That of the load, also for those who ask again during the cooldown: an outage never reads as a
    /// forgery. `SignatureMismatch` with `retry_after` while cooling down after a load that went well.
    pub(crate) async fn ring_knowing(
        &self,
        key: &KeyId,
        source: &KeySource,
        name: &SecretName,
    ) -> Result<KeyRing> {
        let mut attempts = self.loading.lock().await;
        if let Some(ring) = self.fresh(source).filter(|ring| ring.knows(key)) {
            return Ok(ring);
        }
        if let Some((at, failure)) = &attempts.forced {
            let left = source.freshness.unknown_key_cooldown.saturating_sub(at.age(&*source.clock));
            if !left.is_zero() {
                let error = failure.clone().unwrap_or_else(|| Error::signature(Reason::UnknownKey));
                return Err(error.with_retry_after(left));
            }
        }
        let at = Moment::now(&*source.clock);
        // Noted before the load: a caller that goes away has used up the cooldown all the same, and what
        // it did not learn is not an answer.
        let unfinished = Error::new(ErrorKind::Unavailable, "the signing keys are not read yet");
        attempts.forced = Some((at, Some(unfinished)));
        let loaded = self.load(source, name, &mut attempts).await;
        attempts.forced = Some((at, loaded.as_ref().err().cloned()));
        loaded
    }

    /// Makes the next call load again. The ring that is here still serves if that load fails.
    pub(crate) fn invalidate(&self) {
        self.shelf.write().unwrap_or_else(PoisonError::into_inner).generation += 1;
    }

    async fn load(
        &self,
        source: &KeySource,
        name: &SecretName,
        attempts: &mut Attempts,
    ) -> Result<KeyRing> {
        let generation = self.generation();
        let loaded = source.load(name).await;
        match &loaded {
            Ok(ring) => {
                attempts.failed = None;
                // A failure that a later load made good is no answer any more.
                attempts.forced = attempts.forced.take().map(|(at, _)| (at, None));
                let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
                shelf.ring = Some(ring.clone());
                shelf.ring_generation = generation;
            }
            Err(error) => {
                if is_revoked(error.kind()) {
                    // An outage that follows must not bring the keys back.
                    self.shelf.write().unwrap_or_else(PoisonError::into_inner).ring = None;
                }
                if error.kind() == ErrorKind::InvalidValue && self.kept().is_some() {
                    tracing::warn!(
                        event = "rotation_invalid",
                        secret = %name,
                        reason = error.reason().map(Reason::as_str),
                        "the current version of the signing key cannot be used; the last good keys serve on"
                    );
                }
                attempts.failed = Some((Moment::now(&*source.clock), generation, error.clone()));
            }
        }
        loaded
    }

    fn fresh(&self, source: &KeySource) -> Option<KeyRing> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        let ring = shelf.ring.as_ref().filter(|_| shelf.ring_generation == shelf.generation)?;
        (ring.age() < source.freshness.ttl).then(|| ring.clone())
    }

    fn generation(&self) -> u64 {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    fn kept(&self) -> Option<KeyRing> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner).ring.clone()
    }
}

/// Whether the provider has said that the key is gone, or not ours to use.
fn is_revoked(kind: ErrorKind) -> bool {
    let denied = matches!(kind, ErrorKind::PermissionDenied | ErrorKind::Unauthenticated);
    denied || (kind.is_authoritative() && kind != ErrorKind::InvalidValue)
}
