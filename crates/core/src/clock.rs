//! Time as a parameter.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// Where the time comes from. Tests pass one that they move by hand.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time of day, for instants that are compared across machines: activation, grace, expiry.
    fn now(&self) -> SystemTime;

    /// A time that no one can set, for ages within this process.
    fn monotonic(&self) -> Instant;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Instant {
        Instant::now()
    }
}

/// An instant on both clocks, so that an age survives a suspended machine and a clock that was set.
///
/// The age is the larger of the two: the monotonic clock may stand still while a machine sleeps, and the
/// time of day may be set back.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    wall: SystemTime,
    monotonic: Instant,
}

impl Moment {
    /// This instant.
    pub fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// How long ago this was.
    pub fn age(&self, clock: &dyn Clock) -> Duration {
        let monotonic = clock.monotonic().saturating_duration_since(self.monotonic);
        let wall = clock.now().duration_since(self.wall).unwrap_or_default();
        monotonic.max(wall)
    }
}
