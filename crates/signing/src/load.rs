//! From a store to a snapshot: what the versions of a key mean, and what a bad one does.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use strongroom_core::{
    Clock, Error, ErrorKind, GetOptions, LiveVersion, Moment, Reason, Result, Secret, SecretName,
    SecretStore, VersionState,
};

use crate::live_key::LiveKey;
use crate::{KeyEncoding, KeyLimits, KeySet, KeySnapshot, KeyState, SigningKey};

/// Where keys come from, how they are written down, and how long they are used.
#[derive(Clone, Debug)]
pub struct KeySource {
    store: Arc<dyn SecretStore>,
    encoding: KeyEncoding,
    limits: KeyLimits,
    clock: Arc<dyn Clock>,
}

impl KeySource {
    /// Reads keys of this store, written down in this encoding. Snapshots tell their age by the clock.
    pub fn new(
        store: Arc<dyn SecretStore>,
        encoding: KeyEncoding,
        limits: KeyLimits,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, encoding, limits, clock }
    }

    /// Reads every live version of a key, once: nothing is kept here.
    ///
    /// The current version has to be usable. A pending or retired one that is gone or unusable is left
    /// out, with an event `rotation_invalid`; one that cannot be read now fails the load, so that an outage
    /// never shortens a ring.
    ///
    /// # Errors
    /// Those of reading the key; `InvalidValue` if the current version cannot be used; `NotFound` if there is
    /// none; `Malformed` if the provider says that several are current, or answers with another version than
    /// the one that was asked for.
    pub async fn load(&self, name: &SecretName) -> Result<KeySnapshot> {
        // Before the first read, so that the age is never shorter than the truth.
        let loaded = Moment::now(&*self.clock);
        let keys = match self.encoding {
            KeyEncoding::Jwks => self.set(name).await?,
            _ => self.versions(name, loaded.wall()).await?,
        };
        KeySnapshot::new(keys, loaded, self.limits, self.clock.clone())
            .map_err(|error| error.with_name(name.as_str()))
    }

    async fn set(&self, name: &SecretName) -> Result<Vec<LiveKey>> {
        let secret = self.store.get(name, GetOptions::default()).await?;
        let set = KeySet::parse(secret.value()).map_err(|error| error.with_name(name.as_str()))?;
        Ok(set.into_keys().collect())
    }

    async fn versions(&self, name: &SecretName, now: SystemTime) -> Result<Vec<LiveKey>> {
        let since = now.checked_sub(self.limits.grace).unwrap_or(UNIX_EPOCH);
        let versions = self.store.live_versions(name, since).await?;
        if versions.len() >= LiveVersion::MOST {
            tracing::warn!(
                event = "keys_dropped",
                secret = %name,
                read = versions.len(),
                "as many versions of the signing key are live as are read at most: older ones may no longer verify"
            );
        }
        let mut keys = Vec::with_capacity(versions.len());
        for live in versions {
            let Some(state) = state(&live) else { continue };
            match self.key(&live, state) {
                Ok(key) => keys.push(key),
                Err(error) if state == KeyState::Current || !LiveVersion::is_about_one(&error) => {
                    return Err(match error.name() {
                        Some(_) => error,
                        None => error.with_name(name.as_str()),
                    });
                }
                Err(error) => tracing::warn!(
                    event = "rotation_invalid",
                    secret = %name,
                    version = live.info.as_ref().map(|info| tracing::field::display(&info.version)),
                    kind = %error.kind(),
                    reason = error.reason().map(Reason::as_str),
                    "a version of the signing key cannot be used and is left out"
                ),
            }
        }
        Ok(keys)
    }

    fn key(&self, live: &LiveVersion, state: KeyState) -> Result<LiveKey> {
        let secret = live.secret.as_ref().map_err(Error::clone)?;
        check_version(live, secret)?;
        let told = live.info.as_ref();
        Ok(LiveKey {
            key: SigningKey::decode(secret.value(), self.encoding)?,
            state,
            version: secret.version().or(told.map(|info| &info.version)).cloned(),
            created_at: told.and_then(|info| info.created_at).or(secret.created_at()),
        })
    }
}

/// Where the key of a version stands, if it may do anything.
fn state(live: &LiveVersion) -> Option<KeyState> {
    let retired_at = live.info.as_ref().and_then(|info| info.retired_at);
    match (live.state(), retired_at) {
        (VersionState::Current, _) => Some(KeyState::Current),
        (VersionState::Pending, _) => Some(KeyState::Pending),
        // Retired at a time that no one knows is not within any grace.
        (VersionState::Previous, Some(since)) => Some(KeyState::Retiring { since }),
        _ => None,
    }
}

/// The times of one version say nothing about the bytes of another.
fn check_version(live: &LiveVersion, secret: &Secret) -> Result<()> {
    match (&live.info, secret.version()) {
        (Some(info), Some(version)) if info.version != *version => {
            let message = "the provider answered with another version than the one asked for";
            Err(Error::new(ErrorKind::Malformed, message).with_reason(Reason::Version))
        }
        _ => Ok(()),
    }
}
