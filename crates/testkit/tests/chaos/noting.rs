//! A store of our own, as the testkit knows no other crate, and short ways to ask one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Error, ErrorKind, GetOptions, LiveVersion, Probe, ProviderInfo, PutOptions,
    Result, Secret, SecretName, SecretStore, SecretValue, SecretVersion, VersionInfo,
};
use strongroom_testkit::ChaosStore;
use tokio::task::JoinHandle;

pub(crate) const INFO: ProviderInfo = ProviderInfo::new("noting");

/// Keeps what a test sets, and notes each call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noting {
    secrets: Arc<Mutex<BTreeMap<SecretName, Secret>>>,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Noting {
    /// Holds version 1 of these names.
    pub(crate) fn with(names: &[&str]) -> Self {
        let store = Self::default();
        names.iter().for_each(|name| store.set(name, "1"));
        store
    }

    pub(crate) fn set(&self, name: &str, version: &str) {
        let secret = secret(version);
        self.secrets().insert(self::name(name), secret);
    }

    fn read(&self, name: &SecretName) -> Result<Secret> {
        let absent = || Error::new(ErrorKind::NotFound, "no such secret");
        self.secrets().get(name).cloned().ok_or_else(absent)
    }

    fn secrets(&self) -> MutexGuard<'_, BTreeMap<SecretName, Secret>> {
        self.secrets.lock().expect("no panic")
    }

    fn note(&self, note: impl Into<String>) {
        self.notes.lock().expect("no panic").push(note.into());
    }

    /// What was asked since this was asked last.
    pub(crate) fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().expect("no panic"))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods, reason = "the test that all are forwarded needs all")]
impl SecretStore for Noting {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.snapshot = true;
        capabilities
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.note(format!("get {name} {:?}", options.max_age));
        self.read(name)
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        let asked: Vec<_> = names.iter().map(SecretName::as_str).collect();
        self.note(format!("get_many {asked:?} {:?}", options.max_age));
        names.iter().map(|name| self.read(name)).collect()
    }

    async fn put(
        &self,
        name: &SecretName,
        _: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.note(format!("put {name} {:?}", options.stage));
        Ok(Some("2".into()))
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        self.note(format!("promote {name} {version} {}", expected_current.is_some()));
        Ok(())
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.note(format!("retire {name} {version}"));
        Ok(())
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.note(format!("restore {name}"));
        Ok(())
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.note(format!("delete {name}"));
        Ok(())
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.note(format!("list {}", prefix.is_some()));
        Ok(Vec::new())
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.note(format!("versions {name}"));
        Ok(Vec::new())
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        self.note(format!("live_versions {name} {}", since == UNIX_EPOCH));
        Ok(vec![LiveVersion::unversioned(self.read(name)?)])
    }

    async fn check(&self, name: &SecretName) -> Result<()> {
        self.note(format!("check {name}"));
        Ok(())
    }

    async fn probe(&self) -> Result<Probe> {
        self.note("probe");
        Ok(Probe::Standby)
    }
}

pub(crate) fn name(name: &str) -> SecretName {
    name.parse().expect("a name")
}

pub(crate) fn secret(version: &str) -> Secret {
    Secret::new(format!("canary-{version}").into()).with_version(version.into())
}

pub(crate) fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "scripted")
}

/// What a read came to: a version, or a kind.
pub(crate) fn outcome(result: Result<Secret>) -> Result<String, ErrorKind> {
    result.map(|secret| secret.version().expect("a version").to_string()).map_err(|e| e.kind())
}

pub(crate) async fn get(store: &ChaosStore, asked: &str) -> Result<String, ErrorKind> {
    outcome(store.get(&name(asked), GetOptions::default()).await)
}

pub(crate) async fn get_many(store: &ChaosStore, asked: &[&str]) -> Vec<Result<String, ErrorKind>> {
    let names: Vec<_> = asked.iter().copied().map(name).collect();
    store.get_many(&names, GetOptions::default()).await.into_iter().map(outcome).collect()
}

/// A read in a task of its own.
pub(crate) fn load(
    store: &ChaosStore,
    asked: &'static str,
) -> JoinHandle<Result<String, ErrorKind>> {
    let store = store.clone();
    tokio::spawn(async move { get(&store, asked).await })
}
