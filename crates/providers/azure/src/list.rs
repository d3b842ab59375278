//! Lists of names and of versions, page by page.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::time::SystemTime;

use azure_core::http::{Pager, Url};
use azure_security_keyvault_secrets::models::ListSecretPropertiesResult;
use futures_util::StreamExt;
use strongroom_core::{Error, ErrorKind, Result, SecretName, VersionInfo, VersionState};

use crate::name;
use crate::sdk::{self, quiet, read};
use crate::store::AzureStore;
use crate::wire::{Item, Page, unreadable};

impl AzureStore {
    /// Key Vault API: `Get Secrets`, all pages. Names that are none of ours cannot be read here, and are left out.
    pub(crate) async fn names(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        prefix.map(name::to_vault).transpose()?;
        let pages = self.client.list_secret_properties(None);
        let items = all(self.client.endpoint(), pages).await?;
        let names = items.iter().filter_map(|item| name::from_vault(&item.name()?));
        let is_below = |name: &SecretName| prefix.is_none_or(|prefix| name.is_within(prefix));
        let mut names: Vec<SecretName> = names.filter(is_below).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// All versions, newest first. A vault has no order of its own for them.
    pub(crate) async fn all_versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        let place = self.place(name)?;
        let mut versions = self.listed(&place).await?;
        let is_tied = versions.get(1).map(|second| second.created_at)
            == versions.first().map(|first| first.created_at);
        if versions.is_empty() || is_tied {
            // Times have whole seconds: of two of one second the vault alone knows the later.
            match self.version(name, None).await {
                Ok(current) => {
                    set_current(&mut versions, |one| Some(&one.version) == current.version())
                }
                Err(error) if error.kind() == ErrorKind::Disabled => {
                    set_current(&mut versions, |one| one.state == VersionState::Disabled);
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::Expired | ErrorKind::NotYetValid) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(versions)
    }

    /// Key Vault API: `Get Secret Versions`, all pages. Newest first as far as times tell; none for a secret that
    /// is not there.
    pub(crate) async fn listed(&self, place: &str) -> Result<Vec<VersionInfo>> {
        let pages = self.client.list_secret_properties_versions(place, None);
        let items = all(self.client.endpoint(), pages).await;
        let items = match items {
            // It is empty for some secrets that never were, and not for others.
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            items => items?,
        };
        let versions: Option<Vec<VersionInfo>> = items.iter().map(info).collect();
        let mut versions = versions.ok_or_else(unreadable)?;
        versions.sort_by_key(|one| Reverse(one.created_at));
        set_states(&mut versions);
        Ok(versions)
    }
}

/// Moves the version that is current to the front.
fn set_current(versions: &mut [VersionInfo], is_it: impl Fn(&VersionInfo) -> bool) {
    if let Some(at) = versions.iter().position(is_it) {
        versions[..=at].rotate_right(1);
    }
    set_states(versions);
}

/// The first one is current.
fn set_states(versions: &mut [VersionInfo]) {
    for (at, one) in versions.iter_mut().enumerate() {
        if one.state != VersionState::Disabled {
            one.state = if at == 0 { VersionState::Current } else { VersionState::Previous };
        }
    }
    if let Some((first, before)) = versions.split_first_mut() {
        first.retired_at = None;
        set_ends(before, first.created_at);
    }
}

/// Each version ends when the next one was made. Of those of one second nobody knows the order, so they end together.
/// `end`: when the one after all of these was made.
pub(crate) fn set_ends(newest_first: &mut [VersionInfo], mut end: Option<SystemTime>) {
    let mut made = None;
    for one in newest_first {
        if made.is_some_and(|made| one.created_at < made) {
            end = made.flatten();
        }
        one.retired_at = end;
        made = Some(one.created_at);
    }
}

fn info(item: &Item) -> Option<VersionInfo> {
    let state = match item.attributes.is_enabled() {
        true => VersionState::Previous,
        false => VersionState::Disabled,
    };
    let mut info = VersionInfo::new(item.version()?, state);
    info.created_at = item.attributes.created();
    Some(info)
}

/// The pages of a list, as the official client gives them.
type Pages = azure_core::Result<Pager<ListSecretPropertiesResult>>;

/// The items of all pages. The official client follows the links; the transport refuses those that lead to others.
async fn all(vault: &Url, pages: Pages) -> Result<Vec<Item>> {
    let mut pages = pages.map_err(|error| sdk::ours(&error))?.into_pages();
    let (mut items, mut seen) = (Vec::new(), HashSet::new());
    while let Some(page) = quiet(pages.next()).await {
        let page: Page = read(page.map_err(|error| sdk::ours(&error))?)?;
        items.extend(page.value.unwrap_or_default());
        let Some(link) = page.next_link.filter(|link| !link.is_empty()) else { continue };
        // The transport refuses it too, and the official client what is not https; this says why.
        let is_here = vault.join(&link).is_ok_and(|next| next.origin() == vault.origin());
        let message = if !is_here {
            "the next page of the list is on another server than the vault; it is not asked for"
        } else if !seen.insert(link) {
            "the pages of the list lead back to one that was there before"
        } else {
            continue;
        };
        return Err(Error::new(ErrorKind::Malformed, message));
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn versions(rows: &[(&'static str, u64, bool)]) -> Vec<VersionInfo> {
        let row = |(id, created, is_enabled): &(&'static str, u64, bool)| {
            let state = if *is_enabled { VersionState::Previous } else { VersionState::Disabled };
            let mut info = VersionInfo::new((*id).into(), state);
            info.created_at = Some(UNIX_EPOCH + Duration::from_secs(*created));
            info
        };
        rows.iter().map(row).collect()
    }

    fn told(versions: &[VersionInfo]) -> Vec<(String, VersionState, Option<u64>)> {
        let seconds = |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let row =
            |one: &VersionInfo| (one.version.to_string(), one.state, one.retired_at.map(seconds));
        versions.iter().map(row).collect()
    }

    #[test]
    fn each_version_ends_when_the_next_one_was_made_also_if_that_is_disabled() {
        use VersionState::{Current, Disabled, Previous};
        let mut all = versions(&[("c", 30, true), ("b", 20, false), ("a", 10, true)]);
        set_states(&mut all);
        let row = |id: &str, state, retired| (id.to_owned(), state, retired);
        assert_eq!(
            told(&all),
            [row("c", Current, None), row("b", Disabled, Some(30)), row("a", Previous, Some(20))]
        );
        let mut all = versions(&[("b", 20, false), ("a", 10, true)]);
        set_states(&mut all);
        assert_eq!(told(&all), [row("b", Disabled, None), row("a", Previous, Some(20))]);
    }

    #[test]
    fn versions_of_one_second_end_together() {
        let mut all =
            versions(&[("d", 30, true), ("c", 20, true), ("b", 20, true), ("a", 10, true)]);
        set_states(&mut all);
        let ends: Vec<_> = told(&all).into_iter().map(|(_, _, end)| end).collect();
        assert_eq!(ends, [None, Some(30), Some(30), Some(20)]);
    }

    #[test]
    fn of_two_versions_of_one_second_the_vault_knows_the_later() {
        use VersionState::{Current, Previous};
        let mut all = versions(&[("a", 10, true), ("b", 10, true), ("c", 5, true)]);
        set_current(&mut all, |one| one.version.as_str() == "b");
        let row = |id: &str, state, retired| (id.to_owned(), state, retired);
        assert_eq!(
            told(&all),
            [row("b", Current, None), row("a", Previous, Some(10)), row("c", Previous, Some(10))]
        );
    }
}
