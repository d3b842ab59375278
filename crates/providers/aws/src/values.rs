//! From what the SDK reads to our types.

use std::time::SystemTime;

use aws_sdk_secretsmanager::primitives::{Blob, DateTime};
use strongroom_core::{Error, ErrorKind, Reason, Result, Secret, SecretValue, SecretVersion};

pub(crate) const CURRENT: &str = "AWSCURRENT";
pub(crate) const PENDING: &str = "AWSPENDING";
pub(crate) const PREVIOUS: &str = "AWSPREVIOUS";

/// The parts of one version, as two calls of the API give them.
pub(crate) struct Parts {
    pub(crate) version: Option<String>,
    pub(crate) created: Option<DateTime>,
    pub(crate) text: Option<String>,
    pub(crate) binary: Option<Blob>,
}

impl Parts {
    /// # Errors
    /// `NotFound` (reason `version`) if there is no value; `Malformed` if there is no version.
    pub(crate) fn into_secret(self) -> Result<Secret> {
        let value = match (self.text, self.binary) {
            (Some(text), _) => SecretValue::from(text),
            (None, Some(binary)) => SecretValue::from(binary.into_inner()),
            (None, None) => return Err(no_value()),
        };
        let version = self.version.ok_or_else(|| {
            Error::new(ErrorKind::Malformed, "the answer does not say which version it is")
        })?;
        let secret = Secret::new(value).with_version(SecretVersion::new(version));
        Ok(match self.created.as_ref().and_then(time) {
            Some(created) => secret.with_created_at(created),
            None => secret,
        })
    }
}

pub(crate) fn time(at: &DateTime) -> Option<SystemTime> {
    SystemTime::try_from(*at).ok()
}

/// A secret that was made without a value, or lost the version that is asked for.
pub(crate) fn no_value() -> Error {
    let message = "the secret has no value of that version; put one";
    Error::new(ErrorKind::NotFound, message).with_reason(Reason::Version)
}
