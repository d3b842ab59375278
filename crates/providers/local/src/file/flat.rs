//! Writing into a flat folder: each file is replaced at once, and there are no versions.

use strongroom_core::{Error, ErrorKind, IfVersion, PutOptions, Result, SecretName, Stage};

use super::dir::{Dir, failed};
use super::manifest::names_in;
use super::publish::{LOCK, dir_mode, file_mode};
use super::snapshot::Root;
use super::{no_secret, paths};

/// Writes one file: a temporary one beside it, then a rename.
pub(super) fn put(root: &Root, name: &SecretName, file: &[u8], options: &PutOptions) -> Result<()> {
    if options.stage != Stage::Current || options.if_version != IfVersion::Any {
        let message = "a flat folder has no versions; use one with `releases/` and `current`";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let step = failed("writing the file");
    let (dir, _) = root.open()?;
    let _lock = dir.lock(LOCK, file_mode())?;
    paths::check_beside(name, &names_in(&dir)?)?;
    let mut below: Option<Dir> = None;
    let mut rest = name.as_str();
    while let Some((folder, inside)) = rest.split_once('/') {
        let above = below.as_ref().unwrap_or(&dir);
        below = Some(
            above
                .open_or_create_dir(folder, dir_mode())
                .map_err(&step)?,
        );
        rest = inside;
    }
    let dir = below.as_ref().unwrap_or(&dir);
    // One writer at a time holds the lock, so the name is free but for one who died.
    const TEMPORARY: &str = ".put.new";
    let _ = dir.remove_file(TEMPORARY);
    let written = dir
        .create(TEMPORARY, file, file_mode())
        .and_then(|()| dir.rename(TEMPORARY, rest))
        .and_then(|()| dir.sync());
    written.map_err(|error| {
        let _ = dir.remove_file(TEMPORARY);
        step(error)
    })
}

/// Removes one file.
pub(super) fn delete(root: &Root, name: &SecretName) -> Result<()> {
    let (dir, _) = root.open()?;
    let _lock = dir.lock(LOCK, file_mode())?;
    let mut below: Option<Dir> = None;
    let mut rest = name.as_str();
    while let Some((folder, inside)) = rest.split_once('/') {
        let above = below.as_ref().unwrap_or(&dir);
        below = Some(above.open_dir(folder).map_err(failed("deleting"))?);
        rest = inside;
    }
    let dir = below.as_ref().unwrap_or(&dir);
    match dir.remove_file(rest) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(no_secret()),
        removed => removed
            .and_then(|()| dir.sync())
            .map_err(failed("deleting")),
    }
}
