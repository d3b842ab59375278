//! The store: which layout answers which call.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Clock, Error, ErrorKind, GetOptions, ProviderInfo, PutOptions, Result, Secret,
    SecretName, SecretStore, SecretValue, SecretVersion, Select, SystemClock, VersionInfo,
    VersionState,
};

use super::config::Config;
use super::dir::failed;
use super::history::History;
use super::manifest::names_in;
use super::snapshot::{Layout, Root, Snapshot};
use super::stamp::Stamp;
use super::{flat, inspect, misconfigured, newline, no_secret, no_version, paths, publish};

/// How often a read starts over because the release it was reading was removed.
const TRIES: usize = 10;

const INFO: ProviderInfo = ProviderInfo::new("file");

/// Secrets in files.
///
/// A flat folder is read file by file. A folder with `releases/<stamp>/` and a `current` link is read
/// through one handle of the release, so that several secrets always come from the same one; each `put`
/// writes a new release, so every release is a version, the ones before are the previous ones, and one
/// that `current` does not point to yet is pending. The Kubernetes layout (`..data`) is read like a
/// release and not written.
///
/// Files and folders that other users can write, and files that they can read, are refused.
#[derive(Clone, Debug)]
pub struct FileStore {
    files: Arc<Files>,
    capabilities: Capabilities,
}

#[derive(Debug)]
struct Files {
    root: Root,
    exact: bool,
    clock: Arc<dyn Clock>,
    // Writers of this process queue here; those of other processes meet at the lock file.
    writing: Mutex<()>,
}

impl FileStore {
    /// Opens a folder, with the defaults of the settings.
    ///
    /// # Errors
    /// `Misconfigured` if it is no folder, if others may write to it, or if `current` is not a link to a
    /// release; `PermissionDenied` if this process may not read it.
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
            let (dir, _) = files.root.open()?;
            let capabilities = capabilities_of(&files.root.layout(&dir)?);
            files.root.snapshot()?;
            Ok(Self { files: Arc::new(files), capabilities })
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

fn located(error: Error, operation: &'static str, name: Option<&SecretName>) -> Error {
    let error = match (error.name(), name) {
        (None, Some(name)) => error.with_name(name.as_str()),
        _ => error,
    };
    error.with_operation(INFO.id(), operation)
}

fn capabilities_of(layout: &Layout) -> Capabilities {
    let mut can = Capabilities::default();
    (can.list, can.binary) = (true, true);
    (can.put, can.delete) = (*layout != Layout::Platform, *layout != Layout::Platform);
    let releases = matches!(layout, Layout::Releases | Layout::Empty);
    (can.cas, can.versions, can.pending) = (releases, releases, releases);
    can
}

/// Runs disk I/O where it holds up no task. A write that has begun ends even if its caller goes away.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return work();
    };
    match runtime.spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => {
            Err(Error::new(ErrorKind::Internal, "a bug in the file provider: it panicked"))
        }
        Err(_) => Err(Error::new(ErrorKind::Unavailable, "the runtime is shutting down")),
    }
}

impl Files {
    fn get(&self, name: &SecretName, select: &Select) -> Result<Secret> {
        paths::check(name)?;
        let (dir, policy) = match select {
            Select::Current => return self.current(name),
            _ => self.root.open()?,
        };
        match self.root.layout(&dir)? {
            Layout::Releases => {}
            Layout::Empty => return Err(no_secret()),
            Layout::Flat | Layout::Platform => return Err(flat::no_versions()),
        }
        if let Select::Exact(version) = select {
            let stamp = Stamp::parse(version.as_str());
            let stamp = stamp.ok_or_else(|| no_version("no release of that stamp"))?;
            return self.root.release(&dir, stamp, policy)?.read(name, self.exact);
        }
        let history = History::read(&self.root, &dir, &policy)?;
        let mut candidates: Vec<_> = match select {
            Select::Pending => history.pending().collect(),
            _ => history.previous(),
        };
        // Releases are also made for the sake of other secrets: skip those in which this one is what it
        // is now.
        let now =
            history.current.map(|stamp| self.root.release(&dir, stamp, policy)).transpose()?;
        let now = now.and_then(|now| now.read(name, self.exact).ok());
        let differs =
            |secret: &Secret| now.as_ref().is_none_or(|now| !now.value().ct_eq(secret.value()));
        for stamp in candidates.drain(..) {
            match self.root.release(&dir, stamp, policy).and_then(|one| one.read(name, self.exact))
            {
                Ok(secret) if differs(&secret) => return Ok(secret),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Err(no_version(match select {
            Select::Pending => "no pending release has another value",
            _ => "no previous release has another value",
        }))
    }

    fn current(&self, name: &SecretName) -> Result<Secret> {
        let mut one = self.current_many(std::slice::from_ref(name))?;
        one.pop().unwrap_or_else(|| Err(no_secret()))
    }

    /// Reads all names from one snapshot.
    fn current_many(&self, names: &[SecretName]) -> Result<Vec<Result<Secret>>> {
        let read_all = |snapshot: &Snapshot| -> Vec<_> {
            let read = |name| paths::check(name).and_then(|()| snapshot.read(name, self.exact));
            names.iter().map(read).collect()
        };
        self.in_force(read_all, |results| results.iter().all(Result::is_ok))
    }

    /// Reads what is in force. An answer that is not sure counts only if it comes from what is still in
    /// force then: a release that was swapped out may be removed while it is read.
    fn in_force<T>(
        &self,
        read: impl Fn(&Snapshot) -> T,
        is_sure: impl Fn(&T) -> bool,
    ) -> Result<T> {
        let mut snapshot = self.root.snapshot()?;
        for _ in 0..TRIES {
            let answer = read(&snapshot);
            if is_sure(&answer) {
                return Ok(answer);
            }
            let again = self.root.snapshot()?;
            if again.is_same_as(&snapshot) {
                return Ok(answer);
            }
            snapshot = again;
        }
        Err(Error::new(ErrorKind::Unavailable, "the folder changes faster than it can be read"))
    }

    fn put(
        &self,
        name: &SecretName,
        value: &SecretValue,
        options: &PutOptions,
    ) -> Result<Option<SecretVersion>> {
        paths::check(name)?;
        let file = newline::encode(value, self.exact)?;
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.writable_layout()? {
            Layout::Flat => flat::put(&self.root, name, &file, options).map(|()| None),
            _ => publish::publish(&self.root, &*self.clock, name, Some(&file), options).map(Some),
        }
    }

    fn delete(&self, name: &SecretName) -> Result<()> {
        paths::check(name)?;
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.writable_layout()? {
            Layout::Empty => Err(no_secret()),
            Layout::Flat => flat::delete(&self.root, name),
            _ => {
                let options = PutOptions::default();
                publish::publish(&self.root, &*self.clock, name, None, &options).map(drop)
            }
        }
    }

    fn writable_layout(&self) -> Result<Layout> {
        let (dir, _) = self.root.open()?;
        match self.root.layout(&dir)? {
            Layout::Platform => Err(Error::new(
                ErrorKind::Unsupported,
                "the platform mounts this folder; change the secret there",
            )),
            layout => Ok(layout),
        }
    }

    fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        paths::check(name)?;
        let (dir, policy) = self.root.open()?;
        match self.root.layout(&dir)? {
            Layout::Releases => {}
            Layout::Empty => return Err(no_secret()),
            Layout::Flat | Layout::Platform => return Err(flat::no_versions()),
        }
        let history = History::read(&self.root, &dir, &policy)?;
        let mut versions = Vec::new();
        for stamp in history.stamps.iter().rev() {
            let info = history.info(*stamp);
            match self.root.release(&dir, *stamp, policy).and_then(|one| one.read_raw(name)) {
                Ok(_) => versions.push(info),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                // A damaged release is not a version, unless it is the one in force.
                Err(error) if info.state == VersionState::Current => return Err(error),
                Err(_) => {}
            }
        }
        match versions.is_empty() {
            true => Err(no_secret()),
            false => Ok(versions),
        }
    }

    fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let below = |name: &SecretName| {
            prefix.is_none_or(|prefix| name == prefix || name.strip_prefix(prefix).is_some())
        };
        // A folder that is being removed shows some of its names only, so no listing is sure by itself.
        let names = self.in_force(|snapshot| names_in(&snapshot.dir), |_| false)??;
        Ok(names.into_iter().filter(below).collect())
    }
}

#[async_trait]
impl SecretStore for FileStore {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        let asked = name.clone();
        self.run("get", Some(name), move |files| files.get(&asked, &options.select)).await
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        if options.select != Select::Current {
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
        self.run("promote", Some(name), move |files| {
            paths::check(&asked)?;
            let _turn = files.writing.lock().unwrap_or_else(PoisonError::into_inner);
            match files.writable_layout()? {
                Layout::Flat => Err(flat::no_versions()),
                _ => {
                    let expected = expected.as_ref();
                    publish::promote(&files.root, &*files.clock, &asked, &version, expected)
                }
            }
        })
        .await
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
