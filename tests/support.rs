//! What several of the whole-product tests need.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use strongroom::{MemoryStore, Secrets, Settings};
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
