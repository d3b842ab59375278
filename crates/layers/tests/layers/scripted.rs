//! A store and signer that does what a closure says.

use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use strongroom_core::{
    Algorithm, Capabilities, Error, ErrorKind, GetOptions, KeyId, Layer, LiveVersion,
    NativeSignature, Probe, ProviderInfo, PutOptions, Result, Rotated, Secret, SecretName,
    SecretStore, SecretValue, SecretVersion, SignOptions, Signature, Signer, Verified, Verifier,
    VersionInfo,
};
use strongroom_layers::{RetryLayer, TimeoutLayer};
use tokio::time::Instant;

pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) const INFO: ProviderInfo = ProviderInfo::new("scripted");

/// The default policy, with waits that are the same in each run.
pub(crate) fn retry() -> RetryLayer {
    RetryLayer::new(RetryLayer::ATTEMPTS, DEADLINE).with_seed(1)
}

pub(crate) fn timeout() -> TimeoutLayer {
    TimeoutLayer::new(DEADLINE)
}

pub(crate) fn name(text: &str) -> SecretName {
    SecretName::new(text).expect("a name")
}

pub(crate) fn failure(kind: ErrorKind) -> Error {
    Error::new(kind, "the script says so")
}

/// What an item of the n-th call, counted from one, is answered; `None` hangs.
type Script = dyn Fn(&str, usize) -> Option<Result<()>> + Send + Sync;

/// Answers with success, with an error or never, and notes every call. A batch is one call.
///
/// What it does not check: options, versions, messages.
#[derive(Clone)]
pub(crate) struct Scripted {
    script: Arc<Script>,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// When what was asked, and about which names or messages.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Instant,
    pub(crate) operation: &'static str,
    pub(crate) items: Vec<String>,
}

impl Scripted {
    pub(crate) fn new(
        script: impl Fn(&str, usize) -> Option<Result<()>> + Send + Sync + 'static,
    ) -> Self {
        Self { script: Arc::new(script), calls: Arc::default() }
    }

    pub(crate) fn working() -> Self {
        Self::new(|_, _| Some(Ok(())))
    }

    pub(crate) fn hanging() -> Self {
        Self::new(|_, _| None)
    }

    /// Fails so many calls with this error, then works.
    pub(crate) fn failing(times: usize, error: Error) -> Self {
        Self::new(move |_, call| Some(if call <= times { Err(error.clone()) } else { Ok(()) }))
    }

    pub(crate) fn store(&self, layer: &impl Layer) -> Arc<dyn SecretStore> {
        layer.store(Arc::new(self.clone()))
    }

    pub(crate) fn signer(&self, layer: &impl Layer) -> Arc<dyn Signer> {
        layer.signer(Arc::new(self.clone()))
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.lock().clone()
    }

    /// The times between one call and the next.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.lock().windows(2).map(|calls| calls[1].at - calls[0].at).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn one(&self, operation: &'static str, item: &str) -> Result<()> {
        self.many(operation, vec![item.to_owned()]).await.remove(0)
    }

    async fn many(&self, operation: &'static str, items: Vec<String>) -> Vec<Result<()>> {
        let call = {
            let mut calls = self.lock();
            calls.push(Call { at: Instant::now(), operation, items: items.clone() });
            calls.len()
        };
        match items.iter().map(|item| (self.script)(item, call)).collect() {
            Some(answers) => answers,
            None => pending().await,
        }
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods, reason = "a default would call another method")]
impl SecretStore for Scripted {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.cas = true;
        capabilities
    }

    async fn get(&self, name: &SecretName, _: GetOptions) -> Result<Secret> {
        self.one("get", name.as_str()).await.map(|()| secret(name))
    }

    async fn get_many(&self, names: &[SecretName], _: GetOptions) -> Vec<Result<Secret>> {
        let items = names.iter().map(|name| name.as_str().to_owned()).collect();
        let answers = self.many("get_many", items).await;
        names.iter().zip(answers).map(|(name, answer)| answer.map(|()| secret(name))).collect()
    }

    async fn put(
        &self,
        name: &SecretName,
        _: SecretValue,
        _: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.one("put", name.as_str()).await.map(|()| None)
    }

    async fn promote(
        &self,
        name: &SecretName,
        _: &SecretVersion,
        _: Option<&SecretVersion>,
    ) -> Result<()> {
        self.one("promote", name.as_str()).await
    }

    async fn retire(&self, name: &SecretName, _: &SecretVersion) -> Result<()> {
        self.one("retire", name.as_str()).await
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.one("restore", name.as_str()).await
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.one("delete", name.as_str()).await
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let prefix = prefix.map(SecretName::as_str).unwrap_or_default();
        self.one("list", prefix).await.map(|()| Vec::new())
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.one("versions", name.as_str()).await.map(|()| Vec::new())
    }

    async fn live_versions(&self, name: &SecretName, _: SystemTime) -> Result<Vec<LiveVersion>> {
        self.one("live_versions", name.as_str()).await.map(|()| Vec::new())
    }

    async fn check(&self, name: &SecretName) -> Result<()> {
        self.one("check", name.as_str()).await
    }

    async fn probe(&self) -> Result<Probe> {
        self.one("probe", "").await.map(|()| Probe::Standby)
    }
}

/// Signatures name their message as the key, so that a test can tell them apart.
#[async_trait]
#[deny(clippy::missing_trait_methods, reason = "a default would call another method")]
impl Signer for Scripted {
    async fn sign(&self, _: &SecretName, message: &[u8], _: SignOptions) -> Result<Signature> {
        self.one("sign", &text(message)).await.map(|()| signature(message))
    }

    async fn verify(
        &self,
        _: &SecretName,
        message: &[u8],
        signature: &Signature,
        _: SignOptions,
    ) -> Result<Verified> {
        self.one("verify", &text(message)).await.map(|()| Verified::by(*signature.key(), true))
    }

    async fn sign_many(
        &self,
        _: &SecretName,
        messages: &[&[u8]],
        _: SignOptions,
    ) -> Vec<Result<Signature>> {
        let items = messages.iter().map(|message| text(message)).collect();
        let answers = self.many("sign_many", items).await;
        messages
            .iter()
            .zip(answers)
            .map(|(message, answer)| answer.map(|()| signature(message)))
            .collect()
    }

    async fn verify_many(
        &self,
        _: &SecretName,
        pairs: &[(&[u8], &Signature)],
        _: SignOptions,
    ) -> Vec<Result<Verified>> {
        let items = pairs.iter().map(|(message, _)| text(message)).collect();
        let answers = self.many("verify_many", items).await;
        let verified = |signature: &Signature| Verified::by(*signature.key(), true);
        pairs.iter().zip(answers).map(|((_, of), answer)| answer.map(|()| verified(of))).collect()
    }

    async fn sign_native(&self, _: &SecretName, message: &[u8]) -> Result<NativeSignature> {
        self.one("sign_native", &text(message)).await.map(|()| native(message))
    }

    async fn verify_native(
        &self,
        _: &SecretName,
        message: &[u8],
        _: &NativeSignature,
    ) -> Result<()> {
        self.one("verify_native", &text(message)).await
    }

    async fn published(&self, key: &SecretName) -> Result<Option<Arc<dyn Verifier>>> {
        self.one("published", key.as_str()).await.map(|()| None)
    }

    async fn check(&self, key: &SecretName) -> Result<()> {
        self.one("check", key.as_str()).await
    }

    async fn rotate(&self, key: &SecretName) -> Result<Rotated> {
        self.one("rotate", key.as_str()).await.map(|()| Rotated::new("2".into(), "1".into()))
    }
}

/// The secret of a name has the name in its value.
fn secret(name: &SecretName) -> Secret {
    Secret::new(SecretValue::from(format!("canary-{name}")))
}

pub(crate) fn signature(message: &[u8]) -> Signature {
    let key = KeyId::transit(&text(message), 1);
    Signature::new(key, Algorithm::Hs256, &[0; 32]).expect("a tag of the right length")
}

pub(crate) fn native(message: &[u8]) -> NativeSignature {
    text(message).parse().expect("a message without blanks")
}

fn text(message: &[u8]) -> String {
    String::from_utf8_lossy(message).into_owned()
}
