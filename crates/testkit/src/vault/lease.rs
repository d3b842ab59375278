//! How long a token lasts, and how often it may be used.

use std::time::Duration;

use jiff::Timestamp;

/// The limits of a token. Default: no limit of its own, so it lasts 32 days and can be renewed within them.
///
/// ```
/// use std::time::Duration;
/// use strongroom_testkit::Lease;
///
/// let hour = Duration::from_secs(3_600);
/// let lease = Lease::default().ttl(hour).max_ttl(24 * hour);
/// # let _ = lease;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Lease {
    pub(super) ttl: Option<Duration>,
    pub(super) max_ttl: Option<Duration>,
    pub(super) period: Option<Duration>,
    pub(super) uses: u32,
    pub(super) batch: bool,
}

/// What a lease grants at some time.
pub(super) struct Grant {
    pub(super) ttl: Duration,
    /// That it is less than what was asked for.
    pub(super) warning: Option<String>,
}

/// What comes after the time in which a token can be renewed.
pub(super) struct PastMax;

impl Lease {
    /// How long it lasts without renewal, and what a renewal grants that asks for no time. In whole seconds.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// How long it lasts at most, counted from its start, however often it is renewed. In whole seconds.
    #[must_use]
    pub fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.max_ttl = Some(max_ttl);
        self
    }

    /// Makes it periodic: each renewal grants exactly this time, whatever it asks for, without an end.
    #[must_use]
    pub fn periodic(mut self, period: Duration) -> Self {
        self.period = Some(period);
        self
    }

    /// How many calls it may make. Zero, the default, is no limit.
    #[must_use]
    pub fn uses(mut self, uses: u32) -> Self {
        self.uses = uses;
        self
    }

    /// Makes it a batch token, which cannot be renewed.
    #[must_use]
    pub fn batch(mut self) -> Self {
        self.batch = true;
        self
    }

    /// # Panics
    /// On what a server refuses, too.
    pub(super) fn check(&self) {
        let limited = self.uses > 0 || self.period.is_some();
        assert!(!self.batch || !limited, "a batch token has neither uses nor a period");
        let capped = self.max_ttl.is_some_and(|max| self.ttl > Some(max));
        assert!(!capped, "the time to live is greater than the longest one");
    }

    /// What is granted at `now` to who asks for this, or for nothing in particular with zero.
    ///
    /// `explicit` is whether the longest time ends a periodic token too.
    pub(super) fn grant(
        &self,
        asked: Duration,
        explicit: bool,
        created: Timestamp,
        now: Timestamp,
    ) -> Result<Grant, PastMax> {
        let max = self.max_ttl.map_or(LONGEST, |max| max.min(LONGEST));
        let (mut ttl, mut warning) = (asked, None);
        let mut end = Some(created.as_second() + seconds(max));
        if let Some(period) = self.period {
            ttl = period.min(max);
            warning = (period > max).then(|| capped("period", period, max));
            end = end.filter(|_| explicit && self.max_ttl.is_some());
        } else if ttl.is_zero() {
            ttl = self.ttl.unwrap_or(LONGEST);
        }
        if let Some(end) = end {
            // Both times without their fractions: a server counts whole seconds here.
            let left = u64::try_from(end - now.as_second()).map_err(|_| PastMax)?;
            let left = Some(Duration::from_secs(left)).filter(|left| !left.is_zero());
            let left = left.ok_or(PastMax)?;
            if ttl > left {
                warning = Some(capped("TTL", ttl, left));
                ttl = left;
            }
        }
        Ok(Grant { ttl, warning })
    }
}

fn capped(what: &str, asked: Duration, max: Duration) -> String {
    let (asked, max) = (text(asked), text(max));
    format!(
        "{what} of \"{asked}\" exceeded the effective max_ttl of \"{max}\"; {what} value is capped accordingly"
    )
}

/// As the server writes it: `1h30m`, `59m59s`, `768h`.
fn text(span: Duration) -> String {
    let total = span.as_secs();
    let parts = [(total / 3_600, 'h'), (total / 60 % 60, 'm'), (total % 60, 's')];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn seconds(span: Duration) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(i64::MAX)
}

/// The server's default for `default_lease_ttl` and `max_lease_ttl`, 32 days.
pub(super) const LONGEST: Duration = Duration::from_secs(2_764_800);
