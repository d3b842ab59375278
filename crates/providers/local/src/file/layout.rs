//! How the folder of `SECRETS_DIR` is laid out.

use std::io;

use rustix::fs::FileType;
use strongroom_core::Result;

use super::dir::Dir;
use super::disk_error::failed;
use super::manifest::Manifest;
use super::policy::Policy;
use super::stamp::Stamp;
use super::{CURRENT, LOST_AND_FOUND, PLATFORM_LINK, RELEASES, history, misconfigured};

const LOOKING: &str = "looking at the folder";

/// How the folder is laid out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Layout {
    Empty,
    Flat,
    Platform,
    Releases,
}

/// Looks at what lies in the folder now.
pub(super) fn look(dir: &Dir, policy: &Policy) -> Result<Layout> {
    let kind = |name| dir.stat_entry(name).ok().map(|stat| FileType::from_raw_mode(stat.st_mode));
    if kind(PLATFORM_LINK) == Some(FileType::Symlink) {
        return Ok(Layout::Platform);
    }
    let releases = kind(RELEASES) == Some(FileType::Directory);
    match kind(CURRENT) {
        Some(FileType::Symlink) => Ok(Layout::Releases),
        Some(_) if releases => Err(misconfigured(
            "`current` is a file or folder; expected a link to `releases/<stamp>`",
        )),
        _ if releases && !stamps(dir)?.is_empty() => match is_unfinished(dir, policy)? {
            true => Ok(Layout::Empty),
            false => Ok(Layout::Releases),
        },
        // A first `put` that was refused or died leaves `releases` without any.
        _ if !is_hidden_only(dir, releases.then_some(RELEASES))? => Ok(Layout::Flat),
        _ if !releases => Ok(Layout::Empty),
        _ => {
            let releases = dir.open_dir(RELEASES).map_err(failed(LOOKING))?;
            match is_hidden_only(&releases, None)? {
                true => Ok(Layout::Empty),
                false => Ok(Layout::Flat),
            }
        }
    }
}

/// Whether there is nothing but the release of a first `put` that died before it came into force: no one
/// was told that it was written.
pub(super) fn is_unfinished(dir: &Dir, policy: &Policy) -> Result<bool> {
    let stamps = stamps(dir)?;
    let ([only], true) = (&stamps[..], dir.stat_entry(history::FILE).is_err()) else {
        return Ok(false);
    };
    let releases = dir.open_dir(RELEASES).map_err(failed(LOOKING))?;
    let release = releases.open_dir(&only.to_string()).map_err(failed(LOOKING))?;
    Ok(Manifest::read(&release, policy)?.is_some_and(|manifest| manifest.base.is_none()))
}

fn is_hidden_only(dir: &Dir, but: Option<&str>) -> Result<bool> {
    let hidden = |name: &str| name.starts_with('.') || name == LOST_AND_FOUND || Some(name) == but;
    Ok(dir.entries()?.iter().all(|(name, _)| hidden(name)))
}

/// The stamps of all releases, oldest first.
pub(super) fn stamps(root: &Dir) -> Result<Vec<Stamp>> {
    let releases = match root.open_dir(RELEASES) {
        Ok(releases) => releases,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("listing releases")(error)),
    };
    let folders = releases.entries()?.into_iter().filter(|(_, kind)| *kind == FileType::Directory);
    let mut stamps: Vec<_> = folders.filter_map(|(name, _)| Stamp::parse(&name)).collect();
    stamps.sort();
    Ok(stamps)
}
