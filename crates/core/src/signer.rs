//! The trait that a provider of signatures implements.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{KeyId, Result, SecretName, SignOptions, Signature};

/// Something that signs and verifies with keys it looks up by name. For implementors: applications use
/// the handle that `Secrets::signer` returns.
#[async_trait]
pub trait Signer: Debug + Send + Sync + 'static {
    /// Signs with the current version of a key.
    async fn sign(
        &self,
        key: &SecretName,
        message: &[u8],
        options: SignOptions,
    ) -> Result<Signature>;

    /// Verifies with the version that the signature names. A mismatch is an error, so that `?` is safe.
    ///
    /// # Errors
    /// `SignatureMismatch` if a key that answered refuses it; an outage keeps its own kind.
    async fn verify(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &Signature,
        options: SignOptions,
    ) -> Result<Verified>;

    /// Signs several messages: one result a message, in their order. Stops for nothing.
    async fn sign_many(
        &self,
        key: &SecretName,
        messages: &[&[u8]],
        options: SignOptions,
    ) -> Vec<Result<Signature>> {
        let mut results = Vec::with_capacity(messages.len());
        for message in messages {
            results.push(self.sign(key, message, options.clone()).await);
        }
        results
    }

    /// Verifies several messages: one result a pair, in their order.
    async fn verify_many(
        &self,
        key: &SecretName,
        pairs: &[(&[u8], &Signature)],
        options: SignOptions,
    ) -> Vec<Result<Verified>> {
        let mut results = Vec::with_capacity(pairs.len());
        for (message, signature) in pairs {
            results.push(self.verify(key, message, signature, options.clone()).await);
        }
        results
    }
}

/// Proof that a signature verified. Handed out by verification and by nothing else in this workspace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    key: KeyId,
    current: bool,
}

impl Verified {
    /// For implementors of [`Signer`], after the tag was compared: which key, and whether it is the one
    /// that signs now.
    pub fn by(key: KeyId, current: bool) -> Self {
        Self { key, current }
    }

    /// The key that made the signature.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// Whether that key is the one that signs now; `false` for pending and retiring keys.
    pub fn is_current(&self) -> bool {
        self.current
    }
}
