//! How it stands with what is in use.

use std::time::Duration;

use strongroom_core::{Error, Freshness};

use super::Source;
use super::shared::Shared;

/// How it stands with one key in use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status<K, V> {
    /// The key.
    pub key: K,
    /// The value, if there is one that may be used.
    pub value: Option<V>,
    /// How it stands with the time of the value; `None` if there is no value that may be used.
    pub freshness: Option<Freshness>,
    /// How long ago the value was asked for.
    pub age: Option<Duration>,
    /// How the last load failed, unless it went well.
    pub error: Option<Error>,
}

impl<S: Source> Shared<S> {
    pub(super) fn status(&self) -> Vec<Status<S::Key, S::Value>> {
        let table = self.table();
        let status = table.slots.iter().map(|(key, slot)| {
            let held = slot.held.as_ref().filter(|held| self.is_usable(held));
            let age = held.map(|held| held.loaded.age(&*self.clock));
            let stale = held.is_some_and(|held| held.freshness.is_stale())
                || age.is_some_and(|age| age >= self.limits.fresh());
            Status {
                key: key.clone(),
                value: held.map(|held| held.value.clone()),
                freshness: age.map(|_| match stale {
                    true => Freshness::Stale,
                    false => Freshness::Fresh,
                }),
                age,
                error: slot.failure.as_ref().map(|failure| failure.error.clone()),
            }
        });
        status.collect()
    }
}
