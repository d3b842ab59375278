//! What a backend implements, for authors of providers.
//!
//! A store needs three methods; see [`SecretStore`]. Hand it to
//! [`Builder::store`](crate::Builder::store), or wrap it in a [`Provider`] that
//! [`Builder::provider`](crate::Builder::provider) makes selectable by `SECRETS_PROVIDER`.

pub use strongroom_core::{
    BoxFuture, Capabilities, Field, Moment, Open, Opened, Provider, ProviderInfo, SecretStore,
    SignOptions, Signer, signed_bytes,
};
