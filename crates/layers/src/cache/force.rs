//! Reading again because a caller has reason to think that there is something newer: at most once a
//! cooldown, so that nobody can make it hammer the provider.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Moment, Result};
use tokio::runtime::Handle;
use tokio::time::timeout_at;

use super::Source;
use super::flights::Outcome;
use super::load::{self, Call, Cause};
use super::read::{closed, late};
use super::shared::Shared;
use super::table::Table;

/// What came of asking for something newer.
#[derive(Clone, Debug)]
pub enum Reloaded<V> {
    /// It was read, or was here already.
    Found(V),
    /// It was read just now, and is not what was looked for.
    NotFound(V),
    /// It was read less than a cooldown ago.
    Cooling {
        /// How long until it may be read again.
        left: Duration,
        /// How the last reading failed, if it did.
        failure: Option<Error>,
    },
}

/// What came of a synchronous wish for something newer.
#[derive(Clone, Debug)]
pub enum Nudged {
    /// It is being read.
    UnderWay,
    /// It was read less than a cooldown ago.
    Cooling {
        /// How long until it may be read again.
        left: Duration,
        /// How the last reading failed, if it did.
        failure: Option<Error>,
    },
}

/// How often a caller looks again after it waited for a load that others began.
const TRIES: usize = 4;

enum Turn<S: Source> {
    Done(Reloaded<S::Value>),
    Wait(super::flights::Waiting<S::Value>),
    Lead(super::flights::Waiting<S::Value>, super::flights::Landing<S::Key, S::Value>),
}

impl<S: Source> Shared<S> {
    pub(super) async fn reload(
        self: &Arc<Self>,
        runtime: &Handle,
        key: &S::Key,
        cooldown: Duration,
        is_found: &(dyn Fn(&S::Value) -> bool + Sync),
    ) -> Result<Reloaded<S::Value>> {
        let deadline = self.deadline();
        for _ in 0..TRIES {
            let (load, leads) = match self.turn(key, cooldown, is_found)? {
                Turn::Done(reloaded) => return Ok(reloaded),
                Turn::Wait(load) => (load, false),
                Turn::Lead(load, landing) => {
                    load::start(self, runtime, Call::new(vec![landing]), Cause::Refresh);
                    (load, true)
                }
            };
            let id = load.id;
            let outcome = timeout_at(deadline, load.outcome()).await;
            match outcome.map_err(|_| {
                self.give_up(&mut self.table(), key, Duration::ZERO);
                late()
            })? {
                Some(Outcome::Loaded(value)) if is_found(&value) => {
                    return Ok(Reloaded::Found(value));
                }
                Some(Outcome::Loaded(value)) if leads => return Ok(Reloaded::NotFound(value)),
                Some(Outcome::Loaded(_)) => {}
                Some(Outcome::Failed(error) | Outcome::Panicked(error)) => return Err(error),
                None => drop(self.table().flights.land(key, id)),
            }
        }
        Err(unfinished())
    }

    fn turn(
        &self,
        key: &S::Key,
        cooldown: Duration,
        is_found: &(dyn Fn(&S::Value) -> bool + Sync),
    ) -> Result<Turn<S>> {
        let mut table = self.table();
        if table.closed {
            return Err(closed());
        }
        let held = table.held(key).filter(|held| self.is_usable(held) && is_found(&held.value));
        if let Some(held) = held {
            return Ok(Turn::Done(Reloaded::Found(held.value)));
        }
        if let Some((load, _)) = table.flights.join(key) {
            return Ok(Turn::Wait(load));
        }
        if let Some((left, failure)) = self.cooling(&table, key, cooldown) {
            return Ok(Turn::Done(Reloaded::Cooling { left, failure }));
        }
        self.note_forced(&mut table, key);
        let (load, landing) = table.flights.begin(key, self.now());
        Ok(Turn::Lead(load, landing))
    }

    pub(super) fn nudge(&self, key: &S::Key, cooldown: Duration) -> Result<Nudged> {
        let mut table = self.table();
        if table.closed {
            return Err(closed());
        }
        let wanted = table.slots.get(key).is_some_and(|slot| slot.wanted);
        if wanted || table.flights.is_under_way(key) {
            return Ok(Nudged::UnderWay);
        }
        if let Some((left, failure)) = self.cooling(&table, key, cooldown) {
            return Ok(Nudged::Cooling { left, failure });
        }
        self.note_forced(&mut table, key).wanted = true;
        self.wake.notify_one();
        Ok(Nudged::UnderWay)
    }

    /// How long a key is not read again on demand, and why the last reading failed if it did.
    fn cooling(
        &self,
        table: &Table<S>,
        key: &S::Key,
        cooldown: Duration,
    ) -> Option<(Duration, Option<Error>)> {
        if let Some(failure) = table.failure(key) {
            let left = failure.left(&*self.clock);
            if !left.is_zero() {
                return Some((left, Some(failure.error)));
            }
        }
        let (at, failure) = table.slots.get(key)?.forced.clone()?;
        let left = cooldown.saturating_sub(at.age(&*self.clock));
        (!left.is_zero()).then_some((left, failure))
    }

    /// Noted before the load: a caller that goes away has used up the cooldown all the same, and what it did
    /// not learn is not an answer.
    fn note_forced<'a>(
        &self,
        table: &'a mut Table<S>,
        key: &S::Key,
    ) -> &'a mut super::slot::Slot<S::Value> {
        let slot = table.slot(key, None);
        slot.forced = Some((Moment::now(&*self.clock), Some(unfinished())));
        slot
    }
}

fn unfinished() -> Error {
    Error::new(ErrorKind::Unavailable, "the secret is not read again yet")
}
