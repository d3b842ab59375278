//! What is true in the model test, and what a cache may know of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use strongroom_core::{Clock, Error, ErrorKind, Result, Secret};
use strongroom_testkit::ManualClock;

use crate::scene::{AGE, TTL, text};

pub(crate) const NAMES: [&str; 3] = ["db", "api", "key"];

/// The name that a handle is made of.
pub(crate) const WATCHED: &str = "db";

/// What is true, and what was told.
#[derive(Clone, Debug)]
pub(crate) struct World {
    facts: Arc<Mutex<Facts>>,
    clock: ManualClock,
}

#[derive(Debug, Default)]
struct Facts {
    failing: Option<ErrorKind>,
    /// Numbers everything that happens.
    events: u64,
    names: BTreeMap<String, Name>,
    /// The names of each call, and their values.
    calls: Vec<BTreeMap<String, Option<String>>>,
    /// What was done, to be read where something is wrong.
    story: Vec<String>,
}

/// One name: what is in force, and what a cache may hold of it.
#[derive(Debug, Default)]
struct Name {
    value: Option<Secret>,
    /// The last value that counts, and when it was asked for.
    known: Option<(String, SystemTime)>,
    /// The last error since the last value, and when it came.
    error: Option<(ErrorKind, SystemTime)>,
    under_way: BTreeMap<u64, Option<String>>,
    /// What began before this event does not count.
    forgotten: u64,
    loads: u64,
    /// How many loads there may be since the clock was moved, and how many there were.
    now: (u64, u64),
    /// How many loads there may be in all.
    bound: f64,
}

pub(crate) struct Load {
    number: u64,
    at: SystemTime,
    pub(crate) answer: Result<Secret>,
}

impl World {
    pub(crate) fn new(clock: ManualClock) -> Self {
        let facts: Arc<Mutex<Facts>> = Arc::default();
        for name in NAMES {
            let new = Name { now: (1, 0), bound: 2.0 + ABSENT, ..Name::default() };
            facts.lock().unwrap().names.insert(name.to_owned(), new);
        }
        Self { facts, clock }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap()
    }

    fn with<T>(&self, name: &str, change: impl FnOnce(&mut Name) -> T) -> T {
        change(self.facts().names.get_mut(name).unwrap())
    }

    pub(crate) fn tell(&self, what: String) {
        self.facts().story.push(what);
    }

    pub(crate) fn story(&self) -> String {
        self.facts().story.join("; ")
    }

    fn next(&self) -> u64 {
        let mut facts = self.facts();
        facts.events += 1;
        facts.events
    }

    pub(crate) fn answer(&self, name: &str) -> Result<Secret> {
        let facts = self.facts();
        match (facts.failing, &facts.names[name].value) {
            (Some(kind), _) => Err(Error::new(kind, "as the test wants")),
            (None, Some(secret)) => Ok(secret.clone()),
            (None, None) => Err(Error::new(ErrorKind::NotFound, "no such value")),
        }
    }

    pub(crate) fn begin(&self, name: &str) -> Load {
        let load = Load { number: self.next(), at: self.clock.now(), answer: self.answer(name) };
        let counting = self.with(name, |it| {
            let counting = it.under_way.keys().filter(|number| **number > it.forgotten).count();
            it.under_way.insert(load.number, load.answer.as_ref().ok().map(text));
            it.loads += 1;
            it.now.1 += 1;
            counting
        });
        assert_eq!(counting, 0, "{name} is loaded already; {}", self.story());
        load
    }

    pub(crate) fn end(&self, name: &str, load: &Load) {
        let now = self.clock.now();
        self.with(name, |it| {
            it.under_way.remove(&load.number);
            it.error = load.answer.as_ref().err().map(|error| (error.kind(), now));
            if load.number <= it.forgotten {
                return;
            }
            match &load.answer {
                Ok(secret) => it.known = Some((text(secret), load.at)),
                Err(error) => {
                    let kind = error.kind();
                    let keeps = kind.allows_stale() || kind == ErrorKind::InvalidValue;
                    it.known = it.known.take().filter(|_| keeps);
                }
            }
        });
    }

    pub(crate) fn put(&self, name: &str) {
        let number = self.next();
        self.tell(format!("put {name} {number}"));
        let secret = Secret::new(format!("canary-{name}-{number}").as_str().into())
            .with_version(number.to_string().as_str().into())
            .with_created_at(self.clock.now());
        self.with(name, |it| it.value = Some(secret));
    }

    pub(crate) fn remove(&self, name: &str) {
        self.tell(format!("remove {name}"));
        self.with(name, |it| {
            it.value = None;
            it.bound += ABSENT;
        });
    }

    pub(crate) fn fail(&self, kind: Option<ErrorKind>) {
        self.tell(format!("the provider answers {kind:?}"));
        let mut facts = self.facts();
        facts.failing = kind;
        facts.names.values_mut().for_each(|it| it.bound += OUTAGE);
    }

    pub(crate) fn invalidate(&self, name: &str) {
        self.expire(name);
        self.with(name, |it| it.known = None);
    }

    pub(crate) fn expire(&self, name: &str) {
        let number = self.next();
        self.tell(format!("forget {name}"));
        self.with(name, |it| {
            it.forgotten = number;
            it.error = None;
            it.now.0 += 1;
            it.bound += FORGOTTEN;
        });
    }

    /// These were answered by one call.
    pub(crate) fn note_call(&self, keys: &[String], loads: &[Load]) {
        let values = loads.iter().map(|load| load.answer.as_ref().ok().map(text));
        self.facts().calls.push(keys.iter().cloned().zip(values).collect());
    }

    /// A batch may ask anew for a name that was read a moment ago, so that all are of one call.
    pub(crate) fn ask_together(&self) {
        self.facts().names.values_mut().for_each(|it| {
            it.now.0 += 1;
            it.bound += 1.0;
        });
    }

    /// Time passed: what a name may cost in it.
    pub(crate) fn moved(&self, by: Duration) {
        self.tell(format!("{by:?} pass"));
        let mut facts = self.facts();
        let failing = facts.failing;
        for it in facts.names.values_mut() {
            it.now = (1, 0);
            let authoritative = match failing {
                Some(kind) => kind.is_authoritative(),
                None => it.value.is_none(),
            };
            let wait = match (authoritative, failing) {
                (true, _) => Duration::from_secs(5),
                (false, Some(_)) => Duration::from_millis(29_100),
                (false, None) => TTL.mul_f64(2.0 / 3.0),
            };
            it.bound += by.as_secs_f64() / wait.as_secs_f64();
        }
    }

    /// The value that the cache may hold now, if any.
    pub(crate) fn known(&self, name: &str) -> Option<String> {
        let now = self.clock.now();
        let known = self.with(name, |it| it.known.clone());
        known.filter(|(_, at)| now.duration_since(*at).unwrap() < AGE).map(|(value, _)| value)
    }

    pub(crate) fn under_way(&self, name: &str) -> Option<String> {
        self.with(name, |it| it.under_way.values().next().cloned().flatten())
    }

    /// What was read is what was known before, or came of a load meanwhile; an error means that nothing is known,
    /// and is that of the last load.
    pub(crate) fn check_read(&self, name: &str, before: Option<String>, read: &Result<Secret>) {
        let (after, story) = (self.known(name), self.story());
        match read {
            Ok(secret) => {
                let value = Some(text(secret));
                assert!(
                    value == before || value == after,
                    "{name}: {value:?}, not {after:?}; {story}"
                );
                assert!(text(secret).starts_with(&format!("canary-{name}-")), "{story}");
            }
            Err(error) => {
                let kind = error.kind();
                assert_eq!(after, None, "{name}: {kind} although there is a value; {story}");
                let (last, at) = self.with(name, |it| it.error).expect("a load that failed");
                assert_eq!(kind, last, "{name}; {story}");
                if self.answer(name).err().map(|error| error.kind()) != Some(kind) {
                    let age = self.clock.now().duration_since(at).unwrap();
                    let most = Duration::from_secs(if kind.is_authoritative() { 5 } else { 30 });
                    assert!(age < most, "{name}: {kind} after {age:?}; {story}");
                }
            }
        }
    }

    pub(crate) fn check_one_call(&self, read: &[(&str, String)]) {
        let facts = self.facts();
        let brought = |call: &BTreeMap<String, Option<String>>| {
            read.iter().all(|(name, value)| call.get(*name) == Some(&Some(value.clone())))
        };
        assert!(facts.calls.iter().any(brought), "{read:?} of several calls; {:?}", facts.story);
    }

    pub(crate) fn check_calls(&self) {
        let facts = self.facts();
        for (name, it) in &facts.names {
            let (loads, story) = (it.loads, &facts.story);
            assert!(it.now.1 <= it.now.0, "{name}: {} loads at one instant; {story:?}", it.now.1);
            assert!(
                loads as f64 <= it.bound.ceil(),
                "{name}: {loads} loads, not {}; {story:?}",
                it.bound
            );
        }
    }
}

/// Beyond what the time costs: one load that learns that a name is gone, and one that learns that it is back.
const ABSENT: f64 = 2.0;

/// Six shorter waits until the gate is half a minute wide, one load that learns that it is over, and a beat
/// that is drawn anew.
const OUTAGE: f64 = 8.0;

/// One load, and the gate begins anew with its six shorter waits.
const FORGOTTEN: f64 = 7.0;
