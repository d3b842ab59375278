//! A store that a script wraps, and that is used beside it.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use strongroom::provider::{Capabilities, LiveVersion, ProviderInfo, SecretStore};
use strongroom::{
    GetOptions, Probe, PutOptions, Result, Secret, SecretName, SecretValue, SecretVersion,
    VersionInfo,
};

/// The store of an open provider. Clones are the same store.
#[derive(Clone, Debug)]
pub(crate) struct SharedStore(pub(crate) Arc<dyn SecretStore>);

#[async_trait]
#[deny(clippy::missing_trait_methods, reason = "a wrapper that forgets a method changes the store")]
impl SecretStore for SharedStore {
    fn info(&self) -> &ProviderInfo {
        self.0.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.0.get(name, options).await
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        self.0.get_many(names, options).await
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.0.put(name, value, options).await
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        self.0.promote(name, version, expected_current).await
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.0.retire(name, version).await
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.0.restore(name).await
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.0.delete(name).await
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.0.list(prefix).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.0.versions(name).await
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        self.0.live_versions(name, since).await
    }

    async fn check(&self, name: &SecretName) -> Result<()> {
        self.0.check(name).await
    }

    async fn probe(&self) -> Result<Probe> {
        self.0.probe().await
    }
}
