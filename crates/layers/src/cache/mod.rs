//! Keeping what was loaded, as long as it may be used.

mod ad_hoc;
mod aftermath;
mod attendance;
mod event;
mod flights;
mod force;
mod forget;
mod held;
mod land;
mod limits;
mod live;
mod load;
mod read;
mod read_many;
mod renew;
mod screen;
mod shared;
mod shown;
mod slot;
mod source;
mod status;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{Clock, Result};

pub use self::force::{Nudged, Reloaded};
pub use self::limits::Limits;
pub use self::live::Live;
pub use self::screen::Follow;
pub use self::shown::{LiveRef, Ref};
pub use self::source::{Source, Value};
pub use self::status::Status;

use self::held::Held;
use self::live::Keeper;
use self::read::{Ask, closed};
use self::screen::{Feed, News, Reader, Screen};
use self::shared::Shared;

/// Holds what a [`Source`] gives, renews what is in use, and carries it through outages. Cheap to clone.
///
/// - Names **in use** (watched, declared, or read twice within a TTL) are read without a lock from a
///   snapshot, and are renewed together by one task once a TTL, so that no reader waits. The first renewal
///   comes at a random time within the TTL. Of names that are read once, the last 1,000 are kept, and loaded
///   anew past their TTL.
/// - At most **one load** of a key is under way. It is a task of its own: a caller that goes away stops
///   nothing, and a panic ends in it. A load that began before an invalidation counts for those only who
///   waited for it.
/// - A failed load **keeps the last value** if its kind says nothing about the secret
///   ([`ErrorKind::allows_stale`](strongroom_core::ErrorKind::allows_stale)), or that its new version cannot
///   be used, up to the age limit that no failed load moves. Any other kind drops it.
/// - Failed loads of a key are about a second apart, doubled up to half a minute. Answers about the
///   secret itself (`NotFound` and the like) are believed for 5 seconds.
///
/// Past its age limit a value is dropped, and wiped within a second unless somebody holds it still.
pub struct Cache<S: Source>(Arc<Shared<S>>);

impl<S: Source> Cache<S> {
    /// An empty one. Nothing is loaded before it is asked for.
    pub fn new(source: S, limits: Limits, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Shared::new(source, limits, clock)))
    }

    /// Reads a key: from what is held, or by one load for all who ask. `text` is what finds it in
    /// [`cached`](Self::cached) once it is in use.
    ///
    /// # Errors
    /// That of the load, or of the last one if it failed a moment ago; `Misconfigured` outside of a tokio
    /// runtime; `Unavailable` (reason `closed`) after shutdown.
    pub async fn get(
        &self,
        key: &S::Key,
        text: Option<&str>,
        max_age: Option<Duration>,
    ) -> Result<S::Value> {
        let runtime = self.0.attend()?;
        let ask = Ask { key, text, max_age, at: self.0.now(), is_asked: false };
        self.0.read(&runtime, &ask).await
    }

    /// Reads several keys: one result a key, in their order, as [`get`](Self::get). From a source that
    /// batches, all come from one call.
    pub async fn get_many(
        &self,
        keys: &[(S::Key, Option<&str>)],
        max_age: Option<Duration>,
    ) -> Vec<Result<S::Value>> {
        let at = self.0.now();
        match self.0.attend() {
            Ok(runtime) => {
                let mut asks: Vec<_> = keys
                    .iter()
                    .map(|(key, text)| Ask { key, text: *text, max_age, at, is_asked: false })
                    .collect();
                self.0.read_many(&runtime, &mut asks).await
            }
            Err(error) => keys.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// A clone of the value in use that a text finds, if it is as new as it should be. Takes no lock,
    /// allocates nothing, and looks at the coarse clock only.
    #[inline]
    pub fn hit(&self, text: &str) -> Option<S::Value> {
        let shared = &*self.0;
        let snapshot = shared.snapshot.load();
        let place = snapshot.find(text)?;
        let term = snapshot.term(place)?;
        let in_time = term.loaded.coarse_age(&*shared.clock) < term.limit;
        if in_time && shared.attendance.is_kept() { snapshot.at(place).cloned() } else { None }
    }

    /// The value in use that a text finds, borrowed: no lock, no allocation, no look at the clock.
    #[inline]
    pub fn cached(&self, text: &str) -> Option<Ref<'_, S::Value>> {
        let shared = &*self.0;
        let snapshot = shared.snapshot.load();
        let place = snapshot.find(text)?;
        if !shared.attendance.is_kept()
            && snapshot.term(place)?.loaded.age(&*shared.clock) >= shared.limits.age()
        {
            return None;
        }
        Some(Ref::new(snapshot, place))
    }

    /// A handle that always shows the last value, as `parse` reads it. A new value that it refuses, or
    /// panics at, is logged, and the one of before stays up to its age limit.
    ///
    /// # Errors
    /// As [`get`](Self::get), and that of `parse`.
    pub async fn watch<T: Send + Sync + 'static>(
        &self,
        key: &S::Key,
        text: Option<&str>,
        follow: Follow,
        parse: impl Fn(&S::Value) -> Result<T> + Send + Sync + 'static,
    ) -> Result<Live<T>> {
        self.get(key, None, None).await?;
        self.attach(key, text, follow, parse)
    }

    /// As [`watch`](Self::watch), without waiting: if nothing is held now, the handle shows an error until it is
    /// read.
    ///
    /// # Errors
    /// That of `parse`; `Unavailable` (reason `closed`) after shutdown.
    pub fn attach<T: Send + Sync + 'static>(
        &self,
        key: &S::Key,
        text: Option<&str>,
        follow: Follow,
        parse: impl Fn(&S::Value) -> Result<T> + Send + Sync + 'static,
    ) -> Result<Live<T>> {
        let shared = &self.0;
        let (attendance, clock) = (shared.attendance.clone(), shared.clock.clone());
        let screen = Arc::new(Screen::new(attendance, clock, shared.limits.age()));
        let reader = Reader { screen: screen.clone(), follow, parse: Box::new(parse) };
        let feed: Arc<dyn Feed<S::Value>> = Arc::new(reader);
        let (number, held) = {
            let mut table = shared.table();
            if table.closed {
                return Err(closed());
            }
            let is_new = shared.put_in_use(&mut table, key, text);
            let slot = table.slot(key, text);
            slot.feed(&feed);
            let held = slot.held.clone();
            table.news += 1;
            if is_new {
                shared.wake.notify_one();
            }
            (table.news, held)
        };
        if let Some(held) = held {
            let Held { value, loaded, freshness, .. } = held;
            feed.tell(number, &News::Value { value, loaded, freshness })?;
        }
        let keeper = Keeping { cache: self.clone(), _feed: feed };
        Ok(Live::new(screen, Arc::new(keeper)))
    }

    /// Keeps a key in use from now on, however rarely it is read. What is not held is read in the background.
    pub fn keep(&self, key: &S::Key, text: Option<&str>) {
        let mut table = self.0.table();
        if !table.closed {
            self.0.put_in_use(&mut table, key, text);
            table.slot(key, text).kept = true;
            self.0.wake.notify_one();
        }
    }

    /// Reads a key again if what is held is not what is looked for, at most once a cooldown. Whoever comes
    /// during that load waits for it. A key that it is asked of is in use.
    ///
    /// # Errors
    /// That of the load.
    pub async fn reload(
        &self,
        key: &S::Key,
        cooldown: Duration,
        is_found: impl Fn(&S::Value) -> bool + Sync,
    ) -> Result<Reloaded<S::Value>> {
        let runtime = self.0.attend()?;
        self.0.reload(&runtime, key, cooldown, &is_found).await
    }

    /// Has a key read again in the background, at most once a cooldown. If no task renews and this is called
    /// outside of a runtime, it is read at the next call of an `async` function.
    ///
    /// # Errors
    /// `Unavailable` (reason `closed`) after shutdown.
    pub fn nudge(&self, key: &S::Key, cooldown: Duration) -> Result<Nudged> {
        // Outside of a runtime nothing can be started; the wish is noted.
        drop(self.0.attend());
        self.0.nudge(key, cooldown)
    }

    /// Drops what is held of these keys, at once and for everyone: also for handles, which show an error
    /// until it is read again.
    pub fn invalidate(&self, meant: impl Fn(&S::Key) -> bool) {
        self.0.invalidate(&meant);
    }

    /// Has these keys read again before they are served. Handles show the last value until then; so does
    /// everyone if they cannot be read.
    pub fn expire(&self, meant: impl Fn(&S::Key) -> bool) {
        self.0.expire(&meant);
    }

    /// How it stands with each key in use.
    pub fn status(&self) -> Vec<Status<S::Key, S::Value>> {
        self.0.status()
    }

    /// Where the values come from.
    pub fn source(&self) -> &S {
        &self.0.source
    }

    /// Drops everything, for good. Handles and reads answer `Unavailable` (reason `closed`) from now on.
    pub fn close(&self) {
        self.0.close();
    }

    /// [Closes](Self::close), and waits until no task of this cache runs, for no longer than an operation takes.
    pub async fn shutdown(&self) {
        self.close();
        // A runtime that is not driven never ends its tasks. They hold nothing, and what they bring is dropped.
        let _ = tokio::time::timeout_at(self.0.deadline(), self.0.idle()).await;
    }
}

impl<S: Source> Clone for Cache<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: Source> fmt::Debug for Cache<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("source", &self.0.source).finish_non_exhaustive()
    }
}

impl<S: Source> Drop for Shared<S> {
    fn drop(&mut self) {
        // The renewing task ends now rather than at its next look.
        self.wake.notify_one();
    }
}

/// What a handle keeps: its cache, and its place among those who are told news.
struct Keeping<S: Source> {
    cache: Cache<S>,
    _feed: Arc<dyn Feed<S::Value>>,
}

impl<S: Source> Keeper for Keeping<S> {
    fn attend(&self) -> Result<()> {
        self.cache.0.attend().map(drop)
    }
}
