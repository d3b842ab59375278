//! A value together with what is known about it.

use std::sync::Arc;
use std::time::SystemTime;

use crate::{SecretValue, SecretVersion};

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
}

impl Secret {
    /// A value of which nothing else is known.
    pub fn new(value: SecretValue) -> Self {
        Self(Arc::new(Parts { value, version: None, created_at: None }))
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
}
