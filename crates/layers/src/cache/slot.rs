//! A name in use.

use std::sync::{Arc, Weak};

use strongroom_core::{Error, Moment};

use super::held::{Failure, Held};
use super::screen::Feed;

/// Everything about one name in use.
pub(super) struct Slot<V> {
    /// What finds it without a lock.
    pub(super) texts: Vec<Arc<str>>,
    pub(super) held: Option<Held<V>>,
    pub(super) failure: Option<Failure>,
    /// Whom its news are told.
    feeds: Vec<Weak<dyn Feed<V>>>,
    /// It was declared, so that it stays however rarely it is read.
    pub(super) kept: bool,
    /// It was read since the last beat.
    pub(super) used: bool,
    idle_beats: u8,
    /// A synchronous caller asked for it to be read again.
    pub(super) wanted: bool,
    /// An older version than the one held was answered then.
    pub(super) doubted: Option<Moment>,
    /// The last load that a caller forced, and how it failed if it did.
    pub(super) forced: Option<(Moment, Option<Error>)>,
}

impl<V> Slot<V> {
    /// With what is known of the name.
    pub(super) fn new(held: Option<Held<V>>, failure: Option<Failure>) -> Self {
        Self {
            texts: Vec::new(),
            held,
            failure,
            feeds: Vec::new(),
            kept: false,
            used: true,
            idle_beats: 0,
            wanted: false,
            doubted: None,
            forced: None,
        }
    }

    pub(super) fn is_found_by(&self, text: &str) -> bool {
        self.texts.iter().any(|one| **one == *text)
    }

    pub(super) fn feed(&mut self, feed: &Arc<dyn Feed<V>>) {
        self.feeds.retain(|feed| feed.strong_count() > 0);
        self.feeds.push(Arc::downgrade(feed));
    }

    pub(super) fn feeds(&self) -> Vec<Arc<dyn Feed<V>>> {
        self.feeds.iter().filter_map(Weak::upgrade).collect()
    }

    /// It is renewed whether or not it is read: somebody declared it or holds a handle.
    pub(super) fn is_pinned(&self) -> bool {
        self.kept || self.feeds.iter().any(|feed| feed.strong_count() > 0)
    }

    pub(super) fn set_overdue(&mut self, overdue: bool) {
        if let Some(held) = &mut self.held {
            held.overdue = overdue;
        }
    }

    /// There is nothing to know about it, and nobody wants to.
    pub(super) fn is_void(&self) -> bool {
        self.held.is_none() && self.failure.is_none() && !self.wanted && !self.is_pinned()
    }

    /// Counts a beat; whether nobody has read it for so long that it is not in use any more.
    pub(super) fn is_idle_after_beat(&mut self) -> bool {
        self.idle_beats = match self.used || self.is_pinned() {
            true => 0,
            false => self.idle_beats.saturating_add(1),
        };
        self.used = false;
        self.idle_beats >= IDLE_BEATS
    }
}

/// Beats without a read after which a name is no longer renewed.
const IDLE_BEATS: u8 = 2;
