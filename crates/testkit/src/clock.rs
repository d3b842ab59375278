//! A clock that a test moves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use strongroom_core::{Clock, SystemClock};

/// A clock that stands still until a test moves it. Clones show the same time.
///
/// ```
/// use std::time::Duration;
/// use strongroom_core::Clock;
/// use strongroom_testkit::ManualClock;
///
/// let clock = ManualClock::at(1_800_000_000);
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().duration_since(before).unwrap().as_secs(), 60);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Times>>);

#[derive(Debug)]
struct Times {
    wall: SystemTime,
    monotonic: Instant,
}

impl ManualClock {
    /// A clock that shows this time, in seconds since 1970.
    pub fn at(unix_seconds: u64) -> Self {
        let wall = UNIX_EPOCH + Duration::from_secs(unix_seconds);
        Self(Arc::new(Mutex::new(Times { wall, monotonic: SystemClock.monotonic() })))
    }

    /// Lets time pass, as on a machine that runs.
    pub fn advance(&self, by: Duration) {
        self.change(|times| {
            times.wall += by;
            times.monotonic += by;
        });
    }

    /// Lets the time of day pass only, as on a machine that sleeps.
    pub fn suspend(&self, by: Duration) {
        self.change(|times| times.wall += by);
    }

    /// Sets the time of day back, as an operator may.
    pub fn set_back(&self, by: Duration) {
        self.change(|times| times.wall -= by);
    }

    fn change(&self, change: impl FnOnce(&mut Times)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wall
    }

    fn monotonic(&self) -> Instant {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).monotonic
    }
}
