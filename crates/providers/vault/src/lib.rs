//! Strongroom on HashiCorp Vault and OpenBao.
//!
//! [`VAULT`] is the provider, selected by `SECRETS_PROVIDER=vault`, `vault_dev` or `vault_hcp`. Secrets are
//! kept in KV version 1 or 2; keys of Transit (`hmac`, `ed25519`) sign, so that no key leaves the server.
//! It logs in with a token, AppRole, a Kubernetes service account or another JWT, or has a Vault Agent do so.
//!
//! Wire shapes are those of the [KV v2], [KV v1] and [Transit] API documents; where OpenBao 2.7 differs from
//! them, what it really answers counts.
//!
//! [KV v2]: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
//! [KV v1]: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1
//! [Transit]: https://developer.hashicorp.com/vault/api-docs/secret/transit

#![forbid(unsafe_code)]

mod api;
mod auth;
mod classify;
mod config;
mod examine;
mod health;
mod kv;
mod server;
mod transit;

use std::sync::Arc;

use strongroom_core::{Error, ErrorKind, Open, Opened, Provider, Result};

use crate::api::Api;
use crate::config::Config;
use crate::examine::Examination;
use crate::kv::KvStore;
use crate::transit::TransitSigner;

/// The provider `vault` (self-managed Vault or OpenBao), `vault_dev` (a development server) and `vault_hcp`
/// (HCP Vault: namespace `admin` unless another one is set).
pub const VAULT: Provider =
    Provider::new(&["vault_dev", "vault_hcp", "vault"], &config::KEYS, |open| {
        Box::pin(async move { open_vault(open) })
    });

fn open_vault(open: Open<'_>) -> Result<Opened> {
    let config = Config::read(open.id, open.settings)?;
    let unread = config.auth.unread(open.settings);
    let api = Api::new(open.id, config.server, config.auth, open.settings, open.clock)?;
    let api = Arc::new(api);
    let examination = Examination::new(api.clone(), &config.kv, config.transit.as_ref());
    let store = KvStore::new(api.clone(), config.kv, open.clock.clone());
    let mut opened = Opened::new(Arc::new(store));
    opened.warnings = unread;
    opened.examine = Some(Arc::new(examination));
    opened.signing_key = Some(match (&config.transit, config.signing_secret) {
        (Some(transit), secret) => {
            opened.also_verifies = secret;
            Ok(transit.key.clone())
        }
        (None, Some(secret)) => Ok(secret),
        (None, None) => {
            let message = "no signing key is configured; set VAULT_TRANSIT_KEY, or VAULT_SIGNING_SECRET_NAME for one that is kept in KV";
            Err(Error::new(ErrorKind::Misconfigured, message))
        }
    });
    if let Some(transit) = config.transit {
        opened.signer = Some(Arc::new(TransitSigner::new(api, transit, open.clock.clone())));
    }
    Ok(opened)
}
