//! From what the SDK reads to our types.

use std::time::SystemTime;

use aws_sdk_secretsmanager::primitives::{Blob, DateTime};
use strongroom_core::{
    Error, ErrorKind, Reason, Result, Secret, SecretValue, SecretVersion, VersionInfo, VersionState,
};

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

/// What its labels say of a version; nothing of one that has only labels of others. The one before was retired
/// when the secret was changed last, or earlier: AWS keeps no time of its own for that.
pub(crate) fn of_stages(
    id: String,
    stages: &[String],
    activated: Option<SystemTime>,
) -> Option<VersionInfo> {
    let has = |stage: &str| stages.iter().any(|one| one == stage);
    let state = if has(CURRENT) {
        VersionState::Current
    } else if has(PREVIOUS) {
        // AWS leaves `AWSPENDING` on a version that was promoted, until the next one is pending.
        VersionState::Previous
    } else if has(PENDING) {
        VersionState::Pending
    } else {
        return None;
    };
    let mut info = VersionInfo::new(SecretVersion::new(id), state);
    info.retired_at = activated.filter(|_| state == VersionState::Previous);
    Some(info)
}

pub(crate) fn time(at: &DateTime) -> Option<SystemTime> {
    SystemTime::try_from(*at).ok()
}

/// A secret that was made without a value, or lost the version that is asked for.
pub(crate) fn no_value() -> Error {
    let message = "the secret has no value of that version; put one";
    Error::new(ErrorKind::NotFound, message).with_reason(Reason::Version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_31_labels_that_stay_on_a_version_do_not_make_it_more_than_it_is() {
        let now = Some(SystemTime::UNIX_EPOCH);
        let state = |stages: &[&str]| {
            let stages: Vec<String> = stages.iter().map(ToString::to_string).collect();
            of_stages("canary".to_owned(), &stages, now).map(|info| (info.state, info.retired_at))
        };
        for (stages, expected) in [
            (&[CURRENT][..], Some((VersionState::Current, None))),
            (&[PENDING, CURRENT], Some((VersionState::Current, None))),
            (&[PENDING], Some((VersionState::Pending, None))),
            (&[PREVIOUS], Some((VersionState::Previous, now))),
            (&[PENDING, PREVIOUS], Some((VersionState::Previous, now))),
            (&["MINE"], None),
            (&[], None),
        ] {
            assert_eq!(state(stages), expected, "{stages:?}");
        }
    }
}
