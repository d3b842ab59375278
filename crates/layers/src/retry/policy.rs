//! When an operation is tried again, and after which wait.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use fastrand::Rng;
use strongroom_core::{Error, ErrorKind, Result, Retry};
use tokio::time::{Instant, sleep};

#[derive(Debug)]
pub(super) struct Policy {
    attempts: u32,
    deadline: Duration,
    random: Mutex<Rng>,
}

impl Policy {
    pub(super) fn new(attempts: u32, deadline: Duration) -> Self {
        Self { attempts, deadline, random: Mutex::new(Rng::new()) }
    }

    pub(super) fn seed(&self, seed: u64) {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).seed(seed);
    }

    /// An operation that changes nothing.
    pub(super) async fn read<T, F: Future<Output = Result<T>>>(
        &self,
        call: impl FnMut() -> F,
    ) -> Result<T> {
        self.one(ErrorKind::retry, call).await
    }

    /// An operation that must not happen twice.
    pub(super) async fn write<T, F: Future<Output = Result<T>>>(
        &self,
        call: impl FnMut() -> F,
    ) -> Result<T> {
        self.one(retry_of_writes, call).await
    }

    /// Several reads in one call, which gives one result an item, in their order.
    pub(super) async fn read_many<'a, I: Clone, T, F: Future<Output = Vec<Result<T>>>>(
        &self,
        items: &'a [I],
        mut call: impl FnMut(Cow<'a, [I]>) -> F,
    ) -> Vec<Result<T>> {
        let mut operation = Operation::start(self, ErrorKind::retry);
        let mut results = call(Cow::Borrowed(items)).await;
        loop {
            let failed: Vec<(usize, Error)> = results
                .iter()
                .enumerate()
                .filter_map(|(index, result)| Some((index, result.as_ref().err()?.clone())))
                .filter(|(_, error)| operation.may_pass(error))
                .collect();
            let retry_after = failed.iter().filter_map(|(_, error)| error.retry_after()).max();
            if failed.is_empty() || !operation.wait(retry_after).await {
                return results;
            }
            let again = failed.iter().filter_map(|(index, _)| items.get(*index)).cloned();
            let answers = call(again.collect()).await;
            for ((index, _), answer) in failed.into_iter().zip(answers) {
                if let Some(result) = results.get_mut(index) {
                    *result = answer.map_err(|error| operation.counted(error));
                }
            }
        }
    }

    async fn one<T, F: Future<Output = Result<T>>>(
        &self,
        retry: fn(ErrorKind) -> Retry,
        mut call: impl FnMut() -> F,
    ) -> Result<T> {
        let mut operation = Operation::start(self, retry);
        loop {
            let error = match call().await {
                Ok(value) => return Ok(value),
                Err(error) => operation.counted(error),
            };
            if !operation.may_pass(&error) || !operation.wait(error.retry_after()).await {
                return Err(error);
            }
        }
    }
}

/// The attempts of one operation so far.
struct Operation<'a> {
    policy: &'a Policy,
    retry: fn(ErrorKind) -> Retry,
    started: Instant,
    attempt: u32,
    backoff: ExponentialBackoff,
}

impl<'a> Operation<'a> {
    fn start(policy: &'a Policy, retry: fn(ErrorKind) -> Retry) -> Self {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(LONGEST_WAIT)
            .without_max_times()
            .build();
        Self { policy, retry, started: Instant::now(), attempt: 1, backoff }
    }

    fn may_pass(&self, error: &Error) -> bool {
        let attempts = match (self.retry)(error.kind()) {
            Retry::Never => 1,
            Retry::Once => self.policy.attempts.min(2),
            Retry::WithinDeadline => self.policy.attempts,
        };
        self.attempt < attempts && self.has_time_for(error.retry_after().unwrap_or_default())
    }

    /// Waits for the next attempt; `false`, at once, if it would come too late.
    async fn wait(&mut self, retry_after: Option<Duration>) -> bool {
        let most = self.backoff.next().unwrap_or(LONGEST_WAIT);
        let drawn = {
            let mut random = self.policy.random.lock().unwrap_or_else(PoisonError::into_inner);
            most.mul_f64(random.f64())
        };
        let wait = drawn.max(SHORTEST_WAIT).max(retry_after.unwrap_or_default());
        if !self.has_time_for(wait) {
            return false;
        }
        sleep(wait).await;
        self.attempt += 1;
        true
    }

    fn has_time_for(&self, wait: Duration) -> bool {
        wait < self.policy.deadline.saturating_sub(self.started.elapsed())
    }

    fn counted(&self, error: Error) -> Error {
        match self.attempt {
            1 => error,
            attempts => error.with_attempts(attempts),
        }
    }
}

// A write whose answer was lost may have happened. One that was throttled has not.
fn retry_of_writes(kind: ErrorKind) -> Retry {
    match kind {
        ErrorKind::Throttled => kind.retry(),
        _ => Retry::Never,
    }
}

// "Full jitter": any time between nothing and the backoff, so that clients that failed together come
// back apart.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

// A draw near zero, also after `Retry-After: 0`, would make a hot loop; this is a quarter of the first
// wait.
const SHORTEST_WAIT: Duration = Duration::from_millis(25);
