//! Dropping what is held.

use std::sync::Arc;

use strongroom_core::{Error, ErrorKind, Reason};

use super::Source;
use super::aftermath::Aftermath;
use super::read::closed;
use super::shared::Shared;
use super::shown::Snapshot;
use super::table::Table;

impl<S: Source> Shared<S> {
    /// From now on nothing that was held or is being loaded is served for these keys.
    pub(super) fn invalidate(&self, meant: &dyn Fn(&S::Key) -> bool) {
        let mut aftermath = Aftermath::new();
        {
            let mut table = self.table();
            table.flights.forget(meant);
            table.ad_hoc.forget(meant);
            for key in self.in_use(&table, meant) {
                if let Some(slot) = table.slots.get_mut(&key) {
                    (slot.held, slot.failure, slot.doubted) = (None, None, None);
                }
                aftermath.unusable(&mut table, &key, invalidated());
            }
            self.publish(&mut table);
        }
        self.wake.notify_one();
        aftermath.deliver(self.source.provider());
    }

    /// These keys changed, as far as we know: they are read again before they are served. If that cannot be
    /// done, the last values serve on as in any outage.
    pub(super) fn expire(&self, meant: &dyn Fn(&S::Key) -> bool) {
        {
            let mut table = self.table();
            table.flights.forget(meant);
            table.ad_hoc.expire(meant);
            for key in self.in_use(&table, meant) {
                if let Some(slot) = table.slots.get_mut(&key) {
                    (slot.failure, slot.doubted) = (None, None);
                    slot.set_overdue(true);
                }
            }
            self.publish(&mut table);
        }
        self.wake.notify_one();
    }

    fn in_use(&self, table: &Table<S>, meant: &dyn Fn(&S::Key) -> bool) -> Vec<S::Key> {
        table.slots.keys().filter(|key| meant(key)).cloned().collect()
    }

    /// Drops everything for good.
    pub(super) fn close(&self) {
        let mut aftermath = Aftermath::new();
        {
            let mut table = self.table();
            table.closed = true;
            table.flights.forget(&|_| true);
            table.ad_hoc.forget(&|_| true);
            for key in self.in_use(&table, &|_| true) {
                aftermath.unusable(&mut table, &key, closed());
                table.retire(&key);
            }
            self.snapshot.store(Arc::new(Snapshot::empty()));
        }
        self.wake.notify_one();
        aftermath.deliver(self.source.provider());
    }
}

fn invalidated() -> Error {
    let message = "what was held was invalidated, and is not read again yet";
    Error::new(ErrorKind::Unavailable, message).with_reason(Reason::Invalidated)
}
