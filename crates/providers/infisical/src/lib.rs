//! Strongroom on Infisical, in its cloud and self-hosted.
//!
//! [`INFISICAL`] is the provider, selected by `SECRETS_PROVIDER=infisical_cloud` or `infisical_self_host`. It speaks the
//! fourth generation of the interface, and the third to servers that do not know that.
//!
//! Wire shapes are those of the [Infisical API] and of the public source of its backend; errors are told apart by their
//! names. What the server masks, or leaves unresolved, is no value.
//!
//! [Infisical API]: https://infisical.com/docs/api-reference/overview/introduction

#![forbid(unsafe_code)]

mod api;
mod auth;
mod classify;
mod config;
mod examine;
mod list;
mod live;
mod name;
mod read;
mod store;
mod wire;
mod write;

use std::sync::Arc;

use strongroom_core::{Error, ErrorKind, Open, Opened, Provider, Result};
use strongroom_http::{Client, TokenCache};

use crate::api::Api;
use crate::auth::InfisicalLogin;
use crate::config::Config;
use crate::examine::Examination;
use crate::store::InfisicalStore;

/// The providers `infisical_cloud` and `infisical_self_host`.
pub const INFISICAL: Provider =
    Provider::new(&[config::CLOUD, "infisical_self_host"], &config::KEYS, |open| {
        Box::pin(async move { open_infisical(open) })
    });

fn open_infisical(open: Open<'_>) -> Result<Opened> {
    let (settings, clock) = (open.settings, open.clock);
    let config = Config::read(open.id, settings)?;
    let client = Arc::new(Client::new(config.http.clone(), clock.clone())?);
    let login = InfisicalLogin {
        id: open.id,
        settings: settings.clone(),
        credential: config.credential,
        client: client.clone(),
        clock: clock.clone(),
        last: Default::default(),
        began: Default::default(),
    };
    let warnings = config.warnings();
    let signing_secret = config.signing_secret.clone();
    let api = Arc::new(Api {
        client,
        tokens: TokenCache::new(login, clock.clone()),
        config,
        is_old: Default::default(),
        is_in_scope: Default::default(),
        is_one_folder: Default::default(),
        date: Default::default(),
    });
    let store = Arc::new(InfisicalStore::new(open.id, api.clone()));
    let mut opened = Opened::new(store.clone());
    opened.warnings = warnings;
    opened.signing_key = Some(signing_secret.ok_or_else(|| {
        let message = "no signing key is configured; set INFISICAL_SIGNING_SECRET_NAME to the name of its secret";
        Error::new(ErrorKind::Misconfigured, message)
    }));
    opened.examine = Some(Arc::new(Examination { store, api, clock: clock.clone() }));
    Ok(opened)
}
