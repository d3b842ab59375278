//! What is read without a lock: the snapshot of all names in use, and what one handle shows.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::Guard;
use strongroom_core::{Error, Moment};

/// The values in use at one instant, by the text they are asked for with. Replaced as a whole.
///
/// Its parts lie apart, so that a read touches few lines of memory.
#[derive(Debug)]
pub(super) struct Snapshot<V> {
    /// Where the value of a text stands; of those only that have one.
    places: Places,
    values: Vec<V>,
    /// Until which age each may be served without a closer look.
    terms: Vec<Term>,
    /// Whether each was read since it was last renewed. Written once in that time: a shared word that every
    /// read writes costs more than the read.
    used: Vec<AtomicBool>,
}

type Places = HashMap<Arc<str>, usize, foldhash::fast::RandomState>;

/// When a value was asked for, and how old it may get before somebody has to look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) loaded: Moment,
    pub(super) limit: Duration,
}

impl<V> Snapshot<V> {
    pub(super) fn empty() -> Self {
        let (values, terms, used) = Default::default();
        Self { places: Places::default(), values, terms, used }
    }

    /// Adds a value, and the texts that find it.
    pub(super) fn add(&mut self, texts: &[Arc<str>], value: V, term: Term) {
        let place = self.values.len();
        self.places.extend(texts.iter().map(|text| (text.clone(), place)));
        self.values.push(value);
        self.terms.push(term);
        self.used.push(AtomicBool::new(false));
    }

    /// Where the value of a text stands, if there is one. Notes that it was read.
    #[inline]
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        let place = *self.places.get(text)?;
        if let Some(used) = self.used.get(place)
            && !used.load(Ordering::Relaxed)
        {
            used.store(true, Ordering::Relaxed);
        }
        Some(place)
    }

    #[inline]
    pub(super) fn at(&self, place: usize) -> Option<&V> {
        self.values.get(place)
    }

    pub(super) fn term(&self, place: usize) -> Option<&Term> {
        self.terms.get(place)
    }

    /// Whether the value that a text finds was read since this was last asked.
    pub(super) fn was_used(&self, text: &str) -> bool {
        let used = self.places.get(text).and_then(|place| self.used.get(*place));
        used.is_some_and(|used| used.swap(false, Ordering::Relaxed))
    }
}

/// A value, borrowed from the cache: what is read through it does not change, and stays readable when the
/// cache moves on. Drop it soon; it keeps everything that the cache held at that instant.
///
/// It cannot be sent to another thread, so it cannot be held across an `await` in a task that is spawned on
/// a runtime of several threads:
///
/// ```compile_fail
/// fn needs_send<T: Send>() {}
/// needs_send::<strongroom_layers::Ref<'_, String>>();
/// ```
pub struct Ref<'a, V> {
    snapshot: Guard<Arc<Snapshot<V>>>,
    place: usize,
    // A raw pointer is not `Send`.
    here: PhantomData<(&'a (), *const ())>,
}

impl<V> Ref<'_, V> {
    /// The value at a place that was found in this very snapshot.
    #[inline]
    pub(super) fn new(snapshot: Guard<Arc<Snapshot<V>>>, place: usize) -> Self {
        Self { snapshot, place, here: PhantomData }
    }
}

impl<V> Deref for Ref<'_, V> {
    type Target = V;

    #[inline]
    fn deref(&self) -> &V {
        self.snapshot.at(self.place).expect("it was found there, and a snapshot does not change")
    }
}

impl<V: fmt::Debug> fmt::Debug for Ref<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// What a handle shows now.
#[derive(Debug)]
pub(super) enum State<T> {
    Usable(T),
    Unusable(Error),
}

/// What a handle shows, borrowed, as a [`Ref`].
///
/// ```compile_fail
/// fn needs_send<T: Send>() {}
/// needs_send::<strongroom_layers::LiveRef<'_, String>>();
/// ```
pub struct LiveRef<'a, T> {
    state: Guard<Arc<State<T>>>,
    here: PhantomData<(&'a (), *const ())>,
}

impl<T> LiveRef<'_, T> {
    /// The value of a handle, or why there is none.
    #[inline]
    pub(super) fn new(state: Guard<Arc<State<T>>>) -> Result<Self, Error> {
        match &**state {
            State::Usable(_) => Ok(Self { state, here: PhantomData }),
            State::Unusable(error) => Err(error.clone()),
        }
    }
}

impl<T> Deref for LiveRef<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &**self.state {
            State::Usable(value) => Some(value),
            State::Unusable(_) => None,
        }
        .expect("it was usable, and a state does not change")
    }
}

impl<T: fmt::Debug> fmt::Debug for LiveRef<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
