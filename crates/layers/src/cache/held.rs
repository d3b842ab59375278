//! What is known of one key.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use strongroom_core::{Clock, Error, ErrorKind, Freshness, Moment};

use super::{Limits, Value};

/// A value that was loaded.
#[derive(Clone, Debug)]
pub(super) struct Held<V> {
    pub(super) value: V,
    /// When its load began, so that the age is never shorter than the truth.
    pub(super) loaded: Moment,
    /// Which call brought it: values of one call were in force together.
    pub(super) call: u64,
    pub(super) freshness: Freshness,
    /// It changed, as far as we know: it is read again before it is served.
    pub(super) overdue: bool,
}

impl<V: Value> Held<V> {
    pub(super) fn new(value: V, loaded: Moment, call: u64) -> Self {
        let freshness = Freshness::Fresh;
        let value = value.noted(loaded.wall(), freshness);
        Self { value, loaded, call, freshness, overdue: false }
    }

    /// Says that it is served because it could not be renewed; `false` if that was said before.
    pub(super) fn turn_stale(&mut self) -> bool {
        if self.freshness.is_stale() {
            return false;
        }
        self.freshness = Freshness::Stale;
        self.value = self.value.clone().noted(self.loaded.wall(), self.freshness);
        true
    }
}

/// The failed loads of a key since the last good one.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) at: Moment,
    /// How long nobody asks again.
    wait: Duration,
    /// How long the renewing task does not, for a name in use.
    renewal: Duration,
    /// How many came before it.
    earlier: usize,
}

impl Failure {
    /// After another failed load. An answer about the secret is believed for a short time; after any other
    /// failure the waits grow. `spread`, from 0 to 1, is that of the call: names that failed together are tried
    /// again together. `left` is how long the last value may still serve: an attempt before its end is not
    /// missed, whatever the waits have grown to.
    pub(super) fn after(
        last: Option<Self>,
        error: Error,
        at: Moment,
        limits: &Limits,
        spread: f64,
        left: Option<Duration>,
    ) -> Self {
        let earlier = last.map_or(0, |last| (last.earlier + 1).min(ENOUGH));
        let wait = match error.kind().is_authoritative() {
            true => limits.negative(),
            false => {
                let asked = error.retry_after().unwrap_or_default().min(LONGEST_ASKED);
                let wait = waits().nth(earlier).unwrap_or(LONGEST_WAIT);
                // A little apart from other processes that failed at the same time.
                let wait = wait.mul_f64(1.0 - 0.03 * spread);
                let last_chance = left.map(|left| left.saturating_sub(limits.attempt));
                let last_chance = last_chance.filter(|left| *left >= SHORTEST_WAIT);
                last_chance.map_or(wait, |left| wait.min(left)).max(asked)
            }
        };
        // What is gone for a moment is back soon; what is gone for good is not worth more calls than a renewal.
        let doublings = u32::try_from(earlier).unwrap_or_default();
        let renewal = match error.kind().is_authoritative() {
            true => wait.saturating_mul(1 << doublings).min(limits.ttl),
            false => wait,
        };
        Self { error, at, wait, renewal, earlier }
    }

    /// How long the renewing task waits before the next load.
    pub(super) fn renewal_left(&self, clock: &dyn Clock) -> Duration {
        self.renewal.saturating_sub(self.at.age(clock))
    }

    /// How long to wait before the next load; zero once it may be tried.
    pub(super) fn left(&self, clock: &dyn Clock) -> Duration {
        self.wait.saturating_sub(self.at.age(clock))
    }

    /// Whether nobody has asked again for so long that the next failure is a first one.
    pub(super) fn is_past(&self, clock: &dyn Clock) -> bool {
        self.at.age(clock) >= self.wait.saturating_add(LONGEST_WAIT)
    }

    /// The error, with the time from which on asking makes sense.
    pub(super) fn told(&self, clock: &dyn Clock) -> Error {
        self.error.clone().retold(self.left(clock))
    }
}

/// Whether a value of before may be used after this error, within its age: the error says nothing about the
/// secret, or that its new version cannot be used.
pub(super) fn keeps_the_last(kind: ErrorKind) -> bool {
    kind.allows_stale() || kind == ErrorKind::InvalidValue
}

/// From one second, doubled up to half a minute.
fn waits() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(SHORTEST_WAIT)
        .with_max_delay(LONGEST_WAIT)
        .without_max_times()
        .build()
}

/// After so many failures the wait is the longest one.
const ENOUGH: usize = 6;

const SHORTEST_WAIT: Duration = Duration::from_secs(1);

const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A provider that asks for more than this is asked again all the same.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use strongroom_core::SystemClock;

    use super::*;

    /// How many tenths of a second each of some failures in a row keeps the next load away.
    fn gates(errors: &[Error], spread: f64, left: Option<Duration>) -> Vec<u128> {
        let (at, limits) = (Moment::now(&SystemClock), Limits::default());
        let mut last = None;
        let mut gates = Vec::new();
        for error in errors {
            let failure = Failure::after(last, error.clone(), at, &limits, spread, left);
            gates.push(failure.wait.as_millis() / 100);
            last = Some(failure);
        }
        gates
    }

    fn down() -> Error {
        Error::new(ErrorKind::Unavailable, "down")
    }

    #[test]
    fn gates_double_from_a_second_to_half_a_minute_and_are_a_little_apart() {
        let errors = vec![down(); 8];
        assert_eq!(gates(&errors, 0.0, None), [10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(gates(&errors, 1.0, None), [9, 19, 38, 77, 155, 291, 291, 291]);
    }

    #[test]
    fn a_gate_is_as_wide_as_the_provider_asks_up_to_five_minutes() {
        let asking = |seconds| down().with_retry_after(Duration::from_secs(seconds));
        assert_eq!(gates(&[asking(0), asking(7), asking(100_000)], 0.0, None), [10, 70, 3_000]);
    }

    #[test]
    fn answers_about_the_secret_are_believed_for_five_seconds_however_often_they_come() {
        let absent = Error::new(ErrorKind::NotFound, "none");
        assert_eq!(gates(&vec![absent; 3], 0.0, None), [50, 50, 50]);
    }

    #[test]
    fn the_last_attempt_is_made_before_the_value_ends() {
        let left = |seconds| Some(Duration::from_secs(seconds));
        let errors = vec![down(); 6];
        assert_eq!(gates(&errors, 0.0, left(17)), [10, 20, 40, 80, 120, 120]);
        // Too late for that.
        assert_eq!(gates(&errors, 0.0, left(5)), [10, 20, 40, 80, 160, 300]);
    }
}
