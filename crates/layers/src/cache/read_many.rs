//! Reading several keys. A source that reads them at one instant never gives a mix of two.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{Error, Result};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::Source;
use super::flights::{Landing, Waiting};
use super::load::{self, Call, Cause};
use super::read::{Ask, closed, late};
use super::shared::{CALLS_AT_A_TIME, Shared};
use super::table::Table;

/// What comes of asking for several keys.
enum Steps<S: Source> {
    Take(Vec<Result<S::Value>>),
    Wait(Vec<Waiting<S::Value>>),
    Lead(Vec<Waiting<S::Value>>, Vec<Landing<S::Key, S::Value>>, Cause),
}

/// How often a caller looks again because what it waited for is gone, or others changed a part of it.
const TRIES: usize = 4;

impl<S: Source> Shared<S> {
    pub(super) async fn read_many(
        self: &Arc<Self>,
        runtime: &Handle,
        asks: &mut [Ask<'_, S::Key>],
    ) -> Vec<Result<S::Value>> {
        let deadline = self.deadline();
        if self.source.batches() {
            return self.read_some(runtime, asks, deadline).await;
        }
        let mut values = Vec::with_capacity(asks.len());
        // A few calls at a time, registered when they begin: who asks for one of the others does not wait.
        for asks in asks.chunks_mut(CALLS_AT_A_TIME) {
            values.extend(self.read_some(runtime, asks, deadline).await);
        }
        values
    }

    async fn read_some(
        self: &Arc<Self>,
        runtime: &Handle,
        asks: &mut [Ask<'_, S::Key>],
        deadline: Instant,
    ) -> Vec<Result<S::Value>> {
        for _ in 0..TRIES {
            let waiting = match self.step_many(asks, deadline) {
                Steps::Take(values) => return values,
                Steps::Wait(waiting) => waiting,
                Steps::Lead(waiting, landings, cause) => {
                    for call in self.calls(landings) {
                        load::start(self, runtime, call, cause);
                    }
                    asks.iter_mut().for_each(|ask| ask.is_asked = true);
                    waiting
                }
            };
            // Looking again is no second read, which would put them in use.
            asks.iter_mut().for_each(|ask| ask.text = None);
            for load in waiting {
                if timeout_at(deadline, load.outcome()).await.is_err() {
                    let mut table = self.table();
                    asks.iter().for_each(|ask| self.give_up(&mut table, ask.key, Duration::ZERO));
                    break;
                }
            }
        }
        let mut values = Vec::with_capacity(asks.len());
        for ask in asks {
            values.push(match self.source.batches() {
                true => Err(late()),
                false => self.read(runtime, ask).await,
            });
        }
        values
    }

    fn calls(&self, landings: Vec<Landing<S::Key, S::Value>>) -> Vec<Call<S>> {
        match self.source.batches() {
            true => vec![Call::new(landings)],
            false => landings.into_iter().map(|landing| Call::new(vec![landing])).collect(),
        }
    }

    fn step_many(&self, asks: &[Ask<'_, S::Key>], deadline: Instant) -> Steps<S> {
        let mut table = self.table();
        if table.closed {
            return Steps::Take(asks.iter().map(|_| Err(closed())).collect());
        }
        let together = self.source.batches();
        let mut values: Vec<Option<Result<S::Value>>> = Vec::with_capacity(asks.len());
        let mut brought = Vec::with_capacity(asks.len());
        for ask in asks {
            let taken = self.take(&mut table, ask).map(Ok);
            brought.push(taken.as_ref().and_then(|_| Some(table.held(ask.key)?.call)));
            values.push(taken.or_else(|| self.failed(&table, ask).map(Err)));
        }
        let is_whole = |values: &[Option<Result<S::Value>>], brought: &[Option<u64>]| {
            let calls: BTreeSet<_> = brought.iter().flatten().collect();
            calls.len() <= 1 && values.iter().all(Option::is_some)
        };
        if together && !is_whole(&values, &brought) {
            // A value that cannot be read anew now is left out rather than mixed with others.
            for ((value, brought), ask) in values.iter_mut().zip(&mut brought).zip(asks) {
                if brought.is_some()
                    && let Some(error) = self.failed(&table, ask)
                {
                    (*value, *brought) = (Some(Err(error)), None);
                }
            }
            if !is_whole(&values, &brought) {
                let taken = values.iter_mut().zip(&mut brought).filter(|(_, call)| call.is_some());
                taken.for_each(|(value, call)| (*value, *call) = (None, None));
            }
        }
        let calls: BTreeSet<u64> = brought.into_iter().flatten().collect();
        if Instant::now() >= deadline {
            values
                .iter_mut()
                .filter(|value| value.is_none())
                .for_each(|value| *value = Some(Err(late())));
        }
        let missing: Vec<&S::Key> = asks
            .iter()
            .zip(&values)
            .filter_map(|(ask, value)| value.is_none().then_some(ask.key))
            .collect();
        if missing.is_empty() {
            let values = values.into_iter().flatten().collect();
            return Steps::Take(self.last_resorts(&table, asks, values, calls));
        }
        let mut waiting: Vec<_> = missing
            .iter()
            .filter_map(|key| table.flights.join(key))
            .map(|(load, _)| load)
            .collect();
        if together && !waiting.is_empty() {
            return Steps::Wait(waiting);
        }
        let is_held = missing.iter().all(|key| table.held(key).is_some());
        let cause = Cause::of(is_held, asks.first().and_then(|ask| ask.max_age));
        let (now, mut landings) = (self.now(), Vec::new());
        for key in missing {
            if !table.flights.is_under_way(key) {
                let (load, landing) = table.flights.begin(key, now);
                waiting.push(load);
                landings.push(landing);
            }
        }
        Steps::Lead(waiting, landings, cause)
    }

    /// The last values instead of errors. From a source that batches only if all are of one call, with those that
    /// are good.
    fn last_resorts(
        &self,
        table: &Table<S>,
        asks: &[Ask<'_, S::Key>],
        values: Vec<Result<S::Value>>,
        mut calls: BTreeSet<u64>,
    ) -> Vec<Result<S::Value>> {
        let instead = |(ask, value): (&Ask<'_, S::Key>, &Result<S::Value>)| {
            let error: &Error = value.as_ref().err()?;
            self.instead(table, ask, error)
        };
        let held: Vec<_> = asks.iter().zip(&values).map(instead).collect();
        calls.extend(held.iter().flatten().map(|held| held.call));
        if self.source.batches() && calls.len() > 1 {
            return values;
        }
        let both = values.into_iter().zip(held);
        both.map(|(value, held)| held.map_or(value, |held| Ok(held.value))).collect()
    }
}
