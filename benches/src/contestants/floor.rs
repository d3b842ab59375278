//! The mechanisms that Strongroom is built on, bare: no state, no age, no error. What could be reached at best.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use foldhash::fast::RandomState;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{key_bytes, names, value};

type Snapshot = HashMap<Box<str>, Arc<Vec<u8>>, RandomState>;

/// One `ArcSwap` for each secret, and one around a map of all.
pub(crate) struct Swaps {
    handles: Vec<Arc<ArcSwap<Vec<u8>>>>,
    snapshot: ArcSwap<Snapshot>,
}

impl Swaps {
    /// With all secrets.
    pub(crate) fn new() -> Self {
        let shared = |index| Arc::new(value(index).into_bytes());
        let entries = names().into_iter().enumerate();
        Self {
            handles: (0..names().len())
                .map(|index| Arc::new(ArcSwap::new(shared(index))))
                .collect(),
            snapshot: ArcSwap::from_pointee(
                entries.map(|(index, name)| (name.into(), shared(index))).collect(),
            ),
        }
    }

    /// The secret of this index.
    pub(crate) fn load(&self, index: usize) -> Guard<Arc<Vec<u8>>> {
        self.handles[index].load()
    }

    /// All secrets, to look up the one of a name.
    pub(crate) fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }
}

/// HMAC whose state was keyed before, and is cloned for each message.
pub(crate) struct KeyedState(Hmac<Sha256>);

impl KeyedState {
    /// With the oldest key.
    pub(crate) fn new() -> Self {
        Self(Hmac::new_from_slice(key_bytes(0).as_bytes()).expect("a key of any length"))
    }

    /// The tag of a message.
    pub(crate) fn tag(&self, message: &[u8]) -> [u8; 32] {
        let mut state = self.0.clone();
        state.update(message);
        state.finalize().into_bytes().into()
    }
}
