//! Secrets in memory, for tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Clock, Error, ErrorKind, GetOptions, IfVersion, ProviderInfo, PutOptions, Reason,
    Result, Secret, SecretName, SecretStore, SecretValue, SecretVersion, Select, Stage,
    SystemClock, VersionInfo, VersionState,
};

/// A store that keeps everything in memory, with versions, pending versions and deletion.
///
/// For tests and for trying things out: it is built in code and never selected by `SECRETS_PROVIDER`.
///
/// ```
/// use strongroom_core::{GetOptions, SecretName, SecretStore};
/// use strongroom_local::MemoryStore;
///
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
/// let store = MemoryStore::new().with("billing/key", "canary-key")?;
/// let secret = store.get(&"billing/key".parse()?, GetOptions::default()).await?;
/// assert_eq!(secret.value().expose(), b"canary-key");
/// # Ok::<(), strongroom_core::Error>(()) }).expect("it is there");
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    secrets: Mutex<BTreeMap<SecretName, Entry>>,
}

#[derive(Debug, Default)]
struct Entry {
    deleted: bool,
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    info: VersionInfo,
    value: SecretValue,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// An empty store whose versions are stamped by this clock.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, secrets: Mutex::default() }
    }

    /// The same with one more current version.
    ///
    /// # Errors
    /// `Misconfigured` if the name is not one.
    pub fn with(self, name: &str, value: impl Into<SecretValue>) -> Result<Self> {
        let name = SecretName::new(name)?;
        let now = self.clock.now();
        self.secrets().entry(name).or_default().push(value.into(), Stage::Current, now);
        Ok(self)
    }

    fn secrets(&self) -> MutexGuard<'_, BTreeMap<SecretName, Entry>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, name: &SecretName, options: &GetOptions) -> Result<Secret> {
        if options.field.is_some() {
            return Err(Error::no_fields());
        }
        let secrets = self.secrets();
        let entry = secrets.get(name).ok_or_else(no_secret)?;
        entry.alive()?;
        let version = entry.find(&options.select).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the secret has no such version")
                .with_reason(Reason::Version)
        })?;
        let secret = Secret::new(version.value.clone()).with_version(version.info.version.clone());
        Ok(match version.info.created_at {
            Some(created_at) => secret.with_created_at(created_at),
            None => secret,
        })
    }

    fn write(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: &PutOptions,
    ) -> Result<SecretVersion> {
        if options.field.is_some() {
            return Err(Error::no_fields());
        }
        let now = self.clock.now();
        let mut secrets = self.secrets();
        let alive = secrets.get(name).filter(|entry| !entry.deleted);
        let current = alive.and_then(|entry| entry.find(&Select::Current));
        let holds = match &options.if_version {
            IfVersion::Any => true,
            IfVersion::Absent => current.is_none(),
            IfVersion::Is(version) => current.is_some_and(|now| now.info.version == *version),
            _ => return Err(Error::new(ErrorKind::Unsupported, "a condition that is not known")),
        };
        if !holds {
            return Err(Error::new(
                ErrorKind::Conflict,
                "the current version is not the expected one",
            ));
        }
        let entry = secrets.entry(name.clone()).or_default();
        if options.stage == Stage::Current {
            entry.deleted = false;
        }
        entry.alive()?;
        Ok(entry.push(value, options.stage, now))
    }
}

impl Entry {
    fn push(&mut self, value: SecretValue, stage: Stage, now: SystemTime) -> SecretVersion {
        let version = SecretVersion::new((self.versions.len() + 1).to_string());
        let mut info = VersionInfo::new(version.clone(), VersionState::Pending);
        info.created_at = Some(now);
        self.versions.push(Version { info, value });
        if stage == Stage::Current {
            self.activate(&version, now);
        }
        version
    }

    fn activate(&mut self, version: &SecretVersion, now: SystemTime) {
        for Version { info, .. } in &mut self.versions {
            if info.version == *version {
                info.state = VersionState::Current;
                info.retired_at = None;
            } else if info.state == VersionState::Current {
                info.state = VersionState::Previous;
                info.retired_at = Some(now);
            }
        }
    }

    fn alive(&self) -> Result<()> {
        match self.deleted {
            true => {
                Err(Error::new(ErrorKind::Deleted, "the secret is deleted; it can be restored"))
            }
            false => Ok(()),
        }
    }

    fn find(&self, select: &Select) -> Option<&Version> {
        let of_state = |state| self.versions.iter().rev().find(|one| one.info.state == state);
        match select {
            Select::Current => of_state(VersionState::Current),
            Select::Pending => of_state(VersionState::Pending),
            Select::Previous => {
                let previous = |one: &&Version| one.info.state == VersionState::Previous;
                self.versions.iter().filter(previous).max_by_key(|one| one.info.retired_at)
            }
            Select::Exact(version) => self.versions.iter().find(|one| one.info.version == *version),
            _ => None,
        }
    }
}

fn no_secret() -> Error {
    Error::new(ErrorKind::NotFound, "no such secret").with_reason(Reason::Secret)
}

const INFO: ProviderInfo = ProviderInfo::new("memory");

fn located(name: &SecretName, operation: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.located(INFO.id(), operation, Some(name))
}

#[async_trait]
impl SecretStore for MemoryStore {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
        (can.pending, can.delete, can.binary) = (true, true, true);
        can
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.read(name, &options).map_err(located(name, "get"))
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.write(name, value, &options).map(Some).map_err(located(name, "put"))
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut secrets = self.secrets();
        let entry =
            secrets.get_mut(name).ok_or_else(no_secret).map_err(located(name, "promote"))?;
        let current = entry.find(&Select::Current).map(|one| &one.info.version);
        if expected_current.is_some() && current != expected_current {
            let error =
                Error::new(ErrorKind::Conflict, "the current version is not the expected one");
            return Err(located(name, "promote")(error));
        }
        if entry.find(&Select::Exact(version.clone())).is_none() {
            let error = Error::new(ErrorKind::NotFound, "the secret has no such version");
            return Err(located(name, "promote")(error.with_reason(Reason::Version)));
        }
        entry.activate(version, now);
        Ok(())
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        let mut secrets = self.secrets();
        let entry =
            secrets.get_mut(name).ok_or_else(no_secret).map_err(located(name, "restore"))?;
        entry.deleted = false;
        Ok(())
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        let mut secrets = self.secrets();
        let entry = secrets.get_mut(name).ok_or_else(no_secret);
        let entry = entry.and_then(|entry| entry.alive().map(|()| entry));
        entry.map_err(located(name, "delete"))?.deleted = true;
        Ok(())
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let below = |name: &&SecretName| prefix.is_none_or(|prefix| name.is_within(prefix));
        let secrets = self.secrets();
        let alive = secrets.iter().filter(|(_, entry)| !entry.deleted).map(|(name, _)| name);
        Ok(alive.filter(below).cloned().collect())
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        let secrets = self.secrets();
        let entry = secrets.get(name).ok_or_else(no_secret).map_err(located(name, "versions"))?;
        Ok(entry.versions.iter().rev().map(|one| one.info.clone()).collect())
    }
}
