//! How long values are used.

use std::time::Duration;

/// How long what was loaded is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// How long a value counts as fresh. Default: 60 s. Names in use are read again once in this time.
    pub ttl: Duration,
    /// How long after that it may still be served while the provider fails. Default: 300 s; zero turns it
    /// off. No failed load extends it.
    pub max_stale: Duration,
    /// How long a renewal may take before a value that waits for it counts as stale. Default: 5 s, the
    /// deadline of an attempt.
    pub attempt: Duration,
    /// How long a caller waits for a load that is under way, its place in a queue included. The load goes on.
    /// Default: 10 s, the deadline of an operation.
    pub operation: Duration,
    /// For tests: draws the instants of renewals from this seed. Default: they differ in each process.
    pub seed: Option<u64>,
}

impl Limits {
    /// With these two, and the defaults for the rest.
    pub fn new(ttl: Duration, max_stale: Duration) -> Self {
        Self { ttl, max_stale, ..Self::default() }
    }

    /// The age at which a value is dropped, whatever fails.
    pub fn age(&self) -> Duration {
        self.ttl.saturating_add(self.max_stale)
    }

    /// The age from which a value that was not renewed counts as stale.
    pub(super) fn fresh(&self) -> Duration {
        self.ttl.saturating_add(self.attempt).min(self.age())
    }

    /// The time between two renewals: the TTL, or less where there is no stale window to finish one in.
    pub(super) fn period(&self) -> Duration {
        let early = self.attempt.saturating_sub(self.max_stale);
        self.ttl.saturating_sub(early).max(self.ttl / 2)
    }

    /// How long an answer about the secret itself (`NotFound` and the like) is remembered: 5 s, and never
    /// longer than a value.
    pub(super) fn negative(&self) -> Duration {
        Duration::from_secs(5).min(self.ttl)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(60),
            max_stale: Duration::from_secs(300),
            attempt: Duration::from_secs(5),
            operation: Duration::from_secs(10),
            seed: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_stale_window_renewals_come_before_the_value_ends() {
        let seconds = |ttl, stale| {
            let limits = Limits::new(Duration::from_secs(ttl), Duration::from_secs(stale));
            [limits.period(), limits.fresh(), limits.age()].map(|at| at.as_secs_f64())
        };
        assert_eq!(seconds(60, 300), [60.0, 65.0, 360.0]);
        assert_eq!(seconds(60, 0), [55.0, 60.0, 60.0]);
        assert_eq!(seconds(60, 3), [58.0, 63.0, 63.0]);
        assert_eq!(seconds(1, 0), [0.5, 1.0, 1.0]);
    }
}
