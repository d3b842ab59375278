//! How many calls came, and how many are under way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strongroom_core::SecretName;

use super::Call;

/// The counters of a store.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<Totals>);

#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) calls: usize,
    pub(super) reads: usize,
    pub(super) in_flight: usize,
    names: BTreeMap<String, Tally>,
}

/// The counters of one name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) calls: usize,
    pub(super) reads: usize,
    pub(super) most_in_flight: usize,
    in_flight: usize,
}

impl Counts {
    /// Counts a call, which ends when the flight is dropped: done, panicked or given up.
    pub(super) fn begin(self: &Arc<Self>, names: &[SecretName], call: Call) -> Flight {
        let mut totals = self.totals();
        totals.calls += 1;
        totals.in_flight += 1;
        // A batch that asks twice for a name is still one call that reads it.
        let distinct: BTreeSet<&str> = names.iter().map(SecretName::as_str).collect();
        for name in &distinct {
            totals.tally(name).calls += 1;
        }
        if call == Call::Other {
            return Flight { counts: Arc::clone(self), reads: Vec::new() };
        }
        if call == Call::Read {
            totals.reads += names.len();
            names.iter().for_each(|name| totals.tally(name.as_str()).reads += 1);
        }
        for name in &distinct {
            let tally = totals.tally(name);
            tally.in_flight += 1;
            tally.most_in_flight = tally.most_in_flight.max(tally.in_flight);
        }
        let reads = distinct.into_iter().map(str::to_owned).collect();
        Flight { counts: Arc::clone(self), reads }
    }

    pub(super) fn of(&self, name: &str) -> Tally {
        self.totals().names.get(name).copied().unwrap_or_default()
    }

    pub(super) fn totals(&self) -> MutexGuard<'_, Totals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Totals {
    fn tally(&mut self, name: &str) -> &mut Tally {
        self.names.entry(name.to_owned()).or_default()
    }
}

/// A call that is under way.
#[derive(Debug)]
pub(super) struct Flight {
    counts: Arc<Counts>,
    reads: Vec<String>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut totals = self.counts.totals();
        totals.in_flight -= 1;
        for name in &self.reads {
            totals.tally(name).in_flight -= 1;
        }
    }
}
