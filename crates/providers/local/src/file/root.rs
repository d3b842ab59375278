//! The folder that `SECRETS_DIR` names: which layout it has, and what is in force in it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::io::Errno;
use strongroom_core::{Error, ErrorKind, Reason, Result, escaped};

use super::config::Config;
use super::dir::Dir;
use super::disk_error::failed;
use super::layout::{self, Layout};
use super::manifest::Manifest;
use super::policy::Policy;
use super::publish::LOCK;
use super::snapshot::{Identity, Release, Snapshot, identity};
use super::stamp::Stamp;
use super::{CURRENT, PLATFORM_LINK, RELEASES, misconfigured};

/// How often a link that moves under the reader is followed again.
const TRIES: usize = 5;
/// How many releases are remembered as verified.
const REMEMBERED: usize = 512;

/// The folder that `SECRETS_DIR` names.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    real_path: PathBuf,
    strict: bool,
    /// The first layout that was seen and not empty.
    inhabited: OnceLock<Layout>,
    verified: Mutex<BTreeMap<Stamp, (Identity, Arc<Manifest>)>>,
}

impl Root {
    pub(super) fn new(path: &Path, strict: bool) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let real_path = std::fs::canonicalize(&path)?;
        Ok(Self { path, real_path, strict, inhabited: OnceLock::new(), verified: Mutex::default() })
    }

    /// Opens the folder itself.
    pub(super) fn open(&self) -> Result<(Dir, Policy)> {
        let dir = Dir::open_root(&self.path).map_err(|error| match error.kind() {
            // It was there when the store was opened: gone is an outage, not an absent secret.
            io::ErrorKind::NotFound => {
                Error::new(ErrorKind::Unavailable, "the folder is gone; is it still mounted?")
            }
            _ => failed("opening the folder")(error),
        })?;
        let read_only = dir.is_read_only().map_err(failed("opening the folder"))?;
        let platform = read_only || dir.read_link(PLATFORM_LINK).is_ok();
        let policy = Policy { strict: self.strict, platform, read_only };
        let stat = dir.stat().map_err(failed("opening the folder"))?;
        policy.check_dir(&stat, Config::DIR)?;
        Ok((dir, policy))
    }

    /// How the folder is laid out now. A folder that has become empty is an outage (a mount that is gone)
    /// unless we emptied it: only then does its lock file lie there.
    pub(super) fn layout(&self, dir: &Dir, policy: &Policy) -> Result<Layout> {
        match (layout::look(dir, policy)?, self.inhabited.get()) {
            (Layout::Empty, None) => Ok(Layout::Empty),
            (Layout::Empty, Some(Layout::Flat)) if dir.stat_entry(LOCK).is_ok() => Ok(Layout::Flat),
            (Layout::Empty, Some(_)) => Err(Error::new(
                ErrorKind::Unavailable,
                "the folder has become empty; is it still mounted?",
            )),
            (layout, _) => {
                self.inhabited.get_or_init(|| layout);
                Ok(layout)
            }
        }
    }

    /// The first layout that was seen and not empty.
    pub(super) fn inhabited(&self) -> Option<Layout> {
        self.inhabited.get().copied()
    }

    /// The files that are in force now. An empty folder is a snapshot without files.
    pub(super) fn snapshot(&self) -> Result<Snapshot> {
        let (dir, policy) = self.open()?;
        match self.layout(&dir, &policy)? {
            Layout::Empty | Layout::Flat => Snapshot::new(dir, policy, None),
            Layout::Platform => self.follow(&dir, PLATFORM_LINK, |target| {
                if target.contains('/') || !target.starts_with("..") || target == ".." {
                    return Err(misconfigured("`..data` does not point to a folder beside it"));
                }
                let folder = dir.open_dir(target).map_err(Opening::from)?;
                let step = failed("opening the folder");
                let (root, stat) = (dir.stat().map_err(&step)?, folder.stat().map_err(&step)?);
                let link = dir.stat_entry(PLATFORM_LINK).map_err(Opening::from)?;
                policy.check_maker(&root, &link)?;
                policy.check_maker(&root, &stat)?;
                policy.check_dir(&stat, target)?;
                Snapshot::new(folder, policy, None)
            }),
            Layout::Releases => self.follow(&dir, CURRENT, |target| {
                self.release(&dir, self.parse_link(target)?, policy)
            }),
        }
    }

    /// One release by its stamp, whether or not it is in force.
    pub(super) fn release(&self, root: &Dir, stamp: Stamp, policy: Policy) -> Result<Snapshot> {
        let step = failed("opening the release");
        let releases = root.open_dir(RELEASES).map_err(Opening::from)?;
        policy.check_dir(&releases.stat().map_err(&step)?, RELEASES)?;
        let name = stamp.to_string();
        let dir = releases.open_dir(&name).map_err(Opening::from)?;
        let stat = dir.stat().map_err(&step)?;
        policy.check_dir(&stat, &name)?;
        let manifest = self.verify(&dir, stamp, identity(&stat), &policy)?;
        Snapshot::new(dir, policy, Some(Release { stamp, manifest }))
    }

    /// One release, every file of it compared with its manifest now: what a writer builds on or activates.
    pub(super) fn release_checked_now(
        &self,
        root: &Dir,
        stamp: Stamp,
        policy: Policy,
    ) -> Result<Snapshot> {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.remove(&stamp);
        drop(verified);
        self.release(root, stamp, policy)
    }

    /// The stamp that `current` points to; `None` if there is no such link.
    pub(super) fn current_stamp(&self, dir: &Dir) -> Result<Option<Stamp>> {
        match dir.read_link(CURRENT) {
            Ok(target) => self.parse_link(&target).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("reading `current`")(error)),
        }
    }

    /// Opens what a link points to. Whatever is wrong with it does not count if the link has moved on
    /// meanwhile: what it pointed to may have been removed under us.
    fn follow(
        &self,
        dir: &Dir,
        link: &str,
        open: impl Fn(&str) -> Result<Snapshot>,
    ) -> Result<Snapshot> {
        let mut target = read_link(dir, link)?;
        for _ in 0..TRIES {
            let error = match open(&target) {
                Ok(snapshot) => return Ok(snapshot),
                Err(error) => error,
            };
            let now = read_link(dir, link)?;
            if now == target {
                return Err(match error.kind() {
                    ErrorKind::NotFound => dangling(link, &target),
                    _ => error,
                });
            }
            target = now;
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!("`{link}` moves faster than it can be read"),
        ))
    }

    /// A link of ours is relative. `ln -s` by hand is often absolute: fine if it stays in this folder.
    fn parse_link(&self, target: &str) -> Result<Stamp> {
        let relative = [&self.path, &self.real_path]
            .into_iter()
            .find_map(|root| Path::new(target).strip_prefix(root).ok().and_then(Path::to_str));
        let stamp = relative.unwrap_or(target).strip_prefix("releases/").and_then(Stamp::parse);
        stamp.ok_or_else(|| {
            let fault = match target {
                CURRENT => "points to itself",
                _ if target.starts_with('/') && relative.is_none() => "points outside this folder",
                _ if target.split('/').any(|part| part == "..") => "climbs with `..`",
                _ => "does not point to a release",
            };
            misconfigured(format!(
                "`current` {fault} (`{}`); expected `releases/<stamp>`, as in `releases/20260215T090000Z`",
                escaped(target)
            ))
        })
    }

    fn verify(
        &self,
        dir: &Dir,
        stamp: Stamp,
        identity: Identity,
        policy: &Policy,
    ) -> Result<Option<Arc<Manifest>>> {
        let verified = || self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, manifest)) = verified().get(&stamp)
            && *known == identity
        {
            return Ok(Some(manifest.clone()));
        }
        // Not under the lock: a slow disk must not hold up those who read what is verified.
        let Some(manifest) = Manifest::read(dir, policy)? else {
            return Ok(None);
        };
        manifest.check_all(dir, policy).or_else(|error| vanished(dir, error))?;
        let manifest = Arc::new(manifest);
        let mut verified = verified();
        verified.insert(stamp, (identity, manifest.clone()));
        if verified.len() > REMEMBERED {
            verified.pop_first();
        }
        Ok(Some(manifest))
    }
}

/// Reads a link that was there a moment ago. Never `NotFound`: a link that is being replaced in two steps
/// makes no secret absent.
fn read_link(dir: &Dir, link: &str) -> Result<String> {
    dir.read_link(link).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => no_link(link),
        _ => failed("reading the link")(error),
    })
}

pub(super) fn no_link(link: &str) -> Error {
    let message = format!("there is no link `{link}` that says what is in force");
    Error::new(ErrorKind::Unavailable, message).with_reason(Reason::Link)
}

pub(super) fn dangling(link: &str, target: &str) -> Error {
    let target = escaped(target);
    let message = format!("`{link}` points to `{target}`, which is not there");
    Error::new(ErrorKind::Unavailable, message).with_reason(Reason::Link)
}

/// A release that is being removed while it is verified is absent, not damaged.
fn vanished(dir: &Dir, error: Error) -> Result<()> {
    match dir.stat() {
        Ok(stat) if stat.st_nlink == 0 => Err(super::no_secret()),
        _ => Err(error),
    }
}

/// Opening a folder that a link or a stamp names.
struct Opening(Error);

impl From<io::Error> for Opening {
    fn from(error: io::Error) -> Self {
        Self(match Errno::from_io_error(&error) {
            Some(Errno::NOENT) => super::no_version("no release of that stamp"),
            Some(Errno::LOOP | Errno::NOTDIR) => {
                misconfigured("a release is a folder of its own, not a link or a file")
            }
            _ => failed("opening the release")(error),
        })
    }
}

impl From<Opening> for Error {
    fn from(opening: Opening) -> Self {
        opening.0
    }
}
