//! Who else may read or write a file: modes, owners, ACLs.

use rustix::fs::Stat;
use strongroom_core::{Error, ErrorKind, Result};

/// Group may read, others nothing: the mode that we write files with.
const FILE_MODE: u32 = 0o640;
/// The same for folders.
const DIR_MODE: u32 = 0o750;

const ACL: &str = "it has an ACL, which the mode does not show";

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

    /// Asks whether there is an ACL only where one is refused.
    ///
    /// # Errors
    /// `Misconfigured` if there is one and it counts.
    pub(super) fn check_acl(&self, has_acl: impl FnOnce() -> bool) -> Result<()> {
        match self.strict && has_acl() {
            true => self.loose(ACL.into()).map(drop),
            false => Ok(()),
        }
    }

    /// # Errors
    /// `Misconfigured` if the folder is refused; says which one.
    pub(super) fn check_dir(&self, stat: &Stat, folder: &str) -> Result<()> {
        let judged = self.judge(stat, DIR_MODE, false).map(drop);
        judged.map_err(|error| refused(format!("the folder `{folder}`: {error}")))
    }

    /// Checks an entry of a folder in which every user may make entries, as platforms mount them.
    ///
    /// # Errors
    /// `Misconfigured` if another user made it, who then chooses what is read.
    pub(super) fn check_maker(&self, folder: &Stat, entry: &Stat) -> Result<()> {
        let shared = folder.st_mode & 0o002 != 0 && !self.read_only;
        match shared && is_foreign(entry) {
            true => Err(refused(format!(
                "user {} made it in a folder that every user may write",
                entry.st_uid
            ))),
            false => Ok(()),
        }
    }

    /// What a person should look at, if anything.
    pub(super) fn look_at_file(&self, stat: &Stat, acl: bool) -> Result<Option<String>> {
        let finding = self.judge(stat, FILE_MODE, true)?;
        match (finding, acl) {
            (None, true) => self.loose(ACL.into()),
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
        if is_foreign(stat) {
            return self
                .loose(format!("user {} owns it, not this process's user or root", stat.st_uid));
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

/// Whether it belongs to neither this process's user nor root.
fn is_foreign(stat: &Stat) -> bool {
    stat.st_uid != 0 && stat.st_uid != rustix::process::geteuid().as_raw()
}

fn refused(finding: String) -> Error {
    Error::new(ErrorKind::Misconfigured, finding)
}
