//! The versions of a key that may still be in use. Nobody lists them to machines; they are read by their numbers.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::SystemTime;

use strongroom_core::{
    ErrorKind, LiveVersion, Result, Secret, SecretName, SecretVersion, VersionInfo, VersionState,
};

use crate::api::View;
use crate::name::Folder;
use crate::store::InfisicalStore;
use crate::wire::Told;

/// What is known of a key since it was asked for first.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// Of the secret: one that was deleted and made anew has another one.
    id: String,
    current: Seen,
    /// Those before, the last retired first.
    previous: Vec<Seen>,
    /// Whether they may be read.
    is_read: bool,
}

/// A version, with its value: of some the server tells nothing any more.
#[derive(Clone, Debug)]
struct Seen {
    number: u64,
    created_at: Option<SystemTime>,
    retired_at: Option<SystemTime>,
    secret: Result<Secret>,
}

/// Most versions that are looked at when there is a new one: every change of a comment makes one.
const MOST: u64 = 16;

impl InfisicalStore {
    /// One read of the current version, and one of each that is within its grace. When there is a new one, those before
    /// it are found by their numbers; as long as that is not allowed, those that were current until then are remembered.
    pub(crate) async fn live(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        let (folder, key) = self.api.config.root.below(name)?;
        // A key that others are put into is not the one that was written.
        let told = self.told(&folder, &key, None, View::default()).await?;
        let current = told.clone().into_secret(false)?;
        let known = self.watched().get(name).cloned().filter(|known| known.id == told.id);
        let known = known.map(|known| known.at(&told, since));
        let watched = match known {
            Some(mut known) if known.current.number == told.version && known.is_read => {
                known.current.secret = Ok(current);
                match self.read_again(&folder, &key, &told, &mut known.previous).await {
                    Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                        known.is_read = false;
                    }
                    again => again?,
                }
                known
            }
            known => self.look(&folder, &key, &told, current, known, since).await?,
        };
        let live = watched.live();
        self.watched().insert(name.clone(), watched);
        Ok(live)
    }

    /// Reads the versions of a key that are known to be within their grace.
    async fn read_again(
        &self,
        folder: &Folder,
        key: &str,
        current: &Told,
        previous: &mut [Seen],
    ) -> Result<()> {
        for one in previous {
            match self.older(folder, key, current, one.number).await {
                // What was seen once stays so: the server keeps some versions, and of some it finds another one.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(told) => one.secret = told.into_secret(false),
            }
        }
        Ok(())
    }

    /// Looks for the versions before one that is new, newest first, as long as they are within their grace.
    async fn look(
        &self,
        folder: &Folder,
        key: &str,
        told: &Told,
        current: Secret,
        known: Option<Watched>,
        since: SystemTime,
    ) -> Result<Watched> {
        // What was known of the time of this version stays: the server only tells of later changes.
        let first = known.as_ref().filter(|known| known.current.number == told.version);
        let first = first.and_then(|known| known.current.created_at).or_else(|| told.changed());
        let (made, mut is_read) = match self.older(folder, key, told, told.version).await {
            Ok(itself) => (itself.made().or(first), true),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => (first, false),
            Err(error) if error.kind() == ErrorKind::NotFound => (first, true),
            Err(error) => return Err(error),
        };
        let mut previous = Vec::new();
        let mut end = made;
        let oldest = told.version.saturating_sub(MOST).max(1);
        for number in (oldest..told.version).rev() {
            if !is_read || end.is_none_or(|end| end <= since) {
                break;
            }
            let older = match self.older(folder, key, told, number).await {
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    is_read = false;
                    break;
                }
                older => older?,
            };
            let created_at = older.made();
            let secret = older.into_secret(false);
            previous.push(Seen { number, created_at, retired_at: end, secret });
            end = created_at;
        }
        let seen = known.map(|known| known.retired(told.version, made)).unwrap_or_default();
        for one in seen {
            if previous.iter().all(|other| other.number != one.number) {
                previous.push(one);
            }
        }
        previous.sort_by_key(|one| std::cmp::Reverse(one.number));
        let current =
            Seen { number: told.version, created_at: made, retired_at: None, secret: Ok(current) };
        Ok(Watched { id: told.id.clone(), current, previous, is_read })
    }

    /// Whether versions can be read by their numbers.
    pub(crate) async fn may_read_older(&self, name: &SecretName) -> Result<()> {
        let (folder, key) = self.api.config.root.below(name)?;
        let told = self.told(&folder, &key, None, View::default()).await?;
        match self.older(&folder, &key, &told, told.version).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            older => older.map(drop),
        }
    }

    pub(crate) fn watched(&self) -> MutexGuard<'_, HashMap<SecretName, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    /// Without what is over by now, however often it was remembered.
    fn at(mut self, told: &Told, since: SystemTime) -> Self {
        let is_in_grace = |one: &Seen| one.retired_at.is_some_and(|at| at > since);
        self.previous.retain(|one| is_in_grace(one) && one.number < told.version);
        self
    }

    /// What came before a version, as far as it was seen.
    fn retired(self, number: u64, at: Option<SystemTime>) -> Vec<Seen> {
        let mut previous = self.previous;
        if self.current.number < number {
            previous.insert(0, Seen { retired_at: at, ..self.current });
        }
        previous.truncate(LiveVersion::MOST);
        previous
    }

    fn live(&self) -> Vec<LiveVersion> {
        let tell = |one: &Seen, state| {
            let mut info = VersionInfo::new(SecretVersion::new(one.number.to_string()), state);
            (info.created_at, info.retired_at) = (one.created_at, one.retired_at);
            LiveVersion::new(info, one.secret.clone())
        };
        let current = tell(&self.current, VersionState::Current);
        let previous = self.previous.iter().map(|one| tell(one, VersionState::Previous));
        std::iter::once(current).chain(previous).collect()
    }
}
