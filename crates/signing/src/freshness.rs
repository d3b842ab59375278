//! How long keys are used.

use std::time::Duration;

use crate::ring::Limits;

/// How long keys are used before they are read again, and how long old ones are accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Freshness {
    /// How long loaded keys count as fresh. Default: 60 s.
    pub ttl: Duration,
    /// How long after that they may still be used while the provider fails. Default: 300 s; zero turns it
    /// off. Not extended by failed loads.
    pub max_stale: Duration,
    /// How long a retired key verifies, counted from its successor's activation. Default: 900 s, or twice
    /// the sum of the two above if that is more.
    pub grace: Duration,
    /// Least time between two loads that unknown key ids force. Default: 30 s.
    pub unknown_key_cooldown: Duration,
}

impl Freshness {
    /// With the default grace for these two.
    pub fn new(ttl: Duration, max_stale: Duration) -> Self {
        let grace = Duration::from_secs(900).max(ttl.saturating_add(max_stale).saturating_mul(2));
        Self { ttl, max_stale, grace, unknown_key_cooldown: Duration::from_secs(30) }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { age: self.ttl.saturating_add(self.max_stale), grace: self.grace }
    }
}

impl Default for Freshness {
    fn default() -> Self {
        Self::new(Duration::from_secs(60), Duration::from_secs(300))
    }
}
