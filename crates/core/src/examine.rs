//! What a provider can tell about its own set-up, for people who look for what is wrong.

use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;

/// What `doctor` asks a provider: whether it can be reached, trusts us and is trusted, and which of that a
/// person should mend. A provider hands one out in [`Opened::examine`](crate::Opened::examine).
///
/// Nothing is changed by asking. Reading secrets and signing is checked by the `Secrets` handle, on every
/// provider alike.
#[async_trait]
pub trait Examine: Debug + Send + Sync + 'static {
    /// The checks that only this provider can make, in the order in which a person would: `network`, `tls`,
    /// `credential`, `clock`, `files`. Each name at most once.
    async fn examine(&self) -> Vec<Check>;
}

/// One check of a set-up: what was looked at, how it went, and what would be right.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Check {
    /// What was looked at: `network`, `credential`, `read`, ...
    pub name: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// What was found, and what would be right if that is something else. Never a value or a token.
    pub detail: String,
    /// How long it took, where it was asked of somebody.
    pub latency: Option<Duration>,
    /// Whether the service cannot do its work while this fails.
    pub critical: bool,
}

/// How a check went, from the best to the worst.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// It could not be made, or there is nothing to check.
    Skip,
    /// As it should be.
    Pass,
    /// It works, and a person should look at it.
    Warn,
    /// It does not work.
    Fail,
}

impl Outcome {
    /// The word of it: `pass`, `warn`, `fail`, `skip`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Check {
    /// A check that is not critical, of which this was found.
    pub fn new(name: &'static str, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { name, outcome, detail: detail.into(), latency: None, critical: false }
    }

    /// The same, without which the service cannot do its work.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }

    /// The same, with how long it took.
    #[must_use]
    pub fn took(mut self, latency: Duration) -> Self {
        self.latency = Some(latency);
        self
    }

    /// Adds a finding. The worst one counts.
    pub fn add(&mut self, outcome: Outcome, detail: &str) {
        self.outcome = self.outcome.max(outcome);
        if !self.detail.is_empty() {
            self.detail.push_str("; ");
        }
        self.detail.push_str(detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_counts_and_all_are_told() {
        let mut check = Check::new("credential", Outcome::Pass, "accepted");
        check.add(Outcome::Warn, "never expires");
        check.add(Outcome::Pass, "renewable");
        assert_eq!(check.outcome, Outcome::Warn);
        assert_eq!(check.detail, "accepted; never expires; renewable");
    }
}
