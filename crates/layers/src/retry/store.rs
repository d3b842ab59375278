//! A store that is asked again.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, GetOptions, LiveVersion, Probe, ProviderInfo, PutOptions, Result, Secret,
    SecretName, SecretStore, SecretValue, SecretVersion, VersionInfo,
};

use super::policy::Policy;

#[derive(Debug)]
pub(super) struct RetryStore {
    inner: Arc<dyn SecretStore>,
    policy: Arc<Policy>,
}

impl RetryStore {
    pub(super) fn new(inner: Arc<dyn SecretStore>, policy: Arc<Policy>) -> Self {
        Self { inner, policy }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods, reason = "a wrapper that forgets a method changes the store")]
impl SecretStore for RetryStore {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.policy.read(|| self.inner.get(name, options.clone())).await
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        let options = &options;
        self.policy
            .read_many(
                names,
                |names| async move { self.inner.get_many(&names, options.clone()).await },
            )
            .await
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.policy.write(|| self.inner.put(name, value.clone(), options.clone())).await
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        self.policy.write(|| self.inner.promote(name, version, expected_current)).await
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.policy.write(|| self.inner.retire(name, version)).await
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.policy.write(|| self.inner.restore(name)).await
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.policy.write(|| self.inner.delete(name)).await
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.policy.read(|| self.inner.list(prefix)).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.policy.read(|| self.inner.versions(name)).await
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        self.policy.read(|| self.inner.live_versions(name, since)).await
    }

    async fn check(&self, name: &SecretName) -> Result<()> {
        self.policy.read(|| self.inner.check(name)).await
    }

    async fn probe(&self) -> Result<Probe> {
        self.inner.probe().await
    }
}
