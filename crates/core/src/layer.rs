//! Wrapping stores and signers.

use std::fmt::Debug;
use std::sync::Arc;

use crate::{SecretStore, Signer};

/// Something that wraps a store or a signer: retry, timeout, or one of your own. Dyn in, dyn out.
///
/// Wrappers are named after what they add: `RetryLayer` builds a `RetryStore`, whose wrapped store is its
/// field `inner`.
pub trait Layer: Debug + Send + Sync + 'static {
    /// Wraps a store. Default: adds nothing.
    fn store(&self, inner: Arc<dyn SecretStore>) -> Arc<dyn SecretStore> {
        inner
    }

    /// Wraps a signer. Default: adds nothing.
    fn signer(&self, inner: Arc<dyn Signer>) -> Arc<dyn Signer> {
        inner
    }
}
