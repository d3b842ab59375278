//! What becomes of the results of one call.

use std::time::Duration;

use strongroom_core::{Change, Error, ErrorKind, Reason};

use super::aftermath::Aftermath;
use super::event::Event;
use super::flights::{Landing, Outcome};
use super::held::{Failure, Held, keeps_the_last};
use super::load::Loaded;
use super::shared::Shared;
use super::table::Table;
use super::{Source, Value};

/// How long after an older version than the one held it is asked for again. A replica that lags has this long to
/// catch up.
pub(super) const DOUBT: Duration = Duration::from_secs(1);

/// The loads of one call, and what came of each.
pub(super) type Landed<S> =
    Vec<(Landing<<S as Source>::Key, <S as Source>::Value>, Loaded<<S as Source>::Value>)>;

/// What the results of one call have in common.
#[derive(Clone, Copy)]
struct Origin {
    call: u64,
    /// Sets the next attempt apart from those of other processes.
    spread: f64,
}

impl<S: Source> Shared<S> {
    /// Takes the results of one call, if they still count, and tells everyone.
    pub(super) fn land(&self, landed: Landed<S>) {
        let mut aftermath = Aftermath::new();
        let mut outcomes = Vec::with_capacity(landed.len());
        let is_news = {
            let mut table = self.table();
            let call = landed.first().map_or(0, |(landing, _)| landing.id);
            let origin = Origin { call, spread: self.draw() };
            let answered = |loaded: &Loaded<S::Value>| match loaded {
                Ok(Ok(_)) => true,
                Ok(Err(error)) => !error.kind().allows_stale(),
                Err(_) => false,
            };
            if table.is_outage() && landed.iter().any(|(_, loaded)| answered(loaded)) {
                // All clients fail and recover together: their next renewals must not be together.
                table.beat = Some(self.drawn_beat());
            }
            for (landing, loaded) in landed {
                let outcome = match table.flights.land(&landing.key, landing.id) {
                    true => self.count(&mut table, &landing, loaded, origin, &mut aftermath),
                    // Invalidated meanwhile: an answer for those who asked before, and for nobody else.
                    false => uncounted(loaded),
                };
                outcomes.push((landing, outcome));
            }
            let in_use = |(landing, _): &(Landing<_, _>, _)| table.slots.contains_key(&landing.key);
            let in_use = outcomes.iter().any(in_use);
            if in_use {
                self.publish(&mut table);
            }
            // Who renews nothing may sleep.
            in_use || table.slots.is_empty()
        };
        aftermath.tell_handles();
        for (landing, outcome) in outcomes {
            landing.tell(outcome);
        }
        if is_news {
            self.wake.notify_one();
        }
        aftermath.deliver(self.source.provider());
    }

    fn count(
        &self,
        table: &mut Table<S>,
        landing: &Landing<S::Key, S::Value>,
        loaded: Loaded<S::Value>,
        origin: Origin,
        aftermath: &mut Aftermath<S>,
    ) -> Outcome<S::Value> {
        let key = &landing.key;
        // Nothing comes back that the renewing task was about to end.
        self.end_past_age_limit(table, key, aftermath);
        let held = table.held(key).filter(|held| self.is_usable(held));
        let loaded = match loaded {
            Ok(Ok(value)) => match held.as_ref().map(|held| value.change_from(&held.value)) {
                Some(Change::Conflict) => Ok(Err(conflict())),
                Some(Change::Older) if !self.is_doubted(table, key) => {
                    // A lagging replica, or a rollback: the next answer tells.
                    return self.doubt(table, key, value, held, aftermath);
                }
                change => Ok(Ok((value, change))),
            },
            Ok(Err(error)) => Ok(Err(error)),
            Err(panicked) => Err(panicked),
        };
        if let Some((_, failure)) = table.slots.get_mut(key).and_then(|slot| slot.forced.as_mut()) {
            // A failure that a later load made good is no answer any more.
            *failure = match (&loaded, failure.take()) {
                (Ok(Ok(_)), _) | (_, None) => None,
                (Ok(Err(error)), Some(_)) => Some(error.clone()),
                (Err(panicked), Some(_)) => Some(panicked.error()),
            };
        }
        match loaded {
            Ok(Ok((value, change))) => {
                let new = Held::new(value, landing.began, origin.call);
                let value = new.value.clone();
                table.hold(key, new.clone());
                let versions = |held: Option<Held<S::Value>>| {
                    let from = held.and_then(|held| held.value.version().cloned());
                    (from, new.value.version().cloned())
                };
                match change {
                    Some(Change::Same) => aftermath.same(table, key, &new),
                    Some(Change::Older) => {
                        let (from, to) = versions(held);
                        aftermath.event(key, Event::RolledBack { from, to });
                        aftermath.value(table, key, &new);
                    }
                    Some(_) => {
                        let (from, to) = versions(held);
                        aftermath.event(key, Event::Rotated { from, to });
                        aftermath.value(table, key, &new);
                    }
                    None => aftermath.value(table, key, &new),
                }
                Outcome::Loaded(value)
            }
            Ok(Err(error)) => {
                self.refuse(table, key, error.clone(), held, origin, aftermath);
                Outcome::Failed(error)
            }
            Err(panicked) => {
                self.refuse(table, key, panicked.error(), held, origin, aftermath);
                Outcome::Panicked(panicked.error())
            }
        }
    }

    fn is_doubted(&self, table: &Table<S>, key: &S::Key) -> bool {
        match table.slots.get(key) {
            Some(slot) => slot.doubted.is_some_and(|at| at.age(&*self.clock) >= DOUBT),
            // A name that is not renewed is not asked again soon enough to wait for that.
            None => true,
        }
    }

    fn doubt(
        &self,
        table: &mut Table<S>,
        key: &S::Key,
        answered: S::Value,
        held: Option<Held<S::Value>>,
        aftermath: &mut Aftermath<S>,
    ) -> Outcome<S::Value> {
        let value = held.map_or_else(|| answered.clone(), |held| held.value);
        if let Some(slot) = table.slots.get_mut(key) {
            // It was read, well enough to serve on, and is asked for again by the doubt alone.
            (slot.doubted, slot.failure) = (slot.doubted.or(Some(self.now())), None);
            slot.wanted = false;
            slot.set_overdue(false);
            slot.forced = slot.forced.take().map(|(at, _)| (at, None));
        }
        let (held, answered) = (value.version().cloned(), answered.version().cloned());
        aftermath.event(key, Event::WentBack { held, answered });
        Outcome::Loaded(value)
    }

    /// A load failed: the last value serves on, or is dropped, as the kind of the error says.
    fn refuse(
        &self,
        table: &mut Table<S>,
        key: &S::Key,
        error: Error,
        held: Option<Held<S::Value>>,
        origin: Origin,
        aftermath: &mut Aftermath<S>,
    ) {
        let last = table.failure(key);
        let is_news = last.as_ref().is_none_or(|last| last.error.kind() != error.kind());
        let left = held.as_ref().filter(|_| keeps_the_last(error.kind()));
        let left = left.map(|held| self.limits.age().saturating_sub(held.loaded.age(&*self.clock)));
        let (now, limits) = (self.now(), &self.limits);
        let failure = Failure::after(last, error.clone(), now, limits, origin.spread, left);
        table.fail(key, failure);
        match held {
            Some(mut held) if keeps_the_last(error.kind()) => {
                let unusable = error.kind() == ErrorKind::InvalidValue
                    || error.reason() == Some(Reason::VersionConflict);
                if is_news && unusable {
                    aftermath.event(key, Event::RotationInvalid { error: error.clone() });
                }
                // What was written over is as stale as what is too old.
                let late = held.overdue || held.loaded.age(&*self.clock) >= self.limits.ttl;
                if late && held.turn_stale() {
                    aftermath.event(key, Event::StaleServed { error: Some(error) });
                    aftermath.same(table, key, &held);
                    table.mark(key, held);
                }
            }
            held => {
                table.drop_value(key);
                if held.is_some() {
                    aftermath.event(key, Event::Revoked { error: error.clone() });
                }
                // An outage says no more than what a handle shows already: that it is not read, or too old.
                if (held.is_some() || is_news) && !error.kind().allows_stale() {
                    aftermath.unusable(table, key, error);
                }
            }
        }
    }
}

fn uncounted<V>(loaded: Loaded<V>) -> Outcome<V> {
    match loaded {
        Ok(Ok(value)) => Outcome::Loaded(value),
        Ok(Err(error)) => Outcome::Failed(error),
        Err(panicked) => Outcome::Panicked(panicked.error()),
    }
}

fn conflict() -> Error {
    let message = "the version that is held came back with other bytes; write the secret once more";
    Error::new(ErrorKind::Malformed, message).with_reason(Reason::VersionConflict)
}
