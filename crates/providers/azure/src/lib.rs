//! Strongroom on Azure Key Vault.
//!
//! [`AZURE`] is the provider, selected by `SECRETS_PROVIDER=azure_kv`. It talks through the official client, below
//! which [`strongroom_http`] is the transport: that logs in, authorizes, and knows what refusals mean.
//!
//! Wire shapes are those of the [Key Vault REST API]; errors are told apart by their codes. A vault hands out
//! versions that have expired or are not valid yet; this provider does not.
//!
//! [Key Vault REST API]: https://learn.microsoft.com/rest/api/keyvault/secrets/

#![forbid(unsafe_code)]

mod auth;
mod challenge;
mod classify;
mod cloud;
mod config;
mod examine;
mod list;
mod live;
mod name;
mod read;
mod sdk;
mod store;
mod transport;
mod wire;
mod write;

use std::sync::Arc;

use strongroom_core::{Error, ErrorKind, Open, Opened, Provider, Result};
use strongroom_http::{Client, TokenCache};

use crate::auth::AzureLogin;
use crate::challenge::Expected;
use crate::config::Config;
use crate::examine::Examination;
use crate::store::AzureStore;
use crate::transport::Vault;

pub(crate) const ID: &str = "azure_kv";

/// The provider `azure_kv`.
pub const AZURE: Provider =
    Provider::new(&[ID], &config::KEYS, |open| Box::pin(async move { open_azure(open) }));

fn open_azure(open: Open<'_>) -> Result<Opened> {
    let (settings, clock) = (open.settings, open.clock);
    let config = Config::read(settings)?;
    let login = AzureLogin::new(settings, &config, clock.clone())?;
    let vault = Arc::new(Vault {
        client: Client::new(config.http(config.vault.clone()), clock.clone())?,
        tokens: TokenCache::new(login, clock.clone()),
        expected: Expected {
            resource: config.cloud.resource,
            authority: config.authority.origin(),
            tenant: config.credential.tenant().map(str::to_owned),
        },
        date: Default::default(),
    });
    let client = vault.clone().official(config.is_verified)?;
    let host = config.is_verified.then(|| config.vault.host().to_owned());
    let store = Arc::new(AzureStore::new(client, clock.clone(), host));
    let mut opened = Opened::new(store.clone());
    opened.warnings = config.warnings.clone();
    opened.signing_key = Some(config.signing_secret.clone().ok_or_else(|| {
        let message = "no signing key is configured; set AZURE_KV_SIGNING_SECRET_NAME to the name of its secret";
        Error::new(ErrorKind::Misconfigured, message)
    }));
    opened.examine = Some(Arc::new(Examination { store, vault, clock: clock.clone(), config }));
    Ok(opened)
}
