//! Lists, versions, and the versions that may still be in use.

use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretVersionsListEntry};
use strongroom_core::{
    LiveVersion, Result, Secret, SecretName, SecretVersion, Select, VersionInfo, VersionState,
};

use crate::read::deleted;
use crate::store::AwsStore;
use crate::values::{CURRENT, PENDING, PREVIOUS, no_value, time};
use crate::{classify, name};

/// Longest time that a version is taken to have been pending before it became current.
const LONGEST_PENDING: Duration = Duration::from_secs(7 * 86_400);

impl AwsStore {
    /// AWS API: `ListSecrets`, all pages. Its filter by name is one by prefix, and knows no segments.
    pub(crate) async fn names(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let mut call = self.client.list_secrets();
        if let Some(prefix) = prefix {
            name::check(prefix.as_str())?;
            let filter = Filter::builder().key(FilterNameStringType::Name).values(prefix.as_str());
            call = call.filters(filter.build());
        }
        let mut pages = call.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify::error(&error))?;
            let found = page.secret_list.unwrap_or_default().into_iter().filter_map(|one| one.name);
            // Names that are none here cannot be read here either.
            names.extend(found.filter_map(|text| SecretName::new(&text).ok()));
        }
        if let Some(prefix) = prefix {
            names.retain(|name| name == prefix || name.strip_prefix(prefix).is_some());
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// AWS API: `ListSecretVersionIds`, all pages, and `DescribeSecret` for when the current one became so.
    pub(crate) async fn list_versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        name::check(name.as_str())?;
        let described = match self.describe(name).await {
            Ok(described) if described.deleted_date.is_some() => return Err(deleted()),
            described => described?,
        };
        let activated = described.last_changed_date.as_ref().and_then(time);
        let call = self.client.list_secret_version_ids().secret_id(name.as_str());
        let mut pages = call.into_paginator().send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify::error(&error))?;
            let found = page.versions.unwrap_or_default();
            versions.extend(found.iter().filter_map(|one| version(one, activated)));
        }
        versions.sort_by_key(|info: &VersionInfo| {
            let place = match info.state {
                VersionState::Pending => 0,
                VersionState::Current => 1,
                VersionState::Previous if info.retired_at.is_some() => 2,
                _ => 3,
            };
            (place, std::cmp::Reverse(info.created_at))
        });
        Ok(versions)
    }

    /// One `DescribeSecret`, and a read of each version that was not read before: what a version holds never
    /// changes.
    pub(crate) async fn live(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        let live = self.read_live(name, since).await;
        match &live {
            Ok(live) => self.remember(name, live),
            Err(error) if error.kind().allows_stale() => {}
            Err(_) => self.forget(name),
        }
        live
    }

    async fn read_live(&self, name: &SecretName, since: SystemTime) -> Result<Vec<LiveVersion>> {
        name::check(name.as_str())?;
        let described = self.describe(name).await?;
        if described.deleted_date.is_some() {
            return Err(deleted());
        }
        let stages = described.version_ids_to_stages.ok_or_else(no_value)?;
        let with = |label: &str| {
            let has = |stages: &Vec<String>| stages.iter().any(|stage| stage == label);
            stages.iter().find(|(_, stages)| has(stages)).map(|(id, _)| id.clone())
        };
        let labels = (with(CURRENT), with(PREVIOUS));
        let changed = described.last_changed_date.as_ref().and_then(time);
        let activated = changed.map(|changed| self.activated(name, labels, changed));
        let mut wanted: Vec<VersionInfo> = stages
            .into_iter()
            .filter_map(|(id, stages)| of_stages(id, &stages, activated))
            .collect();
        wanted.sort_by_key(|info| match info.state {
            VersionState::Current => 0,
            VersionState::Pending => 1,
            _ => 2,
        });
        let mut known = self.known(name);
        let mut live: Vec<LiveVersion> = Vec::with_capacity(wanted.len());
        for mut info in wanted {
            if let Some(retired) = &mut info.retired_at {
                // Later than this it only became so if somebody's rotation took more than a week.
                let first = live.first().and_then(|current| current.info.as_ref()?.created_at);
                *retired =
                    first.map_or(*retired, |created| (*retired).min(created + LONGEST_PENDING));
            }
            let is_over = info.retired_at.is_none_or(|retired| retired <= since);
            if info.state == VersionState::Previous && is_over {
                continue;
            }
            let secret = match known.remove(&info.version) {
                Some(secret) => Ok(secret),
                None => self.read(name, &Select::Exact(info.version.clone())).await,
            };
            match secret {
                Err(error)
                    if info.state == VersionState::Current
                        || !LiveVersion::is_about_one(&error) =>
                {
                    return Err(error);
                }
                secret => {
                    info.created_at = secret.as_ref().ok().and_then(Secret::created_at);
                    live.push(LiveVersion::new(info, secret));
                }
            }
        }
        match live.first().map(LiveVersion::state) {
            Some(VersionState::Current) => Ok(live),
            _ => Err(no_value()),
        }
    }
}

fn version(entry: &SecretVersionsListEntry, activated: Option<SystemTime>) -> Option<VersionInfo> {
    let id = entry.version_id.clone()?;
    let mut info = of_stages(id.clone(), entry.version_stages(), activated)
        .unwrap_or_else(|| VersionInfo::new(SecretVersion::new(id), VersionState::Previous));
    info.created_at = entry.created_date.as_ref().and_then(time);
    Some(info)
}

/// What its labels say of a version; nothing of one that has only labels of others. The one before was retired
/// when the secret was changed last, or earlier: AWS keeps no time of its own for that.
fn of_stages(id: String, stages: &[String], activated: Option<SystemTime>) -> Option<VersionInfo> {
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
