//! The store.

use std::collections::HashMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use strongroom_core::{
    Capabilities, Error, GetOptions, LiveVersion, Probe, ProviderInfo, PutOptions, Result, Secret,
    SecretName, SecretStore, SecretValue, SecretVersion, Select, VersionInfo,
};
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

use crate::examine;

const INFO: ProviderInfo = ProviderInfo::new("aws_sm");

/// Secrets of Secrets Manager, in one region of one account.
#[derive(Debug)]
pub(crate) struct AwsStore {
    pub(crate) client: Client,
    /// For how many reads of several secrets that is not tried in one call, as it was denied.
    pub(crate) alone: AtomicU32,
    /// Versions of keys that were read last, by the names of the keys: what a version holds never changes.
    versions: Mutex<HashMap<SecretName, Remembered>>,
    /// Which version was current and which the one before when it was last looked, and the earliest time at which
    /// that may have begun.
    activations: Mutex<HashMap<SecretName, (Labels, SystemTime)>>,
}

/// The current version and the one before.
pub(crate) type Labels = (Option<String>, Option<String>);

/// Versions of a key, and how often they were used without being read again.
#[derive(Debug, Default)]
struct Remembered {
    secrets: HashMap<SecretVersion, Secret>,
    uses: u32,
}

/// A quarter of an hour of renewals, at the default TTL.
const MOST_USES: u32 = 15;

impl AwsStore {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            alone: AtomicU32::default(),
            versions: Mutex::default(),
            activations: Mutex::default(),
        }
    }

    /// The versions that are remembered of a key. After a while all are read again, so that a right to read which
    /// was withdrawn is noticed.
    pub(crate) fn known(&self, name: &SecretName) -> HashMap<SecretVersion, Secret> {
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(remembered) = versions.get_mut(name) else { return HashMap::new() };
        remembered.uses += 1;
        match remembered.uses < MOST_USES {
            true => remembered.secrets.clone(),
            false => {
                versions.remove(name);
                HashMap::new()
            }
        }
    }

    pub(crate) fn remember(&self, name: &SecretName, live: &[LiveVersion]) {
        let secrets = live.iter().filter_map(|one| one.secret.as_ref().ok());
        let of = |secret: &Secret| Some((secret.version()?.clone(), secret.clone()));
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.entry(name.clone()).or_default().secrets = secrets.filter_map(of).collect();
    }

    /// Nothing is remembered of a key that is gone, or that we may not read any more.
    pub(crate) fn forget(&self, name: &SecretName) {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.activations.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// When the current version became so, as far as it is known: the last change of the secret that was seen
    /// while the labels were where they are. Later changes of something else do not count.
    pub(crate) fn activated(
        &self,
        name: &SecretName,
        labels: Labels,
        changed: SystemTime,
    ) -> SystemTime {
        let mut activations = self.activations.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = activations.get(name).filter(|(known, _)| *known == labels);
        let at = seen.map_or(changed, |(_, at)| changed.min(*at));
        activations.insert(name.clone(), (labels, at));
        at
    }

    fn located<'a>(
        &self,
        operation: &'static str,
        name: Option<&'a SecretName>,
    ) -> impl Fn(Error) -> Error + 'a {
        move |error| error.located(INFO.id(), operation, name)
    }
}

/// Without anybody who listens: at its finest level the SDK logs requests with what is in them.
/// A subscriber of its own would be made known to every place that logs, at each call.
pub(crate) fn quiet<F: Future>(work: F) -> impl Future<Output = F::Output> {
    work.with_subscriber(Dispatch::none())
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
            return Err(located(Error::no_fields()));
        }
        quiet(self.read(name, &options.select)).await.map_err(located)
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        if options.field.is_none() && options.select == Select::Current {
            let read = quiet(self.read_many(names)).await.into_iter().zip(names);
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
        quiet(self.write(name, &value, &options)).await.map(Some).map_err(located)
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        let located = self.located("promote", Some(name));
        quiet(self.make_current(name, version, expected_current)).await.map_err(located)
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        quiet(self.end(name, version)).await.map_err(self.located("retire", Some(name)))
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        quiet(self.bring_back(name)).await.map_err(self.located("restore", Some(name)))
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        quiet(self.remove(name)).await.map_err(self.located("delete", Some(name)))
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        quiet(self.names(prefix)).await.map_err(self.located("list", prefix))
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        quiet(self.list_versions(name)).await.map_err(self.located("versions", Some(name)))
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        quiet(self.live(name, since)).await.map_err(self.located("live_versions", Some(name)))
    }

    async fn probe(&self) -> Result<Probe> {
        let asked = quiet(examine::ask(&self.client)).await;
        asked.map(|()| Probe::Active).map_err(self.located("probe", None))
    }
}
