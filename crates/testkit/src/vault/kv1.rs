//! The KV engine, version 1.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::vault::ask::Operation;
use crate::vault::engine::children;
use crate::vault::fields::Fields;
use crate::vault::reply::{Outcome, Reply};

/// The secrets of one mount.
#[derive(Default)]
pub(super) struct Kv1(BTreeMap<String, Map<String, Value>>);

impl Kv1 {
    pub(super) fn answer(
        &mut self,
        operation: Operation,
        name: &str,
        fields: &mut Fields,
    ) -> Outcome {
        match operation {
            Operation::Read => {
                let found = self.0.get(name).ok_or_else(Reply::not_found)?;
                Ok(Reply::data(Value::Object(found.clone())).with("lease_duration", lease(found)))
            }
            Operation::Write if name.is_empty() => Err(Reply::error(400, "missing path")),
            Operation::Write => {
                let secret = std::mem::take(fields).into_map();
                if secret.is_empty() {
                    return Err(Reply::error(400, "missing data fields"));
                }
                self.0.insert(name.to_owned(), secret);
                Ok(Reply::empty(204))
            }
            Operation::Delete => {
                self.0.remove(name);
                Ok(Reply::empty(204))
            }
            Operation::List => Reply::keys(children(self.0.keys(), name)),
            Operation::Patch | Operation::Head => Err(Reply::unsupported_operation()),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// In seconds: what the secret says of itself, or else the server's default.
fn lease(secret: &Map<String, Value>) -> u64 {
    let mut fields = Fields::new(secret.clone());
    let own = ["ttl", "lease"].iter().find_map(|name| fields.duration(name).ok().flatten());
    own.map_or(2_764_800, |own| own.as_secs())
}
