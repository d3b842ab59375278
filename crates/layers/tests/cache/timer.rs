//! Time that passes by tokio's timer, which a paused runtime moves by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use strongroom_core::{BoxFuture, Clock};
use tokio::time::Instant;

/// A clock that nobody moves by hand: who waits for it has to have set a timer. Counts how often that was.
#[derive(Clone, Debug)]
pub(crate) struct Timer {
    began: Instant,
    waits: Arc<AtomicUsize>,
}

impl Timer {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), waits: Arc::default() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// How often somebody began to wait: once for each look of a renewing task.
    pub(crate) fn waits(&self) -> usize {
        self.waits.load(Ordering::Relaxed)
    }
}

impl Clock for Timer {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.elapsed()
    }

    fn monotonic(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn moved(&self) -> BoxFuture<'static, ()> {
        self.waits.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }
}
