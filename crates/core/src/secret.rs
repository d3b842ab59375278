//! A value together with what is known about it.

use std::sync::Arc;
use std::time::SystemTime;

use crate::{Change, Freshness, SecretValue, SecretVersion};

/// One version of a secret, as it was read. Cloning costs a reference count.
///
/// ```
/// use strongroom_core::{Secret, SecretValue};
///
/// let secret = Secret::new(SecretValue::from("canary-password")).with_version("7".into());
/// assert_eq!(secret.version().map(|version| version.as_str()), Some("7"));
/// assert!(!format!("{secret:?}").contains("canary"));
/// ```
#[derive(Clone, Debug)]
pub struct Secret(Arc<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    value: SecretValue,
    version: Option<SecretVersion>,
    created_at: Option<SystemTime>,
    freshness: Freshness,
    loaded_at: Option<SystemTime>,
}

impl Secret {
    /// A value of which nothing else is known.
    pub fn new(value: SecretValue) -> Self {
        Self(Arc::new(Parts {
            value,
            version: None,
            created_at: None,
            freshness: Freshness::Fresh,
            loaded_at: None,
        }))
    }

    /// Adds the provider's version id.
    #[must_use]
    pub fn with_version(mut self, version: SecretVersion) -> Self {
        Arc::make_mut(&mut self.0).version = Some(version);
        self
    }

    /// Adds when the version was written.
    #[must_use]
    pub fn with_created_at(mut self, created_at: SystemTime) -> Self {
        Arc::make_mut(&mut self.0).created_at = Some(created_at);
        self
    }

    /// Replaces the value and keeps the rest: for picking a field.
    #[must_use]
    pub fn with_value(mut self, value: SecretValue) -> Self {
        Arc::make_mut(&mut self.0).value = value;
        self
    }

    /// Says how it stands with its time. For caches.
    #[must_use]
    pub fn with_freshness(mut self, freshness: Freshness) -> Self {
        Arc::make_mut(&mut self.0).freshness = freshness;
        self
    }

    /// Adds when it was asked of the provider. For caches.
    #[must_use]
    pub fn with_loaded_at(mut self, loaded_at: SystemTime) -> Self {
        Arc::make_mut(&mut self.0).loaded_at = Some(loaded_at);
        self
    }

    /// The value.
    pub fn value(&self) -> &SecretValue {
        &self.0.value
    }

    /// The provider's id of this version; `None` where the provider has no versions.
    pub fn version(&self) -> Option<&SecretVersion> {
        self.0.version.as_ref()
    }

    /// When this version was written, if the provider tells.
    pub fn created_at(&self) -> Option<SystemTime> {
        self.0.created_at
    }

    /// Whether this is as new as it should be, or served because the provider fails. As it was when this was
    /// handed out.
    pub fn freshness(&self) -> Freshness {
        self.0.freshness
    }

    /// When the provider was asked for it; `None` if no cache stood between.
    pub fn loaded_at(&self) -> Option<SystemTime> {
        self.0.loaded_at
    }

    /// How this, just read, relates to what was read before.
    pub fn change_from(&self, held: &Self) -> Change {
        // The same bytes under another version are no change to who uses them: on Vault every write of a field
        // makes a version of its siblings.
        if self.value().ct_eq(held.value()) {
            return Change::Same;
        }
        match self.version() == held.version() {
            // A secret that was removed and made anew counts its versions from the start.
            true if self.version().is_none() || self.created_at() != held.created_at() => {
                Change::Newer
            }
            true => Change::Conflict,
            false => match (self.created_at(), held.created_at()) {
                (Some(this), Some(other)) if this < other => Change::Older,
                _ => Change::Newer,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn secret(value: &str, version: Option<&str>, created: Option<u64>) -> Secret {
        let mut secret = Secret::new(value.into());
        if let Some(version) = version {
            secret = secret.with_version(version.into());
        }
        match created {
            Some(at) => secret.with_created_at(SystemTime::UNIX_EPOCH + Duration::from_secs(at)),
            None => secret,
        }
    }

    #[test]
    fn what_was_read_is_the_same_newer_older_or_in_conflict() {
        let held = secret("canary-1", Some("2"), Some(20));
        for (value, version, created, change) in [
            ("canary-1", Some("2"), Some(20), Change::Same),
            ("canary-2", Some("3"), Some(30), Change::Newer),
            ("canary-1", Some("3"), Some(30), Change::Same),
            ("canary-2", Some("3"), None, Change::Newer),
            ("canary-2", Some("1"), Some(10), Change::Older),
            ("canary-2", Some("2"), Some(20), Change::Conflict),
            ("canary-2", Some("2"), Some(40), Change::Newer),
        ] {
            let read = secret(value, version, created);
            assert_eq!(read.change_from(&held), change, "{version:?} {created:?}");
        }
        let unversioned = secret("canary-1", None, None);
        assert_eq!(secret("canary-2", None, None).change_from(&unversioned), Change::Newer);
        assert_eq!(secret("canary-1", None, None).change_from(&unversioned), Change::Same);
    }
}
