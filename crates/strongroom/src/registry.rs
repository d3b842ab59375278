//! The providers that `SECRETS_PROVIDER` can select: one row a provider.

use strongroom_core::{Error, ErrorKind, Key, Provider, Result, Settings};

use crate::common::{KEYS, PROVIDER};

/// One row: what is compiled in, or the feature that would bring it.
struct Row {
    ids: &'static [&'static str],
    from: From,
}

enum From {
    Here(Provider),
    Feature(&'static str),
}

const ROWS: [Row; 6] = [
    Row { ids: &["vault_dev", "vault_hcp", "vault"], from: From::Feature("vault") },
    Row { ids: &["infisical_cloud", "infisical_self_host"], from: From::Feature("infisical") },
    Row { ids: &["aws_sm"], from: From::Feature("aws") },
    Row { ids: &["azure_kv"], from: From::Feature("azure") },
    Row { ids: strongroom_local::FILE.ids(), from: From::Here(strongroom_local::FILE) },
    Row { ids: strongroom_local::ENV.ids(), from: From::Here(strongroom_local::ENV) },
];

/// A provider as documents and tools list it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Listed {
    /// What `SECRETS_PROVIDER` says.
    pub id: &'static str,
    /// The feature of crate `strongroom` that brings it; `None` if it is always there.
    pub feature: Option<&'static str>,
    /// Its settings, those that all providers have first; `None` if it is not compiled in.
    pub keys: Option<Vec<Key>>,
}

/// Every provider id of this version, compiled in or not.
pub fn providers() -> Vec<Listed> {
    let listed = |row: &'static Row| {
        row.ids.iter().map(|id| match &row.from {
            From::Here(provider) => {
                let keys = KEYS.iter().chain(provider.keys()).copied().collect();
                Listed { id, feature: None, keys: Some(keys) }
            }
            From::Feature(feature) => Listed { id, feature: Some(feature), keys: None },
        })
    };
    ROWS.iter().flat_map(listed).collect()
}

/// Finds the selected provider and the id that selected it, among ours and those of the program.
pub(crate) fn select(settings: &Settings, added: &[Provider]) -> Result<(Provider, &'static str)> {
    let refuse = |message: String| {
        Err(Error::new(ErrorKind::Misconfigured, message).with_key(PROVIDER.name))
    };
    let ids = || {
        let ours = ROWS.iter().flat_map(|row| row.ids);
        ours.chain(added.iter().flat_map(Provider::ids)).copied()
    };
    let expected = || ids().collect::<Vec<_>>().join(", ");
    let Some(selected) = settings.text(&PROVIDER)? else {
        return refuse(format!("is not set; expected one of {}", expected()));
    };
    let of = |ids: &'static [&'static str]| ids.iter().copied().find(|id| *id == selected);
    if let Some((provider, id)) = added.iter().find_map(|one| Some((*one, of(one.ids())?))) {
        return Ok((provider, id));
    }
    match ROWS.iter().find_map(|row| Some((&row.from, of(row.ids)?))) {
        Some((From::Here(provider), id)) => Ok((*provider, id)),
        Some((From::Feature(feature), id)) => refuse(format!(
            "`{id}` is not compiled in; it needs feature `{feature}` of crate strongroom"
        )),
        None => {
            let typed = selected.trim().to_lowercase();
            let distance = |id: &&str| strsim::osa_distance(&typed, id);
            let nearest = ids().min_by_key(distance).filter(|id| distance(id) <= 3);
            let hint = match (typed.as_str(), nearest) {
                ("memory", _) => "the store in memory is built in code; ".to_owned(),
                (_, Some(nearest)) => format!("did you mean `{nearest}`? "),
                (_, None) => String::new(),
            };
            refuse(format!("is not a provider; {hint}expected one of {}", expected()))
        }
    }
}

/// Every setting that is known here, for finding misspelt ones.
pub(crate) fn known_keys(added: &[Provider]) -> Vec<Key> {
    let ours = ROWS.iter().filter_map(|row| match &row.from {
        From::Here(provider) => Some(provider.keys()),
        From::Feature(_) => None,
    });
    let added = added.iter().map(Provider::keys);
    KEYS.iter().chain(ours.chain(added).flatten()).copied().collect()
}
