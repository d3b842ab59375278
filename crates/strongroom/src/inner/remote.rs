//! A provider that signs, and whether it does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strongroom_core::{Clock, Error, ErrorKind, Moment, Result, SecretName, Signer};
use strongroom_layers::Cache;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::calls::{Asked, Calls};
use crate::published::{PublicKeys, Published};

/// Least time between two calls that ask again what failed, and from the failure to the first of them: a service
/// at work finds out by itself, and a platform asks for health every few seconds.
const PAUSE: Duration = Duration::from_secs(5);

/// A provider that signs.
pub(crate) struct Remote {
    pub(crate) signer: Arc<dyn Signer>,
    /// What it publishes of its keys.
    pub(crate) published: Cache<Published>,
    calls: Arc<Mutex<Calls>>,
    again: Mutex<Again>,
    clock: Arc<dyn Clock>,
}

/// The background task that asks again.
#[derive(Default)]
struct Again {
    task: Option<JoinHandle<()>>,
    since: Option<Moment>,
    closed: bool,
}

impl Remote {
    /// `key` is the configured one, `age` how long a failure counts unless it is asked again.
    pub(crate) fn new(
        signer: Arc<dyn Signer>,
        published: Cache<Published>,
        key: Option<SecretName>,
        age: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let calls = Arc::new(Mutex::new(Calls::new(key, age, clock.clone())));
        Self { signer, published, calls, again: Mutex::default(), clock }
    }

    /// Notes how a call went, for `health`.
    pub(crate) fn note<T>(&self, key: &SecretName, asked: Asked, result: Result<T>) -> Result<T> {
        lock(&self.calls).note(key, &asked, result.as_ref().err());
        result
    }

    /// Notes how several calls in one went: what failed counts, whatever else went well.
    pub(crate) fn note_all<T>(
        &self,
        key: &SecretName,
        asked: impl Iterator<Item = Asked> + Clone,
        results: &[Result<T>],
    ) {
        let mut calls = lock(&self.calls);
        for went_well in [true, false] {
            let those = asked.clone().zip(results).filter(|(_, one)| one.is_ok() == went_well);
            those.for_each(|(asked, one)| calls.note(key, &asked, one.as_ref().err()));
        }
    }

    /// Notes that a signature could not be verified with published keys, if the cache of those does not tell:
    /// it does of keys in use, which may serve on.
    pub(crate) fn note_unpublished<T>(
        &self,
        key: &SecretName,
        asked: Asked,
        result: Result<T>,
    ) -> Result<T> {
        if let Err(error) = &result
            && error.kind() != ErrorKind::SignatureMismatch
            && !self.published.status().iter().any(|status| status.key == *key)
        {
            lock(&self.calls).note(key, &asked, Some(error));
        }
        result
    }

    /// What is wrong, as far as calls have shown, and with which key.
    pub(crate) fn trouble(&self) -> Option<(SecretName, Error)> {
        let status = self.published.status().into_iter().filter(|status| {
            let is_told = status.value.as_ref().is_some_and(PublicKeys::are_published);
            status.error.is_none() && is_told
        });
        let told = status.filter_map(|status| status.age).min();
        lock(&self.calls).trouble(told)
    }

    /// Asks again what failed, in the background of the current runtime: at most every [`PAUSE`], and one call
    /// at a time. The service that is taken out of rotation makes no calls that could find out.
    ///
    /// The very call is repeated, not a look at the key: whoever may read a key need not be allowed to use it.
    pub(crate) fn ask_again(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut again = lock(&self.again);
        let is_under_way = again.task.as_ref().is_some_and(|task| !task.is_finished());
        let is_early = again.since.is_some_and(|since| since.age(&*self.clock) < PAUSE);
        if again.closed || is_under_way || is_early {
            return;
        }
        let Some((key, asked)) = lock(&self.calls).due(PAUSE) else { return };
        again.since = Some(Moment::now(&*self.clock));
        // Of what the handles share the task holds nothing, so that it ends with them.
        let (signer, calls) = (self.signer.clone(), Arc::downgrade(&self.calls));
        again.task = Some(runtime.spawn(async move {
            let answer = asked.again(&*signer, &key).await;
            if let Some(calls) = calls.upgrade() {
                lock(&calls).note(&key, &asked, answer.as_ref().err());
            }
        }));
    }

    /// Asks nothing again from now on.
    pub(crate) fn close(&self) {
        self.published.close();
        let mut again = lock(&self.again);
        again.closed = true;
        again.task.iter().for_each(JoinHandle::abort);
    }

    /// [Closes](Self::close), and waits until no task runs, for no longer than an operation takes.
    pub(crate) async fn shutdown(&self, operation: Duration) {
        self.close();
        self.published.shutdown().await;
        let task = lock(&self.again).task.take();
        if let Some(task) = task {
            // A runtime that is not driven never ends it.
            drop(timeout(operation, task).await);
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        lock(&self.again).task.iter().for_each(JoinHandle::abort);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
