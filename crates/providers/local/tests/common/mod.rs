//! Folders to read from, and a check that errors keep quiet. Every test has a folder of its own.

#![allow(dead_code, reason = "each test crate uses a part of it")]

pub(crate) mod readers;

use std::error::Error as _;
use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_core::{
    Clock, Error, ErrorKind, GetOptions, Open, Opened, PutOptions, Reason, Result, Secret,
    SecretName, SecretStore, SecretValue, SecretVersion, Select, Settings, SystemClock,
};
use strongroom_local::{FILE, FileStore};

/// 2026-02-15 09:00:00 UTC, as the clocks of these tests and as stamps.
pub(crate) const NINE: u64 = 1_771_146_000;
pub(crate) const STAMP: &str = "20260215T090000Z";
pub(crate) const LATER: &str = "20260215T100000Z";

/// A folder for `SECRETS_DIR`, mode 0750, in a temporary one that only its owner enters.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        folder.dir("");
        folder
    }

    /// Two releases made by hand with one file `db` each, the first one current.
    pub(crate) fn with_two_releases() -> Self {
        let folder = Self::new();
        folder.file(&format!("releases/{STAMP}/db"), "canary-1");
        folder.file(&format!("releases/{LATER}/db"), "canary-2");
        folder.link(format!("releases/{STAMP}"), "current");
        folder
    }

    /// The folder itself, or what is in it.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.0.path().join("secrets").join(path)
    }

    /// A neighbour of the folder.
    pub(crate) fn outside(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn dir(&self, path: &str) {
        let mut made = self.at("");
        for part in Path::new("").join(path).components() {
            make_dir(&made);
            made.push(part);
        }
        make_dir(&made);
    }

    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.dir(folder);
        }
        fs::write(self.at(path), content).expect("a file of the test");
        self.chmod(path, 0o640);
    }

    pub(crate) fn chmod(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).expect("a new mode");
    }

    pub(crate) fn link(&self, target: impl AsRef<Path>, path: &str) {
        symlink(target, self.at(path)).expect("a link of the test");
    }

    /// Moves a link as it should be done: another one, renamed over it.
    pub(crate) fn move_link(&self, target: impl AsRef<Path>, path: &str) {
        self.link(target, "moving-link");
        self.rename("moving-link", path);
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.at(from), self.at(to)).expect("a rename of the test");
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.at(path);
        let is_dir = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        match is_dir {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        }
        .expect("something to remove");
    }

    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.at(path)).expect("a file to read")
    }

    pub(crate) fn target(&self, path: &str) -> String {
        let target = fs::read_link(self.at(path)).expect("a link to read");
        target.to_str().expect("a link in UTF-8").to_owned()
    }

    pub(crate) fn mode(&self, path: &str) -> u32 {
        let found = fs::symlink_metadata(self.at(path)).expect("an entry");
        found.mode() & 0o7777
    }

    /// The entries of a folder below, sorted, hidden ones included.
    pub(crate) fn entries(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(path)).expect("a folder to list");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Everything below with kind, mode, inode and content: equal before and after is untouched.
    ///
    /// Leaves out the lock file, which comes to be when a writer asks whether it may write.
    pub(crate) fn picture(&self) -> Vec<String> {
        let mut seen = Vec::new();
        picture(&self.at(""), &mut seen);
        seen.sort();
        seen
    }

    pub(crate) async fn store(&self) -> FileStore {
        FileStore::open(self.at("")).await.expect("a folder that opens")
    }

    /// The provider as `from_env` opens it.
    pub(crate) async fn open(
        &self,
        settings: &[(&str, &str)],
        clock: impl Clock,
    ) -> Result<Opened> {
        let path = self.at("").to_str().expect("a path in UTF-8").to_owned();
        let settings = Settings::from_pairs(settings.iter().copied()).with("SECRETS_DIR", path);
        let clock: Arc<dyn Clock> = Arc::new(clock);
        FILE.open(Open::new("file", &settings, &clock)).await
    }

    pub(crate) async fn strict(&self) -> Result<Opened> {
        let settings = [("SECRETS_FILE_STRICT", "true")];
        self.open(&settings, SystemClock).await
    }

    pub(crate) async fn exact(&self) -> Arc<dyn SecretStore> {
        let opened = self.open(&[("SECRETS_FILE_EXACT", "true")], SystemClock);
        opened.await.expect("a folder that opens").store
    }

    pub(crate) async fn with_clock(&self, clock: impl Clock) -> Arc<dyn SecretStore> {
        let opened = self.open(&[], clock).await;
        opened.expect("a folder that opens").store
    }
}

fn make_dir(path: &Path) {
    if !path.is_dir() {
        fs::create_dir(path).expect("a folder of the test");
        fs::set_permissions(path, fs::Permissions::from_mode(0o750)).expect("a new mode");
    }
}

fn picture(path: &Path, seen: &mut Vec<String>) {
    for entry in fs::read_dir(path).expect("a folder to list") {
        let path = entry.expect("an entry").path();
        let found = fs::symlink_metadata(&path).expect("an entry");
        if path.file_name().is_some_and(|name| name == ".lock") {
            continue;
        }
        let content = match (found.is_dir(), found.is_symlink()) {
            (true, _) => {
                picture(&path, seen);
                Vec::new()
            }
            (_, true) => {
                let target = fs::read_link(&path).expect("a link");
                target.to_string_lossy().into_owned().into_bytes()
            }
            _ if found.is_file() && found.len() < 1 << 20 => fs::read(&path).expect("a file"),
            _ => Vec::new(),
        };
        seen.push(format!("{} {:o} {} {:?}", path.display(), found.mode(), found.ino(), content));
    }
}

pub(crate) fn name(text: &str) -> SecretName {
    SecretName::new(text).expect("a secret name")
}

pub(crate) fn names(texts: &[&str]) -> Vec<SecretName> {
    texts.iter().map(|text| name(text)).collect()
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Says why a test was skipped, or what it measured.
#[expect(clippy::print_stdout, reason = "a skipped test prints why")]
pub(crate) fn say(what: &str) {
    println!("{what}");
}

/// Which version a test asks for.
pub(crate) fn exact(version: &str) -> Select {
    Select::Exact(version.into())
}

/// A store, as the tests speak to it. Every error that comes by is checked for values.
pub(crate) struct Asked<'a>(pub(crate) &'a dyn SecretStore);

impl Asked<'_> {
    pub(crate) async fn get(&self, text: &str) -> Result<Secret> {
        self.select(text, Select::Current).await
    }

    pub(crate) async fn select(&self, text: &str, select: Select) -> Result<Secret> {
        let options = GetOptions::default().select(select);
        quiet(self.0.get(&name(text), options).await)
    }

    /// The value as text; panics if there is none.
    pub(crate) async fn text(&self, text: &str) -> String {
        shown(&self.get(text).await.expect("a secret"))
    }

    pub(crate) async fn put(&self, text: &str, value: &str) -> Result<Option<SecretVersion>> {
        self.put_with(text, value, PutOptions::default()).await
    }

    pub(crate) async fn put_with(
        &self,
        text: &str,
        value: impl AsRef<[u8]>,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        let value = SecretValue::copy_from(value.as_ref());
        quiet(self.0.put(&name(text), value, options).await)
    }

    /// Writes a version and gives its id as text; panics if that fails.
    pub(crate) async fn write(&self, text: &str, value: &str) -> String {
        let version = self.put(text, value).await.expect("a write");
        version.expect("a version").as_str().to_owned()
    }

    pub(crate) async fn promote(
        &self,
        text: &str,
        version: &str,
        expected: Option<&str>,
    ) -> Result<()> {
        let expected = expected.map(SecretVersion::from);
        let (name, version) = (name(text), SecretVersion::from(version));
        quiet(self.0.promote(&name, &version, expected.as_ref()).await)
    }

    pub(crate) async fn delete(&self, text: &str) -> Result<()> {
        quiet(self.0.delete(&name(text)).await)
    }

    pub(crate) async fn list(&self, prefix: Option<&str>) -> Result<Vec<String>> {
        let prefix = prefix.map(name);
        let names = quiet(self.0.list(prefix.as_ref()).await)?;
        Ok(names.iter().map(ToString::to_string).collect())
    }

    /// Versions as `stamp state retired_at`, the time in seconds since nine.
    pub(crate) async fn versions(&self, text: &str) -> Result<Vec<String>> {
        let versions = quiet(self.0.versions(&name(text)).await)?;
        let seconds = |time: std::time::SystemTime| {
            let since = time.duration_since(std::time::UNIX_EPOCH);
            since.expect("a time after 1970").as_secs() as i64 - NINE as i64
        };
        let shown = versions.iter().map(|info| match info.retired_at {
            Some(at) => format!("{} {} {}", info.version, info.state, seconds(at)),
            None => format!("{} {}", info.version, info.state),
        });
        Ok(shown.collect())
    }
}

pub(crate) fn shown(secret: &Secret) -> String {
    String::from_utf8(secret.value().expose().to_vec()).expect("text")
}

pub(crate) fn version(secret: &Secret) -> &str {
    secret.version().map_or("none", SecretVersion::as_str)
}

/// Checks that an error, its debug text and its causes hold no value, and nothing that breaks a log line.
#[track_caller]
pub(crate) fn quiet<T>(result: Result<T>) -> Result<T> {
    if let Err(error) = &result {
        let mut texts = format!("{error}");
        assert!(!texts.contains(char::is_control), "{texts:?}");
        texts.push_str(&format!("{error:?} {error:#?}"));
        let mut cause = error.source();
        while let Some(error) = cause {
            texts.push_str(&format!("{error} {error:?}"));
            cause = error.source();
        }
        assert!(!texts.contains("canary"), "{texts}");
    }
    result
}

/// The kind and the reason of what has to be an error.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<T>) -> (ErrorKind, Option<Reason>) {
    let error = fault(result);
    (error.kind(), error.reason())
}

/// The kind of what has to be an error.
#[track_caller]
pub(crate) fn kind<T: Debug>(result: Result<T>) -> ErrorKind {
    fault(result).kind()
}

#[track_caller]
pub(crate) fn fault<T: Debug>(result: Result<T>) -> Error {
    quiet(result).expect_err("this has to be refused")
}
