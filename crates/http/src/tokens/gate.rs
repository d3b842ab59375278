//! Not logging in too often.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use strongroom_core::{Clock, Error, ErrorKind, Moment};

/// Closed for a while after a login that failed.
#[derive(Debug, Default)]
pub(super) struct Gate {
    failure: Option<Failure>,
    backoff: Option<ExponentialBackoff>,
    refusals: u32,
}

#[derive(Debug)]
struct Failure {
    error: Error,
    at: Moment,
    wait: Duration,
}

impl Gate {
    /// The last failure, if it is too early for another login.
    pub(super) fn closed(&self, clock: &dyn Clock) -> Option<Error> {
        let left = self.left(clock);
        let failure = self.failure.as_ref().filter(|_| !left.is_zero())?;
        Some(told(&failure.error, left))
    }

    /// How long it stays closed.
    pub(super) fn left(&self, clock: &dyn Clock) -> Duration {
        let left = |failure: &Failure| failure.wait.saturating_sub(failure.at.age(clock));
        self.failure.as_ref().map(left).unwrap_or_default()
    }

    /// Whether the last login failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// A login failed. Gives the error to tell.
    pub(super) fn close(&mut self, error: Error, clock: &dyn Clock) -> Error {
        let wait = match counts_against_the_account(error.kind()) {
            true => {
                self.backoff = None;
                self.refusals += 1;
                if self.refusals == 1 { FIRST_REFUSAL } else { REFUSAL }
            }
            false => {
                self.refusals = 0;
                let backoff = self.backoff.get_or_insert_with(backoff);
                backoff.next().unwrap_or(LONGEST).max(error.retry_after().unwrap_or_default())
            }
        };
        let told = told(&error, wait);
        self.failure = Some(Failure { error, at: Moment::now(clock), wait });
        told
    }

    /// A login worked, or there are other credentials.
    pub(super) fn open(&mut self) {
        *self = Self::default();
    }
}

/// An outage passes by itself, and says when it is looked for again. For refused credentials somebody has to do
/// something, which ends the wait: whoever caches the error must not sit it out.
fn told(error: &Error, left: Duration) -> Error {
    match counts_against_the_account(error.kind()) {
        true => error.clone(),
        false => error.clone().retold(left),
    }
}

fn counts_against_the_account(kind: ErrorKind) -> bool {
    !kind.allows_stale() && kind != ErrorKind::Misconfigured
}

/// 1 s, doubled up to 30 s, each with a random part on top.
fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(LONGEST)
        .without_max_times()
        .with_jitter()
        .build()
}

const LONGEST: Duration = Duration::from_secs(30);

/// Servers lock an account after a few refused logins within some minutes; five in fifteen is the default of
/// HashiCorp Vault ("User lockout"). With these waits, no fifteen minutes see more than four of ours.
const FIRST_REFUSAL: Duration = Duration::from_secs(30);
const REFUSAL: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use strongroom_testkit::ManualClock;

    use super::*;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "no login")
    }

    #[test]
    fn case_45_refused_logins_never_lock_an_account_out() {
        let clock = ManualClock::at(1_800_000_000);
        let mut gate = Gate::default();
        let mut waits = Vec::new();
        for _ in 0..6 {
            let told = gate.close(error(ErrorKind::Unauthenticated), &clock);
            assert_eq!(told.retry_after(), None, "whoever mends it does not wait");
            waits.push(gate.left(&clock));
            assert!(gate.closed(&clock).is_some());
            clock.advance(gate.left(&clock));
            assert!(gate.closed(&clock).is_none());
        }
        for four in waits.windows(4) {
            assert!(four.iter().sum::<Duration>() > Duration::from_secs(900), "{four:?}");
        }
    }

    #[test]
    fn f059_an_outage_is_tried_again_soon_and_not_in_a_loop() {
        let clock = ManualClock::at(1_800_000_000);
        let mut gate = Gate::default();
        let mut longest = Duration::ZERO;
        for nth in 0..8 {
            let told = gate.close(error(ErrorKind::Unavailable), &clock);
            let wait = told.retry_after().unwrap();
            assert!(wait >= Duration::from_secs(1) && wait <= 2 * LONGEST, "{nth}: {wait:?}");
            longest = longest.max(wait);
            clock.advance(wait);
        }
        assert!(longest >= LONGEST, "{longest:?}");
        let asked = error(ErrorKind::Throttled).with_retry_after(Duration::from_secs(120));
        assert_eq!(gate.close(asked, &clock).retry_after().unwrap().as_secs(), 120);
    }
}
