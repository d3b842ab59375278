//! What is served from the cache, through the handles of `Secrets`: secrets, keys, and how it stands with them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod handles;
mod health;
mod keys;
mod runtimes;
mod script;
mod signing;
mod using;

use std::sync::Arc;
use std::time::Duration;

use strongroom::{Error, ErrorKind, MemoryStore, PutOptions, Secrets, Settings};
use strongroom_testkit::{ChaosStore, ManualClock};
use strongroom_tests::{key, settle};

const TTL: Duration = Duration::from_secs(60);
const AGE: Duration = Duration::from_secs(360);
const GRACE: Duration = Duration::from_secs(900);

/// A service, on a store in memory that does what the test says.
struct Service {
    secrets: Secrets,
    chaos: ChaosStore,
    clock: ManualClock,
}

impl Service {
    /// With `db` and `signing-key`, and nothing declared.
    async fn new() -> Self {
        Self::declaring(&[], &[]).await
    }

    async fn declaring(required: &[&str], critical: &[&str]) -> Self {
        let clock = ManualClock::at(1_800_000_000);
        let memory = MemoryStore::with_clock(Arc::new(clock.clone()));
        let memory = memory.with("db", "canary-1").unwrap().with("signing-key", key("1")).unwrap();
        let chaos = ChaosStore::new(memory);
        let secrets = another(&chaos, &clock, required, critical).await;
        Self { secrets, chaos, clock }
    }

    /// A second process on the same store.
    async fn peer(&self) -> Secrets {
        another(&self.chaos, &self.clock, &[], &[]).await
    }

    async fn put(&self, name: &str, value: &str) {
        // By somebody else.
        self.peer().await.put(name, value, PutOptions::default()).await.unwrap();
    }

    async fn pass(&self, by: Duration) {
        self.clock.advance(by);
        settle().await;
    }

    /// Lets time pass second by second.
    async fn go_on(&self, seconds: u64) {
        for _ in 0..seconds {
            self.pass(Duration::from_secs(1)).await;
        }
    }
}

async fn another(
    chaos: &ChaosStore,
    clock: &ManualClock,
    required: &[&str],
    critical: &[&str],
) -> Secrets {
    let builder = Secrets::builder().store(chaos.clone()).clock(clock.clone()).attempts(1);
    let builder = builder.require(required.iter().copied()).critical(critical.iter().copied());
    builder.settings(Settings::from_pairs::<&str, &str>([])).build().await.unwrap()
}

fn down() -> Error {
    Error::new(ErrorKind::Unavailable, "connection refused")
}
