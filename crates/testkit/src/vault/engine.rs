//! What is mounted somewhere.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::On;
use crate::vault::Mount;
use crate::vault::ask::Operation;
use crate::vault::fields::Fields;
use crate::vault::kv1::Kv1;
use crate::vault::kv2::Kv2;
use crate::vault::reply::Outcome;
use crate::vault::transit::Transit;

/// A secrets engine with what it keeps.
pub(super) enum Engine {
    Kv1(Kv1),
    Kv2(Kv2),
    Transit(Transit),
}

/// The mounts of one namespace, by their paths without slashes at the ends.
pub(super) struct Mounts(BTreeMap<String, Engine>);

impl Engine {
    fn new(mount: Mount) -> Self {
        match mount {
            Mount::Kv1 => Self::Kv1(Kv1::default()),
            Mount::Kv2 => Self::Kv2(Kv2::default()),
            Mount::Transit => Self::Transit(Transit::default()),
        }
    }

    /// Answers a request at `rest`, below the mount.
    pub(super) fn answer(
        &mut self,
        operation: Operation,
        rest: &str,
        fields: &mut Fields,
        now: Timestamp,
    ) -> Outcome {
        match self {
            Self::Kv1(kv) => kv.answer(operation, rest, fields),
            Self::Kv2(kv) => kv.answer(operation, rest, fields, now),
            Self::Transit(transit) => transit.answer(operation, rest, fields, now),
        }
    }

    /// Whether a write at `rest` changes something, for the capability it needs.
    pub(super) fn has(&self, rest: &str) -> bool {
        match self {
            Self::Kv1(kv) => kv.has(rest),
            Self::Kv2(kv) => kv.has(rest),
            Self::Transit(_) => true,
        }
    }

    /// What a request at `rest` is to a [`Fault`](crate::Fault).
    pub(super) fn kind(&self, operation: Operation, rest: &str) -> On {
        let signs = ["sign/", "hmac/", "verify/"].iter().any(|verb| rest.starts_with(verb));
        match operation {
            _ if signs && matches!(self, Self::Transit(_)) => On::Sign,
            Operation::List => On::List,
            Operation::Read | Operation::Head => On::Read,
            Operation::Write | Operation::Patch | Operation::Delete => On::Write,
        }
    }

    /// The type and the options of the mount.
    pub(super) fn describe(&self) -> (&'static str, Value) {
        match self {
            Self::Kv1(_) => ("kv", json!({ "version": "1" })),
            Self::Kv2(_) => ("kv", json!({ "version": "2" })),
            Self::Transit(_) => ("transit", Value::Null),
        }
    }
}

impl Mounts {
    pub(super) fn mount(&mut self, path: &str, mount: Mount) {
        self.0.insert(path.to_owned(), Engine::new(mount));
    }

    pub(super) fn unmount(&mut self, path: &str) {
        self.0.remove(path);
    }

    /// The mount that a path is in, its engine, and the rest of the path.
    pub(super) fn find<'a>(&mut self, path: &'a str) -> Option<(&'a str, &mut Engine, &'a str)> {
        let inside = self.0.iter_mut().filter_map(|(mount, engine)| {
            let rest = path.strip_prefix(mount.as_str())?;
            let rest = if rest.is_empty() { rest } else { rest.strip_prefix('/')? };
            Some((path.get(..mount.len())?, engine, rest))
        });
        inside.max_by_key(|(mount, ..)| mount.len())
    }
}

impl Default for Mounts {
    fn default() -> Self {
        let mut mounts = Self(BTreeMap::new());
        mounts.mount("secret", Mount::Kv2);
        mounts.mount("kv1", Mount::Kv1);
        mounts.mount("transit", Mount::Transit);
        mounts
    }
}

/// The names directly below a folder, which ends in a slash or is the root; folders in it end in one too.
pub(super) fn children<'a>(
    names: impl Iterator<Item = &'a String>,
    folder: &str,
) -> BTreeSet<String> {
    let below = names.filter_map(|name| name.strip_prefix(folder));
    below.filter_map(|name| name.split_inclusive('/').next()).map(str::to_owned).collect()
}
