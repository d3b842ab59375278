//! A clock that a test moves.

use std::future::pending;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use strongroom_core::{BoxFuture, Clock, SystemClock};
use tokio::sync::watch;

/// A clock that stands still until a test moves it. Clones show the same time.
///
/// Whoever waits with [`Clock::moved`] is woken by each move, also by one of zero, and by no other clock.
/// What it does not do: move tokio's timer, or wait until those that it woke have looked.
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
pub struct ManualClock(watch::Sender<Times>);

#[derive(Debug)]
struct Times {
    wall: SystemTime,
    monotonic: Instant,
}

impl ManualClock {
    /// A clock that shows this time, in seconds since 1970.
    pub fn at(unix_seconds: u64) -> Self {
        let wall = UNIX_EPOCH + Duration::from_secs(unix_seconds);
        Self(watch::Sender::new(Times { wall, monotonic: SystemClock.monotonic() }))
    }

    /// Lets time pass, as on a machine that runs.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|times| {
            times.wall += by;
            times.monotonic += by;
        });
    }

    /// Lets the time of day pass only, as on a machine that sleeps.
    pub fn suspend(&self, by: Duration) {
        self.0.send_modify(|times| times.wall += by);
    }

    /// Sets the time of day back, as an operator may.
    pub fn set_back(&self, by: Duration) {
        self.0.send_modify(|times| times.wall -= by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.0.borrow().wall
    }

    fn monotonic(&self) -> Instant {
        self.0.borrow().monotonic
    }

    fn moved(&self) -> BoxFuture<'static, ()> {
        // Subscribed here and not in the future: a move between this call and the first poll counts.
        let mut moves = self.0.subscribe();
        Box::pin(async move {
            // Nobody can move a clock whose last clone is gone.
            if moves.changed().await.is_err() {
                pending::<()>().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};
    use std::thread;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn is_ready(moved: &mut BoxFuture<'static, ()>) -> bool {
        moved.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn every_move_completes_a_wait_that_began_before_it() {
        let moves: [fn(&ManualClock, Duration); 3] =
            [ManualClock::advance, ManualClock::suspend, ManualClock::set_back];
        for by in [SECOND, Duration::ZERO] {
            for change in moves {
                let clock = ManualClock::at(1_800_000_000);
                let mut moved = clock.moved();
                assert!(!is_ready(&mut moved), "nothing moved yet");
                change(&clock.clone(), by);
                assert!(is_ready(&mut moved));
            }
        }
    }

    #[test]
    fn a_wait_begins_with_the_call_and_not_with_the_first_poll() {
        let clock = ManualClock::at(1_800_000_000);
        let mut moved = clock.moved();
        clock.advance(SECOND);
        assert!(is_ready(&mut moved));
    }

    #[test]
    fn a_move_before_the_call_does_not_count() {
        let clock = ManualClock::at(1_800_000_000);
        clock.advance(SECOND);
        let mut moved = clock.moved();
        assert!(!is_ready(&mut moved));
        ManualClock::at(1_800_000_000).advance(SECOND);
        assert!(!is_ready(&mut moved), "that was another clock");
    }

    #[test]
    fn a_clock_that_is_gone_is_never_moved() {
        let clock = ManualClock::at(1_800_000_000);
        let (mut before, mut after) = (clock.moved(), clock.moved());
        assert!(!is_ready(&mut before));
        drop(clock);
        assert!(!is_ready(&mut before));
        assert!(!is_ready(&mut after));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_move_wakes_tasks_of_other_threads_and_they_see_its_time() {
        let clock = ManualClock::at(1_800_000_000);
        let until = clock.now() + SECOND;
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let (clock, moved) = (clock.clone(), clock.moved());
                tokio::spawn(async move {
                    moved.await;
                    clock.now()
                })
            })
            .collect();
        thread::spawn(move || clock.advance(SECOND)).join().unwrap();
        for seen in waiting {
            assert_eq!(seen.await.unwrap(), until);
        }
    }
}
