//! One consistent view of the folder: everything is read through one handle, so that a release that is
//! swapped or removed meanwhile is never mixed with another.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::Stat;
use strongroom_core::{ErrorKind, Result, Secret, SecretName};
use zeroize::Zeroizing;

use super::dir::Dir;
use super::disk_error::{absent_or_failed, failed};
use super::manifest::{self, MAX_FILE_BYTES, Manifest};
use super::policy::Policy;
use super::stamp::Stamp;
use super::{misconfigured, newline, paths};

/// The files of one instant.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) dir: Dir,
    /// Device and inode of the folder.
    inode: (u64, u64),
    policy: Policy,
    release: Option<Release>,
}

#[derive(Debug)]
pub(super) struct Release {
    pub(super) stamp: Stamp,
    pub(super) manifest: Option<Arc<Manifest>>,
}

/// What tells one folder from another of the same name.
pub(super) type Identity = (u64, u64, i64, i64);

impl Snapshot {
    pub(super) fn new(dir: Dir, policy: Policy, release: Option<Release>) -> Result<Self> {
        let stat = dir.stat().map_err(failed("opening the folder"))?;
        let (device, inode, ..) = identity(&stat);
        Ok(Self { dir, inode: (device, inode), policy, release })
    }

    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.release.as_ref().map(|release| release.stamp)
    }

    pub(super) fn manifest(&self) -> Option<&Manifest> {
        self.release.as_ref()?.manifest.as_deref()
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether another snapshot shows the same folder: while both are open, no other one can have its inode.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.inode == other.inode
    }

    /// The bytes of the file of a secret.
    pub(super) fn read_raw(&self, name: &SecretName) -> Result<(Zeroizing<Vec<u8>>, Stat)> {
        let (file, stat) = read_file(&self.dir, name, &self.policy, self.release.is_some())
            .map_err(|error| match self.manifest() {
                Some(manifest) if error.kind() == ErrorKind::NotFound && manifest.lists(name) => {
                    manifest::mismatch(format!("`{name}` of its manifest is missing"))
                }
                _ => error,
            })?;
        if let Some(manifest) = self.manifest() {
            manifest.check(name, &file)?;
        }
        Ok((file, stat))
    }

    /// Reads a secret.
    pub(super) fn read(&self, name: &SecretName, exact: bool) -> Result<Secret> {
        let (file, stat) = self.read_raw(name)?;
        let secret = Secret::new(newline::decode(file, exact)?);
        Ok(match self.stamp() {
            Some(stamp) => secret.with_version(stamp.version()).with_created_at(stamp.time()),
            None => secret.with_created_at(modified_at(&stat)),
        })
    }
}

/// Reads the file of a secret below a folder, one folder after the other.
pub(super) fn read_file(
    dir: &Dir,
    name: &SecretName,
    policy: &Policy,
    single_link: bool,
) -> Result<(Zeroizing<Vec<u8>>, Stat)> {
    let (folder, file) = paths::split(name);
    let folder = dir.descend(folder, |above, folder| {
        let opened = above.open_dir(folder).map_err(absent_or_failed("reading"))?;
        policy.check_dir(&opened.stat().map_err(failed("reading"))?, folder)?;
        Ok(opened)
    })?;
    let (bytes, stat) = folder.read(file, policy, MAX_FILE_BYTES)?;
    // The owner of the other name could change a release that is done.
    if single_link && stat.st_nlink > 1 {
        return Err(misconfigured("the file of a release has a second name (hard link); copy it"));
    }
    Ok((bytes, stat))
}

pub(super) fn modified_at(stat: &Stat) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0))
}

pub(super) fn identity(stat: &Stat) -> Identity {
    #[expect(clippy::unnecessary_cast, reason = "the widths differ between Linux and macOS")]
    (stat.st_dev as u64, stat.st_ino as u64, stat.st_ctime as i64, stat.st_ctime_nsec as i64)
}
