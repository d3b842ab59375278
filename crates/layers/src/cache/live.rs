//! A handle that always shows the last value.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use strongroom_core::{Freshness, Reason, Result};
use tokio::sync::watch;

use super::screen::Screen;
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
