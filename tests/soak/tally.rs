//! Counting what a process asks of its store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use strongroom::provider::{Capabilities, LiveVersion, ProviderInfo, SecretStore};
use strongroom::{
    GetOptions, Layer, Probe, PutOptions, Result, Secret, SecretName, SecretValue, SecretVersion,
    VersionInfo,
};
use tokio::time::Instant;

/// The calls that passed one place of a process. Outside of the retries they are loads, inside of them attempts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    calls: AtomicUsize,
    failed: AtomicUsize,
    /// When the last good one began.
    good: Mutex<Option<Instant>>,
}

impl Tally {
    /// How many there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many of them failed.
    pub(crate) fn failed(&self) -> usize {
        self.failed.load(Ordering::Relaxed)
    }

    /// Whether one that began after this instant went well.
    pub(crate) fn has_read_since(&self, instant: Instant) -> bool {
        self.good.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|good| good > instant)
    }

    fn begin(&self) -> Instant {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Instant::now()
    }

    fn end(&self, began: Instant, is_good: bool) {
        if is_good {
            *self.good.lock().unwrap_or_else(PoisonError::into_inner) = Some(began);
        } else {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn note<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        let began = self.begin();
        let result = call.await;
        self.end(began, result.is_ok());
        result
    }
}

/// Counts what passes it.
#[derive(Debug)]
pub(crate) struct TallyLayer(pub(crate) Arc<Tally>);

impl Layer for TallyLayer {
    fn store(&self, inner: Arc<dyn SecretStore>) -> Arc<dyn SecretStore> {
        Arc::new(TallyStore { inner, tally: self.0.clone() })
    }
}

#[derive(Debug)]
struct TallyStore {
    inner: Arc<dyn SecretStore>,
    tally: Arc<Tally>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods, reason = "a wrapper that forgets a method changes the store")]
impl SecretStore for TallyStore {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.tally.note(self.inner.get(name, options)).await
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        let began = self.tally.begin();
        let results = self.inner.get_many(names, options).await;
        self.tally.end(began, results.iter().all(Result::is_ok));
        results
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.tally.note(self.inner.put(name, value, options)).await
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        self.tally.note(self.inner.promote(name, version, expected_current)).await
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.tally.note(self.inner.retire(name, version)).await
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.tally.note(self.inner.restore(name)).await
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.tally.note(self.inner.delete(name)).await
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.tally.note(self.inner.list(prefix)).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.tally.note(self.inner.versions(name)).await
    }

    /// One call, however many the inner store makes to itself.
    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        self.tally.note(self.inner.live_versions(name, since)).await
    }

    async fn check(&self, name: &SecretName) -> Result<()> {
        self.tally.note(self.inner.check(name)).await
    }

    async fn probe(&self) -> Result<Probe> {
        self.tally.note(self.inner.probe()).await
    }
}
