//! A cache over a store that does what a test says, on a clock that the test moves.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Clock, Error, ErrorKind, GetOptions, ProviderInfo, Result, Secret, SecretName,
    SecretStore,
};
use strongroom_layers::{Cache, Follow, Limits, Live, Source, Status};
use strongroom_testkit::{ChaosStore, ManualClock};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

pub(crate) const TTL: Duration = Duration::from_secs(60);
pub(crate) const STALE: Duration = Duration::from_secs(300);
pub(crate) const AGE: Duration = Duration::from_secs(360);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Values by name, each with a version that counts and the time of its writing.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    values: Arc<Mutex<BTreeMap<SecretName, (Secret, u64)>>>,
    clock: ManualClock,
}

impl Values {
    pub(crate) fn put(&self, name: &str, value: &str) {
        let mut values = self.values.lock().unwrap();
        let version = values.get(&key(name)).map_or(0, |(_, version)| *version) + 1;
        let secret = Secret::new(value.into())
            .with_version(version.to_string().as_str().into())
            .with_created_at(self.clock.now());
        values.insert(key(name), (secret, version));
    }

    pub(crate) fn remove(&self, name: &str) {
        self.values.lock().unwrap().remove(&key(name));
    }

    /// What is in force, as the store answers it.
    pub(crate) fn secret(&self, name: &str) -> Secret {
        self.values.lock().unwrap()[&key(name)].0.clone()
    }
}

#[async_trait]
impl SecretStore for Values {
    fn info(&self) -> &ProviderInfo {
        const { &ProviderInfo::new("values") }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn get(&self, name: &SecretName, _: GetOptions) -> Result<Secret> {
        let values = self.values.lock().unwrap();
        let found = values.get(name).map(|(secret, _)| secret.clone());
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "no such value"))
    }
}

/// The values of a store by their names.
#[derive(Debug)]
pub(crate) struct Names {
    store: ChaosStore,
    batches: bool,
}

#[async_trait]
impl Source for Names {
    type Key = SecretName;
    type Value = Secret;

    fn provider(&self) -> &'static str {
        "values"
    }

    fn batches(&self) -> bool {
        self.batches
    }

    async fn load(&self, keys: &[SecretName]) -> Vec<Result<Secret>> {
        match keys {
            [key] => vec![self.store.get(key, GetOptions::default()).await],
            keys => self.store.get_many(keys, GetOptions::default()).await,
        }
    }
}

/// What most tests need.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) cache: Cache<Names>,
    pub(crate) chaos: ChaosStore,
    pub(crate) values: Values,
    pub(crate) clock: ManualClock,
}

impl Scene {
    /// With `db` holding `canary-1`, a TTL of 60 s and a stale window of 300 s.
    pub(crate) fn new() -> Self {
        Self::with(Limits::new(TTL, STALE), false)
    }

    pub(crate) fn with(limits: Limits, batches: bool) -> Self {
        let clock = ManualClock::at(1_800_000_000);
        Self::timed_by(clock.clone(), Arc::new(clock), limits, batches)
    }

    /// On a clock of its own; values are dated by the other one.
    pub(crate) fn timed_by(
        dates: ManualClock,
        clock: Arc<dyn Clock>,
        mut limits: Limits,
        batches: bool,
    ) -> Self {
        limits.seed = limits.seed.or(Some(7));
        let values = Values { values: Arc::default(), clock: dates.clone() };
        values.put("db", "canary-1");
        let chaos = ChaosStore::new(values.clone());
        let source = Names { store: chaos.clone(), batches };
        Self { cache: Cache::new(source, limits, clock), chaos, values, clock: dates }
    }

    /// Reads `name` and makes it one in use.
    pub(crate) async fn use_name(&self, name: &str) {
        for _ in 0..2 {
            self.get(name).await.unwrap();
        }
    }

    /// Reads a name and declares it.
    pub(crate) async fn keep(&self, name: &str) -> Result<Secret> {
        let read = self.cache.get(&key(name), None, None).await;
        self.cache.keep(&key(name), Some(name));
        read
    }

    pub(crate) async fn get(&self, name: &str) -> Result<Secret> {
        self.cache.get(&key(name), Some(name), None).await
    }

    /// The value as text.
    pub(crate) async fn read(&self, name: &str) -> Result<String> {
        self.get(name).await.map(|secret| text(&secret))
    }

    /// The value as text, no older than now.
    pub(crate) async fn read_anew(&self, name: &str) -> Result<String> {
        self.cache.get(&key(name), Some(name), Some(Duration::ZERO)).await.map(|s| text(&s))
    }

    /// Several values as texts.
    pub(crate) async fn read_many(&self, names: &[&str]) -> Vec<Result<String>> {
        let keys: Vec<_> = names.iter().map(|name| (key(name), Some(*name))).collect();
        let values = self.cache.get_many(&keys, None).await;
        values.into_iter().map(|value| value.map(|secret| text(&secret))).collect()
    }

    pub(crate) async fn live(&self, name: &str) -> Live<Secret> {
        self.cache
            .watch(&key(name), Some(name), Follow::Renewals, |secret| Ok(secret.clone()))
            .await
            .unwrap()
    }

    pub(crate) fn status(&self, name: &str) -> Option<Status<SecretName, Secret>> {
        self.cache.status().into_iter().find(|status| status.key == key(name))
    }

    /// Reads in a task of its own, which is polled once before this returns.
    pub(crate) async fn start_reading(&self, name: &'static str) -> JoinHandle<Result<String>> {
        let scene = self.clone();
        let task = tokio::spawn(async move { scene.read(name).await });
        settle().await;
        task
    }

    /// Lets time pass in steps, and everything that is due happen in each.
    pub(crate) async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            self.leap(SECOND).await;
        }
    }

    /// Lets this time pass at once, then everything happen that is due.
    pub(crate) async fn leap(&self, by: Duration) {
        self.clock.advance(by);
        settle().await;
    }
}

/// Lets every task do what it can without time or a gate: the runtime of these tests has one thread.
pub(crate) async fn settle() {
    for _ in 0..30 {
        tokio::task::yield_now().await;
    }
}

/// How many tasks of this runtime have not ended.
pub(crate) fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// What comes of a future without waiting.
pub(crate) fn now<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

pub(crate) fn key(name: &str) -> SecretName {
    name.parse().unwrap()
}

pub(crate) fn text(secret: &Secret) -> String {
    secret.value().expose_str().unwrap().to_owned()
}

pub(crate) fn down() -> Error {
    Error::new(ErrorKind::Unavailable, "connection refused")
}
