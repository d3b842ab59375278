//! The one task that renews the names in use, ends what is too old, and forgets what nobody reads.

use std::sync::{Arc, Weak};
use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Result};
use tokio::runtime::Handle;

use super::Source;
use super::ad_hoc::SWEEP;
use super::aftermath::Aftermath;
use super::attendance::Watch;
use super::event::Event;
use super::land::DOUBT;
use super::load::{self, Call, Cause};
use super::screen::past_age_limit;
use super::shared::Shared;
use super::slot::Slot;
use super::table::{Beat, Table};

impl<S: Source> Shared<S> {
    /// Starts the renewing task in the runtime of the caller, unless it runs.
    ///
    /// # Errors
    /// `Misconfigured` outside of a tokio runtime.
    pub(super) fn attend(self: &Arc<Self>) -> Result<Handle> {
        let runtime = Handle::try_current().map_err(|_| {
            Error::new(ErrorKind::Misconfigured, "secrets are read within a tokio runtime only")
        })?;
        // After shutdown there is nothing to renew.
        if !self.attendance.is_kept() && self.table().closed {
            return Ok(runtime);
        }
        if let Some(watch) = self.attendance.begin() {
            let task = renew(Arc::downgrade(self), watch, self.running());
            drop(runtime.spawn(task));
        }
        Ok(runtime)
    }

    /// Decides what is due; what is to be told; and when to look again, if anything is held at all.
    fn tick(&self) -> (Vec<Call<S>>, Aftermath<S>, Option<Duration>) {
        let mut aftermath = Aftermath::new();
        let mut table = self.table();
        let sweep = table.ad_hoc.sweep(self.limits.age(), &*self.clock);
        if table.slots.is_empty() {
            table.beat = None;
            let next = (!table.ad_hoc.is_empty()).then_some(sweep);
            return (Vec::new(), aftermath, next);
        }
        let is_beat = self.is_beat(&mut table);
        table.note_uses(&self.snapshot.load());
        let keys: Vec<S::Key> = table.slots.keys().cloned().collect();
        let mut changed = false;
        let mut due = Vec::new();
        for key in &keys {
            changed |= self.end_what_is_too_old(&mut table, key, &mut aftermath);
            // One that fails at its deadline is still waited for: its failure counts.
            self.give_up(&mut table, key, SWEEP);
            if is_beat && table.slots.get_mut(key).is_some_and(Slot::is_idle_after_beat) {
                table.put_by(key);
                changed = true;
                continue;
            }
            match table.slots.get(key) {
                _ if table.flights.is_under_way(key) => {}
                Some(slot) if slot.is_void() => {
                    table.retire(key);
                    changed = true;
                }
                Some(slot) if self.is_due(slot, is_beat) => due.push(key.clone()),
                _ => {}
            }
        }
        let calls = self.begin(&mut table, &due);
        if changed {
            self.publish(&mut table);
        }
        let next = self.next(&table).min(sweep).max(SHORTEST);
        (calls, aftermath, Some(next))
    }

    /// Begins what is due: in one call, or as many as may be under way. The rest is due until others are done,
    /// and nobody waits for it meanwhile.
    fn begin(&self, table: &mut Table<S>, due: &[S::Key]) -> Vec<Call<S>> {
        let now = self.now();
        if self.source.batches() {
            let landings = due.iter().map(|key| table.flights.begin(key, now).1).collect();
            return vec![Call { landings, permit: None }];
        }
        let mut calls = Vec::new();
        for key in due {
            match self.permits.clone().try_acquire_owned() {
                Ok(permit) => {
                    let landings = vec![table.flights.begin(key, now).1];
                    calls.push(Call { landings, permit: Some(permit) });
                }
                Err(_) => {
                    if let Some(slot) = table.slots.get_mut(key) {
                        slot.wanted = true;
                    }
                }
            }
        }
        calls
    }

    fn is_beat(&self, table: &mut Table<S>) -> bool {
        let beat = *table.beat.get_or_insert_with(|| self.drawn_beat());
        let is_beat = beat.from.age(&*self.clock) >= beat.wait;
        if is_beat {
            table.beat = Some(Beat { from: self.now(), wait: self.limits.period() });
        }
        is_beat
    }

    /// Drops a value past its age limit.
    pub(super) fn end_past_age_limit(
        &self,
        table: &mut Table<S>,
        key: &S::Key,
        aftermath: &mut Aftermath<S>,
    ) -> bool {
        let Some(slot) = table.slots.get_mut(key) else { return false };
        let is_over = slot.held.as_ref().is_some_and(|held| !self.is_usable(held));
        if is_over {
            slot.held = None;
            aftermath.event(key, Event::Expired);
            aftermath.unusable(table, key, past_age_limit(self.limits.age()));
        }
        is_over
    }

    /// Drops a value past its age limit, and says of one past its TTL that it is stale.
    fn end_what_is_too_old(
        &self,
        table: &mut Table<S>,
        key: &S::Key,
        aftermath: &mut Aftermath<S>,
    ) -> bool {
        if self.end_past_age_limit(table, key, aftermath) {
            return true;
        }
        let Some(slot) = table.slots.get_mut(key) else { return false };
        aftermath.look(slot);
        let error = slot.failure.as_ref().map(|failure| failure.error.clone());
        let Some(held) = &mut slot.held else { return false };
        let age = held.loaded.age(&*self.clock);
        let late = age >= self.limits.fresh() && held.turn_stale();
        if late {
            let held = held.clone();
            aftermath.event(key, Event::StaleServed { error });
            aftermath.same(table, key, &held);
        }
        late
    }

    fn is_due(&self, slot: &Slot<S::Value>, is_beat: bool) -> bool {
        let clock = &*self.clock;
        if let Some(failure) = &slot.failure {
            let left = match is_beat || slot.wanted {
                true => failure.left(clock),
                false => failure.renewal_left(clock),
            };
            return left.is_zero();
        }
        if let Some(at) = slot.doubted {
            return at.age(clock) >= DOUBT;
        }
        let old = slot
            .held
            .as_ref()
            .is_none_or(|held| held.overdue || held.loaded.age(clock) >= self.limits.period());
        is_beat || slot.wanted || old
    }

    /// How long nothing is due, by what is known now. At most a second: the time of day may be set, and a
    /// machine that slept did not count.
    fn next(&self, table: &Table<S>) -> Duration {
        let clock = &*self.clock;
        let mut next = SWEEP;
        let mut at_most = |left: Duration| next = next.min(left);
        if let Some(beat) = &table.beat {
            at_most(beat.wait.saturating_sub(beat.from.age(clock)));
        }
        for slot in table.slots.values() {
            if let Some(failure) = &slot.failure {
                let left = failure.renewal_left(clock);
                at_most(if left.is_zero() { SWEEP } else { left });
            }
            if let Some(held) = &slot.held {
                let age = held.loaded.age(clock);
                for limit in [self.limits.period(), self.limits.fresh(), self.limits.age()] {
                    let left = limit.saturating_sub(age);
                    at_most(if left.is_zero() { SWEEP } else { left });
                }
            }
        }
        next
    }
}

/// Never spins, whatever the clock says.
const SHORTEST: Duration = Duration::from_millis(1);

async fn renew<S: Source>(
    shared: Weak<Shared<S>>,
    watch: Watch,
    running: tokio::sync::watch::Receiver<()>,
) {
    // Dropped with the task, however it ends.
    let _held = (watch, running);
    let runtime = Handle::current();
    loop {
        let Some(shared_now) = shared.upgrade() else { return };
        // Taken before the time is read, so that no move of the clock is missed.
        let moved = shared_now.clock.moved();
        let wake = shared_now.wake.clone();
        if shared_now.table().closed {
            return;
        }
        let (calls, aftermath, next) = shared_now.tick();
        for call in calls {
            load::start(&shared_now, &runtime, call, Cause::Refresh);
        }
        aftermath.deliver(shared_now.source.provider());
        drop(shared_now);
        let sleep = async {
            match next {
                Some(next) => tokio::time::sleep(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep => {}
            () = moved => {}
            () = wake.notified() => {}
        }
    }
}
