//! The versions of a secret that may still be in use, with their values.

use std::cmp::Reverse;
use std::time::SystemTime;

use crate::{
    Error, ErrorKind, GetOptions, Result, Secret, SecretName, SecretStore, Select, VersionInfo,
    VersionState,
};

/// One version of a secret that may still be in use, with its value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LiveVersion {
    /// What is known of it; `None` for the current one of a store that keeps no versions.
    pub info: Option<VersionInfo>,
    /// Its value; or an error that [is about it](Self::is_about_one) and about no other version, so that the
    /// others can be used all the same. The current one has a value.
    pub secret: Result<Secret>,
}

impl LiveVersion {
    /// Most versions that one call brings. A key ring holds 16 keys, and several versions may hold the same
    /// one: fields are written side by side, and releases are made for the sake of other secrets.
    pub const MOST: usize = 64;

    /// A version of a store that keeps versions.
    pub fn new(info: VersionInfo, secret: Result<Secret>) -> Self {
        Self { info: Some(info), secret }
    }

    /// The current one of a store that keeps no versions.
    pub fn unversioned(secret: Secret) -> Self {
        Self { info: None, secret: Ok(secret) }
    }

    /// Where it stands.
    pub fn state(&self) -> VersionState {
        self.info.as_ref().map_or(VersionState::Current, |info| info.state)
    }

    /// Whether an error says that this version cannot be used: it is gone, switched off, damaged or of no use.
    /// Every other error is about the provider; taken for this one, an outage would look like a retired key.
    pub fn is_about_one(error: &Error) -> bool {
        error.kind().is_authoritative() || error.kind() == ErrorKind::Malformed
    }
}

/// What [`SecretStore::live_versions`] does unless a store has a better way.
pub(crate) async fn read<S: SecretStore + ?Sized>(
    store: &S,
    name: &SecretName,
    since: SystemTime,
) -> Result<Vec<LiveVersion>> {
    if !store.capabilities().versions {
        return alone(store, name).await;
    }
    let listed = match store.versions(name).await {
        // Some stores learn what they can do when they are first asked.
        Err(_) if !store.capabilities().versions => return alone(store, name).await,
        listed => listed?,
    };
    match each(store, name, since, listed).await {
        // The version that was current may be replaced and removed between the list and the read.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let listed = store.versions(name).await?;
            each(store, name, since, listed).await
        }
        live => live,
    }
}

async fn alone<S: SecretStore + ?Sized>(store: &S, name: &SecretName) -> Result<Vec<LiveVersion>> {
    let secret = store.get(name, GetOptions::default()).await?;
    Ok(vec![LiveVersion::unversioned(secret)])
}

async fn each<S: SecretStore + ?Sized>(
    store: &S,
    name: &SecretName,
    since: SystemTime,
    mut listed: Vec<VersionInfo>,
) -> Result<Vec<LiveVersion>> {
    listed.retain(|info| may_be_in_use(info, since));
    listed.sort_by_key(rank);
    listed.truncate(LiveVersion::MOST);
    let mut live = Vec::with_capacity(listed.len());
    for info in listed {
        let options = GetOptions::default().select(Select::Exact(info.version.clone()));
        match store.get(name, options).await {
            Err(error)
                if info.state == VersionState::Current || !LiveVersion::is_about_one(&error) =>
            {
                return Err(error);
            }
            secret => live.push(LiveVersion::new(info, secret)),
        }
    }
    Ok(live)
}

fn may_be_in_use(info: &VersionInfo, since: SystemTime) -> bool {
    match info.state {
        VersionState::Current | VersionState::Pending => true,
        // Retired at a time that no one knows is not within any grace.
        VersionState::Previous => info.retired_at.is_some_and(|retired| retired > since),
        VersionState::Disabled | VersionState::Deleted => false,
    }
}

/// The current one counts first, however many others there are; then what comes next, then what was so last.
fn rank(info: &VersionInfo) -> (u8, Reverse<Option<SystemTime>>) {
    match info.state {
        VersionState::Current => (0, Reverse(None)),
        VersionState::Pending => (1, Reverse(None)),
        _ => (2, Reverse(info.retired_at)),
    }
}
