//! A store that counts and fails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Error, ErrorKind, GetOptions, LiveVersion, Probe, ProviderInfo, PutOptions,
    Result, Secret, SecretName, SecretStore, SecretValue, SecretVersion, VersionInfo,
};

/// A store around a store: counts the calls that reach it, and fails them while told to.
///
/// What it does not do: delay, answer with wrong values, or fail some names only.
#[derive(Clone, Debug)]
pub struct ScriptedStore {
    inner: Arc<dyn SecretStore>,
    script: Arc<Script>,
}

#[derive(Debug, Default)]
struct Script {
    calls: AtomicUsize,
    failing: Mutex<Option<ErrorKind>>,
}

impl ScriptedStore {
    /// Wraps a store.
    pub fn new(inner: impl SecretStore) -> Self {
        Self { inner: Arc::new(inner), script: Arc::default() }
    }

    /// Fails every call with this kind from now on; `None` ends that.
    pub fn fail_with(&self, kind: Option<ErrorKind>) {
        *self.failing() = kind;
    }

    /// How many calls came, failed ones included. A batch counts as one, and so does
    /// `live_versions`.
    pub fn calls(&self) -> usize {
        self.script.calls.load(Ordering::SeqCst)
    }

    fn failing(&self) -> MutexGuard<'_, Option<ErrorKind>> {
        self.script.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self) -> Result<&dyn SecretStore> {
        self.script.calls.fetch_add(1, Ordering::SeqCst);
        match *self.failing() {
            Some(kind) => Err(Error::new(kind, "the script says so")),
            None => Ok(&*self.inner),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods, reason = "a wrapper that forgets a method changes the store")]
impl SecretStore for ScriptedStore {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.call()?.get(name, options).await
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        match self.call() {
            Ok(store) => store.get_many(names, options).await,
            Err(error) => names.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.call()?.put(name, value, options).await
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        self.call()?.promote(name, version, expected_current).await
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.call()?.retire(name, version).await
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.call()?.restore(name).await
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.call()?.delete(name).await
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.call()?.list(prefix).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.call()?.versions(name).await
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        self.call()?.live_versions(name, since).await
    }

    async fn check(&self, name: &SecretName) -> Result<()> {
        self.call()?.check(name).await
    }

    async fn probe(&self) -> Result<Probe> {
        self.call()?.probe().await
    }
}
