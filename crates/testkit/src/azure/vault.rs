//! The secrets, and those that are deleted and can come back.

use std::collections::BTreeMap;

use crate::azure::change::Change;
use crate::azure::reply::Refusal;
use crate::azure::secret::{Secret, Version};

/// What the service keeps, by names in lower case.
#[derive(Default)]
pub(super) struct Vault {
    secrets: BTreeMap<String, Secret>,
    deleted: BTreeMap<String, Deleted>,
    /// Versions made so far, those that are gone included.
    made: u64,
}

/// A secret that can be recovered. Times are seconds since 1970.
pub(super) struct Deleted {
    pub(super) secret: Secret,
    pub(super) at: i64,
    pub(super) purged: i64,
}

impl Vault {
    /// Removes what can be recovered no longer.
    pub(super) fn purge_due(&mut self, now: i64) {
        self.deleted.retain(|_, deleted| deleted.purged > now);
    }

    /// A version to read: the one of this id, or the latest.
    ///
    /// # Errors
    /// `SecretNotFound`; `Forbidden` if it is disabled, though older ones may not be.
    pub(super) fn get(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<(&Secret, &Version), Refusal> {
        let secret = self.secret(name)?;
        let found = secret.version(version).ok_or_else(|| no_version(name, version))?;
        if !found.enabled {
            let text = "Operation get is not allowed on a disabled secret.";
            return Err(Refusal::new(403, "Forbidden", text).with_inner("SecretDisabled"));
        }
        Ok((secret, found))
    }

    /// A secret, whatever its versions are.
    pub(super) fn secret(&self, name: &str) -> Result<&Secret, Refusal> {
        self.secrets.get(&key(name)).ok_or_else(|| Refusal::not_found(name))
    }

    /// Makes a secret, or gives the one that is there a new version.
    ///
    /// # Errors
    /// `BadParameter` without a value; `Conflict` while the name can be recovered.
    pub(super) fn set(
        &mut self,
        name: &str,
        mut change: Change,
        now: i64,
    ) -> Result<&Secret, Refusal> {
        let Some(value) = change.value.take() else {
            return Err(Refusal::parameter("The property 'value' is required."));
        };
        if self.deleted.contains_key(&key(name)) {
            let text = format!(
                "Secret {name} is currently in a deleted but recoverable state, and its name cannot be \
                 reused; in this state, the secret can only be recovered or purged."
            );
            let conflict = Refusal::new(409, "Conflict", text);
            return Err(conflict.with_inner("ObjectIsDeletedButRecoverable"));
        }
        self.made += 1;
        let made = self.made;
        match self.secrets.get_mut(&key(name)) {
            Some(secret) => secret.add(made, value, change, now),
            None => {
                let secret = Secret::new(name, made, value, change, now);
                self.secrets.insert(key(name), secret);
            }
        }
        self.secret(name)
    }

    /// Changes what a version says beside its value, also while it is disabled.
    ///
    /// # Errors
    /// `SecretNotFound`; `BadParameter` for a value, which never changes.
    pub(super) fn update(
        &mut self,
        name: &str,
        version: Option<&str>,
        change: Change,
        now: i64,
    ) -> Result<(&Secret, &Version), Refusal> {
        if change.value.is_some() {
            return Err(Refusal::parameter("The property 'value' cannot be updated."));
        }
        let missing = || no_version(name, version);
        let secret = self.secrets.get_mut(&key(name)).ok_or_else(missing)?;
        secret.version_mut(version).ok_or_else(missing)?.change(change, now);
        Ok((secret, secret.version(version).ok_or_else(missing)?))
    }

    /// # Errors
    /// `SecretNotFound`, also if it is deleted already.
    pub(super) fn delete(&mut self, name: &str, now: i64) -> Result<&Deleted, Refusal> {
        let secret = self.secrets.remove(&key(name)).ok_or_else(|| Refusal::not_found(name))?;
        let purged = now + RECOVERABLE_DAYS * 24 * 60 * 60;
        self.deleted.insert(key(name), Deleted { secret, at: now, purged });
        self.deleted(name)
    }

    /// # Errors
    /// `SecretNotFound` for what is not there, or not deleted.
    pub(super) fn deleted(&self, name: &str) -> Result<&Deleted, Refusal> {
        self.deleted.get(&key(name)).ok_or_else(|| Refusal::not_found(name))
    }

    /// Brings a secret back with all its versions.
    ///
    /// # Errors
    /// As [`deleted`](Self::deleted).
    pub(super) fn recover(&mut self, name: &str) -> Result<&Secret, Refusal> {
        let deleted = self.deleted.remove(&key(name)).ok_or_else(|| Refusal::not_found(name))?;
        self.secrets.insert(key(name), deleted.secret);
        self.secret(name)
    }

    /// Ends a deleted secret for good.
    ///
    /// # Errors
    /// As [`deleted`](Self::deleted).
    pub(super) fn purge(&mut self, name: &str) -> Result<(), Refusal> {
        self.deleted.remove(&key(name)).map(drop).ok_or_else(|| Refusal::not_found(name))
    }

    /// By their names in lower case, in that order.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.secrets.iter().map(|(key, secret)| (key.as_str(), secret))
    }

    /// As [`secrets`](Self::secrets).
    pub(super) fn all_deleted(&self) -> impl Iterator<Item = (&str, &Deleted)> {
        self.deleted.iter().map(|(key, deleted)| (key.as_str(), deleted))
    }
}

/// Names that differ in case only are one.
fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn no_version(name: &str, version: Option<&str>) -> Refusal {
    match version {
        Some(version) => Refusal::not_found(&format!("{name}/{version}")),
        None => Refusal::not_found(name),
    }
}

/// What a vault has unless its owner chose less.
pub(super) const RECOVERABLE_DAYS: i64 = 90;
