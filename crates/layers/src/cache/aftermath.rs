//! What has to be told once the lock is released: first the handles, then the log.

use std::sync::Arc;

use strongroom_core::Error;

use super::Source;
use super::event::Event;
use super::held::Held;
use super::screen::{Feed, News};
use super::slot::Slot;
use super::table::Table;

/// Collected under the lock, delivered after it: readers of users and loggers may be slow.
#[must_use]
pub(super) struct Aftermath<S: Source> {
    tidings: Vec<Tidings<S>>,
    looks: Vec<Arc<dyn Feed<S::Value>>>,
    events: Vec<(S::Key, Event)>,
}

struct Tidings<S: Source> {
    key: S::Key,
    number: u64,
    feeds: Vec<Arc<dyn Feed<S::Value>>>,
    news: News<S::Value>,
}

impl<S: Source> Aftermath<S> {
    pub(super) fn new() -> Self {
        Self { tidings: Vec::new(), looks: Vec::new(), events: Vec::new() }
    }

    pub(super) fn event(&mut self, key: &S::Key, event: Event) {
        self.events.push((key.clone(), event));
    }

    /// Handles look whether what they show is past its age limit.
    pub(super) fn look(&mut self, slot: &Slot<S::Value>) {
        self.looks.extend(slot.feeds());
    }

    /// There is another value.
    pub(super) fn value(&mut self, table: &mut Table<S>, key: &S::Key, held: &Held<S::Value>) {
        let Held { value, loaded, freshness, .. } = held.clone();
        self.tell(table, key, News::Value { value, loaded, freshness });
    }

    /// The value is the same: read again, or turned stale.
    pub(super) fn same(&mut self, table: &mut Table<S>, key: &S::Key, held: &Held<S::Value>) {
        let Held { value, loaded, freshness, .. } = held.clone();
        self.tell(table, key, News::Same { value, loaded, freshness });
    }

    /// There is no value that may be used.
    pub(super) fn unusable(&mut self, table: &mut Table<S>, key: &S::Key, error: Error) {
        self.tell(table, key, News::Unusable(error));
    }

    fn tell(&mut self, table: &mut Table<S>, key: &S::Key, news: News<S::Value>) {
        table.news += 1;
        let feeds = table.slots.get(key).map(Slot::feeds).unwrap_or_default();
        if !feeds.is_empty() {
            let key = key.clone();
            self.tidings.push(Tidings { key, number: table.news, feeds, news });
        }
    }

    /// Tells the handles. What is left is for the log.
    pub(super) fn tell_handles(&mut self) {
        self.looks.drain(..).for_each(|feed| feed.expire());
        for Tidings { key, number, feeds, news } in self.tidings.drain(..) {
            for feed in feeds {
                if let Err(error) = feed.tell(number, &news) {
                    self.events.push((key.clone(), Event::ParseRefused { error }));
                }
            }
        }
    }

    /// Tells the handles, then the log.
    pub(super) fn deliver(mut self, provider: &'static str) {
        self.tell_handles();
        for (key, event) in self.events {
            event.say(provider, &key);
        }
    }
}
