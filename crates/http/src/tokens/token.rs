//! A token, and how long it lives.

use std::time::Duration;

use strongroom_core::{Clock, Moment, SecretValue};

/// A token as a server hands it out. Clones share its bytes, which are wiped with the last one.
#[derive(Clone, Debug)]
pub struct Token {
    value: SecretValue,
    lease: Lease,
    uses: Option<u64>,
}

/// How long a token lives.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Lease {
    /// Nobody has asked yet: somebody else made the token.
    Unknown,
    /// It does not end by itself.
    Endless,
    /// It ends.
    Ends {
        /// When it was asked for: by our clock, before the request went out.
        since: Moment,
        /// How long it lives from then on, as the server granted it.
        length: Duration,
        /// Whether it can be made to live longer. If not, another one is asked for in time.
        renewable: bool,
    },
}

impl Token {
    /// A token that may be used as often as one likes.
    pub fn new(value: SecretValue, lease: Lease) -> Self {
        Self { value, lease, uses: None }
    }

    /// The same, for this number of uses: it is handed out so often, and asking about it, or renewing it, would
    /// take one of them.
    #[must_use]
    pub fn limited(mut self, uses: u64) -> Self {
        self.uses = Some(uses);
        self
    }

    /// The token itself, to be sent.
    pub fn value(&self) -> &SecretValue {
        &self.value
    }

    /// How long it lives.
    pub fn lease(&self) -> Lease {
        self.lease
    }

    /// How often it may be used when it is new; `None` if as often as one likes.
    pub fn uses(&self) -> Option<u64> {
        self.uses
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.value.ct_eq(&other.value)
    }

    pub(super) fn is_over(&self, clock: &dyn Clock) -> bool {
        matches!(self.lease, Lease::Ends { since, length, .. } if since.age(clock) >= length)
    }
}
