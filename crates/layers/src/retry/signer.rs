//! A signer that is asked again.

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_core::{
    NativeSignature, Result, Rotated, SecretName, SignOptions, Signature, Signer, Verified,
    Verifier,
};

use super::policy::Policy;

#[derive(Debug)]
pub(super) struct RetrySigner {
    inner: Arc<dyn Signer>,
    policy: Arc<Policy>,
}

impl RetrySigner {
    pub(super) fn new(inner: Arc<dyn Signer>, policy: Arc<Policy>) -> Self {
        Self { inner, policy }
    }
}

#[async_trait]
#[deny(
    clippy::missing_trait_methods,
    reason = "a wrapper that forgets a method changes the signer"
)]
impl Signer for RetrySigner {
    async fn sign(
        &self,
        key: &SecretName,
        message: &[u8],
        options: SignOptions,
    ) -> Result<Signature> {
        self.policy.read(|| self.inner.sign(key, message, options.clone())).await
    }

    async fn verify(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &Signature,
        options: SignOptions,
    ) -> Result<Verified> {
        self.policy.read(|| self.inner.verify(key, message, signature, options.clone())).await
    }

    async fn sign_many(
        &self,
        key: &SecretName,
        messages: &[&[u8]],
        options: SignOptions,
    ) -> Vec<Result<Signature>> {
        let options = &options;
        self.policy
            .read_many(messages, |messages| async move {
                self.inner.sign_many(key, &messages, options.clone()).await
            })
            .await
    }

    async fn verify_many(
        &self,
        key: &SecretName,
        pairs: &[(&[u8], &Signature)],
        options: SignOptions,
    ) -> Vec<Result<Verified>> {
        let options = &options;
        self.policy
            .read_many(pairs, |pairs| async move {
                self.inner.verify_many(key, &pairs, options.clone()).await
            })
            .await
    }

    async fn sign_native(&self, key: &SecretName, message: &[u8]) -> Result<NativeSignature> {
        self.policy.read(|| self.inner.sign_native(key, message)).await
    }

    async fn verify_native(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &NativeSignature,
    ) -> Result<()> {
        self.policy.read(|| self.inner.verify_native(key, message, signature)).await
    }

    async fn published(&self, key: &SecretName) -> Result<Option<Arc<dyn Verifier>>> {
        self.policy.read(|| self.inner.published(key)).await
    }

    async fn check(&self, key: &SecretName) -> Result<()> {
        self.policy.read(|| self.inner.check(key)).await
    }

    async fn rotate(&self, key: &SecretName) -> Result<Rotated> {
        self.policy.write(|| self.inner.rotate(key)).await
    }
}
