//! Reading: from what is held, or by one load for all who ask.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Moment, Reason, Result};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::Source;
use super::flights::{Landing, Outcome, Waiting};
use super::load::{self, Cause};
use super::shared::Shared;
use super::table::Table;

/// What a caller asks for.
#[derive(Debug)]
pub(super) struct Ask<'a, K> {
    pub(super) key: &'a K,
    /// Under which text it is found without a lock once it is in use.
    pub(super) text: Option<&'a str>,
    pub(super) max_age: Option<Duration>,
    pub(super) at: Moment,
}

/// What comes of it.
enum Step<S: Source> {
    Take(S::Value),
    Fail(Error),
    /// A load is under way. `is_late`: it began before what was asked for.
    Wait {
        load: Waiting<S::Value>,
        is_late: bool,
    },
    Lead(Waiting<S::Value>, Landing<S::Key, S::Value>, Cause),
}

/// How often a caller begins anew when the load it waits for goes away with its runtime.
const TRIES: usize = 4;

impl<S: Source> Shared<S> {
    /// Reads one key.
    pub(super) async fn read(
        self: &Arc<Self>,
        runtime: &Handle,
        ask: &Ask<'_, S::Key>,
    ) -> Result<S::Value> {
        let mut after_panic = false;
        let deadline = self.deadline();
        for _ in 0..TRIES {
            let (load, leads, is_late) = match self.step(ask, after_panic) {
                Step::Take(value) => return Ok(value),
                Step::Fail(error) => return Err(error),
                Step::Wait { load, is_late } => (load, false, is_late),
                Step::Lead(load, landing, cause) => {
                    load::start(self, runtime, vec![landing], cause);
                    (load, true, false)
                }
            };
            let id = load.id;
            let outcome = match timeout_at(deadline, load.outcome()).await {
                Ok(outcome) => outcome,
                Err(_) => return self.last_resort(ask, late()),
            };
            match outcome {
                _ if is_late => {}
                Some(Outcome::Loaded(value)) => return Ok(value),
                Some(Outcome::Failed(error)) => return self.last_resort(ask, error),
                // Whoever only waited may find that it does not happen again.
                Some(Outcome::Panicked(error)) if leads || after_panic => {
                    return self.last_resort(ask, error);
                }
                Some(Outcome::Panicked(_)) => after_panic = true,
                None => drop(self.table().flights.land(ask.key, id)),
            }
        }
        let message = "the runtime that read the secret ended before it was read";
        self.last_resort(ask, Error::new(ErrorKind::Unavailable, message))
    }

    /// Until when a caller waits. A load that began with it ends by its own deadline, a little earlier, and
    /// tells more.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.limits.operation + Duration::from_millis(100)
    }

    fn last_resort(&self, ask: &Ask<'_, S::Key>, error: Error) -> Result<S::Value> {
        match ask.max_age {
            None => self.instead(ask.key, error),
            Some(_) => Err(error),
        }
    }

    fn step(&self, ask: &Ask<'_, S::Key>, after_panic: bool) -> Step<S> {
        let mut table = self.table();
        if table.closed {
            return Step::Fail(closed());
        }
        if let Some(value) = self.take(&mut table, ask) {
            return Step::Take(value);
        }
        if let Some((load, began)) = table.flights.join(ask.key) {
            let is_late = !self.is_young_enough(ask, &began);
            return Step::Wait { load, is_late };
        }
        if let Some(error) = self.failed(&table, ask).filter(|_| !after_panic) {
            drop(table);
            return match self.last_resort(ask, error) {
                Ok(value) => Step::Take(value),
                Err(error) => Step::Fail(error),
            };
        }
        let cause = match (table.held(ask.key), ask.max_age) {
            (None, _) => Cause::Miss,
            (Some(_), None) => Cause::Stale,
            (Some(_), Some(_)) => Cause::Refresh,
        };
        let (load, landing) = table.flights.begin(ask.key, self.now());
        Step::Lead(load, landing, cause)
    }

    /// What is held, if it may be served without asking.
    fn take(&self, table: &mut Table<S>, ask: &Ask<'_, S::Key>) -> Option<S::Value> {
        if let Some(slot) = table.slots.get_mut(ask.key) {
            slot.used = true;
            let held = slot.held.as_ref().filter(|_| !slot.overdue)?;
            if !self.is_usable(held) || !self.is_young_enough(ask, &held.loaded) {
                return None;
            }
            let mut held = held.clone();
            if held.loaded.age(&*self.clock) >= self.limits.fresh() {
                // Whoever renews is late: it is told so, and nobody waits for it.
                held.turn_stale();
                self.wake.notify_one();
            }
            if let Some(text) = ask.text {
                self.make_findable(table, ask.key, text);
            }
            return Some(held.value);
        }
        let held = table.ad_hoc.held(ask.key)?;
        if held.loaded.age(&*self.clock) >= self.limits.ttl
            || !self.is_young_enough(ask, &held.loaded)
        {
            return None;
        }
        // Read twice within its TTL: in use.
        if let Some(text) = ask.text
            && table.has_room()
        {
            self.make_findable(table, ask.key, text);
            self.wake.notify_one();
        }
        Some(held.value)
    }

    /// Puts a key into the snapshot, under a text.
    fn make_findable(&self, table: &mut Table<S>, key: &S::Key, text: &str) {
        if !table.is_findable(key, text) {
            table.slot(key, Some(text));
            self.publish(table);
        }
    }

    fn is_young_enough(&self, ask: &Ask<'_, S::Key>, loaded: &Moment) -> bool {
        ask.max_age.is_none_or(|max_age| {
            loaded.age(&*self.clock) < max_age.saturating_add(ask.at.age(&*self.clock))
        })
    }

    /// Reads several keys. A source that reads them at one instant never gives a mix of two.
    pub(super) async fn read_many(
        self: &Arc<Self>,
        runtime: &Handle,
        asks: &[Ask<'_, S::Key>],
    ) -> Vec<Result<S::Value>> {
        let deadline = self.deadline();
        for _ in 0..TRIES {
            let waiting = match self.step_many(asks) {
                Steps::Take(values) => return values,
                Steps::Wait(waiting) => waiting,
                Steps::Lead(waiting, landings) => {
                    load::start(self, runtime, landings, Cause::Miss);
                    waiting
                }
            };
            for load in waiting {
                if timeout_at(deadline, load.outcome()).await.is_err() {
                    return asks.iter().map(|ask| self.last_resort(ask, late())).collect();
                }
            }
        }
        // Others change what is held all the time: each for itself, then.
        let mut values = Vec::with_capacity(asks.len());
        for ask in asks {
            values.push(self.read(runtime, ask).await);
        }
        values
    }

    fn step_many(&self, asks: &[Ask<'_, S::Key>]) -> Steps<S> {
        let mut table = self.table();
        if table.closed {
            return Steps::Take(asks.iter().map(|_| Err(closed())).collect());
        }
        let together = self.source.batches();
        let under_way: Vec<_> = asks
            .iter()
            .filter_map(|ask| table.flights.join(ask.key))
            .map(|(load, _)| load)
            .collect();
        if !under_way.is_empty() && (together || under_way.len() == asks.len()) {
            return Steps::Wait(under_way);
        }
        let mut values: Vec<Option<Result<S::Value>>> = Vec::with_capacity(asks.len());
        let mut calls = Vec::new();
        for ask in asks {
            let taken = self.take(&mut table, ask).map(Ok);
            if taken.is_some() {
                calls.extend(table.held(ask.key).map(|held| held.call));
            }
            values.push(taken.or_else(|| self.failed(&table, ask).map(Err)));
        }
        calls.dedup();
        if together && (calls.len() > 1 || values.iter().any(Option::is_none)) {
            values.iter_mut().filter(|value| matches!(value, Some(Ok(_)))).for_each(|v| *v = None);
        }
        let missing: Vec<&S::Key> = asks
            .iter()
            .zip(&values)
            .filter_map(|(ask, value)| value.is_none().then_some(ask.key))
            .collect();
        if missing.is_empty() {
            drop(table);
            let values = values.into_iter().flatten().zip(asks);
            let values =
                values.map(|(value, ask)| value.or_else(|error| self.last_resort(ask, error)));
            return Steps::Take(values.collect());
        }
        let (mut waiting, mut landings) = (under_way, Vec::new());
        let now = self.now();
        for key in missing {
            if !table.flights.is_under_way(key) {
                let (load, landing) = table.flights.begin(key, now);
                waiting.push(load);
                landings.push(landing);
            }
        }
        Steps::Lead(waiting, landings)
    }

    /// What is answered for a key whose last load failed a moment ago.
    fn failed(&self, table: &Table<S>, ask: &Ask<'_, S::Key>) -> Option<Error> {
        let failure = table.failure(ask.key)?;
        // Who wants a new answer gets one, unless it is the provider that has trouble.
        let is_old =
            failure.error.kind().is_authoritative() && !self.is_young_enough(ask, &failure.at);
        let is_over = failure.left(&*self.clock).is_zero();
        (!is_old && !is_over).then(|| failure.told(&*self.clock))
    }
}

/// What comes of asking for several keys.
enum Steps<S: Source> {
    Take(Vec<Result<S::Value>>),
    Wait(Vec<Waiting<S::Value>>),
    Lead(Vec<Waiting<S::Value>>, Vec<Landing<S::Key, S::Value>>),
}

pub(super) fn late() -> Error {
    let message = "the secret is still being read; the time of an operation is over";
    Error::new(ErrorKind::Unavailable, message).with_reason(Reason::Timeout)
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the handle was shut down").with_reason(Reason::Closed)
}
