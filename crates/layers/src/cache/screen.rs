//! What a handle looks at, and how news of a key come there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use strongroom_core::{Clock, Error, ErrorKind, Freshness, Moment, Reason, Result};
use tokio::sync::watch;

use super::attendance::Attendance;
use super::shown::State;

/// What a handle and its clones look at.
pub(super) struct Screen<T> {
    pub(super) state: ArcSwap<State<T>>,
    pub(super) attendance: Arc<Attendance>,
    pub(super) stale: AtomicBool,
    times: Mutex<Times>,
    pub(super) changes: watch::Sender<u64>,
    clock: Arc<dyn Clock>,
    age: Duration,
}

struct Times {
    /// The last other value, or error, that came; an older one that comes later is none.
    news: u64,
    /// The last time that a value was said to be the same. That may come before the value itself, whose reader
    /// takes its time.
    same: u64,
    loaded: Moment,
    /// A newer value was refused: what is shown does not get younger with it.
    behind: bool,
}

impl<T> Screen<T> {
    pub(super) fn new(attendance: Arc<Attendance>, clock: Arc<dyn Clock>, age: Duration) -> Self {
        let loaded = Moment::now(&*clock);
        Self {
            state: ArcSwap::from_pointee(State::Unusable(Error::new(
                ErrorKind::Unavailable,
                "the secret is not read yet",
            ))),
            attendance,
            stale: AtomicBool::new(false),
            times: Mutex::new(Times { news: 0, same: 0, loaded, behind: false }),
            changes: watch::Sender::new(0),
            clock,
            age,
        }
    }

    #[cold]
    pub(super) fn check_age(&self) -> Result<()> {
        let loaded = self.times().loaded;
        match loaded.age(&*self.clock) < self.age {
            true => Ok(()),
            false => Err(past_age_limit(self.age)),
        }
    }

    /// Shows something else. What was shown is returned.
    fn show(&self, state: State<T>, is_change: bool) -> Arc<State<T>> {
        let replaced = self.state.swap(Arc::new(state));
        if is_change {
            self.changes.send_modify(|count| *count += 1);
        }
        replaced
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// News of a key for whoever shows it.
pub(super) enum News<V> {
    /// Another value.
    Value { value: V, loaded: Moment, freshness: Freshness },
    /// The same value was read again, or turned stale.
    Same { value: V, loaded: Moment, freshness: Freshness },
    /// There is no value that may be used.
    Unusable(Error),
}

impl<V> News<V> {
    fn is_stale(&self) -> bool {
        match self {
            Self::Value { freshness, .. } | Self::Same { freshness, .. } => freshness.is_stale(),
            Self::Unusable(_) => false,
        }
    }
}

/// Where news of a key are sent.
pub(super) trait Feed<V>: Send + Sync {
    /// Takes news, numbered in the order in which they happened.
    ///
    /// # Errors
    /// That of the reader that refuses the value; the one of before is shown on.
    fn tell(&self, number: u64, news: &News<V>) -> Result<()>;

    /// Ends a value that is past its age limit because newer ones were refused.
    fn expire(&self);
}

/// For which values the function of a handle is called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Follow {
    /// For each one that differs from the one before.
    Changes,
    /// Also for the same value that was read again or turned stale: for types that tell their age. That is no
    /// change to [`Live::changed`](super::Live::changed).
    Renewals,
}

/// What makes of a value what a handle shows.
pub(super) type Parse<V, T> = Box<dyn Fn(&V) -> Result<T> + Send + Sync>;

/// Makes of each value what a handle shows.
pub(super) struct Reader<V, T> {
    pub(super) screen: Arc<Screen<T>>,
    pub(super) follow: Follow,
    pub(super) parse: Parse<V, T>,
}

impl<V, T: Send + Sync> Feed<V> for Reader<V, T> {
    fn tell(&self, number: u64, news: &News<V>) -> Result<()> {
        // The user's code runs before the lock is taken.
        let parsed = match news {
            News::Value { value, .. } => Some(self.parse(value)),
            News::Same { value, .. } if self.follow == Follow::Renewals => Some(self.parse(value)),
            _ => None,
        };
        let screen = &self.screen;
        let mut times = screen.times();
        let is_same = matches!(news, News::Same { .. });
        if number <= times.news || (is_same && number <= times.same) {
            return Ok(());
        }
        let is_latest = number > times.same;
        let was_usable = matches!(**screen.state.load(), State::Usable(_));
        match is_same {
            true => times.same = number,
            false => times.news = number,
        }
        let replaced = match (news, parsed) {
            (News::Unusable(error), _) => {
                // Who was told that it is unusable waits until it is usable again, or never will be.
                let is_end = error.reason() == Some(Reason::Closed);
                Some(screen.show(State::Unusable(error.clone()), was_usable || is_end))
            }
            (News::Value { loaded, .. } | News::Same { loaded, .. }, Some(Ok(value))) => {
                times.behind = false;
                if is_latest {
                    times.loaded = *loaded;
                    screen.stale.store(news.is_stale(), Ordering::Relaxed);
                }
                Some(screen.show(State::Usable(value), !is_same || !was_usable))
            }
            (_, Some(Err(error))) => {
                let is_known = is_same && times.behind;
                times.behind = true;
                screen.stale.store(true, Ordering::Relaxed);
                return if is_known { Ok(()) } else { Err(error) };
            }
            (News::Value { loaded, .. } | News::Same { loaded, .. }, None) => {
                if !times.behind {
                    times.loaded = *loaded;
                    screen.stale.store(news.is_stale(), Ordering::Relaxed);
                }
                None
            }
        };
        // What the user made is dropped without the lock.
        drop(times);
        drop(replaced);
        Ok(())
    }

    fn expire(&self) {
        let mut times = self.screen.times();
        let usable = matches!(**self.screen.state.load(), State::Usable(_));
        if usable && times.behind && times.loaded.age(&*self.screen.clock) >= self.screen.age {
            times.behind = false;
            let ended = State::Unusable(past_age_limit(self.screen.age));
            let replaced = self.screen.show(ended, true);
            drop(times);
            drop(replaced);
        }
    }
}

impl<V, T> Reader<V, T> {
    fn parse(&self, value: &V) -> Result<T> {
        catch_unwind(AssertUnwindSafe(|| (self.parse)(value))).unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Internal, "the reader of the value panicked"))
        })
    }
}

/// What is said once a value is too old to be used.
pub(super) fn past_age_limit(age: Duration) -> Error {
    let message = format!(
        "the last good value is older than {} s (TTL plus SECRETS_MAX_STALE_SECONDS) and could not be read again",
        age.as_secs_f64()
    );
    Error::new(ErrorKind::Unavailable, message).with_reason(Reason::AgeLimit)
}
