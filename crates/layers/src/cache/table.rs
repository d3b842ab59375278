//! Everything that is decided under the lock of a cache.

use std::collections::HashMap;
use std::time::Duration;

use strongroom_core::{Clock, Freshness, Moment};

use super::ad_hoc::AdHoc;
use super::flights::Flights;
use super::held::{Failure, Held};
use super::shown::{Snapshot, Term};
use super::slot::Slot;
use super::{Limits, Source};

pub(super) struct Table<S: Source> {
    pub(super) slots: HashMap<S::Key, Slot<S::Value>>,
    pub(super) flights: Flights<S::Key, S::Value>,
    pub(super) ad_hoc: AdHoc<S>,
    /// How many news there were.
    pub(super) news: u64,
    pub(super) beat: Option<Beat>,
    pub(super) closed: bool,
}

/// When the names in use are read again, all together: one instant for a store, so that they can be asked
/// for in one call. The first one is drawn at random within the TTL, so that a fleet that starts together
/// does not renew together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beat {
    pub(super) from: Moment,
    pub(super) wait: Duration,
}

/// Most names that become names in use by being read twice. Declared and watched ones come on top.
const IN_USE: usize = 1_024;

impl<S: Source> Table<S> {
    pub(super) fn new(clock: &dyn Clock) -> Self {
        Self {
            slots: HashMap::new(),
            flights: Flights::new(),
            ad_hoc: AdHoc::new(clock),
            news: 0,
            beat: None,
            closed: false,
        }
    }

    pub(super) fn held(&self, key: &S::Key) -> Option<Held<S::Value>> {
        match self.slots.get(key) {
            Some(slot) => slot.held.clone(),
            None => self.ad_hoc.held(key),
        }
    }

    pub(super) fn failure(&self, key: &S::Key) -> Option<Failure> {
        match self.slots.get(key) {
            Some(slot) => slot.failure.clone(),
            None => self.ad_hoc.failure(key),
        }
    }

    /// Whether the last load of every name in use failed, for reasons that are not about the secrets.
    pub(super) fn is_outage(&self) -> bool {
        let fails = |slot: &Slot<S::Value>| {
            slot.failure.as_ref().is_some_and(|failure| failure.error.kind().allows_stale())
        };
        !self.slots.is_empty() && self.slots.values().all(fails)
    }

    pub(super) fn has_room(&self) -> bool {
        self.slots.len() < IN_USE
    }

    /// Makes a name one in use, with what is held of it, and findable by a text.
    pub(super) fn slot(&mut self, key: &S::Key, text: Option<&str>) -> &mut Slot<S::Value> {
        let ad_hoc = &self.ad_hoc;
        let known = || Slot::new(ad_hoc.take(key), ad_hoc.failure(key));
        let slot = self.slots.entry(key.clone()).or_insert_with(known);
        if let Some(text) = text.filter(|text| !slot.is_found_by(text)) {
            slot.texts.push(text.into());
        }
        slot
    }

    /// A name is no longer in use. What is held of it is returned.
    pub(super) fn retire(&mut self, key: &S::Key) -> Option<Held<S::Value>> {
        self.slots.remove(key)?.held
    }

    /// A name is no longer in use. What is known of it is kept as of any other.
    pub(super) fn put_by(&mut self, key: &S::Key) {
        let Some(slot) = self.slots.remove(key) else { return };
        if let Some(held) = slot.held {
            self.ad_hoc.hold(key, held);
        }
        if let Some(failure) = slot.failure {
            self.ad_hoc.fail(key, failure);
        }
    }

    pub(super) fn hold(&mut self, key: &S::Key, held: Held<S::Value>) {
        match self.slots.get_mut(key) {
            Some(slot) => {
                (slot.failure, slot.doubted) = (None, None);
                slot.wanted = false;
                slot.held = Some(held);
            }
            None => self.ad_hoc.hold(key, held),
        }
    }

    pub(super) fn fail(&mut self, key: &S::Key, failure: Failure) {
        match self.slots.get_mut(key) {
            Some(slot) => {
                slot.wanted = false;
                slot.set_overdue(false);
                slot.failure = Some(failure);
            }
            None => self.ad_hoc.fail(key, failure),
        }
    }

    /// The value is the one of before, and it was said how it stands with its time.
    pub(super) fn mark(&mut self, key: &S::Key, held: Held<S::Value>) {
        match self.slots.get_mut(key) {
            // It was tried: what is held serves on if it may, and the next attempt is up to the failure.
            Some(slot) => slot.held = Some(Held { overdue: false, ..held }),
            None => self.ad_hoc.mark(key, held),
        }
    }

    pub(super) fn drop_value(&mut self, key: &S::Key) {
        match self.slots.get_mut(key) {
            Some(slot) => slot.held = None,
            None => self.ad_hoc.drop_value(key),
        }
    }

    /// Notes which names were read since the snapshot was made.
    pub(super) fn note_uses(&mut self, shown: &Snapshot<S::Value>) {
        for slot in self.slots.values_mut() {
            // They share one note.
            slot.used |= slot.texts.first().is_some_and(|text| shown.was_used(text));
        }
    }

    /// What is read without a lock from now on.
    pub(super) fn snapshot(&self, limits: &Limits) -> Snapshot<S::Value> {
        let mut snapshot = Snapshot::empty();
        for slot in self.slots.values() {
            if let Some(held) = slot.held.as_ref().filter(|held| !held.overdue) {
                // One that is stale is known to be, so that nobody has to look before its end.
                let limit = match held.freshness {
                    Freshness::Fresh => limits.fresh(),
                    Freshness::Stale => limits.age(),
                };
                let term = Term { loaded: held.loaded, limit };
                snapshot.add(&slot.texts, held.value.clone(), term);
            }
        }
        snapshot
    }
}
