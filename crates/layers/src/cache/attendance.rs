//! Whether somebody renews.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Whether the renewing task runs. Shared with the handles, which look at the clock themselves if it does not.
#[derive(Debug, Default)]
pub(super) struct Attendance {
    kept: AtomicBool,
    ended: Arc<Notify>,
}

impl Attendance {
    #[inline]
    pub(super) fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    /// To be held by the renewing task to its end, unless there is one.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Watch> {
        let is_new = !self.kept.swap(true, Ordering::AcqRel);
        is_new.then(|| Watch(self.clone()))
    }

    /// Completes when a renewing task has ended after this call.
    pub(super) fn ended(&self) -> OwnedNotified {
        self.ended.clone().notified_owned()
    }
}

/// Held by the renewing task. Dropped when it ends, or with its runtime.
#[derive(Debug)]
pub(super) struct Watch(Arc<Attendance>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.kept.store(false, Ordering::Release);
        self.0.ended.notify_waiters();
    }
}
