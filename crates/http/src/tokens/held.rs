//! The token that is in use, and when something has to be done about it.

use std::time::Duration;

use strongroom_core::{Clock, Moment};

use super::{Lease, Token};

/// The token that is in use.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) token: Token,
    /// How often it may still be used, if that is limited.
    pub(super) uses_left: Option<u64>,
    /// The lease that its login was granted.
    pub(super) first: Duration,
    /// When it is to be renewed, counted from its lease.
    due: Duration,
    /// Since when, and how often, renewing it has failed.
    pub(super) failed: Option<(Moment, u32)>,
    /// When it came.
    pub(super) since: Moment,
    /// Whether a call with it was not refused, where that says something.
    pub(super) was_of_use: bool,
}

/// After which a token that somebody else made is asked about. One for a few uses is used up by then.
const FIRST_LOOK: Duration = Duration::from_secs(30);

/// Shortest and longest wait between two tries to renew.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

impl Held {
    /// A token that came now. `first` is the lease that it had when it was new.
    pub(super) fn new(token: Token, first: Option<Duration>, clock: &dyn Clock) -> Self {
        let granted = match token.lease() {
            Lease::Ends { length, .. } => length,
            _ => Duration::ZERO,
        };
        // Pods that start together must not renew together.
        let due = granted.mul_f64(2.0 / 3.0 - fastrand::f64() / 10.0);
        let first = first.unwrap_or_default().max(granted);
        let (uses_left, since) = (token.uses(), Moment::now(clock));
        Self { token, uses_left, first, due, failed: None, since, was_of_use: false }
    }

    /// How long nothing has to be done about it; `None` if nothing ever has to be.
    pub(super) fn next(&self, clock: &dyn Clock) -> Option<Duration> {
        if self.uses_left.is_some() || self.token.is_over(clock) {
            return None;
        }
        Some(match (self.failed, self.token.lease()) {
            (_, Lease::Endless) => return None,
            (Some((at, times)), lease) => {
                self.retry(lease, times, clock).saturating_sub(at.age(clock))
            }
            (None, Lease::Unknown) => FIRST_LOOK.saturating_sub(self.since.age(clock)),
            (None, Lease::Ends { since, .. }) => self.due.saturating_sub(since.age(clock)),
        })
    }

    /// Whether renewing does not help for long: another token should be had.
    pub(super) fn needs_login(&self) -> bool {
        match self.token.lease() {
            Lease::Ends { length, renewable, .. } => !renewable || length < self.first / 2,
            _ => false,
        }
    }

    pub(super) fn is_renewable(&self) -> bool {
        matches!(self.token.lease(), Lease::Ends { renewable: true, .. })
    }

    /// The wait after a failed try: doubled each time, and short enough for a few more before the end.
    fn retry(&self, lease: Lease, times: u32, clock: &dyn Clock) -> Duration {
        let wait = RETRY.0.saturating_mul(1 << times.min(10)).min(RETRY.1);
        let left = match lease {
            Lease::Ends { since, length, .. } => length.saturating_sub(since.age(clock)),
            _ => Duration::MAX,
        };
        wait.min((left / 4).max(RETRY.0))
    }
}
