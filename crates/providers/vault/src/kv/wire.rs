//! Answers of the KV engine.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::value::RawValue;
use strongroom_core::SecretValue;

/// `GET {mount}/{name}` of version 1.
#[derive(Deserialize)]
pub(crate) struct ReadOne<'a> {
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
}

/// `GET {mount}/data/{name}` of version 2: 200, and 404 for a deleted version.
#[derive(Deserialize)]
pub(crate) struct ReadTwo<'a> {
    #[serde(borrow)]
    pub(crate) data: Option<DataTwo<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct DataTwo<'a> {
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
    pub(crate) metadata: Metadata,
}

/// What is known of one version.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) version: u64,
    pub(crate) created_time: String,
    #[serde(default)]
    pub(crate) destroyed: bool,
}

/// `POST {mount}/data/{name}`.
#[derive(Deserialize)]
pub(crate) struct Written {
    pub(crate) data: WrittenVersion,
}

#[derive(Deserialize)]
pub(crate) struct WrittenVersion {
    pub(crate) version: u64,
}

/// `GET {mount}/metadata/{name}`.
#[derive(Deserialize)]
pub(crate) struct ReadMetadata {
    pub(crate) data: AllVersions,
}

#[derive(Deserialize)]
pub(crate) struct AllVersions {
    pub(crate) current_version: u64,
    pub(crate) versions: BTreeMap<u64, OneVersion>,
}

#[derive(Deserialize)]
pub(crate) struct OneVersion {
    pub(crate) created_time: String,
    #[serde(default)]
    pub(crate) deletion_time: String,
    #[serde(default)]
    pub(crate) destroyed: bool,
}

impl OneVersion {
    /// A version may be deleted in the future: `delete_version_after` sets the time when it is written.
    pub(crate) fn is_deleted(&self, now: SystemTime) -> bool {
        self.destroyed || time(&self.deletion_time).is_some_and(|deleted| deleted <= now)
    }
}

/// `GET ..?list=true`.
#[derive(Deserialize)]
pub(crate) struct Listed {
    pub(crate) data: Keys,
}

#[derive(Deserialize)]
pub(crate) struct Keys {
    pub(crate) keys: Vec<String>,
}

/// A time as the server writes it, RFC 3339.
pub(crate) fn time(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

/// The map of fields. An engine keeps `null` too, which has no fields.
pub(crate) fn object(data: Option<&RawValue>) -> SecretValue {
    SecretValue::copy_from(data.map_or("{}", RawValue::get).as_bytes())
}
