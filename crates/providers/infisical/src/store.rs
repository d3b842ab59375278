//! The store.

use std::collections::HashMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Error, ErrorKind, GetOptions, LiveVersion, Probe, ProviderInfo, PutOptions,
    Result, Secret, SecretName, SecretStore, SecretValue, SecretVersion, Select, VersionInfo,
};

use crate::api::Api;
use crate::examine;
use crate::live::Watched;

/// Secrets of one environment of one project, below one folder.
#[derive(Debug)]
pub(crate) struct InfisicalStore {
    info: ProviderInfo,
    pub(crate) api: Arc<Api>,
    /// Keys whose versions were asked for.
    pub(crate) watched: Mutex<HashMap<SecretName, Watched>>,
    /// For how many reads of several secrets that is not tried in one call, as it was denied.
    pub(crate) alone: AtomicU32,
}

impl InfisicalStore {
    pub(crate) fn new(id: &'static str, api: Arc<Api>) -> Self {
        let (watched, alone) = Default::default();
        Self { info: ProviderInfo::new(id), api, watched, alone }
    }
}

#[async_trait]
impl SecretStore for InfisicalStore {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    /// Versions are kept and read by their numbers, and listed to people only.
    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        (can.put, can.list, can.delete, can.batch) = (true, true, true, true);
        can.overlap = true;
        can
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        let read = match options.field {
            Some(_) => Err(Error::no_fields()),
            None => self.read(name, &options.select).await,
        };
        read.map_err(|error| error.located(self.info.id(), "get", Some(name)))
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        if options.field.is_none() && options.select == Select::Current {
            let read = self.read_many(names).await.into_iter().zip(names);
            let located = |(one, name): (Result<Secret>, _)| {
                one.map_err(|error| error.located(self.info.id(), "get", Some(name)))
            };
            return read.map(located).collect();
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
        let written = self.write(name, &value, &options).await;
        written.map(Some).map_err(|error| error.located(self.info.id(), "put", Some(name)))
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.remove(name).await.map_err(|error| error.located(self.info.id(), "delete", Some(name)))
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.names(prefix).await.map_err(|error| error.located(self.info.id(), "list", prefix))
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        let message = "Infisical lists versions to people only; read one by its number, as in `1`";
        let error = Error::new(ErrorKind::Unsupported, message);
        Err(error.located(self.info.id(), "versions", Some(name)))
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        let live = self.live(name, since).await;
        live.map_err(|error| error.located(self.info.id(), "live_versions", Some(name)))
    }

    async fn probe(&self) -> Result<Probe> {
        let asked = examine::ask(&self.api).await;
        asked.map(|()| Probe::Active).map_err(|error| error.located(self.info.id(), "probe", None))
    }
}
