//! The versions of a key that may still be in use. Nobody lists them to machines; they are read by their numbers.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::SystemTime;

use strongroom_core::{
    Error, ErrorKind, LiveVersion, Result, Secret, SecretName, SecretVersion, VersionInfo,
    VersionState,
};

use crate::api::View;
use crate::place::Place;
use crate::store::InfisicalStore;
use crate::wire::Told;

/// What is known of a key since it was asked for first.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// Of the secret: one that was deleted and made anew has another one.
    id: String,
    current: (u64, Option<SystemTime>, Secret),
    /// Those before, the last retired first, with their values where they may not be read.
    previous: Vec<Previous>,
    /// Whether they may be read.
    is_read: bool,
}

#[derive(Clone, Debug)]
struct Previous {
    number: u64,
    info: VersionInfo,
    kept: Option<Secret>,
}

/// Most versions that are looked at when there is a new one: every change of a comment makes one.
const MOST: u64 = 16;

impl InfisicalStore {
    /// One read of the current version, and one of each that is within its grace. When there is a new one, those before
    /// it are found by their numbers; where that is not allowed, the one that was current until then is remembered with
    /// its value.
    pub(crate) async fn live(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        let (folder, key) = self.api.config.root.below(name)?;
        // A key that others are put into is not the one that was written.
        let told = self.told(&folder, &key, None, View::default()).await?;
        let (now, id, number) = (told.made(), told.id.clone(), told.version);
        let current = told.clone().into_secret()?;
        let mut info = info(number, VersionState::Current);
        info.created_at = now;
        let mut live = vec![LiveVersion::new(info, Ok(current.clone()))];
        let known = self.watched().get(name).cloned().filter(|known| known.id == id);
        let known = match known {
            Some(known) if known.current.0 == number && known.is_read => {
                for one in known.previous.iter().filter(|one| is_in_grace(one, since)) {
                    match self.older(&folder, &key, &told, one.number).await {
                        Err(error) if !is_about_one(&error) => return Err(error),
                        older => live.push(one.live(older.and_then(Told::into_secret))),
                    }
                }
                return Ok(live);
            }
            known => known,
        };
        let (found, is_read) = self.before(&folder, &key, &told, since).await?;
        let mut previous: Vec<Previous> = found.iter().map(|(one, _)| one.clone()).collect();
        live.extend(found.into_iter().map(|(one, secret)| one.live(secret)));
        if !is_read {
            previous = known.map(|known| known.retired(number, now)).unwrap_or_default();
            let kept = previous.iter().filter(|one| is_in_grace(one, since));
            live.extend(kept.filter_map(|one| Some(one.live(Ok(one.kept.clone()?)))));
        }
        let watched = Watched { id, current: (number, now, current), previous, is_read };
        self.watched().insert(name.clone(), watched);
        Ok(live)
    }

    /// The versions before the current one that are within their grace, newest first, and whether they may be read.
    async fn before(
        &self,
        folder: &Place,
        key: &str,
        current: &Told,
        since: SystemTime,
    ) -> Result<(Vec<(Previous, Result<Secret>)>, bool)> {
        let mut found = Vec::new();
        let mut end = current.made();
        let oldest = current.version.saturating_sub(MOST).max(1);
        for number in (oldest..current.version).rev() {
            if end.is_none_or(|end| end <= since) {
                break;
            }
            let told = match self.older(folder, key, current, number).await {
                Ok(told) => told,
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return Ok((Vec::new(), false));
                }
                // The server keeps so many of them.
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            };
            let mut info = info(number, VersionState::Previous);
            (info.created_at, info.retired_at) = (told.made(), end);
            end = told.made();
            found.push((Previous { number, info, kept: None }, told.into_secret()));
        }
        Ok((found, true))
    }

    /// Whether a version before the current one can be read; whether the current one can be by its number, if it is the
    /// first.
    pub(crate) async fn may_read_older(&self, name: &SecretName) -> Result<()> {
        let (folder, key) = self.api.config.root.below(name)?;
        let told = self.told(&folder, &key, None, View::default()).await?;
        let number = told.version.saturating_sub(1).max(1);
        match self.older(&folder, &key, &told, number).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            older => older.map(drop),
        }
    }

    pub(crate) fn watched(&self) -> MutexGuard<'_, HashMap<SecretName, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Previous {
    fn live(&self, secret: Result<Secret>) -> LiveVersion {
        LiveVersion::new(self.info.clone(), secret)
    }
}

impl Watched {
    /// What came before a version, as far as it was seen, with values.
    fn retired(self, number: u64, at: Option<SystemTime>) -> Vec<Previous> {
        let mut previous = self.previous;
        previous.retain(|one| one.kept.is_some());
        let (last, since, secret) = self.current;
        if last != number {
            let mut info = info(last, VersionState::Previous);
            (info.created_at, info.retired_at) = (since, at);
            previous.insert(0, Previous { number: last, info, kept: Some(secret) });
        }
        previous.truncate(LiveVersion::MOST);
        previous
    }
}

fn info(number: u64, state: VersionState) -> VersionInfo {
    VersionInfo::new(SecretVersion::new(number.to_string()), state)
}

fn is_in_grace(one: &Previous, since: SystemTime) -> bool {
    one.info.retired_at.is_some_and(|at| at > since)
}

/// Whether an error says that a version is gone or of no use. Every other one is about the server or the way to it: taken
/// for this one, an outage would look like a retired key.
fn is_about_one(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidValue)
}
