//! The words of Strongroom: what every other crate of the workspace, and every backend written
//! elsewhere, agrees on.
//!
//! Names ([`SecretName`], [`SecretRef`]), values ([`SecretValue`], [`Secret`]), versions and their
//! states, errors by kind ([`Error`], [`ErrorKind`]), settings ([`Settings`], [`Key`]), the text form
//! of signatures ([`Signature`]), and the traits a backend implements ([`SecretStore`], [`Signer`],
//! [`Layer`]). Nothing here reads a file, opens a socket or needs a runtime: environment and clock are
//! parameters.
//!
//! Applications use the `strongroom` crate; this one is for authors of backends.

#![forbid(unsafe_code)]

mod clock;
mod environment;
mod error;
mod examine;
mod field;
mod freshness;
mod key;
mod kind;
mod layer;
mod live;
mod name;
mod options;
mod provider;
mod reason;
mod secret;
mod settings;
mod signature;
mod signer;
mod store;
mod text;
mod value;
mod version;

pub use clock::{Clock, Coarse, Moment, SystemClock};
pub use environment::Environment;
pub use error::{Error, Result};
pub use examine::{Check, Examine, Outcome};
pub use field::Field;
pub use freshness::{Change, Freshness};
pub use key::{Form, Key, PROXY};
pub use kind::{ErrorKind, Retry};
pub use layer::Layer;
pub use live::LiveVersion;
pub use name::{SecretName, SecretRef};
pub use options::{GetOptions, IfVersion, PutOptions, Select, SignOptions, Stage};
pub use provider::{BoxFuture, Open, Opened, Provider, ProviderInfo};
pub use reason::Reason;
pub use secret::Secret;
pub use settings::Settings;
pub use signature::{
    Algorithm, KeyId, NativeSignature, Purpose, Signature, signed_bytes, signed_prefix,
    sub_key_info,
};
pub use signer::{Rotated, Signer, Verified, Verifier};
pub use store::{Capabilities, Probe, SecretStore};
pub use text::{code_word, escaped};
pub use value::SecretValue;
pub use version::{SecretVersion, VersionInfo, VersionState};
