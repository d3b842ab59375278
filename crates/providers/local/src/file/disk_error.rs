//! What an error of the disk means.

use std::io;

use rustix::io::Errno;
use strongroom_core::{Error, ErrorKind};

/// Turns an error of the disk into one of ours, naming the step that failed.
pub(super) fn failed(step: &'static str) -> impl Fn(io::Error) -> Error {
    move |error| {
        let errno = Errno::from_io_error(&error);
        let (kind, what) = match errno {
            // Removed under us. Never `NotFound`: that would be an answer about a secret.
            Some(Errno::NOENT) => (ErrorKind::Unavailable, "it is no longer there"),
            Some(Errno::ACCESS | Errno::PERM) => {
                (ErrorKind::PermissionDenied, "this process may not; check owner, group and mode")
            }
            Some(Errno::ROFS) => {
                (ErrorKind::PermissionDenied, "the file system is mounted read-only")
            }
            Some(Errno::LOOP) => {
                (ErrorKind::Misconfigured, "it is a symbolic link; expected a regular file")
            }
            Some(Errno::NOTDIR) => {
                (ErrorKind::Misconfigured, "a part of the path is no folder (a link or a file)")
            }
            Some(Errno::ISDIR) => {
                (ErrorKind::Misconfigured, "it is a folder; expected a regular file")
            }
            Some(Errno::NXIO) => {
                (ErrorKind::Misconfigured, "it is a socket or device; expected a regular file")
            }
            Some(Errno::NAMETOOLONG) => {
                (ErrorKind::Misconfigured, "a part of the name is too long")
            }
            Some(Errno::NOSPC | Errno::DQUOT) => (ErrorKind::Unavailable, "no space is left"),
            None if error.kind() == io::ErrorKind::InvalidData => {
                (ErrorKind::Misconfigured, "the target of the link is not UTF-8")
            }
            _ => (ErrorKind::Unavailable, "the disk does not answer"),
        };
        Error::new(kind, format!("{step} failed: {what}")).with_source(error)
    }
}

/// As [`failed`], where a secret is looked for: there, and nowhere else, what is not there is `NotFound`.
pub(super) fn absent_or_failed(step: &'static str) -> impl Fn(io::Error) -> Error {
    move |error| match error.kind() {
        io::ErrorKind::NotFound => super::no_secret(),
        _ => failed(step)(error),
    }
}
