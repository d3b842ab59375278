//! The versions that may still be in use.

use std::time::{Duration, SystemTime};

use strongroom_core::{LiveVersion, Result, Secret, SecretName, Select, VersionInfo, VersionState};

use crate::name;
use crate::read::deleted;
use crate::store::AwsStore;
use crate::wire::{CURRENT, PREVIOUS, no_value, of_stages, time};

/// Longest time that a version is taken to have been pending before it became current.
const LONGEST_PENDING: Duration = Duration::from_secs(7 * 86_400);

impl AwsStore {
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
