//! How many passed and how many failed.

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;

/// Results counted, of one step or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests or checks that did what they should.
    pub(crate) passed: u64,
    /// Tests or checks that did not, or that never got to say.
    pub(crate) failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        let mut total = Self::default();
        for tally in tallies {
            total += tally;
        }
        total
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}
