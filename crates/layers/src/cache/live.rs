//! A handle that always shows the last value.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use strongroom_core::{Clock, Error, ErrorKind, Freshness, Moment, Reason, Result};
use tokio::sync::watch;

use super::attendance::Attendance;
use super::shown::{LiveRef, State};

/// Shows the last good value of one secret, renewed in the background. Cheap to clone.
///
/// Keeps its cache alive and renewing, also when everything else that used it is gone.
pub struct Live<T> {
    screen: Arc<Screen<T>>,
    changes: watch::Receiver<u64>,
    keeper: Arc<dyn Keeper>,
}

/// What renews, seen from a handle.
pub(super) trait Keeper: Send + Sync {
    /// Starts renewing again if the runtime that did so has ended.
    fn attend(&self) -> Result<()>;
}

impl<T> Live<T> {
    pub(super) fn new(screen: Arc<Screen<T>>, keeper: Arc<dyn Keeper>) -> Self {
        let changes = screen.changes.subscribe();
        Self { screen, changes, keeper }
    }

    /// The last good value: no lock, no allocation, no look at the clock.
    ///
    /// Who renews also ends a value that is past its age limit. When the runtime that renewed has ended, this
    /// looks at the clock itself. A runtime that exists and is not driven (a current-thread runtime outside
    /// of `block_on`) keeps no time: drive it, or read with an `async` call.
    ///
    /// # Errors
    /// `Unavailable`, with reason `age_limit` past the age limit, `invalidated` until a dropped value is read
    /// again, `closed` after shutdown; the provider's own answer if it says that the secret is gone or not
    /// ours to read.
    #[inline]
    pub fn load(&self) -> Result<LiveRef<'_, T>> {
        let shown = LiveRef::new(self.screen.state.load())?;
        if !self.screen.attendance.is_kept() {
            self.screen.check_age()?;
        }
        Ok(shown)
    }

    /// Waits until the value is another one than when this was last called (or since the handle was made).
    /// May be dropped at any time without missing a change.
    ///
    /// # Errors
    /// As [`load`](Self::load), once, when the value becomes unusable; the next call waits until it is usable
    /// again. After shutdown that of each call.
    pub async fn changed(&mut self) -> Result<()>
    where
        T: Send + Sync,
    {
        if let State::Unusable(error) = &**self.screen.state.load()
            && error.reason() == Some(Reason::Closed)
        {
            return Err(error.clone());
        }
        loop {
            // Taken first, so that no end is missed.
            let ended = self.screen.attendance.ended();
            self.keeper.attend()?;
            tokio::select! {
                // The sender is in the screen, which this handle holds.
                _ = self.changes.changed() => return self.load().map(drop),
                // The runtime that renewed ended: it goes on in this one.
                () = ended => {}
            }
        }
    }

    /// Whether the value is as new as it should be.
    pub fn freshness(&self) -> Freshness {
        match self.screen.stale.load(Ordering::Relaxed) {
            true => Freshness::Stale,
            false => Freshness::Fresh,
        }
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self {
            screen: self.screen.clone(),
            changes: self.changes.clone(),
            keeper: self.keeper.clone(),
        }
    }
}

impl<T> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("freshness", &self.freshness()).finish_non_exhaustive()
    }
}

/// What a handle and its clones look at.
pub(super) struct Screen<T> {
    state: ArcSwap<State<T>>,
    attendance: Arc<Attendance>,
    stale: AtomicBool,
    times: Mutex<Times>,
    changes: watch::Sender<u64>,
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
    fn check_age(&self) -> Result<()> {
        let loaded = self.times().loaded;
        match loaded.age(&*self.clock) < self.age {
            true => Ok(()),
            false => Err(past_age_limit(self.age)),
        }
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
    /// change to [`Live::changed`].
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

impl<T> Screen<T> {
    /// Shows something else. What was shown is returned.
    fn show(&self, state: State<T>, is_change: bool) -> Arc<State<T>> {
        let replaced = self.state.swap(Arc::new(state));
        if is_change {
            self.changes.send_modify(|count| *count += 1);
        }
        replaced
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
