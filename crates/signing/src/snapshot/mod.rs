//! Every live version of a signing key, at one instant.

mod change;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use strongroom_core::{
    Algorithm, Clock, Error, ErrorKind, KeyId, Moment, Purpose, Reason, Result, SecretVersion,
    Signature, Verified,
};

use crate::hmac_state::HmacState;
use crate::live_key::{LiveKey, arrange};
use crate::{KeyLimits, KeyState};
use change::Seen;

/// An immutable snapshot of a key's live versions, which signs and verifies without waiting.
///
/// Key id, state and bytes of a key always belong together, and a signature is made with one snapshot.
/// Past its age limit (TTL plus stale window) a snapshot refuses everything: it may no longer know which keys
/// the provider has revoked. Cloning costs three reference counts.
#[derive(Clone)]
pub struct KeySnapshot {
    ring: Arc<Ring>,
    purpose: Purpose,
    // One state for each key of the ring, in its order.
    states: States,
}

/// Behind a vector that is made with room for all: turned into a slice, it would be moved and its first
/// buffer freed as it is.
pub(crate) type States = Arc<Vec<HmacState>>;

struct Ring {
    // The current one first.
    keys: Vec<LiveKey>,
    // Every version that was read, also those whose key another one holds too.
    seen: Vec<Seen>,
    current: KeyId,
    loaded: Moment,
    limits: KeyLimits,
    clock: Arc<dyn Clock>,
    // Derived when a purpose is first asked for: deriving costs more than signing.
    prepared: Mutex<HashMap<Purpose, States>>,
}

/// Where the current key stands in a ring.
const CURRENT: usize = 0;

/// How many purposes a ring keeps prepared. Programs have a few; more are derived each time.
const PREPARED: usize = 64;

impl KeySnapshot {
    /// Puts a snapshot together from all keys that were read.
    pub(crate) fn new(
        keys: Vec<LiveKey>,
        loaded: Moment,
        limits: KeyLimits,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let seen = keys.iter().filter_map(Seen::of).collect();
        let keys = arrange(keys)?;
        let current = *keys.get(CURRENT).ok_or_else(no_such_key)?.key.id();
        let prepared = Mutex::default();
        let ring = Ring { keys, seen, current, loaded, limits, clock, prepared };
        Self::prepare(Arc::new(ring), Purpose::default())
    }

    fn prepare(ring: Arc<Ring>, purpose: Purpose) -> Result<Self> {
        let prepared = || ring.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let known = prepared().get(&purpose).cloned();
        let states = match known {
            Some(states) => states,
            None => {
                let mut states = Vec::with_capacity(ring.keys.len());
                for live in &ring.keys {
                    states.push(HmacState::for_purpose(&live.key, &purpose)?);
                }
                let states = Arc::new(states);
                let mut prepared = prepared();
                if prepared.len() < PREPARED {
                    prepared.insert(purpose.clone(), states.clone());
                }
                states
            }
        };
        Ok(Self { ring, purpose, states })
    }

    /// The same keys for another purpose, each with a sub-key of its own. Those of the first 64 purposes are derived
    /// once and kept.
    ///
    /// # Errors
    /// `Internal` if a sub-key cannot be derived.
    pub fn with_purpose(&self, purpose: &Purpose) -> Result<Self> {
        match *purpose == self.purpose {
            true => Ok(self.clone()),
            false => Self::prepare(self.ring.clone(), purpose.clone()),
        }
    }

    /// Signs with the current key.
    ///
    /// # Errors
    /// `Unavailable` (reason `age_limit`) once the snapshot is past its age limit.
    pub fn sign(&self, message: &[u8]) -> Result<Signature> {
        self.checked_age()?;
        let state = self.states.get(CURRENT).ok_or_else(no_such_key)?;
        Signature::new(self.ring.current, Algorithm::Hs256, &state.tag(message))
    }

    /// Verifies with the key that the signature names, and with no other.
    ///
    /// # Errors
    /// `SignatureMismatch`, whose reason is `unknown_key`, `retired`, `alg` or `tag`; `Unavailable` (reason
    /// `age_limit`) once the snapshot is past its age limit.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<Verified> {
        let age = self.checked_age()?;
        let found = self.position(signature.key());
        // An unknown key costs as much time as a known one.
        let index = found.unwrap_or(CURRENT);
        let (Some(live), Some(state)) = (self.ring.keys.get(index), self.states.get(index)) else {
            return Err(no_such_key());
        };
        let matches = state.matches(message, signature.tag());
        let reason = match found {
            None => Reason::UnknownKey,
            Some(_) if signature.algorithm() != Algorithm::Hs256 => Reason::Alg,
            Some(_) if self.is_over(&live.state, age) => Reason::Retired,
            Some(_) if !matches => Reason::Tag,
            Some(_) => return Ok(Verified::by(*live.key.id(), index == CURRENT)),
        };
        Err(Error::signature(reason))
    }

    /// The id of the key that signs.
    pub fn current(&self) -> KeyId {
        self.ring.current
    }

    /// The provider's id of the version that signs; `None` for a JWK Set, whose keys have no versions of their
    /// own, and where the provider has no versions.
    pub fn version(&self) -> Option<&SecretVersion> {
        self.ring.keys.get(CURRENT)?.version.as_ref()
    }

    /// The ids and states of all keys in the snapshot: the current one, pending ones, then the most recently
    /// retired.
    pub fn keys(&self) -> impl Iterator<Item = (KeyId, KeyState)> {
        self.ring.keys.iter().map(|live| (*live.key.id(), live.state))
    }

    /// Whether a key of this id is in the snapshot, in whatever state.
    pub fn knows(&self, key: &KeyId) -> bool {
        self.position(key).is_some()
    }

    /// When the provider was asked, before the first answer. The age counts from here.
    pub fn loaded_at(&self) -> SystemTime {
        self.ring.loaded.wall()
    }

    /// The age, as long as it is below the limit. One look at the clock, and the only one that signing or
    /// verifying takes.
    pub(crate) fn checked_age(&self) -> Result<Duration> {
        let age = self.age();
        match age < self.ring.limits.age {
            true => Ok(age),
            false => Err(self.too_old(age)),
        }
    }

    pub(crate) fn age(&self) -> Duration {
        self.ring.loaded.coarse_age(&*self.ring.clock)
    }

    #[cold]
    fn too_old(&self, age: Duration) -> Error {
        let message = format!(
            "the signing keys were loaded {} s ago; past {} s they are no longer used",
            age.as_secs(),
            self.ring.limits.age.as_secs()
        );
        Error::new(ErrorKind::Unavailable, message).with_reason(Reason::AgeLimit)
    }

    /// All keys, the current one first.
    pub(crate) fn live(&self) -> &[LiveKey] {
        &self.ring.keys
    }

    /// Whether the grace of a key is over when the snapshot has this age.
    ///
    /// By the age and not by another look at the time of day: a clock that is set back revives no key.
    pub(crate) fn is_over(&self, state: &KeyState, age: Duration) -> bool {
        let KeyState::Retiring { since } = state else { return false };
        // A successor that is activated in the future, by a clock ahead of ours, has not retired it yet.
        let end = since.checked_add(self.ring.limits.grace);
        end.is_some_and(|end| end.duration_since(self.loaded_at()).unwrap_or_default() <= age)
    }

    fn position(&self, key: &KeyId) -> Option<usize> {
        self.ring.keys.iter().position(|live| live.key.id() == key)
    }
}

pub(crate) fn no_such_key() -> Error {
    Error::new(ErrorKind::Internal, "a key snapshot points outside itself")
}

impl fmt::Debug for KeySnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySnapshot")
            .field("keys", &self.keys().collect::<Vec<_>>())
            .field("version", &self.version())
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}
