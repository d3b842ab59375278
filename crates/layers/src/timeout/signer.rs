//! A signer that answers in time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strongroom_core::{
    Error, NativeSignature, Result, Rotated, SecretName, SignOptions, Signature, Signer, Verified,
    Verifier,
};
use tokio::time::timeout;

use super::timed_out;

#[derive(Debug)]
pub(super) struct TimeoutSigner {
    inner: Arc<dyn Signer>,
    deadline: Duration,
}

impl TimeoutSigner {
    pub(super) fn new(inner: Arc<dyn Signer>, deadline: Duration) -> Self {
        Self { inner, deadline }
    }

    async fn cut<T>(
        &self,
        operation: &'static str,
        key: &SecretName,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let answer = timeout(self.deadline, call).await;
        answer.unwrap_or_else(|_| Err(self.error(operation, key)))
    }

    async fn cut_many<T>(
        &self,
        operation: &'static str,
        key: &SecretName,
        items: usize,
        call: impl Future<Output = Vec<Result<T>>>,
    ) -> Vec<Result<T>> {
        timeout(self.deadline, call).await.unwrap_or_else(|_| {
            let error = self.error(operation, key);
            (0..items).map(|_| Err(error.clone())).collect()
        })
    }

    // A signer does not say who its provider is, so the operation stands in the text.
    fn error(&self, operation: &'static str, key: &SecretName) -> Error {
        timed_out(&format!("no answer to {operation}"), self.deadline).with_name(key.as_str())
    }
}

#[async_trait]
#[deny(
    clippy::missing_trait_methods,
    reason = "a wrapper that forgets a method changes the signer"
)]
impl Signer for TimeoutSigner {
    async fn sign(
        &self,
        key: &SecretName,
        message: &[u8],
        options: SignOptions,
    ) -> Result<Signature> {
        self.cut("sign", key, self.inner.sign(key, message, options)).await
    }

    async fn verify(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &Signature,
        options: SignOptions,
    ) -> Result<Verified> {
        self.cut("verify", key, self.inner.verify(key, message, signature, options)).await
    }

    async fn sign_many(
        &self,
        key: &SecretName,
        messages: &[&[u8]],
        options: SignOptions,
    ) -> Vec<Result<Signature>> {
        let call = self.inner.sign_many(key, messages, options);
        self.cut_many("sign_many", key, messages.len(), call).await
    }

    async fn verify_many(
        &self,
        key: &SecretName,
        pairs: &[(&[u8], &Signature)],
        options: SignOptions,
    ) -> Vec<Result<Verified>> {
        let call = self.inner.verify_many(key, pairs, options);
        self.cut_many("verify_many", key, pairs.len(), call).await
    }

    async fn sign_native(&self, key: &SecretName, message: &[u8]) -> Result<NativeSignature> {
        self.cut("sign_native", key, self.inner.sign_native(key, message)).await
    }

    async fn verify_native(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &NativeSignature,
    ) -> Result<()> {
        let call = self.inner.verify_native(key, message, signature);
        self.cut("verify_native", key, call).await
    }

    async fn published(&self, key: &SecretName) -> Result<Option<Arc<dyn Verifier>>> {
        self.cut("published", key, self.inner.published(key)).await
    }

    async fn check(&self, key: &SecretName) -> Result<()> {
        self.cut("check", key, self.inner.check(key)).await
    }

    async fn rotate(&self, key: &SecretName) -> Result<Rotated> {
        self.cut("rotate", key, self.inner.rotate(key)).await
    }
}
