//! The providers that `SECRETS_PROVIDER` can select: one row a provider.

use strongroom_core::{Error, ErrorKind, Key, Provider, Result, Settings};

use crate::common::{KEYS, PROVIDER};

/// One row: the ids, the feature that brings the provider, and the provider if it is compiled in.
struct Row {
    ids: &'static [&'static str],
    feature: Option<&'static str>,
    provider: Option<Provider>,
}

const ROWS: [Row; 6] = [
    Row { ids: &["vault_dev", "vault_hcp", "vault"], feature: Some("vault"), provider: VAULT },
    Row {
        ids: &["infisical_cloud", "infisical_self_host"],
        feature: Some("infisical"),
        provider: INFISICAL,
    },
    Row { ids: &["aws_sm"], feature: Some("aws"), provider: AWS },
    Row { ids: &["azure_kv"], feature: Some("azure"), provider: AZURE },
    always(strongroom_local::FILE),
    always(strongroom_local::ENV),
];

#[cfg(feature = "vault")]
const VAULT: Option<Provider> = Some(strongroom_vault::VAULT);
#[cfg(not(feature = "vault"))]
const VAULT: Option<Provider> = None;

#[cfg(feature = "infisical")]
const INFISICAL: Option<Provider> = Some(strongroom_infisical::INFISICAL);
#[cfg(not(feature = "infisical"))]
const INFISICAL: Option<Provider> = None;

#[cfg(feature = "aws")]
const AWS: Option<Provider> = Some(strongroom_aws::AWS);
#[cfg(not(feature = "aws"))]
const AWS: Option<Provider> = None;

#[cfg(feature = "azure")]
const AZURE: Option<Provider> = Some(strongroom_azure::AZURE);
#[cfg(not(feature = "azure"))]
const AZURE: Option<Provider> = None;

const fn always(provider: Provider) -> Row {
    Row { ids: provider.ids(), feature: None, provider: Some(provider) }
}

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
        let keys = |provider: &Provider| KEYS.iter().chain(provider.keys()).copied().collect();
        row.ids.iter().map(move |id| Listed {
            id,
            feature: row.feature,
            keys: row.provider.as_ref().map(keys),
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
    for (index, id) in ids().enumerate() {
        if ids().skip(index + 1).any(|other| other == id) {
            return refuse(format!(
                "two providers are called `{id}`; rename the one that was added"
            ));
        }
    }
    let of = |ids: &'static [&'static str]| ids.iter().copied().find(|id| *id == selected);
    if let Some((provider, id)) = added.iter().find_map(|one| Some((*one, of(one.ids())?))) {
        return Ok((provider, id));
    }
    match ROWS.iter().find_map(|row| Some((row, of(row.ids)?))) {
        Some((Row { provider: Some(provider), .. }, id)) => Ok((*provider, id)),
        Some((row, id)) => refuse(format!(
            "`{id}` is not compiled in; it needs feature `{}` of crate strongroom (known: {})",
            row.feature.unwrap_or_default(),
            expected()
        )),
        None => {
            let typed = selected.trim().to_lowercase();
            let distance = |id: &&str| strsim::osa_distance(&typed, id);
            // At most two letters off, and at most a third of the word.
            let near = |id: &&str| distance(id) <= 2.min(id.len() / 3);
            let nearest = ids().min_by_key(distance).filter(near);
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
    let ours = ROWS.iter().filter_map(|row| Some(row.provider.as_ref()?.keys()));
    let added = added.iter().map(Provider::keys);
    KEYS.iter().chain(ours.chain(added).flatten()).copied().collect()
}
