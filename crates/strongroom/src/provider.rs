//! What a backend implements, for authors of providers.
//!
//! A store needs three methods; see [`SecretStore`]. Hand it to
//! [`Builder::store`](crate::Builder::store), or wrap it in a [`Provider`] that
//! [`Builder::provider`](crate::Builder::provider) makes selectable by `SECRETS_PROVIDER`.

use std::sync::Arc;

use strongroom_core::{Clock, Result, Settings};

use crate::registry;

pub use strongroom_core::{
    BoxFuture, Capabilities, Change, Coarse, Examine, Field, LiveVersion, Moment, Open, Opened,
    Provider, ProviderInfo, Rotated, SecretStore, SignOptions, Signer, Verifier, signed_bytes,
};

/// Opens the provider that these settings select as it is: no retry, no deadline, no prefix. What the suites
/// of `strongroom_testkit::conformance` run on; applications use [`Secrets`](crate::Secrets).
///
/// # Errors
/// As [`Builder::build`](crate::Builder::build).
pub async fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Opened> {
    let (provider, id) = registry::select(settings, &[])?;
    provider.open(Open::new(id, settings, &clock)).await
}
