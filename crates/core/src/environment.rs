//! The environment as a parameter.

use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::Path;

/// Where settings come from: the process's environment, or a table in a test.
pub trait Environment: Debug + Send + Sync + 'static {
    /// One variable; `None` if it is not set.
    fn var(&self, name: &str) -> Option<OsString>;

    /// The names of all variables, for finding misspelt ones. Those that are not UTF-8 are left out.
    fn names(&self) -> Vec<String>;

    /// A whole file, for `X_FILE` settings. Refuses anything but a regular file, and one of more than
    /// `max_bytes` (`io::ErrorKind::FileTooLarge`).
    fn read_file(&self, path: &Path, max_bytes: usize) -> io::Result<Vec<u8>>;

    /// Whether any user of the machine may write this file. Default: no, as in a table.
    fn anyone_can_write(&self, path: &Path) -> io::Result<bool> {
        let _ = path;
        Ok(false)
    }

    /// Whether any user of the machine may read this file. Default: no, as in a table.
    fn anyone_can_read(&self, path: &Path) -> io::Result<bool> {
        let _ = path;
        Ok(false)
    }
}
