//! A store of one secret, whose versions a test writes down.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Error, ErrorKind, GetOptions, ProviderInfo, Result, Secret, SecretName,
    SecretStore, SecretVersion, Select, VersionInfo, VersionState,
};
use strongroom_testkit::ChaosStore;

/// When the tests begin.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn name() -> SecretName {
    SecretName::new("signing-key").expect("a name")
}

/// A value that passes for a key. `which` makes another one.
pub(crate) fn key(which: u64) -> String {
    format!("canary-key-of-thirty-two-bytes-{which}")
}

/// Version `n`, which holds key `n` and was written in second `n`.
pub(crate) fn version(n: u64, state: VersionState) -> Row {
    let mut info = VersionInfo::new(n.to_string().as_str().into(), state);
    info.created_at = Some(at(n));
    Row { info, value: Ok(key(n)) }
}

pub(crate) fn current(n: u64) -> Row {
    version(n, VersionState::Current)
}

/// A previous version that was retired so many seconds before the tests begin.
pub(crate) fn retired(n: u64, ago: u64) -> Row {
    let mut row = version(n, VersionState::Previous);
    row.info.retired_at = Some(at(NOW - ago));
    row
}

/// One version: what is listed of it, and what a read of it gives.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) info: VersionInfo,
    pub(crate) value: Result<String, ErrorKind>,
}

impl Row {
    pub(crate) fn holding(mut self, value: impl Into<String>) -> Self {
        self.value = Ok(value.into());
        self
    }

    pub(crate) fn failing(mut self, kind: ErrorKind) -> Self {
        self.value = Err(kind);
        self
    }
}

/// What it does not do: names, fields, writes.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Rows>>);

#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    // Done once, after the next list was taken.
    after_list: Option<Box<dyn FnOnce() + Send>>,
    unversioned: bool,
    learns: bool,
    // What is answered whatever version is asked for.
    always: Option<Row>,
}

impl Shelf {
    pub(crate) fn of(rows: impl IntoIterator<Item = Row>) -> Self {
        let shelf = Self::default();
        shelf.set(rows);
        shelf
    }

    pub(crate) fn set(&self, rows: impl IntoIterator<Item = Row>) {
        self.rows().rows = rows.into_iter().collect();
    }

    pub(crate) fn after_list(&self, action: impl FnOnce() + Send + 'static) {
        self.rows().after_list = Some(Box::new(action));
    }

    /// Keeps no versions, and says so.
    pub(crate) fn unversioned(self) -> Self {
        self.rows().unversioned = true;
        self
    }

    /// Keeps no versions, and says so once it was asked for them.
    pub(crate) fn learns(self) -> Self {
        self.rows().learns = true;
        self
    }

    pub(crate) fn always(self, row: Row) -> Self {
        self.rows().always = Some(row);
        self
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

const INFO: ProviderInfo = ProviderInfo::new("shelf");

#[async_trait]
impl SecretStore for Shelf {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        can.versions = !self.rows().unversioned;
        can
    }

    async fn get(&self, _: &SecretName, options: GetOptions) -> Result<Secret> {
        let rows = self.rows();
        let asked = |row: &&Row| match &options.select {
            Select::Exact(version) => row.info.version == *version,
            _ => row.info.state == VersionState::Current,
        };
        let missing = || Error::new(ErrorKind::NotFound, "no such version");
        let found = rows.always.as_ref().or_else(|| rows.rows.iter().find(asked));
        let Row { info, value } = found.ok_or_else(missing)?;
        let value = value.clone().map_err(|kind| Error::new(kind, "the row says so"))?;
        let secret = Secret::new(value.into());
        if rows.unversioned {
            return Ok(secret);
        }
        let secret = secret.with_version(info.version.clone());
        Ok(info.created_at.map_or(secret.clone(), |time| secret.with_created_at(time)))
    }

    async fn versions(&self, _: &SecretName) -> Result<Vec<VersionInfo>> {
        let (listed, action) = {
            let mut rows = self.rows();
            if rows.learns {
                rows.unversioned = true;
                return Err(Error::new(ErrorKind::Unsupported, "no versions here"));
            }
            (rows.rows.iter().map(|row| row.info.clone()).collect(), rows.after_list.take())
        };
        if let Some(action) = action {
            action();
        }
        Ok(listed)
    }
}

/// A store of few methods: what it asks of its inner store, that one counts.
#[derive(Clone, Debug)]
pub(crate) struct Plain(pub(crate) ChaosStore);

impl Plain {
    pub(crate) fn over(shelf: &Shelf) -> Self {
        Self(ChaosStore::new(shelf.clone()))
    }

    pub(crate) fn calls(&self) -> usize {
        self.0.calls()
    }
}

#[async_trait]
impl SecretStore for Plain {
    fn info(&self) -> &ProviderInfo {
        self.0.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.0.get(name, options).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.0.versions(name).await
    }
}

pub(crate) fn ids<'a>(versions: impl IntoIterator<Item = &'a SecretVersion>) -> Vec<&'a str> {
    versions.into_iter().map(SecretVersion::as_str).collect()
}
