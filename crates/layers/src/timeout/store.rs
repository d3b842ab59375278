//! A store that answers in time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Error, GetOptions, LiveVersion, Probe, ProviderInfo, PutOptions, Result, Secret,
    SecretName, SecretStore, SecretValue, SecretVersion, VersionInfo,
};
use tokio::time::timeout;

use super::timed_out;

#[derive(Debug)]
pub(super) struct TimeoutStore {
    inner: Arc<dyn SecretStore>,
    deadline: Duration,
}

impl TimeoutStore {
    pub(super) fn new(inner: Arc<dyn SecretStore>, deadline: Duration) -> Self {
        Self { inner, deadline }
    }

    async fn cut<T>(
        &self,
        operation: &'static str,
        name: Option<&SecretName>,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let answer = timeout(self.deadline, call).await;
        answer.unwrap_or_else(|_| Err(self.error(operation, name)))
    }

    fn error(&self, operation: &'static str, name: Option<&SecretName>) -> Error {
        timed_out("no answer", self.deadline).located(self.inner.info().id(), operation, name)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods, reason = "a wrapper that forgets a method changes the store")]
impl SecretStore for TimeoutStore {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.cut("get", Some(name), self.inner.get(name, options)).await
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        let answers = timeout(self.deadline, self.inner.get_many(names, options)).await;
        answers.unwrap_or_else(|_| {
            names.iter().map(|name| Err(self.error("get_many", Some(name)))).collect()
        })
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.cut("put", Some(name), self.inner.put(name, value, options)).await
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        let call = self.inner.promote(name, version, expected_current);
        self.cut("promote", Some(name), call).await
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.cut("retire", Some(name), self.inner.retire(name, version)).await
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.cut("restore", Some(name), self.inner.restore(name)).await
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.cut("delete", Some(name), self.inner.delete(name)).await
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.cut("list", prefix, self.inner.list(prefix)).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.cut("versions", Some(name), self.inner.versions(name)).await
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        self.cut("live_versions", Some(name), self.inner.live_versions(name, since)).await
    }

    async fn check(&self, name: &SecretName) -> Result<()> {
        self.cut("check", Some(name), self.inner.check(name)).await
    }

    async fn probe(&self) -> Result<Probe> {
        self.cut("probe", None, self.inner.probe()).await
    }
}
