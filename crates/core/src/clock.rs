//! Time as a parameter.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use crate::BoxFuture;

/// Where the time comes from. Tests pass one that they move by hand.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time of day, for instants that are compared across machines: activation, grace, expiry.
    fn now(&self) -> SystemTime;

    /// A time that no one can set, for ages within this process.
    fn monotonic(&self) -> Instant;

    /// Both times to a few milliseconds, at a fraction of their cost: for the checks of every signature.
    /// `None`, the default, if there is no cheaper way than the exact ones.
    fn coarse(&self) -> Option<Coarse> {
        None
    }

    /// Completes when the time was moved by hand after this call, so that whoever waits for an instant looks
    /// again. Default: never, as time passes by itself.
    fn moved(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
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

    /// What the kernel noted at its last tick, at most 10 ms ago: `clock_gettime(2)`,
    /// `CLOCK_REALTIME_COARSE` and `CLOCK_MONOTONIC_COARSE`.
    #[cfg(target_os = "linux")]
    fn coarse(&self) -> Option<Coarse> {
        use rustix::time::{ClockId, clock_gettime};

        let since = |clock| Duration::try_from(clock_gettime(clock)).ok();
        let wall = SystemTime::UNIX_EPOCH.checked_add(since(ClockId::RealtimeCoarse)?)?;
        Some(Coarse { wall, monotonic: since(ClockId::MonotonicCoarse)? })
    }
}

/// Both times of a clock, read cheaply. Compared only with others of the same clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Coarse {
    wall: SystemTime,
    monotonic: Duration,
}

impl Coarse {
    /// The time of day, and the time since any fixed instant that no one can set.
    pub fn new(wall: SystemTime, monotonic: Duration) -> Self {
        Self { wall, monotonic }
    }

    /// The time of day.
    pub fn wall(self) -> SystemTime {
        self.wall
    }

    fn since(self, earlier: Self) -> Duration {
        let monotonic = self.monotonic.saturating_sub(earlier.monotonic);
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        monotonic.max(wall)
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
    coarse: Option<Coarse>,
}

impl Moment {
    /// This instant.
    pub fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic(), coarse: clock.coarse() }
    }

    /// The time of day that it was.
    pub fn wall(&self) -> SystemTime {
        self.wall
    }

    /// How long ago this was.
    pub fn age(&self, clock: &dyn Clock) -> Duration {
        let monotonic = clock.monotonic().saturating_duration_since(self.monotonic);
        let wall = clock.now().duration_since(self.wall).unwrap_or_default();
        monotonic.max(wall)
    }

    /// How long ago this was, to a few milliseconds where the clock can tell that more cheaply.
    pub fn coarse_age(&self, clock: &dyn Clock) -> Duration {
        match (clock.coarse(), self.coarse) {
            (Some(now), Some(then)) => now.since(then),
            _ => self.age(clock),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coarse_age_is_the_larger_of_the_two_clocks() {
        let at = |wall, monotonic| {
            Coarse::new(
                SystemTime::UNIX_EPOCH + Duration::from_secs(wall),
                Duration::from_secs(monotonic),
            )
        };
        let then = at(1_000, 50);
        for (now, seconds) in
            [(at(1_005, 55), 5), (at(1_005, 50), 5), (at(900, 55), 5), (at(900, 40), 0)]
        {
            assert_eq!(now.since(then).as_secs(), seconds, "{now:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_machine_tells_the_coarse_time_within_a_tick_of_the_exact_one() {
        let clock = SystemClock;
        let coarse = clock.coarse().expect("Linux has one").wall();
        let exact = clock.now();
        let apart = exact.duration_since(coarse).unwrap_or_default();
        assert!(apart < Duration::from_secs(5), "{apart:?}");
        assert!(Moment::now(&clock).coarse_age(&clock) < Duration::from_secs(5));
    }
}
