//! Not logging in too often.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use strongroom_core::{Clock, Error, ErrorKind, Moment};

/// Closed for a while after a login that failed.
#[derive(Debug)]
pub(super) struct Gate {
    locks_out: bool,
    failure: Option<Failure>,
    backoff: Option<ExponentialBackoff>,
    /// Since a login has brought a token that was of use.
    refusals: u32,
}

#[derive(Debug)]
struct Failure {
    error: Error,
    at: Moment,
    wait: Duration,
}

impl Gate {
    /// Open. `locks_out`: whether the server locks an account after a few refused logins.
    pub(super) fn new(locks_out: bool) -> Self {
        Self { locks_out, failure: None, backoff: None, refusals: 0 }
    }

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
        if counts_against_the_account(error.kind()) {
            let wait = if self.locks_out { self.rare() } else { LONGEST };
            return self.close_for(wait, error, clock);
        }
        let backoff = self.backoff.get_or_insert_with(backoff);
        let wait = backoff.next().unwrap_or(LONGEST);
        self.close_for(wait.max(error.retry_after().unwrap_or_default()), error, clock)
    }

    /// Logins work and are of no use. Each leaves a token on the server, so there are few.
    pub(super) fn close_as_useless(&mut self, error: Error, clock: &dyn Clock) -> Error {
        let wait = self.rare();
        self.close_for(wait, error, clock)
    }

    fn close_for(&mut self, wait: Duration, error: Error, clock: &dyn Clock) -> Error {
        let told = told(&error, wait);
        self.failure = Some(Failure { error, at: Moment::now(clock), wait });
        told
    }

    /// A login worked, or there are other credentials to try. What was refused before still counts: other
    /// credentials may be those of the same account.
    pub(super) fn open(&mut self) {
        (self.failure, self.backoff) = (None, None);
    }

    /// A token has been of use.
    pub(super) fn trust(&mut self) {
        self.refusals = 0;
    }

    /// The wait after one more refusal.
    fn rare(&mut self) -> Duration {
        self.backoff = None;
        self.refusals = self.refusals.saturating_add(1);
        match self.refusals {
            0..=1 => LONGEST,
            2..=3 => REFUSED_AGAIN,
            _ => FORGOTTEN,
        }
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

/// Longest wait where nothing is lost by another try.
const LONGEST: Duration = Duration::from_secs(30);

/// HashiCorp Vault and OpenBao lock an account at the fifth refused login for 15 minutes, and forget the ones
/// before only after 15 minutes without any ("User lockout"). So there are four at most, and from then on so long
/// a wait before each that it is the first again.
const REFUSED_AGAIN: Duration = Duration::from_secs(300);
const FORGOTTEN: Duration = Duration::from_secs(960);

#[cfg(test)]
mod tests {
    use strongroom_testkit::ManualClock;

    use super::*;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "no login")
    }

    /// The most refusals that the server counts while logins are made whenever the gate opens.
    fn counted(gate: &mut Gate, kinds: impl Iterator<Item = ErrorKind>) -> u32 {
        let clock = ManualClock::at(1_800_000_000);
        let (mut counted, mut most, mut quiet) = (0, 0, Duration::ZERO);
        for kind in kinds {
            if kind == ErrorKind::Unauthenticated {
                counted = if quiet > Duration::from_secs(900) { 1 } else { counted + 1 };
                quiet = Duration::ZERO;
            }
            most = most.max(counted);
            gate.close(error(kind), &clock);
            let left = gate.left(&clock);
            assert!(gate.closed(&clock).is_some());
            quiet += left;
            clock.advance(left);
            assert!(gate.closed(&clock).is_none());
        }
        most
    }

    #[test]
    fn case_45_refused_logins_never_lock_an_account_out() {
        let refused = std::iter::repeat_n(ErrorKind::Unauthenticated, 50);
        assert_eq!(counted(&mut Gate::new(true), refused), 4);
    }

    #[test]
    fn case_45_outages_between_refusals_do_not_make_them_more() {
        let half_broken = [ErrorKind::Unauthenticated, ErrorKind::Unavailable];
        let kinds = half_broken.into_iter().cycle().take(200);
        assert!(counted(&mut Gate::new(true), kinds) <= 4);
    }

    #[test]
    fn where_no_account_is_locked_a_mended_role_is_found_soon() {
        let clock = ManualClock::at(1_800_000_000);
        let mut gate = Gate::new(false);
        for _ in 0..10 {
            let told = gate.close(error(ErrorKind::Unauthenticated), &clock);
            assert_eq!(told.retry_after(), None, "whoever mends it does not wait");
            assert_eq!(gate.left(&clock), LONGEST);
        }
    }

    #[test]
    fn refusals_are_counted_until_a_token_is_of_use() {
        let clock = ManualClock::at(1_800_000_000);
        let mut gate = Gate::new(true);
        gate.close(error(ErrorKind::Unauthenticated), &clock);
        gate.open();
        gate.close(error(ErrorKind::Unauthenticated), &clock);
        assert_eq!(gate.left(&clock), REFUSED_AGAIN);
        gate.open();
        gate.trust();
        gate.close(error(ErrorKind::Unauthenticated), &clock);
        assert_eq!(gate.left(&clock), LONGEST);
    }

    #[test]
    fn f059_an_outage_is_tried_again_soon_and_not_in_a_loop() {
        let clock = ManualClock::at(1_800_000_000);
        let mut gate = Gate::new(true);
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
