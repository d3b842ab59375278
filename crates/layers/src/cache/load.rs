//! Running one load in a task of its own.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Result, SecretVersion};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;

use super::flights::Landing;
use super::shared::Shared;
use super::{Source, Value};

/// Why something is loaded.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    /// Nothing is held.
    Miss,
    /// What is held is past its TTL, and somebody asks for it.
    Stale,
    /// It is renewed, or somebody wants a newer one.
    Refresh,
}

impl Cause {
    /// Why a caller has something read.
    pub(super) fn of(is_held: bool, max_age: Option<Duration>) -> Self {
        match (is_held, max_age) {
            (false, _) => Self::Miss,
            (true, None) => Self::Stale,
            (true, Some(_)) => Self::Refresh,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Miss => "miss",
            Self::Stale => "stale",
            Self::Refresh => "refresh",
        }
    }
}

/// What a load ended with, if its code came to an end.
pub(super) type Loaded<V> = std::result::Result<Result<V>, Panicked>;

/// The code of a store panicked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panicked;

impl Panicked {
    pub(super) fn error(self) -> Error {
        Error::new(ErrorKind::Internal, "the code that reads the secret panicked")
    }
}

/// Loads that are one call of the source.
pub(super) struct Call<S: Source> {
    pub(super) landings: Vec<Landing<S::Key, S::Value>>,
    /// The place among the few calls that renew. Given back once the source has answered.
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

impl<S: Source> Call<S> {
    pub(super) fn new(landings: Vec<Landing<S::Key, S::Value>>) -> Self {
        Self { landings, permit: None }
    }
}

/// Starts loads that are registered already: a caller that goes away stops none, and a panic ends in them.
pub(super) fn start<S: Source>(
    shared: &Arc<Shared<S>>,
    runtime: &Handle,
    call: Call<S>,
    cause: Cause,
) {
    if call.landings.is_empty() {
        return;
    }
    let source = shared.source.clone();
    let flight = Aboard { shared: Arc::downgrade(shared), call };
    let running = shared.running();
    runtime.spawn(async move {
        let _running = running;
        fly(&*source, flight, cause).await;
    });
}

async fn fly<S: Source>(source: &S, mut flight: Aboard<S>, cause: Cause) {
    let keys: Vec<S::Key> =
        flight.call.landings.iter().map(|landing| landing.key.clone()).collect();
    let span = tracing::debug_span!(
        "load",
        provider = source.provider(),
        operation = if keys.len() == 1 { "get" } else { "get_many" },
        secret = keys.first().filter(|_| keys.len() == 1).map(tracing::field::display),
        count = keys.len(),
        cause = cause.as_str(),
        version = tracing::field::Empty,
        kind = tracing::field::Empty,
    );
    let loading = async { contained(source.load(&keys)).await };
    let loaded = loading.instrument(span.clone()).await;
    let mut results: Vec<Loaded<S::Value>> = match loaded {
        Some(results) => results.into_iter().map(Ok).collect(),
        None => keys.iter().map(|_| Err(Panicked)).collect(),
    };
    results.resize_with(keys.len(), || {
        Ok(Err(Error::new(ErrorKind::Internal, "a store left out a name of a batch")))
    });
    if let [result] = &results[..] {
        record(&span, result);
    }
    drop(flight.call.permit.take());
    flight.land(results);
}

fn record<V: Value>(span: &tracing::Span, result: &Loaded<V>) {
    match result {
        Ok(Ok(value)) => {
            if let Some(version) = value.version().map(SecretVersion::to_string) {
                span.record("version", version);
            }
        }
        Ok(Err(error)) => {
            span.record("kind", error.kind().as_str());
        }
        Err(Panicked) => {
            span.record("kind", ErrorKind::Internal.as_str());
        }
    }
}

/// Runs to its end; `None` if it panics on the way.
async fn contained<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// The loads that a task is on. If it is dropped with the runtime that runs it, they are taken off the
/// register, so that the next caller begins anew.
struct Aboard<S: Source> {
    shared: Weak<Shared<S>>,
    call: Call<S>,
}

impl<S: Source> Aboard<S> {
    fn land(&mut self, results: Vec<Loaded<S::Value>>) {
        let landings = std::mem::take(&mut self.call.landings);
        // Nobody is left to tell otherwise: whoever waits holds the cache.
        if let Some(shared) = self.shared.upgrade() {
            shared.land(landings.into_iter().zip(results).collect());
        }
    }
}

impl<S: Source> Drop for Aboard<S> {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade().filter(|_| !self.call.landings.is_empty()) {
            let mut table = shared.table();
            for landing in &self.call.landings {
                table.flights.land(&landing.key, landing.id);
            }
        }
    }
}
