//! Values and failures of names that are not known to be in use: bounded, and never renewed.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use strongroom_core::{Clock, Moment};

use super::Source;
use super::held::{Failure, Held};

/// How many values are kept of names that were read once. A value has at most 64 KiB.
const VALUES: u64 = 1_000;

/// How many failures are remembered, so that names that do not exist cost nothing but themselves.
const FAILURES: u64 = 1_000;

/// A value that can be wiped where it is: the bounded map may free what it has dropped much later.
type Place<V> = Arc<Mutex<Option<Held<V>>>>;

#[derive(Debug)]
pub(super) struct AdHoc<S: Source> {
    values: Cache<S::Key, Place<S::Value>>,
    failures: Cache<S::Key, Failure>,
    swept: Mutex<Moment>,
}

impl<S: Source> AdHoc<S> {
    pub(super) fn new(clock: &dyn Clock) -> Self {
        // The last ones, whoever was asked for more often before: the other policy turns newcomers away.
        let values = Cache::builder()
            .max_capacity(VALUES)
            .eviction_policy(EvictionPolicy::lru())
            .eviction_listener(|_, place: Place<S::Value>, _| drop(lock(&place).take()))
            .build();
        let failures =
            Cache::builder().max_capacity(FAILURES).eviction_policy(EvictionPolicy::lru()).build();
        Self { values, failures, swept: Mutex::new(Moment::now(clock)) }
    }

    pub(super) fn is_empty(&self) -> bool {
        is_empty(&self.values)
    }

    pub(super) fn held(&self, key: &S::Key) -> Option<Held<S::Value>> {
        let place = self.values.get(key)?;
        lock(&place).clone()
    }

    pub(super) fn hold(&self, key: &S::Key, held: Held<S::Value>) {
        self.failures.invalidate(key);
        self.drop_value(key);
        self.values.insert(key.clone(), Arc::new(Mutex::new(Some(held))));
    }

    /// Puts a value back in its place, marked anew.
    pub(super) fn mark(&self, key: &S::Key, held: Held<S::Value>) {
        if let Some(place) = self.values.get(key) {
            *lock(&place) = Some(held);
        }
    }

    /// Takes a value out, for a name that is in use from now on.
    pub(super) fn take(&self, key: &S::Key) -> Option<Held<S::Value>> {
        // Taken before it is invalidated, which wipes it.
        let held = lock(&*self.values.get(key)?).take();
        self.values.invalidate(key);
        held
    }

    pub(super) fn drop_value(&self, key: &S::Key) {
        drop(self.take(key));
    }

    pub(super) fn failure(&self, key: &S::Key) -> Option<Failure> {
        self.failures.get(key)
    }

    pub(super) fn fail(&self, key: &S::Key, failure: Failure) {
        self.failures.insert(key.clone(), failure);
    }

    /// Drops all values and failures of the keys that are meant.
    pub(super) fn forget(&self, meant: &dyn Fn(&S::Key) -> bool) {
        each(&self.values, |key, _| {
            if meant(key) {
                self.drop_value(key)
            }
        });
        self.forget_failures(meant);
    }

    /// Has the values of these keys read again before they are served, and drops their failures.
    pub(super) fn expire(&self, meant: &dyn Fn(&S::Key) -> bool) {
        each(&self.values, |key, place| {
            if let Some(held) = lock(place).as_mut().filter(|_| meant(key)) {
                held.overdue = true;
            }
        });
        self.forget_failures(meant);
    }

    fn forget_failures(&self, meant: &dyn Fn(&S::Key) -> bool) {
        each(&self.failures, |key, _| {
            if meant(key) {
                self.failures.invalidate(key)
            }
        });
    }

    /// Wipes what is past the age limit, at most once a second. How long until the next time.
    pub(super) fn sweep(&self, age: Duration, clock: &dyn Clock) -> Duration {
        {
            let mut swept = lock(&self.swept);
            let left = SWEEP.saturating_sub(swept.age(clock));
            if !left.is_zero() {
                return left;
            }
            *swept = Moment::now(clock);
        }
        let is_over = |place: &Place<S::Value>| {
            lock(place).as_ref().is_none_or(|held| held.loaded.age(clock) >= age)
        };
        each(&self.values, |key, place| {
            if is_over(place) {
                self.drop_value(key)
            }
        });
        each(&self.failures, |key, failure| {
            if failure.is_past(clock) {
                self.failures.invalidate(key);
            }
        });
        SWEEP
    }
}

/// Looks at each entry. Walking through a map that holds nothing is what costs most.
fn each<K, V>(entries: &Cache<K, V>, look: impl Fn(&K, &V))
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    if !is_empty(entries) {
        entries.iter().for_each(|(key, value)| look(&key, &value));
        entries.run_pending_tasks();
    }
}

fn is_empty<K, V>(entries: &Cache<K, V>) -> bool
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    // Counted by these tasks.
    entries.run_pending_tasks();
    entries.entry_count() == 0
}

pub(super) const SWEEP: Duration = Duration::from_secs(1);

fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
