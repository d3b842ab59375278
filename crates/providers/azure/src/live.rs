//! The versions of a key that may still be in use.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::SystemTime;

use strongroom_core::{
    Error, ErrorKind, LiveVersion, Result, Secret, SecretName, SecretVersion, VersionInfo,
    VersionState,
};

use crate::list;
use crate::store::AzureStore;

/// What is known of a key since it was asked for first.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    current: SecretVersion,
    since: Option<SystemTime>,
    /// Those before, the last retired first.
    previous: Vec<VersionInfo>,
    /// Whether that is what the vault has listed.
    is_listed: bool,
}

impl AzureStore {
    /// One read of the newest version, and one of each that is within its grace. Versions are listed only when there
    /// is a new one; as long as that is not allowed, the one that was current until then is remembered.
    pub(crate) async fn live(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        let current = self.version(name, None).await?;
        let watched = self.watch(name, &current).await?;
        let mut info = VersionInfo::new(watched.current, VersionState::Current);
        info.created_at = watched.since;
        let mut live = vec![LiveVersion::new(info, Ok(current))];
        let is_in_grace = |one: &VersionInfo| one.retired_at.is_some_and(|at| at > since);
        for info in watched.previous.into_iter().filter(is_in_grace) {
            if live.len() == LiveVersion::MOST {
                break;
            }
            match self.version(name, Some(&info.version)).await {
                // It may be enabled again.
                Err(error) if error.kind() == ErrorKind::Disabled => {}
                Err(error) if !is_about_one(&error) => return Err(error),
                secret => live.push(LiveVersion::new(info, secret)),
            }
        }
        Ok(live)
    }

    async fn watch(&self, name: &SecretName, current: &Secret) -> Result<Watched> {
        let version = current.version().cloned().ok_or_else(crate::wire::unreadable)?;
        let known = self.watched().get(name).cloned();
        let known = match known {
            Some(known) if known.current == version && known.is_listed => return Ok(known),
            known => known,
        };
        let since = current.created_at();
        let mut seen = match known {
            Some(known) if known.current == version => known.previous,
            Some(known) => known.retired(since),
            None => Vec::new(),
        };
        let (previous, is_listed) = match self.listed(&self.place(name)?).await {
            Ok(listed) => {
                let mut previous = before(listed, &version, since);
                // A list may lag behind a read. What is gone for good says so when it is read.
                seen.retain(|one| previous.iter().all(|other| other.version != one.version));
                previous.append(&mut seen);
                previous.sort_by_key(|one| Reverse(one.retired_at));
                (previous, true)
            }
            // The right may come: an assignment of roles takes Azure some minutes.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => (seen, false),
            Err(error) => return Err(error),
        };
        let watched = Watched { current: version, since, previous, is_listed };
        self.watched().insert(name.clone(), watched.clone());
        Ok(watched)
    }

    pub(crate) fn watched(&self) -> MutexGuard<'_, HashMap<SecretName, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// The versions before the one that is new, the last current one among them.
    fn retired(self, at: Option<SystemTime>) -> Vec<VersionInfo> {
        let mut last = VersionInfo::new(self.current, VersionState::Previous);
        (last.created_at, last.retired_at) = (self.since, at);
        let mut previous = vec![last];
        previous.extend(self.previous);
        previous.truncate(LiveVersion::MOST);
        previous
    }
}

/// Whether an error says that a version is gone or over. Every other one is about the vault or the way to it: taken for
/// this one, an outage would look like a retired key.
fn is_about_one(error: &Error) -> bool {
    use ErrorKind::{Deleted, Expired, NotFound, NotYetValid};
    matches!(error.kind(), Deleted | Expired | NotFound | NotYetValid)
}

/// Of all versions those before the current one. One that is newer came after we looked, and is seen next time.
fn before(
    mut listed: Vec<VersionInfo>,
    current: &SecretVersion,
    since: Option<SystemTime>,
) -> Vec<VersionInfo> {
    listed.retain(|one| one.version != *current && one.created_at <= since);
    list::set_ends(&mut listed, since);
    for one in &mut listed {
        // Whether it is disabled is looked at when it is read.
        one.state = VersionState::Previous;
    }
    listed
}
