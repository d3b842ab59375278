//! At most one load of a key at a time, and whose result counts.

use std::collections::HashMap;
use std::hash::Hash;

use strongroom_core::{Error, Moment};
use tokio::sync::watch;

/// The loads under way. Kept under a lock by its owner, who starts the tasks.
///
/// A load lands only while it is the registered one of its key: forgetting a key is all that an
/// invalidation has to do, and of two loads the one that was begun later counts.
#[derive(Debug)]
pub(super) struct Flights<K, V> {
    under_way: HashMap<K, Registered<V>>,
    begun: u64,
}

#[derive(Debug)]
struct Registered<V> {
    id: u64,
    began: Moment,
    outcome: watch::Receiver<Option<Outcome<V>>>,
}

/// How a load ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome<V> {
    Loaded(V),
    Failed(Error),
    /// The code of the store panicked.
    Panicked(Error),
}

impl<K: Clone + Eq + Hash, V> Flights<K, V> {
    pub(super) fn new() -> Self {
        Self { under_way: HashMap::new(), begun: 0 }
    }

    pub(super) fn is_under_way(&self, key: &K) -> bool {
        self.under_way.contains_key(key)
    }

    /// The load of a key that is under way, and when it began.
    pub(super) fn join(&self, key: &K) -> Option<(Waiting<V>, Moment)> {
        let flight = self.under_way.get(key)?;
        Some((Waiting { id: flight.id, outcome: flight.outcome.clone() }, flight.began))
    }

    /// Registers a new load of a key, instead of the one under way if there is one.
    pub(super) fn begin(&mut self, key: &K, began: Moment) -> (Waiting<V>, Landing<K, V>) {
        self.begun += 1;
        let (sender, outcome) = watch::channel(None);
        let id = self.begun;
        let registered = Registered { id, began, outcome: outcome.clone() };
        self.under_way.insert(key.clone(), registered);
        (Waiting { id, outcome }, Landing { key: key.clone(), id, began, sender })
    }

    /// Ends a load; whether its result counts.
    pub(super) fn land(&mut self, key: &K, id: u64) -> bool {
        let counts = self.under_way.get(key).is_some_and(|flight| flight.id == id);
        if counts {
            self.under_way.remove(key);
        }
        counts
    }

    /// Makes the results of loads under way count for those only who wait for them already.
    pub(super) fn forget(&mut self, meant: &dyn Fn(&K) -> bool) {
        self.under_way.retain(|key, _| !meant(key));
    }
}

/// The end of a load that its task holds.
#[derive(Debug)]
pub(super) struct Landing<K, V> {
    pub(super) key: K,
    pub(super) id: u64,
    pub(super) began: Moment,
    sender: watch::Sender<Option<Outcome<V>>>,
}

impl<K, V> Landing<K, V> {
    /// Tells all who wait.
    pub(super) fn tell(self, outcome: Outcome<V>) {
        self.sender.send_replace(Some(outcome));
    }
}

/// The end of a load that a caller waits at.
#[derive(Debug)]
pub(super) struct Waiting<V> {
    pub(super) id: u64,
    outcome: watch::Receiver<Option<Outcome<V>>>,
}

impl<V: Clone> Waiting<V> {
    /// How the load ended; `None` if its task went away with the runtime that ran it. May be dropped at any
    /// time: the load goes on.
    pub(super) async fn outcome(mut self) -> Option<Outcome<V>> {
        let told = self.outcome.wait_for(Option::is_some).await.ok()?;
        (*told).clone()
    }
}
