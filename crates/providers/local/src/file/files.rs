//! What each call does in each layout, on the calling thread.

use std::sync::{Arc, Mutex, PoisonError};

use strongroom_core::{
    Clock, Error, ErrorKind, GetOptions, PutOptions, Result, Secret, SecretName, SecretValue,
    SecretVersion, Select, VersionInfo, VersionState,
};
use zeroize::Zeroizing;

use super::dir::Dir;
use super::history::History;
use super::layout::Layout;
use super::manifest::names_in;
use super::policy::Policy;
use super::root::{Root, dangling};
use super::snapshot::Snapshot;
use super::stamp::Stamp;
use super::{CURRENT, RELEASES, flat, newline, no_secret, no_version, paths, publish};

/// How often a read starts over because the release it was reading was removed.
const TRIES: usize = 10;

#[derive(Debug)]
pub(super) struct Files {
    pub(super) root: Root,
    pub(super) exact: bool,
    pub(super) clock: Arc<dyn Clock>,
    // Writers of this process queue here; those of other processes meet at the lock file.
    pub(super) writing: Mutex<()>,
}

impl Files {
    pub(super) fn get(&self, name: &SecretName, options: &GetOptions) -> Result<Secret> {
        paths::check(name)?;
        let select = &options.select;
        if options.field.is_some() {
            return Err(Error::no_fields());
        }
        let (dir, policy) = match select {
            Select::Current => return self.current(name),
            _ => self.root.open()?,
        };
        match self.root.layout(&dir, &policy)? {
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
        let candidates: Vec<_> = match select {
            Select::Pending => history.pending().collect(),
            Select::Previous => history.previous(),
            _ => return Err(Error::new(ErrorKind::Unsupported, "a selection that is not known")),
        };
        // Releases are also made for the sake of other secrets: skip those in which this one is what it
        // is now.
        let now =
            history.current.map(|stamp| self.root.release(&dir, stamp, policy)).transpose()?;
        let now = now.and_then(|now| now.read(name, self.exact).ok());
        let differs =
            |secret: &Secret| now.as_ref().is_none_or(|now| !now.value().ct_eq(secret.value()));
        for stamp in candidates {
            let release = match self.root.release(&dir, stamp, policy) {
                Ok(release) if *select == Select::Pending && !history.may_promote(&release) => {
                    continue;
                }
                release => release,
            };
            match release.and_then(|one| one.read(name, self.exact)) {
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
    pub(super) fn current_many(&self, names: &[SecretName]) -> Result<Vec<Result<Secret>>> {
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
        Err(too_fast())
    }

    pub(super) fn put(
        &self,
        name: &SecretName,
        value: &SecretValue,
        options: &PutOptions,
    ) -> Result<Option<SecretVersion>> {
        paths::check(name)?;
        if options.field.is_some() {
            return Err(Error::no_fields());
        }
        let file = newline::encode(value, self.exact)?;
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.writable_layout()? {
            Layout::Flat => flat::put(&self.root, name, &file, options).map(|()| None),
            _ => publish::publish(&self.root, &*self.clock, name, Some(&file), options).map(Some),
        }
    }

    pub(super) fn delete(&self, name: &SecretName) -> Result<()> {
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

    pub(super) fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        paths::check(name)?;
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.writable_layout()? {
            Layout::Flat => Err(flat::no_versions()),
            _ => publish::promote(&self.root, &*self.clock, name, version, expected_current),
        }
    }

    fn writable_layout(&self) -> Result<Layout> {
        let (dir, policy) = self.root.open()?;
        match self.root.layout(&dir, &policy)? {
            Layout::Platform => Err(Error::new(
                ErrorKind::Unsupported,
                "the platform mounts this folder; change the secret there",
            )),
            layout => Ok(layout),
        }
    }

    pub(super) fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        paths::check(name)?;
        let (dir, policy) = self.root.open()?;
        match self.root.layout(&dir, &policy)? {
            Layout::Releases => {}
            Layout::Empty => return Err(no_secret()),
            Layout::Flat | Layout::Platform => return Err(flat::no_versions()),
        }
        for _ in 0..TRIES {
            let history = History::read(&self.root, &dir, &policy)?;
            let versions = self.versions_in(&dir, policy, &history, name);
            // Releases that were swapped out may be removed while they are read.
            if self.root.current_stamp(&dir)? == history.current {
                return versions;
            }
        }
        Err(too_fast())
    }

    fn versions_in(
        &self,
        dir: &Dir,
        policy: Policy,
        history: &History,
        name: &SecretName,
    ) -> Result<Vec<VersionInfo>> {
        let mut versions: Vec<VersionInfo> = Vec::new();
        let mut newer: Option<Zeroizing<Vec<u8>>> = None;
        for stamp in history.stamps.iter().rev() {
            let info = history.info(*stamp);
            let is_current = info.state == VersionState::Current;
            let release = match self.root.release(dir, *stamp, policy) {
                Ok(release) => release,
                Err(error) if error.kind() == ErrorKind::NotFound && is_current => {
                    return Err(dangling(CURRENT, &format!("{RELEASES}/{stamp}")));
                }
                Err(error) if is_current || !is_about_the_release(&error) => return Err(error),
                Err(_) => {
                    newer = None;
                    continue;
                }
            };
            if info.state == VersionState::Pending && !history.may_promote(&release) {
                newer = None;
                continue;
            }
            match release.read_raw(name) {
                Ok((file, _)) => {
                    match versions.last_mut().filter(|_| newer.as_ref() == Some(&file)) {
                        Some(last) => merge(last, info),
                        None => versions.push(info),
                    }
                    newer = Some(file);
                }
                Err(error) if error.kind() == ErrorKind::NotFound => newer = None,
                Err(error) if is_current || !is_about_the_release(&error) => return Err(error),
                Err(_) => newer = None,
            }
        }
        match versions.is_empty() {
            true => Err(no_secret()),
            false => Ok(versions),
        }
    }

    /// The layout that calls meet: the one that was seen first, once there is anything to see.
    pub(super) fn layout(&self) -> Layout {
        let look = || {
            let (dir, policy) = self.root.open().ok()?;
            self.root.layout(&dir, &policy).ok()
        };
        self.root.inhabited().or_else(look).unwrap_or(Layout::Empty)
    }

    pub(super) fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let below = |name: &SecretName| prefix.is_none_or(|prefix| name.is_within(prefix));
        // A folder that is being removed shows some of its names only, so no listing is sure by itself.
        let names = self.in_force(|snapshot| names_in(&snapshot.dir), |_| false)??;
        Ok(names.into_iter().filter(below).collect())
    }
}

fn too_fast() -> Error {
    Error::new(ErrorKind::Unavailable, "the folder changes faster than it can be read")
}

/// Whether a release that is not in force is gone or damaged, and so is no version. Anything else is an
/// outage, which must not make a key look as if it had never been.
fn is_about_the_release(error: &Error) -> bool {
    use ErrorKind::{Malformed, Misconfigured, NotFound};
    [NotFound, Malformed, Misconfigured].contains(&error.kind())
}

/// Takes an older release into the version of a newer one that has the same bytes: releases are also made
/// for the sake of other secrets. The one that is in force names the version, else the one that was so last.
fn merge(version: &mut VersionInfo, older: VersionInfo) {
    use VersionState::{Current, Previous};
    match (version.state, older.state) {
        (Current, _) => {}
        (_, Current) => *version = older,
        (Previous, Previous) if older.retired_at <= version.retired_at => {}
        (_, Previous) => *version = older,
        _ => {}
    }
}
