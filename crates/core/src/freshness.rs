//! Whether what was read is as new as it should be.

/// How it stands with the time of a value that a cache holds.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Freshness {
    /// Within its TTL and the attempt that renews it, or just read.
    #[default]
    Fresh,
    /// Past its TTL and served because it could not be read again, for a reason that says nothing about the
    /// secret. Ends at the age limit (TTL plus stale window), which no failed read moves.
    Stale,
}

impl Freshness {
    /// Whether it is past its TTL.
    pub fn is_stale(self) -> bool {
        self == Self::Stale
    }
}

/// How a value that was just read relates to the one held before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// It is the same.
    Same,
    /// It is another one, as far as can be told a later one.
    Newer,
    /// It was written before the one held: the provider rolled back, or a replica of it lags.
    Older,
    /// It has the version and the time of the one held, and other bytes. No provider does that on purpose.
    Conflict,
}
