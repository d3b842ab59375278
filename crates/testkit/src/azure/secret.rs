//! One secret and its versions.

use std::collections::BTreeMap;

use aws_lc_rs::digest;

use crate::azure::change::Change;

/// A name, and all versions that it ever had.
pub(super) struct Secret {
    /// As it was spelt first.
    pub(super) name: String,
    /// Oldest first; never empty.
    versions: Vec<Version>,
}

/// One version. Times are seconds since 1970.
pub(super) struct Version {
    pub(super) id: String,
    pub(super) value: String,
    pub(super) content_type: Option<String>,
    pub(super) tags: Option<BTreeMap<String, String>>,
    pub(super) enabled: bool,
    pub(super) not_before: Option<i64>,
    pub(super) expires: Option<i64>,
    pub(super) created: i64,
    pub(super) updated: i64,
}

impl Secret {
    /// A secret with its first version, which is the one of this number in the vault.
    pub(super) fn new(name: &str, made: u64, value: String, change: Change, now: i64) -> Self {
        let mut secret = Self { name: name.to_owned(), versions: Vec::new() };
        secret.add(made, value, change, now);
        secret
    }

    /// Adds a version, which is the latest.
    pub(super) fn add(&mut self, made: u64, value: String, change: Change, now: i64) {
        let id = version_id(&self.name, self.versions.len() + 1, made);
        let mut version = Version {
            id,
            value,
            content_type: None,
            tags: None,
            enabled: true,
            not_before: None,
            expires: None,
            created: now,
            updated: now,
        };
        version.change(change, now);
        self.versions.push(version);
    }

    pub(super) fn latest(&self) -> &Version {
        self.versions.last().expect("a secret has a version from the start")
    }

    /// The version of this id, or the latest.
    pub(super) fn version(&self, id: Option<&str>) -> Option<&Version> {
        match id {
            Some(id) => self.versions.iter().find(|version| version.is(id)),
            None => self.versions.last(),
        }
    }

    pub(super) fn version_mut(&mut self, id: Option<&str>) -> Option<&mut Version> {
        match id {
            Some(id) => self.versions.iter_mut().find(|version| version.is(id)),
            None => self.versions.last_mut(),
        }
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter()
    }
}

impl Version {
    /// Changes what is named; the value never does.
    pub(super) fn change(&mut self, change: Change, now: i64) {
        self.content_type = change.content_type.or(self.content_type.take());
        self.tags = change.tags.or(self.tags.take());
        self.enabled = change.enabled.unwrap_or(self.enabled);
        self.not_before = change.not_before.or(self.not_before);
        self.expires = change.expires.or(self.expires);
        self.updated = now;
    }

    fn is(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
    }
}

/// 32 hex digits that follow from the calls, and whose order is not that of time: the first two are the
/// number in the secret with its bits reversed, so the second version sorts before the first.
fn version_id(name: &str, number: usize, made: u64) -> String {
    let text = format!("{}/{made}", name.to_ascii_lowercase());
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let rest = hash.as_ref().iter().take(15);
    let first = number.to_le_bytes().first().map_or(0, |byte| byte.reverse_bits());
    rest.fold(format!("{first:02x}"), |id, byte| id + &format!("{byte:02x}"))
}
