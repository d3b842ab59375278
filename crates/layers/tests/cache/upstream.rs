//! The provider of the model test, and what a cache may know of what it answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use strongroom_core::{Clock, Error, ErrorKind, Result, Secret};
use strongroom_layers::Source;
use strongroom_testkit::ManualClock;
use tokio::task::yield_now;

use crate::scene::{AGE, TTL, text};

pub(crate) const NAMES: [&str; 3] = ["db", "api", "key"];

/// The name that a handle is made of.
pub(crate) const WATCHED: &str = "db";

/// A source that answers, some yields later, what the world held when it was asked.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) world: World,
    pub(crate) batches: bool,
}

#[async_trait]
impl Source for Upstream {
    type Key = String;
    type Value = Secret;

    fn provider(&self) -> &'static str {
        "upstream"
    }

    fn batches(&self) -> bool {
        self.batches
    }

    async fn load(&self, keys: &[String]) -> Vec<Result<Secret>> {
        let answers: Vec<_> = keys.iter().map(|key| self.world.begin(key)).collect();
        self.world.facts().calls.push(answers.iter().map(|(key, _, answer)| {
            (key.clone(), answer.as_ref().ok().map(text))
        }).collect());
        for _ in 0..12 {
            yield_now().await;
        }
        answers.into_iter().map(|(key, number, answer)| {
            self.world.end(&key, number, &answer);
            answer
        }).collect()
    }
}

/// What is true, and what was told.
#[derive(Clone, Debug)]
pub(crate) struct World {
    facts: Arc<Mutex<Facts>>,
    clock: ManualClock,
}

#[derive(Debug, Default)]
pub(crate) struct Facts {
    failing: Option<ErrorKind>,
    written: u64,
    names: BTreeMap<String, Name>,
    /// The names and values of each call.
    calls: Vec<BTreeMap<String, Option<String>>>,
}

/// One name: what is in force, and what a cache may hold of it.
#[derive(Debug, Default)]
struct Name {
    value: Option<Secret>,
    /// The last value that counts, and when it was asked for.
    known: Option<(String, SystemTime)>,
    last: Option<ErrorKind>,
    under_way: BTreeMap<u64, Option<String>>,
    loads: u64,
    forgotten: u64,
    /// Loads and forgettings since the clock was moved.
    now: (u64, u64),
    allowed: f64,
}

impl World {
    pub(crate) fn new(clock: ManualClock) -> Self {
        Self { facts: Arc::default(), clock }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap()
    }

    fn with<T>(&self, name: &str, change: impl FnOnce(&mut Name) -> T) -> T {
        change(self.facts().names.entry(name.to_owned()).or_default())
    }
}
