//! The environment of the process.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use strongroom_core::Environment;
use zeroize::Zeroizing;

/// The variables and files that this process sees.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

#[expect(clippy::disallowed_methods, reason = "the one place that reads the process's environment")]
impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
    }

    /// Follows links, as platforms mount secrets behind them; opens without blocking, so that a FIFO in
    /// the place of a file is refused and not waited for.
    fn read_file(&self, path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits();
        let flags = i32::try_from(flags).map_err(io::Error::other)?;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        // Room for every byte that may come: a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(max_bytes + 1));
        file.take(max_bytes as u64 + 1).read_to_end(&mut bytes)?;
        match bytes.len() > max_bytes {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(std::mem::take(&mut *bytes)),
        }
    }

    fn anyone_can_write(&self, path: &Path) -> io::Result<bool> {
        Ok(std::fs::metadata(path)?.mode() & 0o002 != 0)
    }

    fn anyone_can_read(&self, path: &Path) -> io::Result<bool> {
        Ok(std::fs::metadata(path)?.mode() & 0o004 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_regular_files_up_to_the_cap_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, b"canary").unwrap();
        let read = |path: &Path, cap| ProcessEnvironment.read_file(path, cap);
        assert_eq!(read(&path, 6).unwrap(), b"canary");
        assert_eq!(read(&path, 5).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(dir.path(), 6).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &fifo,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert_eq!(read(&fifo, 6).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
