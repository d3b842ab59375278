//! What can be asked of a read, a write or a signature.

use std::time::Duration;

use crate::{Field, Purpose, SecretVersion};

/// Which version of a secret to read.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Select {
    /// The one that is in force.
    #[default]
    Current,
    /// The one that was in force before.
    Previous,
    /// The one that is published and not yet in force.
    Pending,
    /// The one with this id.
    Exact(SecretVersion),
}

/// How to read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct GetOptions {
    /// Which version. Default: the current one.
    pub select: Select,
    /// Which field of a structured secret. Handed to stores whose
    /// [`fields`](crate::Capabilities::fields) capability is set; for the others the `Secrets` handle
    /// reads the value as a JSON object.
    pub field: Option<Field>,
    /// How old an answer of a cache may be; zero asks the provider. Default: as old as the cache allows.
    /// Stores do not look at it.
    pub max_age: Option<Duration>,
}

impl GetOptions {
    /// Reads this version.
    #[must_use]
    pub fn select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// Reads this field.
    #[must_use]
    pub fn field(mut self, field: Option<Field>) -> Self {
        self.field = field;
        self
    }

    /// Takes no answer of a cache that is older than this.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }
}

/// Whether a written version is in force at once.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Stage {
    /// At once.
    #[default]
    Current,
    /// Only once it is promoted.
    Pending,
}

/// What has to be true for a write to happen.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum IfVersion {
    /// Nothing.
    #[default]
    Any,
    /// The secret does not exist.
    Absent,
    /// The current version is this one.
    Is(SecretVersion),
}

/// How to write.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PutOptions {
    /// Whether the new version is in force at once. Default: yes.
    pub stage: Stage,
    /// Check-and-set: `Conflict` if this does not hold. Default: no condition.
    pub if_version: IfVersion,
    /// Which field of a structured secret to write; its siblings stay. As for
    /// [`GetOptions::field`].
    pub field: Option<Field>,
}

impl PutOptions {
    /// Writes to this stage.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// Writes only if this holds.
    #[must_use]
    pub fn if_version(mut self, if_version: IfVersion) -> Self {
        self.if_version = if_version;
        self
    }

    /// Writes this field.
    #[must_use]
    pub fn field(mut self, field: Option<Field>) -> Self {
        self.field = field;
        self
    }
}

/// How to sign or verify.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SignOptions {
    /// What the signature is for; one made for another purpose does not verify. Default: `default`.
    pub purpose: Purpose,
}

impl SignOptions {
    /// Signs for this purpose.
    #[must_use]
    pub fn purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }
}
