//! One secret and its versions.

use jiff::Timestamp;
use serde_json::Value;

/// Whose a secret is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Shared,
    Personal,
}

/// A secret, and all versions that it ever had.
#[derive(Clone)]
pub(super) struct Secret {
    pub(super) id: String,
    pub(super) kind: Kind,
    /// Whether its value is masked for everybody.
    pub(super) is_hidden: bool,
    /// When something of it was changed that makes no version.
    pub(super) touched: Option<Timestamp>,
    /// Oldest first; never empty.
    versions: Vec<Version>,
}

/// One version. Its name is the one that the secret had then.
#[derive(Clone)]
pub(super) struct Version {
    pub(super) key: String,
    pub(super) number: u64,
    pub(super) value: String,
    pub(super) comment: String,
    pub(super) metadata: Value,
    pub(super) skip_multiline_encoding: Option<bool>,
    pub(super) created: Timestamp,
}

/// What a write says. What it does not say stays as it is.
#[derive(Clone, Default)]
pub(super) struct Change {
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) metadata: Option<Value>,
    pub(super) skip_multiline_encoding: Option<bool>,
}

impl Change {
    pub(super) fn value(value: &str) -> Self {
        Self { value: Some(value.to_owned()), ..Self::default() }
    }
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Personal => "personal",
        }
    }
}

impl Secret {
    /// A secret with its first version, which has the number 1, also where another of that name was deleted.
    pub(super) fn new(id: String, kind: Kind, key: &str, change: Change, now: Timestamp) -> Self {
        let version = Version {
            key: key.to_owned(),
            number: 1,
            value: change.value.unwrap_or_default(),
            comment: change.comment.unwrap_or_default(),
            metadata: change.metadata.unwrap_or_else(|| Value::Array(Vec::new())),
            skip_multiline_encoding: change.skip_multiline_encoding,
            created: now,
        };
        Self { id, kind, is_hidden: false, touched: None, versions: vec![version] }
    }

    /// Adds a version, also if nothing differs.
    pub(super) fn update(&mut self, change: Change, now: Timestamp) {
        let last = self.latest();
        let version = Version {
            key: change.key.unwrap_or_else(|| last.key.clone()),
            number: last.number + 1,
            value: change.value.unwrap_or_else(|| last.value.clone()),
            comment: change.comment.unwrap_or_else(|| last.comment.clone()),
            metadata: change.metadata.unwrap_or_else(|| last.metadata.clone()),
            skip_multiline_encoding: change
                .skip_multiline_encoding
                .or(last.skip_multiline_encoding),
            created: now,
        };
        self.touched = None;
        self.versions.push(version);
    }

    pub(super) fn latest(&self) -> &Version {
        self.versions.last().expect("a secret has a version from the start")
    }

    pub(super) fn created(&self) -> Timestamp {
        self.versions.first().map_or(Timestamp::UNIX_EPOCH, |version| version.created)
    }

    /// The version that had this name and number.
    pub(super) fn version(&self, key: &str, number: u64) -> Option<&Version> {
        self.versions.iter().find(|version| version.key == key && version.number == number)
    }
}
