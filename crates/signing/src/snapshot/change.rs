//! How one snapshot of a key relates to the one before.

use std::time::SystemTime;

use strongroom_core::{Change, KeyId, SecretVersion};

use super::{CURRENT, KeySnapshot};
use crate::KeyState;
use crate::live_key::LiveKey;

/// Which key a version of the provider's held.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Seen {
    version: SecretVersion,
    created_at: Option<SystemTime>,
    key: KeyId,
}

impl Seen {
    pub(super) fn of(live: &LiveKey) -> Option<Self> {
        let version = live.version.clone()?;
        Some(Self { version, created_at: live.created_at, key: *live.key.id() })
    }

    /// Whether this is a version that was seen before, and holds another key now. A secret that was removed and
    /// made anew counts its versions from the start, so it has to be of the same time.
    fn contradicts(&self, other: &Self) -> bool {
        (&self.version, self.created_at) == (&other.version, other.created_at)
            && self.key != other.key
    }
}

impl KeySnapshot {
    /// How this, just read, relates to what was read before.
    ///
    /// - `Conflict`: a version that both know, of the same time, holds another key.
    /// - `Same`: the same key signs, and all keys are where they were.
    /// - `Older`: a key signs that was written before the one that signed, or that was retiring: the provider
    ///   rolled back, or a replica of it lags. Not so a key that was pending: its time had come.
    /// - `Newer`: anything else.
    pub fn change_from(&self, held: &Self) -> Change {
        let contradicts = |seen: &Seen| held.ring.seen.iter().any(|other| seen.contradicts(other));
        if self.ring.seen.iter().any(contradicts) {
            return Change::Conflict;
        }
        if self.current() == held.current() {
            let among_held = |(key, state)| held.state(&key) == Some(state);
            let same = self.live().len() == held.live().len() && self.keys().all(among_held);
            return if same { Change::Same } else { Change::Newer };
        }
        let went_back = match held.state(&self.current()) {
            Some(KeyState::Retiring { .. }) => true,
            Some(_) => false,
            None => self.written().zip(held.written()).is_some_and(|(this, held)| this < held),
        };
        if went_back { Change::Older } else { Change::Newer }
    }

    fn state(&self, key: &KeyId) -> Option<KeyState> {
        self.live().iter().find(|live| live.key.id() == key).map(|live| live.state)
    }

    /// When the current key was written.
    fn written(&self) -> Option<SystemTime> {
        self.live().get(CURRENT)?.created_at
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use strongroom_core::{Clock, Moment};
    use strongroom_testkit::ManualClock;

    use super::*;
    use crate::{KeyLimits, SigningKey};

    const NOW: u64 = 1_800_000_000;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn retiring(since: u64) -> KeyState {
        KeyState::Retiring { since: at(since) }
    }

    type Row<'a> = (&'a str, KeyState, Option<&'a str>, Option<u64>);

    fn snapshot(rows: &[Row<'_>]) -> KeySnapshot {
        let live = |(key, state, version, created): &Row<'_>| LiveKey {
            key: SigningKey::new(format!("canary-key-of-thirty-two-bytes-{key}").into())
                .expect("long enough"),
            state: *state,
            version: version.map(SecretVersion::from),
            created_at: created.map(at),
        };
        let clock = ManualClock::at(NOW);
        let limits = KeyLimits { age: Duration::from_secs(360), grace: Duration::from_secs(900) };
        let keys = rows.iter().map(live).collect();
        let clock: Arc<dyn Clock> = Arc::new(clock);
        KeySnapshot::new(keys, Moment::now(&*clock), limits, clock).expect("a current key")
    }

    use KeyState::{Current, Pending};

    #[test]
    fn what_was_read_is_the_same_newer_older_or_in_conflict() {
        let one = ("1", retiring(20), Some("1"), Some(10));
        let two = ("2", Current, Some("2"), Some(20));
        let held = [two, one];
        let next = ("3", Pending, Some("3"), Some(30));
        let table: &[(&str, &[Row<'_>], Change)] = &[
            ("nothing changed", &held, Change::Same),
            ("in another order", &[one, two], Change::Same),
            (
                "the same key, written once more",
                &[("2", Current, Some("3"), Some(30)), one],
                Change::Same,
            ),
            ("a key was published", &[two, next, one], Change::Newer),
            ("a retired key is gone", &[two], Change::Newer),
            (
                "a key was retired later than was said",
                &[two, ("1", retiring(25), Some("1"), Some(10))],
                Change::Newer,
            ),
            (
                "a rotation",
                &[("3", Current, Some("3"), Some(30)), ("2", retiring(30), Some("2"), Some(20))],
                Change::Newer,
            ),
            ("a rotation without times", &[("3", Current, Some("3"), None)], Change::Newer),
            (
                "an older key that is not known",
                &[("0", Current, Some("0"), Some(5))],
                Change::Older,
            ),
            (
                "the retiring key signs again",
                &[("1", Current, Some("1"), Some(10)), ("2", retiring(40), Some("2"), Some(20))],
                Change::Older,
            ),
            (
                "the retiring key was written anew",
                &[("1", Current, Some("3"), Some(40)), ("2", retiring(40), Some("2"), Some(20))],
                Change::Older,
            ),
            ("a replica lags", &[("1", Current, Some("1"), Some(10))], Change::Older),
            (
                "the version of the current key has another key",
                &[("3", Current, Some("2"), Some(20)), one],
                Change::Conflict,
            ),
            (
                "the version of a retiring key has another key",
                &[two, ("3", retiring(20), Some("1"), Some(10))],
                Change::Conflict,
            ),
            ("removed and made anew", &[("3", Current, Some("1"), Some(40))], Change::Newer),
        ];
        for (what, read, change) in table {
            assert_eq!(snapshot(read).change_from(&snapshot(&held)), *change, "{what}");
        }
    }

    #[test]
    fn a_pending_key_that_signs_is_newer_whenever_it_was_written() {
        let held =
            snapshot(&[("2", Current, Some("2"), Some(20)), ("1", Pending, Some("1"), Some(10))]);
        let read = snapshot(&[
            ("1", Current, Some("1"), Some(10)),
            ("2", retiring(40), Some("2"), Some(20)),
        ]);
        assert_eq!(read.change_from(&held), Change::Newer);
    }

    #[test]
    fn keys_of_a_set_have_no_versions_to_be_in_conflict() {
        let held = snapshot(&[("2", Current, None, Some(20)), ("1", retiring(20), None, Some(20))]);
        let next = snapshot(&[("3", Current, None, Some(30)), ("2", retiring(30), None, Some(30))]);
        assert_eq!(next.change_from(&held), Change::Newer);
        assert_eq!(held.change_from(&next), Change::Older);
        assert_eq!((held.version(), held.change_from(&held)), (None, Change::Same));
    }

    #[test]
    fn f130_a_version_is_in_conflict_although_another_one_holds_its_key_too() {
        let held = snapshot(&[
            ("1", Current, Some("3"), Some(30)),
            ("1", retiring(20), Some("1"), Some(10)),
        ]);
        let read = snapshot(&[
            ("1", Current, Some("3"), Some(30)),
            ("2", retiring(20), Some("1"), Some(10)),
        ]);
        assert_eq!(read.change_from(&held), Change::Conflict);
    }
}
