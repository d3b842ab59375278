//! What several of the whole-product tests need.

#![forbid(unsafe_code)]

pub mod server;
pub mod spoiled;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Once};
use std::time::Duration;

use strongroom::{
    Check, Diagnosis, Environment, Error, ErrorKind, MemoryStore, Outcome, ProcessEnvironment,
    Result, Secrets, Settings, Signature,
};
use strongroom_testkit::{ChaosStore, ManualClock, Step};
use tracing_subscriber::fmt::MakeWriter;

/// A key that passes the checks. `which` makes another one.
pub fn key(which: &str) -> String {
    format!("canary-key-of-thirty-two-bytes-{which}")
}

/// What a service that has this key would sign `hi` with.
///
/// # Panics
/// If that is no key.
pub async fn signed_with(key: &str) -> Signature {
    let store = MemoryStore::new().with("signing-key", key).expect("a name and a value");
    let secrets = Secrets::builder().store(store).build().await.expect("a store");
    let signer = secrets.signer().await.expect("a key");
    signer.sign(b"hi").await.expect("a signature")
}

/// The error of an operation that has to fail with this kind.
///
/// # Panics
/// If it is none, or one of another kind.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind) -> Error {
    let error = result.expect_err("is refused");
    assert_eq!(error.kind(), kind, "{error:?}");
    error
}

/// The check of this name, which has to have come out so and to say this.
///
/// # Panics
/// If it has not, or does not.
#[track_caller]
pub fn expect(diagnosis: &Diagnosis, name: &str, outcome: Outcome, words: &str) -> Check {
    let check = diagnosis.checks.iter().find(|check| check.name == name).expect(name);
    assert_eq!(check.outcome, outcome, "{check:?}");
    assert!(check.detail.contains(words), "{check:?}");
    check.clone()
}

/// Lets every task do what it can without more time: for runtimes of one thread and stores in memory.
pub async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// Waits for what happens in the background, by calls that take real time: for stores on disks and networks,
/// where [`settle`] is not enough.
///
/// # Panics
/// If it has not happened after ten seconds.
pub async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !happened().await {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert!(in_time.is_ok(), "waited in vain until {what}");
}

/// A `Secrets` over memory whose calls are counted, on a clock that the test moves.
#[derive(Debug)]
pub struct Scene {
    /// Under test.
    pub secrets: Secrets,
    /// Counts and fails.
    pub store: ChaosStore,
    /// Stands still.
    pub clock: ManualClock,
}

impl Scene {
    /// With `signing-key` holding [`key`]`("1")`, and these settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let clock = ManualClock::at(1_800_000_000);
        let memory = MemoryStore::with_clock(Arc::new(clock.clone()));
        let memory = memory.with("signing-key", key("1")).expect("a name");
        let store = ChaosStore::new(memory);
        let secrets = Self::another(&store, &clock, settings).await;
        Self { secrets, store, clock }
    }

    /// A second process on the same store.
    pub async fn restart(&self, settings: &[(&str, &str)]) -> Secrets {
        Self::another(&self.store, &self.clock, settings).await
    }

    /// Fails every call with this kind from now on; `None` ends that.
    pub fn fail_with(&self, kind: Option<ErrorKind>) {
        match kind {
            Some(kind) => {
                self.store.always(None, Step::fail(Error::new(kind, "the script says so")))
            }
            None => self.store.clear(),
        }
    }

    /// Lets time pass, and everything happen that is due then.
    pub async fn pass(&self, by: Duration) {
        self.clock.advance(by);
        settle().await;
    }

    async fn another(
        store: &ChaosStore,
        clock: &ManualClock,
        settings: &[(&str, &str)],
    ) -> Secrets {
        // One attempt, so that the calls counted are loads. Retries have tests of their own.
        let builder = Secrets::builder().store(store.clone()).clock(clock.clone()).attempts(1);
        let settings = Settings::from_pairs(settings.iter().copied());
        builder.settings(settings).build().await.expect("good settings")
    }
}

/// An environment of files and no variables, so that nothing of whoever runs the tests is in them.
#[derive(Clone, Copy, Debug)]
pub struct FilesOnly;

impl Environment for FilesOnly {
    fn var(&self, _: &str) -> Option<OsString> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn read_file(&self, path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
        ProcessEnvironment.read_file(path, max_bytes)
    }

    fn anyone_can_write(&self, path: &Path) -> io::Result<bool> {
        ProcessEnvironment.anyone_can_write(path)
    }
}

thread_local! {
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Everything that this thread has logged, at the most verbose level. One subscriber serves all threads of a
/// test binary: one that comes and goes with a test would race with those of its neighbours.
#[derive(Clone, Copy, Debug)]
pub struct Log(());

impl Log {
    /// Starts over.
    pub fn capture() -> Self {
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(Self(()))
                .finish();
            tracing::subscriber::set_global_default(subscriber).expect("there is no other one");
        });
        LOGGED.with_borrow_mut(Vec::clear);
        Self(())
    }

    /// What was logged so far.
    pub fn text(&self) -> String {
        LOGGED.with_borrow(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

/// The Rust in the pages of the book, which `cargo test --doc` compiles and runs.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../docs/start.md")]
    mod start {}
    #[doc = include_str!("../docs/testing.md")]
    mod testing {}
    #[doc = include_str!("../docs/freshness.md")]
    mod freshness {}
    #[doc = include_str!("../docs/rotation.md")]
    mod rotation {}
    #[doc = include_str!("../docs/backend.md")]
    mod backend {}
}
