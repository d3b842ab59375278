//! How often a process may ask its provider: faults.md, section 5.

use std::time::Duration;

use crate::{COOLDOWN, TTL};

/// Most attempts of a load.
const ATTEMPTS: usize = 3;

/// What a process may ask for in some time. Each load is one call, as long as the provider answers.
#[derive(Debug)]
pub(crate) struct Bound {
    healthy: usize,
    down: usize,
}

impl Bound {
    /// For so long, of which the provider was down for a part, with so many rotations.
    pub(crate) fn new(
        window: Duration,
        down: Duration,
        rotations: usize,
        meets_unknown_keys: bool,
    ) -> Self {
        let renewals = times(window, TTL.mul_f64(0.7));
        let forced = if meets_unknown_keys { times(window, COOLDOWN) } else { 0 };
        // Failing loads double their distance up to half a minute.
        let down = 6 + times(down, Duration::from_secs(30));
        Self { healthy: 1 + renewals + forced + rotations, down }
    }

    pub(crate) fn loads(&self) -> usize {
        self.healthy + self.down
    }

    /// A load that fails is attempted again.
    pub(crate) fn calls(&self) -> usize {
        self.healthy + ATTEMPTS * self.down
    }
}

/// How often a time fits into another, rounded up.
fn times(whole: Duration, part: Duration) -> usize {
    usize::try_from(whole.as_micros().div_ceil(part.as_micros())).expect("a small number")
}
