//! Reading: from what is held, or by one load for all who ask.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Moment, Reason, Result};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::Source;
use super::flights::{Landing, Outcome, Waiting};
use super::held::{Held, keeps_the_last};
use super::load::{self, Call, Cause};
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
    /// It was asked for since: what was read at the very instant of the question counts.
    pub(super) is_asked: bool,
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
                    load::start(self, runtime, Call::new(vec![landing]), cause);
                    (load, true, false)
                }
            };
            let id = load.id;
            let outcome = match timeout_at(deadline, load.outcome()).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    self.give_up(&mut self.table(), ask.key, Duration::ZERO);
                    return self.last_resort(ask, late());
                }
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

    /// A load that takes longer than an operation stands in nobody's way any more: the runtime that it runs in
    /// may not be driven.
    pub(super) fn give_up(&self, table: &mut Table<S>, key: &S::Key, slack: Duration) {
        if let Some((load, began)) = table.flights.join(key)
            && began.age(&*self.clock) >= self.limits.operation.saturating_add(slack)
        {
            table.flights.land(key, load.id);
        }
    }

    fn last_resort(&self, ask: &Ask<'_, S::Key>, error: Error) -> Result<S::Value> {
        let held = self.instead(&self.table(), ask, &error);
        held.map(|held| held.value).ok_or(error)
    }

    /// What may be served instead of an error: the last value, within its age, if the error says nothing
    /// about the secret.
    pub(super) fn instead(
        &self,
        table: &Table<S>,
        ask: &Ask<'_, S::Key>,
        error: &Error,
    ) -> Option<Held<S::Value>> {
        if table.closed || ask.max_age.is_some() || !keeps_the_last(error.kind()) {
            return None;
        }
        let mut held = table.held(ask.key).filter(|held| self.is_usable(held))?;
        if held.loaded.age(&*self.clock) >= self.limits.ttl {
            held.turn_stale();
        }
        Some(held)
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
            let is_late = began.age(&*self.clock) > self.most_age(ask);
            return Step::Wait { load, is_late };
        }
        if let Some(error) = self.failed(&table, ask).filter(|_| !after_panic) {
            drop(table);
            return match self.last_resort(ask, error) {
                Ok(value) => Step::Take(value),
                Err(error) => Step::Fail(error),
            };
        }
        let cause = Cause::of(table.held(ask.key).is_some(), ask.max_age);
        let (load, landing) = table.flights.begin(ask.key, self.now());
        Step::Lead(load, landing, cause)
    }

    /// What is held, if it may be served without asking.
    pub(super) fn take(&self, table: &mut Table<S>, ask: &Ask<'_, S::Key>) -> Option<S::Value> {
        if let Some(slot) = table.slots.get_mut(ask.key) {
            slot.used = true;
            let held = slot.held.as_ref().filter(|held| !held.overdue)?;
            if !self.is_usable(held) || !self.is_young_enough(ask, &held.loaded) {
                return None;
            }
            let mut held = held.clone();
            if held.loaded.age(&*self.clock) >= self.limits.fresh() {
                // Whoever renews is late, and looks once a second: nobody waits for it.
                held.turn_stale();
            }
            if let Some(text) = ask.text {
                self.put_in_use(table, ask.key, Some(text));
            }
            return Some(held.value);
        }
        let held = table.ad_hoc.held(ask.key)?;
        if held.overdue
            || held.loaded.age(&*self.clock) >= self.limits.ttl
            || !self.is_young_enough(ask, &held.loaded)
        {
            return None;
        }
        // Read twice within its TTL: in use.
        if let Some(text) = ask.text
            && table.has_room()
        {
            self.put_in_use(table, ask.key, Some(text));
            self.wake.notify_one();
        }
        Some(held.value)
    }

    /// Puts a key into the snapshot, under a text; whether that is new.
    pub(super) fn put_in_use(
        &self,
        table: &mut Table<S>,
        key: &S::Key,
        text: Option<&str>,
    ) -> bool {
        let slot = table.slots.get(key);
        let is_known = slot.is_some_and(|slot| text.is_none_or(|text| slot.is_found_by(text)));
        if !is_known {
            table.slot(key, text);
            self.publish(table);
        }
        !is_known
    }

    /// Whether what was read then is new enough. What was read at the very instant of the question may have
    /// been read before it.
    fn is_young_enough(&self, ask: &Ask<'_, S::Key>, loaded: &Moment) -> bool {
        let (age, most) = (loaded.age(&*self.clock), self.most_age(ask));
        ask.max_age.is_none() || age < most || (ask.is_asked && age == most)
    }

    fn most_age(&self, ask: &Ask<'_, S::Key>) -> Duration {
        let since = ask.at.age(&*self.clock);
        ask.max_age.map_or(Duration::MAX, |max_age| max_age.saturating_add(since))
    }

    /// What is answered for a key whose last load failed a moment ago.
    pub(super) fn failed(&self, table: &Table<S>, ask: &Ask<'_, S::Key>) -> Option<Error> {
        let failure = table.failure(ask.key)?;
        // Who wants a new answer gets one, unless it is the provider that has trouble.
        let is_old =
            failure.error.kind().is_authoritative() && !self.is_young_enough(ask, &failure.at);
        let is_over = failure.left(&*self.clock).is_zero();
        (!is_old && !is_over).then(|| failure.told(&*self.clock))
    }
}

pub(super) fn late() -> Error {
    let message = "the secret is still being read; the time of an operation is over";
    Error::new(ErrorKind::Unavailable, message).with_reason(Reason::Timeout)
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the handle was shut down").with_reason(Reason::Closed)
}
