//! Waiting as long as the provider asked for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use strongroom_core::{Clock, Moment};

/// Closed while the provider has asked for no calls.
#[derive(Debug)]
pub(crate) struct Gate {
    clock: Arc<dyn Clock>,
    closed: Mutex<Option<(Moment, Duration)>>,
}

impl Gate {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, closed: Mutex::default() }
    }

    /// How long it stays closed; `None` if it is open.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let closed = *self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, wait) = closed?;
        wait.checked_sub(since.age(&*self.clock)).filter(|left| !left.is_zero())
    }

    /// Closes it for this long from now, or longer if it is closed for longer.
    pub(crate) fn close(&self, wait: Duration) {
        if self.remaining() < Some(wait) {
            let now = Moment::now(&*self.clock);
            *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, wait));
        }
    }
}
