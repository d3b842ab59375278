//! Lists of names and of versions, page by page.

use std::time::SystemTime;

use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretVersionsListEntry};
use strongroom_core::{Result, SecretName, SecretVersion, VersionInfo, VersionState};

use crate::read::deleted;
use crate::store::AwsStore;
use crate::wire::{of_stages, time};
use crate::{classify, name};

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
            names.retain(|name| name.is_within(prefix));
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
}

fn version(entry: &SecretVersionsListEntry, activated: Option<SystemTime>) -> Option<VersionInfo> {
    let id = entry.version_id.clone()?;
    let mut info = of_stages(id.clone(), entry.version_stages(), activated)
        .unwrap_or_else(|| VersionInfo::new(SecretVersion::new(id), VersionState::Previous));
    info.created_at = entry.created_date.as_ref().and_then(time);
    Some(info)
}
