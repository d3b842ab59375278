//! What the handles, the loads and the renewing task of a cache share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use strongroom_core::{Clock, Moment};
use tokio::sync::{Notify, Semaphore, watch};

use super::attendance::Attendance;
use super::held::Held;
use super::shown::Snapshot;
use super::table::{Beat, Table};
use super::{Limits, Source};

pub(super) struct Shared<S: Source> {
    pub(super) source: Arc<S>,
    pub(super) limits: Limits,
    pub(super) clock: Arc<dyn Clock>,
    table: Mutex<Table<S>>,
    pub(super) snapshot: ArcSwap<Snapshot<S::Value>>,
    pub(super) attendance: Arc<Attendance>,
    /// Wakes the renewing task.
    pub(super) wake: Arc<Notify>,
    /// Renewals that are calls of their own go a few at a time.
    pub(super) permits: Arc<Semaphore>,
    random: Mutex<fastrand::Rng>,
    /// How many tasks run: each holds a receiver.
    tasks: watch::Sender<()>,
}

/// How many calls are under way for the renewing task, or for one caller, where each name is a call.
pub(super) const CALLS_AT_A_TIME: usize = 8;

impl<S: Source> Shared<S> {
    pub(super) fn new(source: S, limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let random = limits.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self {
            source: Arc::new(source),
            table: Mutex::new(Table::new(&*clock)),
            limits,
            clock,
            snapshot: ArcSwap::from_pointee(Snapshot::empty()),
            attendance: Arc::default(),
            wake: Arc::default(),
            permits: Arc::new(Semaphore::new(CALLS_AT_A_TIME)),
            random: Mutex::new(random),
            tasks: watch::Sender::new(()),
        }
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table<S>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        Moment::now(&*self.clock)
    }

    /// To be held by a task while it runs.
    pub(super) fn running(&self) -> watch::Receiver<()> {
        self.tasks.subscribe()
    }

    /// Waits until no task runs.
    pub(super) async fn idle(&self) {
        self.tasks.closed().await;
    }

    /// Shows what is held now to those who read without a lock.
    pub(super) fn publish(&self, table: &mut Table<S>) {
        table.note_uses(&self.snapshot.load());
        self.snapshot.store(Arc::new(table.snapshot(&self.limits)));
    }

    /// The beat that begins now, at a random time within the period.
    pub(super) fn drawn_beat(&self) -> Beat {
        Beat { from: self.now(), wait: self.limits.period().mul_f64(self.draw()) }
    }

    /// From 0 to 1.
    pub(super) fn draw(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    /// Whether what is held may be served at all.
    pub(super) fn is_usable(&self, held: &Held<S::Value>) -> bool {
        held.loaded.age(&*self.clock) < self.limits.age()
    }
}
