//! One secret of a KV engine of version 2, with its versions.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::vault::fields::text;
use crate::vault::reply::Reply;

/// A secret. It may have no version yet.
pub(super) struct Entry {
    created: Timestamp,
    updated: Timestamp,
    max_versions: u32,
    cas_required: bool,
    delete_after: Duration,
    custom: Value,
    edits: u64,
    current: i64,
    oldest: i64,
    versions: BTreeMap<i64, Version>,
}

struct Version {
    created: Timestamp,
    deleted: Option<Timestamp>,
    /// None once it is destroyed.
    value: Option<Value>,
}

impl Entry {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            created: now,
            updated: now,
            max_versions: 0,
            cas_required: false,
            delete_after: Duration::ZERO,
            custom: Value::Null,
            edits: 0,
            current: 0,
            oldest: 0,
            versions: BTreeMap::new(),
        }
    }

    pub(super) fn current(&self) -> i64 {
        self.current
    }

    /// Refuses a write that expects another version than the current one.
    pub(super) fn check(&self, cas: Option<i64>) -> Result<(), Reply> {
        match cas {
            None if self.cas_required => {
                Err(Reply::error(400, "check-and-set parameter required for this call"))
            }
            Some(cas) if cas != self.current => {
                Err(Reply::error(400, "check-and-set parameter did not match the current version"))
            }
            _ => Ok(()),
        }
    }

    /// Adds a version, and drops the oldest above the limit.
    pub(super) fn add(&mut self, value: Value, now: Timestamp) {
        let deleted = self.lapse(now);
        self.current += 1;
        self.updated = now;
        self.versions.insert(self.current, Version { created: now, deleted, value: Some(value) });
        let limit = if self.max_versions == 0 { 10 } else { i64::from(self.max_versions) };
        if self.current >= limit {
            self.oldest = self.current - limit + 1;
            self.versions.retain(|version, _| *version >= self.oldest);
        }
    }

    pub(super) fn delete(&mut self, version: i64, now: Timestamp) {
        if self.value(version, now).is_some()
            && let Some(version) = self.versions.get_mut(&version)
        {
            version.deleted = Some(now);
        }
    }

    pub(super) fn undelete(&mut self, version: i64, now: Timestamp) {
        let deleted = self.lapse(now);
        if let Some(version) = self.versions.get_mut(&version).filter(|found| found.value.is_some())
        {
            version.deleted = deleted;
        }
    }

    pub(super) fn destroy(&mut self, version: i64) {
        if let Some(version) = self.versions.get_mut(&version) {
            version.value = None;
        }
    }

    pub(super) fn configure(
        &mut self,
        max_versions: Option<i64>,
        cas_required: Option<bool>,
        delete_after: Option<Duration>,
        custom: Option<Value>,
        now: Timestamp,
    ) {
        if let Some(max) = max_versions {
            self.max_versions = u32::try_from(max).unwrap_or(u32::MAX);
        }
        if let Some(Value::Object(custom)) = custom {
            let texts = custom.iter().map(|(name, value)| (name.clone(), text(value).into()));
            self.custom = Value::Object(texts.collect());
        }
        self.cas_required = cas_required.unwrap_or(self.cas_required);
        self.delete_after = delete_after.unwrap_or(self.delete_after);
        self.edits += 1;
        self.updated = now;
    }

    /// The value of a version that is neither deleted nor destroyed.
    pub(super) fn value(&self, version: i64, now: Timestamp) -> Option<&Value> {
        let version = self.versions.get(&version)?;
        version.value.as_ref().filter(|_| version.deleted.is_none_or(|deleted| deleted > now))
    }

    /// What is told of one version, if there is one of this number.
    pub(super) fn version(&self, number: i64) -> Option<Value> {
        let mut told = self.versions.get(&number)?.told();
        told.insert("version".to_owned(), number.into());
        told.insert("custom_metadata".to_owned(), self.custom.clone());
        Some(Value::Object(told))
    }

    pub(super) fn metadata(&self) -> Value {
        let told =
            |(number, version): (&i64, &Version)| (number.to_string(), version.told().into());
        json!({
            "cas_required": self.cas_required, "created_time": self.created.to_string(),
            "current_metadata_version": self.edits, "current_version": self.current,
            "custom_metadata": self.custom, "delete_version_after": go_text(self.delete_after),
            "max_versions": self.max_versions, "metadata_cas_required": false,
            "oldest_version": self.oldest, "updated_time": self.updated.to_string(),
            "versions": self.versions.iter().map(told).collect::<Map<String, Value>>(),
        })
    }

    /// When what comes to life now is deleted by itself.
    fn lapse(&self, now: Timestamp) -> Option<Timestamp> {
        let lapses = !self.delete_after.is_zero();
        lapses.then(|| now.checked_add(self.delete_after).unwrap_or(Timestamp::MAX))
    }
}

impl Version {
    fn told(&self) -> Map<String, Value> {
        let deleted = self.deleted.map(|time| time.to_string()).unwrap_or_default();
        [
            ("created_time".to_owned(), self.created.to_string().into()),
            ("deletion_time".to_owned(), deleted.into()),
            ("destroyed".to_owned(), self.value.is_none().into()),
        ]
        .into_iter()
        .collect()
    }
}

/// A span as Go prints it, in whole seconds: `1h0m0s`.
fn go_text(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}
