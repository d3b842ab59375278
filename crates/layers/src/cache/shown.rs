//! What is read without a lock: the snapshot of all names in use, and what one handle shows.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::Guard;
use strongroom_core::{Error, Moment};

/// The values in use at one instant, by the text they are asked for with. Replaced as a whole.
#[derive(Debug)]
pub(super) struct Snapshot<V> {
    // The same one until a name comes or goes.
    pub(super) places: Arc<Places>,
    pub(super) entries: Vec<Option<Entry<V>>>,
}

pub(super) type Places = HashMap<Box<str>, usize, foldhash::fast::RandomState>;

#[derive(Debug)]
pub(super) struct Entry<V> {
    pub(super) value: V,
    pub(super) loaded: Moment,
    /// Whether it was read since it was last renewed. Written once in that time: a shared word that every
    /// read writes costs more than the read.
    pub(super) used: AtomicBool,
}

impl<V> Snapshot<V> {
    pub(super) fn empty() -> Self {
        Self { places: Arc::default(), entries: Vec::new() }
    }

    pub(super) fn find(&self, text: &str) -> Option<(usize, &Entry<V>)> {
        let place = *self.places.get(text)?;
        let entry = self.entries.get(place)?.as_ref()?;
        if !entry.used.load(Ordering::Relaxed) {
            entry.used.store(true, Ordering::Relaxed);
        }
        Some((place, entry))
    }

    fn at(&self, place: usize) -> Option<&V> {
        Some(&self.entries.get(place)?.as_ref()?.value)
    }
}

/// What a handle shows now.
#[derive(Debug)]
pub(super) enum State<T> {
    Usable(T),
    Unusable(Error),
}

/// A value, borrowed from a snapshot of the cache: what is read through it does not change, and stays
/// readable when the cache moves on. Drop it soon; it keeps the whole snapshot.
///
/// It cannot be sent to another thread, so it cannot be held across an `await` in a task that is spawned on
/// a runtime of several threads:
///
/// ```compile_fail
/// fn needs_send<T: Send>() {}
/// needs_send::<strongroom_layers::Ref<'_, String>>();
/// ```
pub struct Ref<'a, T> {
    from: From<T>,
    // A raw pointer is not `Send`.
    here: PhantomData<(&'a (), *const ())>,
}

enum From<T> {
    Handle(Guard<Arc<State<T>>>),
    Snapshot(Guard<Arc<Snapshot<T>>>, usize),
}

impl<T> Ref<'_, T> {
    /// The value of a handle, or why there is none.
    pub(super) fn of_handle(guard: Guard<Arc<State<T>>>) -> Result<Self, Error> {
        match &**guard {
            State::Unusable(error) => Err(error.clone()),
            State::Usable(_) => Ok(Self { from: From::Handle(guard), here: PhantomData }),
        }
    }

    /// The value at a place that was found in this very snapshot.
    pub(super) fn of_snapshot(guard: Guard<Arc<Snapshot<T>>>, place: usize) -> Self {
        Self { from: From::Snapshot(guard, place), here: PhantomData }
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        let value = match &self.from {
            From::Handle(guard) => match &***guard {
                State::Usable(value) => Some(value),
                State::Unusable(_) => None,
            },
            From::Snapshot(guard, place) => guard.at(*place),
        };
        value.expect("a reference is made of a value, and its snapshot does not change")
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
