//! What several of the whole-product tests need.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use strongroom::provider::{Capabilities, ProviderInfo, SecretStore};
use strongroom::{
    GetOptions, MemoryStore, Result, Secret, SecretName, Secrets, Settings, VersionInfo,
};
use strongroom_testkit::{ManualClock, ScriptedStore};
use tracing_subscriber::fmt::MakeWriter;

/// A key that passes the checks. `which` makes another one.
pub fn key(which: &str) -> String {
    format!("canary-key-of-thirty-two-bytes-{which}")
}

/// A `Secrets` over memory whose calls are counted, on a clock that the test moves.
#[derive(Debug)]
pub struct Scene {
    /// Under test.
    pub secrets: Secrets,
    /// Counts and fails.
    pub store: ScriptedStore,
    /// Stands still.
    pub clock: ManualClock,
}

impl Scene {
    /// With `signing-key` holding [`key`]`("1")`, and these settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let clock = ManualClock::at(1_800_000_000);
        let memory = MemoryStore::with_clock(Arc::new(clock.clone()));
        let memory = memory.with("signing-key", key("1")).expect("a name");
        let store = ScriptedStore::new(memory);
        let secrets = Self::another(&store, &clock, settings).await;
        Self { secrets, store, clock }
    }

    /// A second process on the same store.
    pub async fn restart(&self, settings: &[(&str, &str)]) -> Secrets {
        Self::another(&self.store, &self.clock, settings).await
    }

    async fn another(
        store: &ScriptedStore,
        clock: &ManualClock,
        settings: &[(&str, &str)],
    ) -> Secrets {
        let builder = Secrets::builder().store(store.clone()).clock(clock.clone());
        let settings = Settings::from_pairs(settings.iter().copied());
        builder.settings(settings).build().await.expect("good settings")
    }
}

/// Everything that was logged while it was the subscriber, at the most verbose level.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Logs this thread into a new one, until the guard is dropped.
    pub fn capture() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// What was logged so far.
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// A store whose reads wait while it is paused.
#[derive(Clone, Debug)]
pub struct PausedStore {
    inner: ScriptedStore,
    paused: tokio::sync::watch::Sender<bool>,
}

impl PausedStore {
    /// Around a store, not paused.
    pub fn new(inner: ScriptedStore) -> Self {
        Self { inner, paused: tokio::sync::watch::Sender::new(false) }
    }

    /// Pauses, or lets everything that waits go on.
    pub fn pause(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    async fn wait(&self) {
        // The sender is this store, so waiting ends.
        let _ = self.paused.subscribe().wait_for(|paused| !paused).await;
    }
}

#[async_trait]
impl SecretStore for PausedStore {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.wait().await;
        self.inner.get(name, options).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.wait().await;
        self.inner.versions(name).await
    }
}
