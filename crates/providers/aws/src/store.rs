//! The store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use strongroom_core::{
    Capabilities, Error, ErrorKind, GetOptions, LiveVersion, Probe, ProviderInfo, PutOptions,
    Result, Secret, SecretName, SecretStore, SecretValue, SecretVersion, Select, VersionInfo,
};

use crate::examine;

const INFO: ProviderInfo = ProviderInfo::new("aws_sm");

/// Secrets of Secrets Manager, in one region of one account.
#[derive(Debug)]
pub(crate) struct AwsStore {
    pub(crate) client: Client,
    /// Versions of keys that were read last, by the names of the keys: what a version holds never changes.
    versions: Mutex<HashMap<SecretName, HashMap<SecretVersion, Secret>>>,
    /// Which version was current when it was last looked, and the earliest time at which that may have begun.
    activations: Mutex<HashMap<SecretName, (String, SystemTime)>>,
}

impl AwsStore {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, versions: Mutex::default(), activations: Mutex::default() }
    }

    pub(crate) fn known(&self, name: &SecretName) -> HashMap<SecretVersion, Secret> {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn remember(&self, name: &SecretName, live: &[LiveVersion]) {
        let secrets = live.iter().filter_map(|one| one.secret.as_ref().ok());
        let of = |secret: &Secret| Some((secret.version()?.clone(), secret.clone()));
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.insert(name.clone(), secrets.filter_map(of).collect());
    }

    /// When the current version became so, as far as it is known: the last change of the secret that was seen
    /// while it was current. Later changes of something else do not count.
    pub(crate) fn activated(
        &self,
        name: &SecretName,
        current: &str,
        changed: SystemTime,
    ) -> SystemTime {
        let mut activations = self.activations.lock().unwrap_or_else(PoisonError::into_inner);
        match activations.get_mut(name) {
            Some((version, at)) if version == current => {
                *at = changed.min(*at);
                *at
            }
            _ => {
                activations.insert(name.clone(), (current.to_owned(), changed));
                changed
            }
        }
    }

    fn located<'a>(
        &self,
        operation: &'static str,
        name: Option<&'a SecretName>,
    ) -> impl Fn(Error) -> Error + 'a {
        move |error| {
            let error = match (error.name(), name) {
                (None, Some(name)) => error.with_name(name.as_str()),
                _ => error,
            };
            error.with_operation(INFO.id(), operation)
        }
    }
}

#[async_trait]
impl SecretStore for AwsStore {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
        (can.pending, can.delete, can.batch, can.binary) = (true, true, true, true);
        can
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        let located = self.located("get", Some(name));
        if options.field.is_some() {
            let message = "this store has no fields; read and write the whole value";
            return Err(located(Error::new(ErrorKind::Unsupported, message)));
        }
        self.read(name, &options.select).await.map_err(located)
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        if options.field.is_none() && options.select == Select::Current {
            let read = self.read_many(names).await.into_iter().zip(names);
            return read.map(|(one, name)| one.map_err(self.located("get", Some(name)))).collect();
        }
        let mut results = Vec::with_capacity(names.len());
        for name in names {
            results.push(self.get(name, options.clone()).await);
        }
        results
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        let located = self.located("put", Some(name));
        self.write(name, &value, &options).await.map(Some).map_err(located)
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        let located = self.located("promote", Some(name));
        self.make_current(name, version, expected_current).await.map_err(located)
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.end(name, version).await.map_err(self.located("retire", Some(name)))
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.bring_back(name).await.map_err(self.located("restore", Some(name)))
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.remove(name).await.map_err(self.located("delete", Some(name)))
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.names(prefix).await.map_err(self.located("list", prefix))
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.list_versions(name).await.map_err(self.located("versions", Some(name)))
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        self.live(name, since).await.map_err(self.located("live_versions", Some(name)))
    }

    async fn probe(&self) -> Result<Probe> {
        let asked = examine::ask(&self.client).await;
        asked.map(|()| Probe::Active).map_err(self.located("probe", None))
    }
}
