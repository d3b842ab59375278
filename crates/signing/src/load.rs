//! From a store to a ring: which versions are read, and what a bad one means.

use std::sync::Arc;

use strongroom_core::{
    Clock, ErrorKind, GetOptions, Moment, Result, SecretName, SecretStore, SecretVersion, Select,
    VersionInfo, VersionState,
};

use crate::{Freshness, KeyEncoding, KeyRing, KeySet, KeyState, SigningKey};

/// Versions that one load reads at most: a ring holds 16 keys, and several versions may hold the same one.
const MAX_VERSIONS: usize = 64;

/// Where keys come from, and how long they are used.
#[derive(Debug)]
pub(crate) struct KeySource {
    pub(crate) store: Arc<dyn SecretStore>,
    pub(crate) encoding: KeyEncoding,
    pub(crate) freshness: Freshness,
    pub(crate) clock: Arc<dyn Clock>,
}

impl KeySource {
    /// Reads every live version of a key.
    ///
    /// The current version has to be usable. A pending or retired one that is gone or unusable is left
    /// out; one that cannot be read now fails the load, so that an outage never shortens a ring.
    pub(crate) async fn load(&self, name: &SecretName) -> Result<KeyRing> {
        // Before the first read, so that the age is never shorter than the truth.
        let loaded = Moment::now(&*self.clock);
        let keys = match self.encoding {
            KeyEncoding::Jwks => self.set(name).await?.into_keys().collect(),
            _ if self.store.capabilities().versions => match self.versions(name).await {
                // The version that was current may be replaced and removed between the list and the read.
                Err(error) if error.kind() == ErrorKind::NotFound => self.versions(name).await?,
                // Some stores learn what they can do when they are first asked (Vault's KV version 1).
                Err(_) if !self.store.capabilities().versions => self.current(name).await?,
                versions => versions?,
            },
            _ => self.current(name).await?,
        };
        KeyRing::new(keys, loaded, self.freshness.limits(), self.clock.clone())
            .map_err(|error| error.with_name(name.as_str()))
    }

    async fn set(&self, name: &SecretName) -> Result<KeySet> {
        let secret = self.store.get(name, GetOptions::default()).await?;
        KeySet::parse(secret.value()).map_err(|error| error.with_name(name.as_str()))
    }

    async fn current(&self, name: &SecretName) -> Result<Vec<(SigningKey, KeyState)>> {
        Ok(vec![(self.read(name, Select::Current).await?, KeyState::Current)])
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<(SigningKey, KeyState)>> {
        let versions = self.store.versions(name).await?.into_iter();
        let mut live: Vec<_> = versions.filter_map(|info| self.live(info)).collect();
        // The current version counts first, however many others there are.
        live.sort_by_key(|(_, state)| *state != KeyState::Current);
        if live.len() > MAX_VERSIONS {
            tracing::warn!(
                event = "keys_dropped",
                secret = %name,
                live = live.len(),
                read = MAX_VERSIONS,
                "too many versions of the signing key are live: the oldest are not read"
            );
            live.truncate(MAX_VERSIONS);
        }
        let mut keys = Vec::with_capacity(live.len());
        for (version, state) in live {
            match self.read(name, Select::Exact(version.clone())).await {
                Ok(key) => keys.push((key, state)),
                Err(error) if state == KeyState::Current || !is_about_the_version(error.kind()) => {
                    return Err(error);
                }
                Err(error) => tracing::warn!(
                    event = "rotation_invalid",
                    secret = %name,
                    version = %version,
                    kind = %error.kind(),
                    "a version of the signing key cannot be used and is left out"
                ),
            }
        }
        Ok(keys)
    }

    /// The version and its state, if it may still do anything.
    fn live(&self, info: VersionInfo) -> Option<(SecretVersion, KeyState)> {
        let state = match (info.state, info.retired_at) {
            (VersionState::Current, _) => KeyState::Current,
            (VersionState::Pending, _) => KeyState::Pending,
            // Retired at a time that no one knows is not within any grace.
            (VersionState::Previous, Some(since)) => {
                let elapsed = self.clock.now().duration_since(since).unwrap_or_default();
                if elapsed >= self.freshness.grace {
                    return None;
                }
                KeyState::Retiring { since }
            }
            _ => return None,
        };
        Some((info.version, state))
    }

    async fn read(&self, name: &SecretName, select: Select) -> Result<SigningKey> {
        let secret = self.store.get(name, GetOptions::default().select(select)).await?;
        SigningKey::decode(secret.value(), self.encoding)
            .map_err(|error| error.with_name(name.as_str()))
    }
}

fn is_about_the_version(kind: ErrorKind) -> bool {
    kind.is_authoritative() || kind == ErrorKind::Malformed
}
