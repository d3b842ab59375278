//! Giving up.

mod signer;
mod store;

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Layer, Reason, SecretStore, Signer};

use self::signer::TimeoutSigner;
use self::store::TimeoutStore;

/// Ends an operation that has no answer at its deadline: `Unavailable`, reason `timeout`.
///
/// Then every item of a batch has that error, also those that were answered. The call below is dropped
/// where it stands, and the provider is not told: a write that timed out may have happened, or still
/// happen.
///
/// Needs tokio's timer (`enable_time`).
#[derive(Debug)]
pub struct TimeoutLayer {
    deadline: Duration,
}

impl TimeoutLayer {
    /// A time for each whole operation, counted from its call. With zero only what needs no waiting is
    /// answered.
    pub fn new(deadline: Duration) -> Self {
        Self { deadline }
    }
}

impl Layer for TimeoutLayer {
    fn store(&self, inner: Arc<dyn SecretStore>) -> Arc<dyn SecretStore> {
        Arc::new(TimeoutStore::new(inner, self.deadline))
    }

    fn signer(&self, inner: Arc<dyn Signer>) -> Arc<dyn Signer> {
        Arc::new(TimeoutSigner::new(inner, self.deadline))
    }
}

/// What is missing (`no answer`), and since when.
fn timed_out(missing: &str, deadline: Duration) -> Error {
    let seconds = deadline.as_secs_f64();
    let message = format!("{missing} within {seconds} s (SECRETS_TIMEOUT_SECONDS)");
    Error::new(ErrorKind::Unavailable, message).with_reason(Reason::Timeout)
}
