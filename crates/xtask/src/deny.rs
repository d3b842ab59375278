//! Licences, bans and sources of every dependency: `deny.toml`, checked by cargo-deny.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{cargo, output, succeed};

/// Runs cargo-deny, and installs it first where it is missing.
///
/// Advisories are left out: their database is another repository, so the same commit could pass
/// today and fail tomorrow.
///
/// # Errors
/// If it cannot be installed, or finds something.
pub(crate) fn check() -> Result<(), String> {
    if !is_installed() {
        // A debug build: it runs for seconds and takes a quarter of the time to build.
        let install =
            format!("install cargo-deny --version {VERSION} --locked --debug --root {TOOLS}");
        succeed(&mut cargo(&install))?;
    }
    // A wrapper may be listed before its crate exists.
    let check = "--locked check --allow unused-wrapper bans licenses sources";
    succeed(Command::new(binary()).args(check.split(' ')))
}

/// The schema of `deny.toml` changes between versions.
const VERSION: &str = "0.20.2";

/// Not in the user's own folder of tools, which may hold another version.
const TOOLS: &str = "target/tools";

fn is_installed() -> bool {
    let version = binary().exists().then(|| output(Command::new(binary()).arg("--version")));
    version.is_some_and(|version| {
        version.is_ok_and(|text| text.trim() == format!("cargo-deny {VERSION}"))
    })
}

fn binary() -> PathBuf {
    PathBuf::from(format!("{TOOLS}/bin/cargo-deny{}", std::env::consts::EXE_SUFFIX))
}
