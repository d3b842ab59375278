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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use shuttle::rand::{Rng, thread_rng};
    use shuttle::sync::{Mutex, MutexGuard};
    use shuttle::{future, thread};
    use strongroom_core::{ErrorKind, SystemClock};

    use super::*;

    const SCHEDULES: usize = 10_000;
    const READERS: usize = 3;

    /// What the owner of the flights keeps under its lock, and what has to be true of it.
    struct Owner {
        flights: Flights<u8, u64>,
        /// The one load whose result may count.
        registered: Option<u64>,
        /// The load that counted last.
        counted: u64,
    }

    type Shared = Arc<Mutex<Owner>>;

    fn lock(owner: &Shared) -> MutexGuard<'_, Owner> {
        owner.lock().expect("no test fails under the lock")
    }

    /// Joins the load under way or begins one, in place of it if `anew`; waits for what comes of it.
    async fn read(owner: Shared, anew: bool) {
        let waiting = {
            let mut locked = lock(&owner);
            match locked.flights.join(&0).filter(|_| !anew) {
                Some((waiting, _)) => {
                    assert_eq!(
                        locked.registered,
                        Some(waiting.id),
                        "the one that counts is joined"
                    );
                    waiting
                }
                None => {
                    assert!(anew || locked.registered.is_none(), "one load at a time");
                    let (waiting, landing) = locked.flights.begin(&0, Moment::now(&SystemClock));
                    locked.registered = Some(landing.id);
                    drop(future::spawn(load(owner.clone(), landing)));
                    waiting
                }
            }
        };
        let id = waiting.id;
        match waiting.outcome().await {
            Some(Outcome::Loaded(value)) => {
                assert_eq!(value, id, "that of the load that was joined")
            }
            Some(Outcome::Failed(error)) => assert_eq!(error.kind(), ErrorKind::Unavailable),
            Some(Outcome::Panicked(_)) => unreachable!("no load says that"),
            None => {
                assert_ne!(lock(&owner).registered, Some(id), "what went away is off the register")
            }
        }
    }

    /// A load that takes some turns, and then ends well, fails, or goes away with its runtime.
    async fn load(owner: Shared, landing: Landing<u8, u64>) {
        for _ in 0..thread_rng().gen_range(0..3) {
            future::yield_now().await;
        }
        let id = landing.id;
        {
            let mut locked = lock(&owner);
            let counts = locked.flights.land(&0, id);
            assert_eq!(counts, locked.registered == Some(id));
            if counts {
                assert!(id > locked.counted, "an older load after a newer one");
                (locked.registered, locked.counted) = (None, id);
            }
        }
        match thread_rng().gen_range(0..4) {
            0 => drop(landing),
            1 => landing.tell(Outcome::Failed(Error::new(ErrorKind::Unavailable, "down"))),
            _ => landing.tell(Outcome::Loaded(id)),
        }
    }

    fn forget(owner: &Shared) {
        let mut locked = lock(owner);
        locked.flights.forget(&|key| *key == 0);
        assert!(!locked.flights.is_under_way(&0) && locked.flights.join(&0).is_none());
        locked.registered = None;
    }

    fn readers_and_an_invalidation() {
        let (flights, registered, counted) = (Flights::new(), None, 0);
        let owner = Arc::new(Mutex::new(Owner { flights, registered, counted }));
        let mut threads: Vec<_> = (0..READERS)
            .map(|number| {
                let owner = owner.clone();
                thread::spawn(move || future::block_on(read(owner, number == 0)))
            })
            .collect();
        let forgetful = owner.clone();
        threads.push(thread::spawn(move || forget(&forgetful)));
        // A wake-up that is lost leaves somebody waiting, which is a deadlock here.
        threads.into_iter().for_each(|thread| thread.join().expect("every reader gets an answer"));
    }

    #[test]
    fn f125_in_every_order_one_load_counts_at_a_time_and_nobody_waits_for_ever() {
        shuttle::check_random(readers_and_an_invalidation, SCHEDULES / 2);
        shuttle::check_pct(readers_and_an_invalidation, SCHEDULES / 2, 3);
    }
}
