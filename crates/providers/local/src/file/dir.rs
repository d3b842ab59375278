//! The one door to the disk: every file is reached through the handle of its folder, and no link is
//! followed on the way.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, StatVfsMountFlags};
use rustix::io::Errno;
use strongroom_core::{Error, ErrorKind, Reason, Result, escaped};
use zeroize::Zeroizing;

use super::disk_error::{absent_or_failed, failed};
use super::policy::Policy;

/// How often a file that changes under the reader is read again.
const READS: usize = 3;

/// An open folder.
#[derive(Debug)]
pub(super) struct Dir {
    fd: OwnedFd,
}

const DIR_FLAGS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Dir {
    /// Opens the folder that a setting names. Links on the way to it are the operator's.
    pub(super) fn open_root(path: &Path) -> io::Result<Self> {
        let fd = rustix::fs::open(path, DIR_FLAGS, Mode::empty())?;
        Ok(Self { fd })
    }

    /// Opens a folder in this one; `ELOOP` or `ENOTDIR` if it is a link.
    pub(super) fn open_dir(&self, name: &str) -> io::Result<Self> {
        let fd = rustix::fs::openat(&self.fd, name, DIR_FLAGS | OFlags::NOFOLLOW, Mode::empty())?;
        Ok(Self { fd })
    }

    /// Walks down a path of folders, one after the other; opens this one again for an empty path.
    pub(super) fn descend(
        &self,
        path: &str,
        step: impl Fn(&Self, &str) -> Result<Self>,
    ) -> Result<Self> {
        let here = self.open_dir(".").map_err(failed("opening the folder"))?;
        let mut folders = path.split('/').filter(|folder| !folder.is_empty());
        folders.try_fold(here, |above, folder| step(&above, folder))
    }

    pub(super) fn stat(&self) -> io::Result<Stat> {
        Ok(rustix::fs::fstat(&self.fd)?)
    }

    /// What an entry is, without following it.
    pub(super) fn stat_entry(&self, name: &str) -> io::Result<Stat> {
        Ok(rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    pub(super) fn is_read_only(&self) -> io::Result<bool> {
        Ok(self.mount_flags()?.contains(StatVfsMountFlags::RDONLY))
    }

    pub(super) fn mount_flags(&self) -> io::Result<StatVfsMountFlags> {
        Ok(rustix::fs::fstatvfs(&self.fd)?.f_flag)
    }

    pub(super) fn has_acl(&self, name: &str) -> bool {
        let open = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(fd) = rustix::fs::openat(&self.fd, name, open, Mode::empty()) else {
            return false;
        };
        has_acl(&fd)
    }

    /// Where a link points to; `EINVAL` if it is something else.
    pub(super) fn read_link(&self, name: &str) -> io::Result<String> {
        let target = rustix::fs::readlinkat(&self.fd, name, Vec::new())?;
        let target = target.into_string();
        target.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the link is not UTF-8"))
    }

    /// Names and kinds of all entries but `.` and `..`, sorted. Names that are not UTF-8 are an error.
    pub(super) fn entries(&self) -> Result<Vec<(String, FileType)>> {
        let entries = rustix::fs::Dir::read_from(&self.fd)
            .map_err(|error| failed("listing")(error.into()))?;
        let mut named = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| failed("listing")(error.into()))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let Some(name) = name.to_str() else {
                let shown = escaped(&name.to_string_lossy());
                return Err(super::misconfigured(format!("the name of `{shown}` is not UTF-8")));
            };
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    let stat = self.stat_entry(name).map_err(failed("listing"))?;
                    FileType::from_raw_mode(stat.st_mode)
                }
                kind => kind,
            };
            named.push((name.to_owned(), kind));
        }
        named.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(named)
    }

    /// Reads a regular file whole, at most `max` bytes, after checking its kind and mode.
    ///
    /// A file that changes while it is read is read again, and refused if it does not come to rest.
    pub(super) fn read(
        &self,
        name: &str,
        policy: &Policy,
        max: usize,
    ) -> Result<(Zeroizing<Vec<u8>>, Stat)> {
        // Not blocking, so that a FIFO is refused and not waited for.
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        for _ in 0..READS {
            let fd = rustix::fs::openat(&self.fd, name, flags, Mode::empty());
            let fd = fd.map_err(|error| absent_or_failed("reading")(error.into()))?;
            let before = stat_of(&fd)?;
            check_kind(&before)?;
            policy.check_file(&before)?;
            policy.check_acl(|| has_acl(&fd))?;
            let size = usize::try_from(before.st_size).unwrap_or(usize::MAX);
            if size > max {
                let message = format!("the file has {size} bytes, more than the {max} allowed");
                return Err(Error::new(ErrorKind::Malformed, message).with_reason(Reason::TooLarge));
            }
            // One byte of room more than expected shows growth; the buffer itself never grows.
            let mut bytes = Zeroizing::new(vec![0; size + 1]);
            let length = read_full(&fd, &mut bytes).map_err(failed("reading"))?;
            if size == 0 && length > 0 {
                return Err(super::misconfigured(
                    "has content and no size, so it is no ordinary file",
                ));
            }
            let after = stat_of(&fd)?;
            if length == size && same_content(&before, &after) {
                bytes.truncate(length);
                return Ok((bytes, after));
            }
        }
        let message = "the file changes while it is read; write a new file and rename it";
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    /// Writes a new file with this mode, to the disk.
    pub(super) fn create(&self, name: &str, bytes: &[u8], mode: Mode) -> io::Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, name, flags, mode)?;
        // Whatever the umask: the group that the operator gave the folder to has to read it.
        rustix::fs::fchmod(&fd, mode)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            match rustix::io::write(&fd, rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(rustix::fs::fsync(&fd)?)
    }

    pub(super) fn create_dir(&self, name: &str, mode: Mode) -> io::Result<Self> {
        rustix::fs::mkdirat(&self.fd, name, mode)?;
        let dir = self.open_dir(name)?;
        rustix::fs::fchmod(&dir.fd, mode)?;
        Ok(dir)
    }

    pub(super) fn open_or_create_dir(&self, name: &str, mode: Mode) -> io::Result<Self> {
        match self.open_dir(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.create_dir(name, mode),
            opened => opened,
        }
    }

    pub(super) fn symlink(&self, target: &str, name: &str) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.fd, name)?)
    }

    /// Puts an entry in the place of another, at once.
    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Removes an entry that we made, whatever it is by now.
    pub(super) fn remove(&self, name: &str, kind: FileType) -> Result<()> {
        match kind {
            FileType::Directory => self.remove_tree(name),
            _ => self.remove_file(name).map_err(failed("removing")),
        }
    }

    pub(super) fn remove_file(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
    }

    /// Removes a folder that we made, with all that is in it.
    pub(super) fn remove_tree(&self, name: &str) -> Result<()> {
        let dir = self.open_dir(name).map_err(failed("removing"))?;
        for (entry, kind) in dir.entries()? {
            dir.remove(&entry, kind)?;
        }
        let removed = rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR);
        removed.map_err(|error| failed("removing")(error.into()))
    }

    /// Makes the entries of this folder survive a power cut.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }

    /// Takes the lock of a file in this folder, made if need be. Held until the handle is dropped; the
    /// kernel drops it for a process that died.
    pub(super) fn lock(&self, name: &str, mode: Mode) -> Result<OwnedFd> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, name, flags, mode);
        let fd = fd.map_err(|error| failed("locking")(error.into()))?;
        match rustix::fs::flock(&fd, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(fd),
            Err(Errno::WOULDBLOCK) => {
                let message =
                    "another process is writing to this folder; try again when it is done";
                Err(Error::new(ErrorKind::Conflict, message).with_reason(Reason::Locked))
            }
            Err(error) => Err(failed("locking")(error.into())),
        }
    }
}

fn stat_of(fd: &OwnedFd) -> Result<Stat> {
    rustix::fs::fstat(fd).map_err(|error| failed("reading")(error.into()))
}

fn has_acl(fd: &OwnedFd) -> bool {
    let size = rustix::fs::fgetxattr_query(fd, "system.posix_acl_access");
    size.is_ok_and(|size| size > 0)
}

fn check_kind(stat: &Stat) -> Result<()> {
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a folder",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        _ => "a device",
    };
    Err(super::misconfigured(format!("it is {what}; expected a regular file")))
}

fn same_content(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino, one.st_size, one.st_mtime, one.st_mtime_nsec)
        == (other.st_dev, other.st_ino, other.st_size, other.st_mtime, other.st_mtime_nsec)
}

fn read_full(fd: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match rustix::io::read(fd, room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}
