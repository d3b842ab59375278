//! Trying again.

mod policy;
mod signer;
mod store;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{Layer, SecretStore, Signer};

use self::policy::Policy;
use self::signer::RetrySigner;
use self::store::RetryStore;

/// Tries an operation again when its error is of a kind that may pass.
///
/// [`ErrorKind::retry`](strongroom_core::ErrorKind::retry) says which kinds are, and whether up to the
/// second attempt or to the last. Writes, the rotation of a key among them, are tried again only when
/// the provider answered `Throttled`: after any other failure they may have happened. Of a batch only
/// the items that failed are asked again. `probe` is never tried again: it reports what is now.
///
/// Before attempt n + 1 it waits a random time of up to 100 ms × 2ⁿ⁻¹, at most 2 s and at least 25 ms,
/// and never less than the error's [`retry_after`](strongroom_core::Error::retry_after). If that would
/// take until the deadline, it does not wait: the last error is returned at once, with its `retry_after`
/// and the number of attempts. A batch waits for the latest of the items that can still be had in time.
///
/// It does not cut an attempt that hangs: [`TimeoutLayer`](crate::TimeoutLayer) around it does. Waits
/// need tokio's timer (`enable_time`).
#[derive(Debug)]
pub struct RetryLayer {
    policy: Arc<Policy>,
}

impl RetryLayer {
    /// How many attempts an operation has by default, the first one included.
    pub const ATTEMPTS: u32 = 3;

    /// How many attempts an operation may have: with one nothing is tried again, and more than five only
    /// add load to a provider that is down.
    pub const ATTEMPTS_RANGE: RangeInclusive<u32> = 1..=5;

    /// At most so many attempts, none of which begins at the deadline or later. The deadline counts from
    /// the start of an operation. A number outside of [`ATTEMPTS_RANGE`](Self::ATTEMPTS_RANGE) becomes
    /// the nearest one in it.
    pub fn new(attempts: u32, deadline: Duration) -> Self {
        let attempts = attempts.clamp(*Self::ATTEMPTS_RANGE.start(), *Self::ATTEMPTS_RANGE.end());
        Self { policy: Arc::new(Policy::new(attempts, deadline)) }
    }

    /// For tests: draws the waits from this seed, so that they are the same in each run. Default: they
    /// differ in each process.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        self.policy.seed(seed);
        self
    }
}

impl Layer for RetryLayer {
    fn store(&self, inner: Arc<dyn SecretStore>) -> Arc<dyn SecretStore> {
        Arc::new(RetryStore::new(inner, self.policy.clone()))
    }

    fn signer(&self, inner: Arc<dyn Signer>) -> Arc<dyn Signer> {
        Arc::new(RetrySigner::new(inner, self.policy.clone()))
    }
}
