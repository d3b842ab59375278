//! What is said in the log. Collected under the lock of the cache, said after it: a logger may be slow.

use std::fmt::Display;

use strongroom_core::{Error, Reason, SecretVersion};

/// What happened to a key.
#[derive(Debug)]
pub(super) enum Event {
    /// Another version is current.
    Rotated { from: Option<SecretVersion>, to: Option<SecretVersion> },
    /// An older version than the one held is current, and said so twice.
    RolledBack { from: Option<SecretVersion>, to: Option<SecretVersion> },
    /// An older version was answered: it is asked again before that is believed.
    WentBack { held: Option<SecretVersion>, answered: Option<SecretVersion> },
    /// A value is past its TTL and could not be renewed.
    StaleServed { error: Option<Error> },
    /// The new version cannot be used, and the last good one serves on.
    RotationInvalid { error: Error },
    /// The provider says that the secret may not be used any more.
    Revoked { error: Error },
    /// A value reached its age limit and was dropped.
    Expired,
    /// The function of `watch_as` refused the new value, and the one of before stays.
    ParseRefused { error: Error },
}

impl Event {
    pub(super) fn say(&self, provider: &'static str, name: &dyn Display) {
        let text = |version: &Option<SecretVersion>| version.as_ref().map(ToString::to_string);
        match self {
            Self::Rotated { from, to } => tracing::info!(
                event = "rotated",
                provider,
                secret = %name,
                from = text(from),
                version = text(to),
                "another version is current"
            ),
            Self::RolledBack { from, to } => tracing::warn!(
                event = "rotation_rolled_back",
                provider,
                secret = %name,
                from = text(from),
                version = text(to),
                "an older version is current again"
            ),
            Self::WentBack { held, answered } => tracing::warn!(
                event = "version_went_back",
                provider,
                secret = %name,
                version = text(held),
                answered = text(answered),
                "the provider answered an older version than before; it is asked again"
            ),
            Self::StaleServed { error } => tracing::warn!(
                event = "stale_served",
                provider,
                secret = %name,
                kind = error.as_ref().map(|error| error.kind().as_str()),
                reason = error.as_ref().and_then(Error::reason).map(Reason::as_str),
                "past its TTL and not renewed; the last good value serves on up to its age limit"
            ),
            Self::RotationInvalid { error } => tracing::error!(
                event = "rotation_invalid",
                provider,
                secret = %name,
                kind = error.kind().as_str(),
                reason = error.reason().map(Reason::as_str),
                "the current version cannot be used; the last good one serves on up to its age limit"
            ),
            Self::Revoked { error } => tracing::warn!(
                event = "revoked",
                provider,
                secret = %name,
                kind = error.kind().as_str(),
                "the provider refuses the secret; the value held was dropped"
            ),
            Self::Expired => tracing::error!(
                event = "stale_exhausted",
                provider,
                secret = %name,
                "past its age limit and still not renewed; the value was dropped"
            ),
            Self::ParseRefused { error } => tracing::error!(
                event = "value_invalid",
                provider,
                secret = %name,
                kind = error.kind().as_str(),
                reason = error.reason().map(Reason::as_str),
                "the new value was not accepted by its reader; the one of before stays"
            ),
        }
    }
}
