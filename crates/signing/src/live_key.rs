//! The keys that are live at one instant, and what their provider says of them.

use std::cmp::Reverse;
use std::time::SystemTime;

use strongroom_core::{Error, ErrorKind, Reason, Result, SecretVersion};

use crate::{KeySet, SigningKey};

/// Where a key stands in its life. A key that is retired for longer than the grace is in no snapshot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyState {
    /// Published: verifies, does not sign yet.
    Pending,
    /// Signs and verifies. Exactly one.
    Current,
    /// Verifies until the grace after its successor's activation is over.
    Retiring {
        /// When its successor became current.
        since: SystemTime,
    },
}

/// A key as it was read.
#[derive(Clone, Debug)]
pub(crate) struct LiveKey {
    pub(crate) key: SigningKey,
    pub(crate) state: KeyState,
    /// The provider's id of the version that holds it; `None` for a member of a JWK Set, which has no version of
    /// its own, and where there are no versions.
    pub(crate) version: Option<SecretVersion>,
    /// When that version was written, if the provider tells; for a member of a JWK Set, when its state began.
    pub(crate) created_at: Option<SystemTime>,
}

/// One key for each id, the current one first, then pending ones, then the most recently retired; at most 16.
///
/// # Errors
/// `NotFound` if none is current, `Malformed` if several are, `InvalidValue` (reason `collision`) if two keys
/// have one id.
pub(crate) fn arrange(keys: impl IntoIterator<Item = LiveKey>) -> Result<Vec<LiveKey>> {
    let mut unique: Vec<LiveKey> = Vec::new();
    for live in keys {
        match unique.iter_mut().find(|known| known.key.id() == live.key.id()) {
            None => unique.push(live),
            Some(known) if !known.key.bytes().ct_eq(live.key.bytes()) => {
                let message = "two different keys have the same key id; rotate once more";
                return Err(
                    Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Collision)
                );
            }
            // The same key in several versions: what it may do is what the best of them may.
            Some(known) if rank(&live.state) < rank(&known.state) => *known = live,
            Some(_) => {}
        }
    }
    unique.sort_by_key(|live| rank(&live.state));
    if unique.len() > KeySet::MAX_KEYS {
        tracing::warn!(
            event = "keys_dropped",
            live = unique.len(),
            kept = KeySet::MAX_KEYS,
            "too many versions of the signing key are live: the ones retired first no longer verify"
        );
        unique.truncate(KeySet::MAX_KEYS);
    }
    match unique.iter().filter(|live| live.state == KeyState::Current).count() {
        1 => Ok(unique),
        0 => {
            let message = "no version of the signing key is current";
            Err(Error::new(ErrorKind::NotFound, message).with_reason(Reason::Version))
        }
        currents => {
            let message = format!("{currents} versions of the signing key are said to be current");
            Err(Error::new(ErrorKind::Malformed, message))
        }
    }
}

/// Current first, then pending, then the most recently retired.
fn rank(state: &KeyState) -> (u8, Reverse<Option<SystemTime>>) {
    match state {
        KeyState::Current => (0, Reverse(None)),
        KeyState::Pending => (1, Reverse(None)),
        KeyState::Retiring { since } => (2, Reverse(Some(*since))),
    }
}
