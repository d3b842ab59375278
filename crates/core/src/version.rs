//! Versions of a secret, as their provider counts them.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// The provider's own id of one version: a number, a UUID, a release stamp. Not secret.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SecretVersion(Arc<str>);

impl SecretVersion {
    /// Wraps the provider's id as it is.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::escaped(&self.0))
    }
}

impl From<&str> for SecretVersion {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

/// Where a version stands in its life.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum VersionState {
    /// Published and not yet current: never signs, verifies.
    Pending,
    /// The one that is read by default and that signs.
    Current,
    /// Was current before; a signing key of this state verifies during the grace.
    Previous,
    /// Switched off by the operator.
    Disabled,
    /// Deleted or destroyed.
    Deleted,
}

impl VersionState {
    /// The word used in JSON: `current`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }
}

impl fmt::Display for VersionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of one version without reading its value.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct VersionInfo {
    /// The provider's id of it.
    pub version: SecretVersion,
    /// Where it stands.
    pub state: VersionState,
    /// When it was written, if the provider tells.
    pub created_at: Option<SystemTime>,
    /// When its successor became current, if the provider tells. A version without it is never taken
    /// for one that is within its grace.
    pub retired_at: Option<SystemTime>,
}

impl VersionInfo {
    /// A version with no times.
    pub fn new(version: SecretVersion, state: VersionState) -> Self {
        Self { version, state, created_at: None, retired_at: None }
    }
}
