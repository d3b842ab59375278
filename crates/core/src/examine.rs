//! What a provider can tell about its own set-up, for people who look for what is wrong.

use std::fmt::{self, Debug};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::{Error, ErrorKind, SecretName};

/// What `doctor` asks a provider: whether it can be reached, trusts us and is trusted, and which of that a
/// person should mend. A provider hands one out in [`Opened::examine`](crate::Opened::examine).
///
/// Nothing is changed by asking. Reading secrets and signing is checked by the `Secrets` handle, on every
/// provider alike.
#[async_trait]
pub trait Examine: Debug + Send + Sync + 'static {
    /// The checks that only this provider can make, in the order in which a person would: `network`, `tls`,
    /// `credential`, `clock`, `files`. Each name at most once. One of a later name, as `version`, adds to what the
    /// `Secrets` handle finds there.
    async fn examine(&self) -> Vec<Check>;

    /// How the versions of a signing key that were current before are found here, where there is more than one way:
    /// how well that goes, and a sentence. Default: there is one way, which the other checks are about.
    async fn overlap(&self, key: &SecretName) -> Option<(Outcome, String)> {
        let _ = key;
        None
    }
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

    /// `network` and `tls`: whether `place` can be asked. `fault` is why it cannot be; `None` if it has answered,
    /// whatever that was. `is_plain`: whether it is asked without TLS.
    pub fn way(place: &str, fault: Option<&Error>, is_plain: bool) -> [Self; 2] {
        let is_tls = |error: &Error| error.kind() == ErrorKind::TlsRejected;
        let network = match fault {
            Some(error) if !is_tls(error) => {
                let detail = match error.message().contains(place) {
                    true => error.to_string(),
                    false => format!("{place}: {error}"),
                };
                Self::new("network", Outcome::Fail, detail)
            }
            _ => Self::new("network", Outcome::Pass, format!("{place} answers")),
        };
        let tls = match fault {
            Some(error) if is_tls(error) => {
                Self::new("tls", Outcome::Fail, error.to_string()).critical()
            }
            _ if is_plain => Self::new("tls", Outcome::Skip, "plain http, to this machine only"),
            Some(_) => Self::new("tls", Outcome::Skip, "not checked, as nothing answers"),
            None => Self::new("tls", Outcome::Pass, "the certificate is trusted").critical(),
        };
        [network.critical(), tls]
    }

    /// `clock`: how far the time of this machine is from that of a provider. More than 5 s is a warning, as rotations
    /// allow for that; more than 300 s fails, which `depends` says why.
    pub fn clock(ours: SystemTime, theirs: SystemTime, depends: &str) -> Self {
        let skew = ours.duration_since(theirs).unwrap_or_else(|earlier| earlier.duration());
        let side = if ours > theirs { "ahead of" } else { "behind" };
        let detail = match skew <= Duration::from_secs(1) {
            true => "as the provider's, to the second".to_owned(),
            false => format!("clock skew {} s: {side} the provider's", skew.as_secs()),
        };
        let mut check = Self::new("clock", Outcome::Pass, detail);
        if skew > MOST_SKEW {
            check.add(Outcome::Fail, &format!("set the clock of this machine: {depends}"));
        } else if skew > GOOD_SKEW {
            check.add(Outcome::Warn, "let the machine keep the time (NTP)");
        }
        check
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

const GOOD_SKEW: Duration = Duration::from_secs(5);
const MOST_SKEW: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_told_with_what_is_wrong_on_it() {
        let outcomes = |fault: Option<&Error>, is_plain| {
            Check::way("https://canary", fault, is_plain).map(|check| check.outcome)
        };
        let down = Error::new(ErrorKind::Unavailable, "no answer");
        let tls = Error::new(ErrorKind::TlsRejected, "not trusted");
        assert_eq!(outcomes(None, false), [Outcome::Pass, Outcome::Pass]);
        assert_eq!(outcomes(None, true), [Outcome::Pass, Outcome::Skip]);
        assert_eq!(outcomes(Some(&down), false), [Outcome::Fail, Outcome::Skip]);
        assert_eq!(outcomes(Some(&tls), false), [Outcome::Pass, Outcome::Fail]);
        let [network, _] = Check::way("https://canary", Some(&down), false);
        assert_eq!(network.detail, "https://canary: no answer");
    }

    #[test]
    fn a_clock_that_is_off_is_told_on_its_side() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (ours, theirs, outcome, words) in [
            (1_000, 1_001, Outcome::Pass, "to the second"),
            (1_000, 1_005, Outcome::Pass, "5 s: behind"),
            (1_006, 1_000, Outcome::Warn, "6 s: ahead of"),
            (1_000, 1_301, Outcome::Fail, "301 s: behind"),
        ] {
            let check = Check::clock(at(ours), at(theirs), "canary");
            assert_eq!(check.outcome, outcome);
            assert!(check.detail.contains(words), "{check:?}");
        }
    }

    #[test]
    fn the_worst_finding_counts_and_all_are_told() {
        let mut check = Check::new("credential", Outcome::Pass, "accepted");
        check.add(Outcome::Warn, "never expires");
        check.add(Outcome::Pass, "renewable");
        assert_eq!(check.outcome, Outcome::Warn);
        assert_eq!(check.detail, "accepted; never expires; renewable");
    }
}
