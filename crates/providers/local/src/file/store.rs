//! The store: each call off the calling task, and its errors with names.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Clock, Error, GetOptions, ProviderInfo, PutOptions, Reason, Result, Secret,
    SecretName, SecretStore, SecretValue, SecretVersion, Select, SystemClock, VersionInfo,
};

use super::config::Config;
use super::disk_error::failed;
use super::files::Files;
use super::layout::Layout;
use super::root::Root;
use super::{inspect, misconfigured};
use crate::blocking::blocking;

const INFO: ProviderInfo = ProviderInfo::new("file");

/// Secrets in files.
///
/// A flat folder is read file by file. A folder with `releases/<stamp>/` and a `current` link is read
/// through one handle of the release, so that several secrets always come from the same one; each `put`
/// writes a new release. A version is a release, or a run of them in which the secret stayed the same; the
/// ones before are the previous ones, and one that `current` does not point to yet is pending. The Kubernetes layout (`..data`) is read like a
/// release and not written.
///
/// Files and folders that other users can write, and files that they can read, are refused.
#[derive(Clone, Debug)]
pub struct FileStore {
    pub(super) files: Arc<Files>,
}

impl FileStore {
    /// Opens a folder, with the defaults of the settings.
    ///
    /// # Errors
    /// `Misconfigured` if it is no folder, if others may write to it, or if `current` is not a link to a
    /// release; `Malformed` if that release does not match its manifest; `PermissionDenied` if this process
    /// may not read it; `Unavailable` if the disk does not answer.
    pub async fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let root = folder.as_ref().to_owned();
        let config = Config { root, strict: false, exact: false };
        Self::open_config(config, Arc::new(SystemClock)).await
    }

    pub(super) async fn open_config(config: Config, clock: Arc<dyn Clock>) -> Result<Self> {
        blocking(move || {
            let root =
                Root::new(&config.root, config.strict).map_err(|error| match error.kind() {
                    std::io::ErrorKind::NotFound => misconfigured("the folder does not exist"),
                    _ => failed("opening the folder")(error),
                })?;
            let files = Files { root, exact: config.exact, clock, writing: Mutex::default() };
            files.root.snapshot().map_err(at_start)?;
            Ok(Self { files: Arc::new(files) })
        })
        .await
        .map_err(|error: Error| error.with_key(Config::DIR).with_operation(INFO.id(), "open"))
    }

    /// What a person should look at, though it works: modes, owners, ACLs. At most 1,000 files.
    ///
    /// # Errors
    /// Those of reading the folder.
    pub async fn inspect(&self) -> Result<Vec<String>> {
        let files = self.files.clone();
        blocking(move || inspect::inspect(&files.root))
            .await
            .map_err(|error| error.with_operation(INFO.id(), "inspect"))
    }

    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        name: Option<&SecretName>,
        work: impl FnOnce(&Files) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let files = self.files.clone();
        let result = blocking(move || work(&files)).await;
        result.map_err(|error| located(error, operation, name))
    }
}

/// A link that is missing or dangles when the store is opened is a mistake; later on it is an outage, through
/// which what was read before may serve.
fn at_start(error: Error) -> Error {
    match error.reason() {
        Some(Reason::Link) => misconfigured(error.to_string()).with_reason(Reason::Link),
        _ => error,
    }
}

fn located(error: Error, operation: &'static str, name: Option<&SecretName>) -> Error {
    error.located(INFO.id(), operation, name)
}

fn capabilities_of(layout: Layout) -> Capabilities {
    let mut can = Capabilities::default();
    (can.list, can.binary) = (true, true);
    (can.put, can.delete) = (layout != Layout::Platform, layout != Layout::Platform);
    let releases = matches!(layout, Layout::Releases | Layout::Empty);
    (can.cas, can.versions, can.pending) = (releases, releases, releases);
    // A release is opened once for all names.
    can.snapshot = releases;
    can
}

#[async_trait]
impl SecretStore for FileStore {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        capabilities_of(self.files.layout())
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        let asked = name.clone();
        self.run("get", Some(name), move |files| files.get(&asked, &options)).await
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        if options.select != Select::Current || options.field.is_some() {
            let mut results = Vec::with_capacity(names.len());
            for name in names {
                results.push(self.get(name, options.clone()).await);
            }
            return results;
        }
        let asked = names.to_vec();
        match self.run("get", None, move |files| files.current_many(&asked)).await {
            Ok(results) => {
                let named = results.into_iter().zip(names);
                named.map(|(one, name)| one.map_err(|e| located(e, "get", Some(name)))).collect()
            }
            Err(error) => {
                names.iter().map(|name| Err(error.clone().with_name(name.as_str()))).collect()
            }
        }
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        let asked = name.clone();
        self.run("put", Some(name), move |files| files.put(&asked, &value, &options)).await
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        let (asked, version, expected) = (name.clone(), version.clone(), expected_current.cloned());
        let promote = move |files: &Files| files.promote(&asked, &version, expected.as_ref());
        self.run("promote", Some(name), promote).await
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        let asked = name.clone();
        self.run("delete", Some(name), move |files| files.delete(&asked)).await
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let prefix = prefix.cloned();
        self.run("list", None, move |files| files.list(prefix.as_ref())).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        let asked = name.clone();
        self.run("versions", Some(name), move |files| files.versions(&asked)).await
    }
}
