//! Who else may read or write a file: modes, owners, ACLs.

use rustix::fs::Stat;
use strongroom_core::{Error, ErrorKind, Result};

/// Group may read, others nothing: the mode that we write files with.
const FILE_MODE: u32 = 0o640;
/// The same for folders.
const DIR_MODE: u32 = 0o750;

/// What is refused and what is only looked at.
///
/// A secret that others can read or change is refused. The exception are folders that a platform mounts
/// (Kubernetes `..data`, read-only mounts), whose modes the service does not choose: there a file that
/// others can read is a warning, and write bits mean nothing on a read-only file system.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) strict: bool,
    pub(super) platform: bool,
    pub(super) read_only: bool,
}

impl Policy {
    /// # Errors
    /// `Misconfigured` if the file is refused.
    pub(super) fn check_file(&self, stat: &Stat) -> Result<()> {
        self.judge(stat, FILE_MODE, true).map(drop)
    }

    /// # Errors
    /// `Misconfigured` if the folder is refused.
    pub(super) fn check_dir(&self, stat: &Stat) -> Result<()> {
        self.judge(stat, DIR_MODE, false).map(drop)
    }

    /// What a person should look at, if anything.
    pub(super) fn look_at_file(&self, stat: &Stat, acl: bool) -> Result<Option<String>> {
        let finding = self.judge(stat, FILE_MODE, true)?;
        match (finding, acl) {
            (None, true) => self.loose("it has an ACL, which the mode does not show".into()),
            (finding, _) => Ok(finding),
        }
    }

    /// What a person should look at, if anything.
    pub(super) fn look_at_dir(&self, stat: &Stat) -> Result<Option<String>> {
        self.judge(stat, DIR_MODE, false)
    }

    fn judge(&self, stat: &Stat, allowed: u32, file: bool) -> Result<Option<String>> {
        let mode = stat.st_mode & 0o7777;
        let writable = mode & 0o002 != 0 && !self.read_only;
        // In a sticky folder only the owner of an entry may replace it; a platform's folder is such a one.
        let sticky = !file && self.platform && mode & 0o1000 != 0;
        if writable && !sticky {
            return Err(refused(format!(
                "mode {mode:04o} lets every user write; expected {allowed:04o}"
            )));
        }
        if file && mode & 0o004 != 0 {
            let finding = format!("mode {mode:04o} lets every user read; expected {allowed:04o}");
            return match self.platform {
                true => self.loose(finding),
                false => Err(refused(finding)),
            };
        }
        let counted = match (self.read_only, self.platform && !file) {
            (_, true) => 0,
            (true, false) => mode & !0o222,
            (false, false) => mode,
        };
        if counted & !allowed != 0 {
            return self.loose(format!("mode {mode:04o} is wider than {allowed:04o}"));
        }
        let own = rustix::process::geteuid().as_raw();
        if stat.st_uid != own && stat.st_uid != 0 {
            return self.loose(format!(
                "user {} owns it, not this process's user or root",
                stat.st_uid
            ));
        }
        Ok(None)
    }

    fn loose(&self, finding: String) -> Result<Option<String>> {
        match self.strict {
            true => Err(refused(format!("{finding} (SECRETS_FILE_STRICT)"))),
            false => Ok(Some(finding)),
        }
    }
}

fn refused(finding: String) -> Error {
    Error::new(ErrorKind::Misconfigured, finding)
}
