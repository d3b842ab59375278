//! Writing into a flat folder: each file is replaced at once, and there are no versions.

use std::os::fd::OwnedFd;

use strongroom_core::{Error, ErrorKind, IfVersion, PutOptions, Reason, Result, SecretName, Stage};

use super::config::Config;
use super::dir::Dir;
use super::disk_error::{absent_or_failed, failed};
use super::manifest::{self, names_in};
use super::publish::{LOCK, dir_mode, file_mode, lock_mode};
use super::root::Root;
use super::{CURRENT, RELEASES, misconfigured, paths};

/// Writes one file: a temporary one beside it, then a rename.
pub(super) fn put(root: &Root, name: &SecretName, file: &[u8], options: &PutOptions) -> Result<()> {
    if options.stage != Stage::Current || options.if_version != IfVersion::Any {
        return Err(no_versions());
    }
    if name.segments().next().is_some_and(|first| [RELEASES, CURRENT].contains(&first)) {
        let message = "in a flat folder `releases` and `current` would stand for releases";
        return Err(Error::new(ErrorKind::Misconfigured, message).with_reason(Reason::Collision));
    }
    let step = failed("writing the file");
    let (dir, policy) = root.open()?;
    let _lock = lock(&dir)?;
    paths::check_beside(name, &names_in(&dir)?)?;
    let (folder, name) = paths::split(name);
    let dir = dir.descend(folder, |above, folder| {
        let opened = above.open_or_create_dir(folder, dir_mode()).map_err(&step)?;
        policy.check_dir(&opened.stat().map_err(&step)?, folder)?;
        above.sync().map_err(&step)?;
        Ok(opened)
    })?;
    // One writer at a time holds the lock, so the name is free but for one who died.
    const TEMPORARY: &str = ".put.new";
    let _ = dir.remove_file(TEMPORARY);
    let written = dir
        .create(TEMPORARY, file, file_mode())
        .and_then(|()| dir.rename(TEMPORARY, name))
        .and_then(|()| dir.sync());
    written.map_err(|error| {
        let _ = dir.remove_file(TEMPORARY);
        step(error)
    })
}

/// Removes one file.
pub(super) fn delete(root: &Root, name: &SecretName) -> Result<()> {
    let (dir, _) = root.open()?;
    let _lock = lock(&dir)?;
    let (folder, name) = paths::split(name);
    let step = absent_or_failed("deleting");
    let dir = dir.descend(folder, |above, folder| above.open_dir(folder).map_err(&step))?;
    dir.remove_file(name).and_then(|()| dir.sync()).map_err(&step)
}

/// What is asked of releases only.
pub(super) fn no_versions() -> Error {
    let message = "a flat folder has no versions; use one with `releases/` and `current`";
    Error::new(ErrorKind::Unsupported, message)
}

/// The lock of the folder, unless it is a release: what is changed in there no longer matches its manifest.
fn lock(dir: &Dir) -> Result<OwnedFd> {
    match dir.stat_entry(manifest::FILE) {
        Ok(_) => Err(misconfigured(
            "the folder is one release; to write, name the folder with `releases/` and `current`",
        )
        .with_key(Config::DIR)),
        Err(_) => dir.lock(LOCK, lock_mode()),
    }
}
