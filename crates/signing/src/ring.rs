//! Every live version of a signing key, at one instant.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use strongroom_core::{
    Algorithm, Clock, Error, ErrorKind, KeyId, Moment, Purpose, Reason, Result, Signature, Verified,
};

use crate::hmac_state::HmacState;
use crate::{KeySet, SigningKey};

/// Where a key stands in its life. A key that is retired for longer than the grace is in no ring.
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

/// An immutable snapshot of a key's live versions, which signs and verifies without waiting.
///
/// Key id, state and bytes of a key always belong together, and a signature is made with one snapshot.
/// Past its age limit (TTL plus stale window) a ring refuses everything: it may no longer know which keys
/// the provider has revoked. Cloning costs two reference counts.
#[derive(Clone)]
pub struct KeyRing {
    ring: Arc<Ring>,
    purpose: Purpose,
    // One state for each key of the ring, in its order.
    states: States,
}

/// Behind a vector that is made with room for all: turned into a slice, it would be moved and its first
/// buffer freed as it is.
type States = Arc<Vec<HmacState>>;

struct Ring {
    // The current one first.
    keys: Vec<(SigningKey, KeyState)>,
    current: KeyId,
    loaded: Moment,
    limits: Limits,
    clock: Arc<dyn Clock>,
    // Derived when a purpose is first asked for: deriving costs more than signing.
    prepared: Mutex<HashMap<Purpose, States>>,
}

/// Where the current key stands in a ring.
const CURRENT: usize = 0;

/// How many purposes a ring keeps prepared. Programs have a few; more are derived each time.
const PREPARED: usize = 64;

/// How long a ring, and a retired key in it, may be used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) age: Duration,
    pub(crate) grace: Duration,
}

impl KeyRing {
    /// Puts a ring together: one key for each id, the current one first, then pending ones, then the most
    /// recently retired; at most 16.
    pub(crate) fn new(
        keys: impl IntoIterator<Item = (SigningKey, KeyState)>,
        loaded: Moment,
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let mut unique: Vec<(SigningKey, KeyState)> = Vec::new();
        for (key, state) in keys {
            match unique.iter_mut().find(|(known, _)| known.id() == key.id()) {
                None => unique.push((key, state)),
                Some((known, _)) if !known.bytes().ct_eq(key.bytes()) => {
                    let message = "two different keys have the same key id; rotate once more";
                    return Err(
                        Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Collision)
                    );
                }
                // The same key in several versions: what it may do is what the best of them may.
                Some((_, known)) if rank(&state) < rank(known) => *known = state,
                Some(_) => {}
            }
        }
        unique.sort_by_key(|(_, state)| rank(state));
        if unique.len() > KeySet::MAX_KEYS {
            tracing::warn!(
                event = "keys_dropped",
                live = unique.len(),
                kept = KeySet::MAX_KEYS,
                "too many versions of the signing key are live: the ones retired first no longer verify"
            );
            unique.truncate(KeySet::MAX_KEYS);
        }
        let currents = unique.iter().filter(|(_, state)| *state == KeyState::Current).count();
        if currents > 1 {
            let message = format!("{currents} versions of the signing key are said to be current");
            return Err(Error::new(ErrorKind::Malformed, message));
        }
        let first = unique.first().filter(|(_, state)| *state == KeyState::Current);
        let (current, _) = first.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "no version of the signing key is current")
                .with_reason(Reason::Version)
        })?;
        let current = *current.id();
        let prepared = Mutex::default();
        let ring = Ring { keys: unique, current, loaded, limits, clock, prepared };
        Self::prepare(Arc::new(ring), Purpose::default())
    }

    fn prepare(ring: Arc<Ring>, purpose: Purpose) -> Result<Self> {
        let prepared = || ring.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let known = prepared().get(&purpose).cloned();
        let states = match known {
            Some(states) => states,
            None => {
                let mut states = Vec::with_capacity(ring.keys.len());
                for (key, _) in &ring.keys {
                    states.push(HmacState::for_purpose(key, &purpose)?);
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

    /// The same keys for another purpose, each with a sub-key of its own.
    ///
    /// # Errors
    /// `Misconfigured` if the purpose is not one.
    pub fn for_purpose(&self, purpose: &str) -> Result<Self> {
        self.with_purpose(&Purpose::new(purpose)?)
    }

    pub(crate) fn with_purpose(&self, purpose: &Purpose) -> Result<Self> {
        match *purpose == self.purpose {
            true => Ok(self.clone()),
            false => Self::prepare(self.ring.clone(), purpose.clone()),
        }
    }

    /// Signs with the current key.
    ///
    /// # Errors
    /// `Unavailable` (reason `age_limit`) once the ring is past its age limit.
    pub fn sign(&self, message: &[u8]) -> Result<Signature> {
        self.check_age()?;
        let tag = self.state(CURRENT)?.tag(message);
        Signature::new(self.ring.current, Algorithm::Hs256, &tag)
    }

    /// Verifies with the key that the signature names, and with no other.
    ///
    /// # Errors
    /// `SignatureMismatch`, whose reason is `unknown_key`, `retired`, `alg` or `tag`; `Unavailable` (reason
    /// `age_limit`) once the ring is past its age limit.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<Verified> {
        self.check_age()?;
        let found = self.position(signature.key());
        // An unknown key costs as much time as a known one.
        let index = found.unwrap_or(CURRENT);
        let matches = self.state(index)?.matches(message, signature.tag());
        let (key, state) = self.at(index)?;
        let reason = match (found, state) {
            (None, _) => Reason::UnknownKey,
            _ if signature.algorithm() != Algorithm::Hs256 => Reason::Alg,
            (_, KeyState::Retiring { since }) if self.is_over(*since) => Reason::Retired,
            _ if !matches => Reason::Tag,
            (_, state) => return Ok(Verified::by(*key.id(), *state == KeyState::Current)),
        };
        Err(Error::signature(reason))
    }

    /// The id of the key that signs.
    pub fn current(&self) -> KeyId {
        self.ring.current
    }

    /// The ids and states of all keys in the ring: the current one, pending ones, then the most recently
    /// retired.
    pub fn keys(&self) -> impl Iterator<Item = (KeyId, KeyState)> {
        self.ring.keys.iter().map(|(key, state)| (*key.id(), *state))
    }

    /// The purpose that this ring signs for.
    pub fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    pub(crate) fn age(&self) -> Duration {
        self.ring.loaded.age(&*self.ring.clock)
    }

    pub(crate) fn knows(&self, key: &KeyId) -> bool {
        self.position(key).is_some()
    }

    pub(crate) fn check_age(&self) -> Result<()> {
        let (age, limit) = (self.age(), self.ring.limits.age);
        match age < limit {
            true => Ok(()),
            false => {
                let message = format!(
                    "the signing keys were loaded {} s ago; past {} s they are no longer used",
                    age.as_secs(),
                    limit.as_secs()
                );
                Err(Error::new(ErrorKind::Unavailable, message).with_reason(Reason::AgeLimit))
            }
        }
    }

    /// The keys that may be used now, the current one first: for tags that carry no key id.
    pub(crate) fn live_keys(&self) -> impl Iterator<Item = &SigningKey> {
        let live = |state: &KeyState| match state {
            KeyState::Retiring { since } => !self.is_over(*since),
            _ => true,
        };
        self.ring.keys.iter().filter(move |(_, state)| live(state)).map(|(key, _)| key)
    }

    fn is_over(&self, since: SystemTime) -> bool {
        // A successor that is activated in the future, by a clock ahead of ours, has not retired it yet.
        let elapsed = self.ring.clock.now().duration_since(since).unwrap_or_default();
        elapsed >= self.ring.limits.grace
    }

    fn position(&self, key: &KeyId) -> Option<usize> {
        self.ring.keys.iter().position(|(known, _)| known.id() == key)
    }

    fn at(&self, index: usize) -> Result<&(SigningKey, KeyState)> {
        self.ring.keys.get(index).ok_or_else(no_such_key)
    }

    fn state(&self, index: usize) -> Result<&HmacState> {
        self.states.get(index).ok_or_else(no_such_key)
    }
}

fn no_such_key() -> Error {
    Error::new(ErrorKind::Internal, "a key ring points outside itself")
}

/// Current first, then pending, then the most recently retired.
fn rank(state: &KeyState) -> (u8, std::cmp::Reverse<Option<SystemTime>>) {
    match state {
        KeyState::Current => (0, std::cmp::Reverse(None)),
        KeyState::Pending => (1, std::cmp::Reverse(None)),
        KeyState::Retiring { since } => (2, std::cmp::Reverse(Some(*since))),
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("keys", &self.keys().collect::<Vec<_>>())
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strongroom_testkit::ManualClock;

    use super::*;

    const GRACE: Duration = Duration::from_secs(900);

    fn key(text: &str) -> SigningKey {
        SigningKey::new(format!("canary-key-of-thirty-two-bytes-{text}").into())
            .expect("long enough")
    }

    fn ring(keys: Vec<(SigningKey, KeyState)>, clock: &ManualClock) -> Result<KeyRing> {
        let limits = Limits { age: Duration::from_secs(360), grace: GRACE };
        KeyRing::new(keys, Moment::now(clock), limits, Arc::new(clock.clone()))
    }

    fn clock() -> ManualClock {
        ManualClock::at(1_800_000_000)
    }

    fn reason(result: Result<Verified>) -> Option<Reason> {
        result.err().and_then(|error| error.reason())
    }

    #[test]
    fn the_current_key_signs_and_the_named_key_verifies() {
        let clock = clock();
        let retiring = KeyState::Retiring { since: clock.now() };
        let old = ring(vec![(key("1"), KeyState::Current)], &clock).unwrap();
        let next = ring(vec![(key("3"), KeyState::Current)], &clock).unwrap();
        let now = ring(
            vec![
                (key("1"), retiring),
                (key("2"), KeyState::Current),
                (key("3"), KeyState::Pending),
            ],
            &clock,
        )
        .unwrap();
        let signature = now.sign(b"hi").unwrap();
        assert_eq!(signature.key(), key("2").id());
        assert!(now.verify(b"hi", &signature).unwrap().is_current());
        for other in [old, next] {
            let signature = other.sign(b"hi").unwrap();
            assert!(!now.verify(b"hi", &signature).unwrap().is_current());
            assert_eq!(reason(now.verify(b"ho", &signature)), Some(Reason::Tag));
        }
    }

    #[test]
    fn f032_b077_a_retired_key_ends_at_the_second_its_grace_is_over() {
        let clock = clock();
        let old = ring(vec![(key("1"), KeyState::Current)], &clock).unwrap().sign(b"hi").unwrap();
        let since = clock.now();
        let keys = || vec![(key("1"), KeyState::Retiring { since }), (key("2"), KeyState::Current)];
        clock.advance(GRACE - Duration::from_secs(1));
        let now = ring(keys(), &clock).unwrap();
        assert!(now.verify(b"hi", &old).is_ok());
        clock.advance(Duration::from_secs(1));
        assert_eq!(
            reason(now.verify(b"hi", &old)),
            Some(Reason::Retired),
            "the ring was loaded before"
        );
    }

    #[test]
    fn b074_b075_another_purpose_is_another_signature() {
        let default = ring(vec![(key("1"), KeyState::Current)], &clock()).unwrap();
        let webhook = default.for_purpose("webhook").unwrap();
        let signature = webhook.sign(b"hi").unwrap();
        assert!(webhook.verify(b"hi", &signature).is_ok());
        assert_eq!(reason(default.verify(b"hi", &signature)), Some(Reason::Tag));
        assert!(default.for_purpose("Not A Purpose").is_err());
    }

    #[test]
    fn s43_b068_the_algorithm_is_the_keys_and_not_the_signatures() {
        let ring = ring(vec![(key("1"), KeyState::Current)], &clock()).unwrap();
        let forged = Signature::new(*key("1").id(), Algorithm::Ed25519, &[0; 64]).unwrap();
        assert_eq!(reason(ring.verify(b"hi", &forged)), Some(Reason::Alg));
        let unknown = Signature::new(*key("2").id(), Algorithm::Hs256, &[0; 32]).unwrap();
        assert_eq!(reason(ring.verify(b"hi", &unknown)), Some(Reason::UnknownKey));
    }

    #[test]
    fn s40_every_bit_of_a_tag_counts() {
        let ring = ring(vec![(key("1"), KeyState::Current)], &clock()).unwrap();
        let good = ring.sign(b"hi").unwrap();
        for bit in 0..256 {
            let mut tag = good.tag().to_vec();
            tag[bit / 8] ^= 1 << (bit % 8);
            let other = Signature::new(*good.key(), Algorithm::Hs256, &tag).unwrap();
            assert_eq!(reason(ring.verify(b"hi", &other)), Some(Reason::Tag), "bit {bit}");
        }
    }

    #[test]
    fn s41_unknown_retired_and_wrong_are_one_and_the_same_error_to_a_stranger() {
        let clock = clock();
        let since = clock.now() - GRACE;
        let keys = vec![(key("1"), KeyState::Current), (key("2"), KeyState::Retiring { since })];
        let ring = ring(keys, &clock).unwrap();
        let refused = |key: &SigningKey| {
            let forged = Signature::new(*key.id(), Algorithm::Hs256, &[0; 32]).unwrap();
            let error = ring.verify(b"hi", &forged).unwrap_err();
            (error.reason(), format!("{error} {error:?} {:?}", error.name()))
        };
        let [wrong, retired, unknown] = [key("1"), key("2"), key("3")].map(|key| refused(&key));
        let reasons = [wrong.0, retired.0, unknown.0];
        assert_eq!(reasons, [Reason::Tag, Reason::Retired, Reason::UnknownKey].map(Some));
        assert!(wrong.1 == retired.1 && retired.1 == unknown.1);
    }

    #[test]
    fn s49_a_ring_without_a_current_key_or_past_its_age_limit_refuses() {
        let clock = clock();
        let none = ring(vec![(key("1"), KeyState::Pending)], &clock).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::NotFound);
        for pass in [ManualClock::advance, ManualClock::suspend] {
            let ring = ring(vec![(key("1"), KeyState::Current)], &clock).unwrap();
            let signature = ring.sign(b"hi").unwrap();
            pass(&clock, Duration::from_secs(360));
            for error in
                [ring.sign(b"hi").unwrap_err(), ring.verify(b"hi", &signature).unwrap_err()]
            {
                assert_eq!(
                    (error.kind(), error.reason()),
                    (ErrorKind::Unavailable, Some(Reason::AgeLimit))
                );
            }
        }
    }

    #[test]
    fn the_same_key_in_several_versions_counts_once_with_its_best_state() {
        let clock = clock();
        let retired = |ago| KeyState::Retiring { since: clock.now() - Duration::from_secs(ago) };
        let keys = vec![
            (key("1"), retired(5)),
            (key("2"), retired(500)),
            (key("1"), KeyState::Current),
            (key("2"), retired(50)),
        ];
        let states: Vec<_> = ring(keys, &clock).unwrap().keys().collect();
        assert_eq!(states, [(*key("1").id(), KeyState::Current), (*key("2").id(), retired(50))]);
    }

    #[test]
    fn a_ring_holds_the_current_key_and_the_15_most_recently_retired() {
        let clock = clock();
        let retired = |ago| KeyState::Retiring { since: clock.now() - Duration::from_secs(ago) };
        let mut keys: Vec<_> = (1..=20).map(|n| (key(&n.to_string()), retired(n))).collect();
        keys.push((key("0"), KeyState::Current));
        let ring = ring(keys, &clock).unwrap();
        assert_eq!(ring.keys().count(), 16);
        assert!(
            ring.knows(key("0").id()) && ring.knows(key("15").id()) && !ring.knows(key("16").id())
        );
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        let ring = ring(vec![(key("1"), KeyState::Current)], &clock()).unwrap();
        assert!(!format!("{ring:?} {ring:#?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn f039_no_mutation_of_a_signature_verifies(
            message in proptest::collection::vec(any::<u8>(), 0..64), at in any::<usize>(), byte in any::<u8>(),
        ) {
            let ring = ring(vec![(key("1"), KeyState::Current), (key("2"), KeyState::Pending)], &clock()).expect("a ring");
            let text = ring.sign(&message).expect("fresh").to_string();
            let mut mutated = text.clone().into_bytes();
            let at = at % mutated.len();
            mutated[at] = byte;
            let verifies = String::from_utf8(mutated.clone()).ok()
                .and_then(|text| text.parse().ok())
                .is_some_and(|signature| ring.verify(&message, &signature).is_ok());
            prop_assert_eq!(verifies, mutated == text.as_bytes());
        }

        #[test]
        fn b078_no_other_message_verifies(one in proptest::collection::vec(0u8..4, 0..8), other in proptest::collection::vec(0u8..4, 0..8)) {
            let ring = ring(vec![(key("1"), KeyState::Current)], &clock()).expect("a ring");
            let signature = ring.sign(&one).expect("fresh");
            prop_assert_eq!(ring.verify(&other, &signature).is_ok(), one == other);
        }
    }
}
