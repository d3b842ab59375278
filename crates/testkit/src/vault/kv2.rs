//! The KV engine, version 2.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::vault::ask::Operation;
use crate::vault::engine::children;
use crate::vault::entry::Entry;
use crate::vault::fields::{Fields, Invalid};
use crate::vault::reply::{Outcome, Reply};

/// The secrets of one mount.
#[derive(Default)]
pub(super) struct Kv2(BTreeMap<String, Entry>);

impl Kv2 {
    pub(super) fn answer(
        &mut self,
        operation: Operation,
        rest: &str,
        fields: &mut Fields,
        now: Timestamp,
    ) -> Outcome {
        let Some((area, name)) = rest.split_once('/') else {
            return Err(match AREAS.contains(&rest) {
                true => warning(
                    "Non-listing operations on the root of a K/V v2 mount are not supported.",
                ),
                false => wrong_path(operation),
            });
        };
        match (area, operation) {
            ("data", Operation::Read) => self.read(name, fields, now),
            ("data", Operation::Write | Operation::Patch) => {
                self.write(operation, name, fields, now)
            }
            ("data", Operation::Delete) => {
                let latest = self.0.get(name).map(Entry::current);
                Ok(self.each(name, latest.into_iter().collect(), |entry, version| {
                    entry.delete(version, now)
                }))
            }
            ("delete", Operation::Write) => {
                let versions = versions(fields, "No version number provided")?;
                Ok(self.each(name, versions, |entry, version| entry.delete(version, now)))
            }
            ("undelete", Operation::Write) => {
                let versions = versions(fields, "No version number provided")?;
                Ok(self.each(name, versions, |entry, version| entry.undelete(version, now)))
            }
            ("destroy", Operation::Write) => {
                let versions = versions(fields, "no version number provided")?;
                Ok(self.each(name, versions, Entry::destroy))
            }
            ("metadata", Operation::Read) => {
                let entry = self.0.get(name).ok_or_else(Reply::not_found)?;
                Ok(Reply::data(entry.metadata()))
            }
            ("metadata", Operation::Write) => self.configure(name, fields, now).map_err(bad_field),
            ("metadata", Operation::List) => Reply::keys(children(self.0.keys(), name)),
            ("metadata", Operation::Delete) => {
                self.0.remove(name);
                Ok(Reply::empty(204))
            }
            (area, _) if AREAS.contains(&area) => Err(Reply::unsupported_operation()),
            _ => Err(wrong_path(operation)),
        }
    }

    pub(super) fn has(&self, rest: &str) -> bool {
        match rest.split_once('/') {
            Some(("data" | "metadata", name)) => self.0.contains_key(name),
            _ => true,
        }
    }

    fn read(&self, name: &str, fields: &mut Fields, now: Timestamp) -> Outcome {
        let asked = fields.int("version")?.filter(|version| *version > 0);
        let entry = self.0.get(name).ok_or_else(Reply::not_found)?;
        let version = asked.unwrap_or(entry.current());
        let metadata = entry.version(version).ok_or_else(Reply::not_found)?;
        match entry.value(version, now) {
            Some(data) => Ok(Reply::data(json!({ "data": data, "metadata": metadata }))),
            None => {
                let gone = Reply::data(json!({ "data": null, "metadata": metadata }));
                Err(gone.with_status(404))
            }
        }
    }

    fn write(
        &mut self,
        operation: Operation,
        name: &str,
        fields: &mut Fields,
        now: Timestamp,
    ) -> Outcome {
        fields.discard(&["version"]);
        let data = fields.map("data").map_err(bad_field)?;
        let mut data = data.ok_or_else(|| Reply::error(400, "no data provided"))?;
        let mut options = match fields.map("options").map_err(bad_field)? {
            Some(Value::Object(options)) => Fields::new(options),
            _ => Fields::default(),
        };
        let refused = |_| Reply::error(400, "error parsing check-and-set parameter");
        let cas = options.int("cas").map_err(refused)?;
        let patches = operation == Operation::Patch;
        if patches && !self.0.contains_key(name) {
            return Err(Reply::empty(404));
        }
        let absent = Entry::new(now);
        let old = self.0.get(name).unwrap_or(&absent);
        old.check(cas)?;
        if patches {
            let gone =
                || Reply::data(old.version(old.current()).unwrap_or_default()).with_status(404);
            let value = old.value(old.current(), now).ok_or_else(gone)?;
            if !value.is_object() {
                return Err(Reply::listed(500, "resource does not exist"));
            }
            data = merged(value.clone(), data);
        }
        let entry = self.0.entry(name.to_owned()).or_insert_with(|| Entry::new(now));
        entry.add(data, now);
        Ok(Reply::data(entry.version(entry.current()).unwrap_or_default()))
    }

    fn configure(
        &mut self,
        name: &str,
        fields: &mut Fields,
        now: Timestamp,
    ) -> Result<Reply, Invalid> {
        let max_versions = fields.int("max_versions")?;
        let cas_required = fields.boolean("cas_required")?;
        let delete_after = fields.duration("delete_version_after")?;
        let custom = fields.map("custom_metadata")?;
        let nothing = max_versions.is_none() && cas_required.is_none() && delete_after.is_none();
        if !nothing || custom.is_some() {
            let entry = self.0.entry(name.to_owned()).or_insert_with(|| Entry::new(now));
            entry.configure(max_versions, cas_required, delete_after, custom, now);
        }
        Ok(Reply::empty(204))
    }

    fn each(&mut self, name: &str, versions: Vec<i64>, change: impl Fn(&mut Entry, i64)) -> Reply {
        if let Some(entry) = self.0.get_mut(name) {
            versions.into_iter().for_each(|version| change(entry, version));
        }
        Reply::empty(204)
    }
}

fn versions(fields: &mut Fields, missing: &str) -> Result<Vec<i64>, Reply> {
    let versions = fields.ints("versions")?;
    if versions.is_empty() { Err(Reply::error(400, missing)) } else { Ok(versions) }
}

/// RFC 7396.
fn merged(old: Value, patch: Value) -> Value {
    match (old, patch) {
        (Value::Object(mut old), Value::Object(patch)) => {
            for (name, patch) in patch {
                match (old.remove(&name), patch) {
                    (_, Value::Null) => {}
                    (value, patch) => {
                        old.insert(name, merged(value.unwrap_or_default(), patch));
                    }
                }
            }
            Value::Object(old)
        }
        (_, patch @ Value::Object(_)) => merged(json!({}), patch),
        (_, patch) => patch,
    }
}

/// Unlike others, this engine does not say that it validates.
fn bad_field(invalid: Invalid) -> Reply {
    Reply::error(400, invalid.0)
}

fn warning(text: impl Into<String>) -> Reply {
    Reply::data(Value::Null).with_status(404).warn(text)
}

/// The answer to a path as version 1 has it.
fn wrong_path(operation: Operation) -> Reply {
    let verb = match operation {
        Operation::Read | Operation::Head => "get",
        Operation::Write => "put",
        Operation::Patch => "patch",
        Operation::Delete => "delete",
        Operation::List => "list",
    };
    warning(format!(
        "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API \
         endpoints to use. If using the OpenBao CLI, use 'bao kv {verb}' for this operation."
    ))
}

const AREAS: &[&str] = &["data", "metadata", "delete", "undelete", "destroy"];
