//! Writing a release: a whole new folder, then one rename.
//!
//! Every file is on the disk before the manifest, the manifest before the folder gets its name, and the
//! folder before `current` moves. Whatever fails before that, `current` stays what it was; if only the last
//! flush to the disk fails, it has moved and the error says that this step failed.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::fs::Mode;
use strongroom_core::{
    Clock, Error, ErrorKind, IfVersion, PutOptions, Result, SecretName, SecretVersion, Stage,
    escaped,
};

use super::dir::Dir;
use super::disk_error::failed;
use super::history::History;
use super::manifest::{self, Manifest, contents, names_in};
use super::policy::Policy;
use super::root::Root;
use super::snapshot::Snapshot;
use super::stamp::Stamp;
use super::{CURRENT, RELEASES, misconfigured, no_secret, no_version, paths};

pub(super) const LOCK: &str = ".lock";
const BUILDING: &str = ".new-";
const LINKING: &str = ".current-";
/// How far ahead of our clock a release may be stamped.
const SKEW: Duration = Duration::from_secs(300);

/// The owner writes, the group reads.
pub(super) fn file_mode() -> Mode {
    Mode::RUSR | Mode::WUSR | Mode::RGRP
}

/// The owner alone: whoever can open the lock can hold it.
pub(super) fn lock_mode() -> Mode {
    Mode::RUSR | Mode::WUSR
}

/// The owner writes, the group reads.
pub(super) fn dir_mode() -> Mode {
    Mode::RWXU | Mode::RGRP | Mode::XGRP
}

/// Writes a release in which one secret differs: `Some` file, or none.
pub(super) fn publish(
    root: &Root,
    clock: &dyn Clock,
    name: &SecretName,
    file: Option<&[u8]>,
    options: &PutOptions,
) -> Result<SecretVersion> {
    let (dir, policy) = root.open()?;
    let _lock = dir.lock(LOCK, lock_mode())?;
    let releases =
        dir.open_or_create_dir(RELEASES, dir_mode()).map_err(failed("creating `releases`"))?;
    sweep(&dir, &releases)?;
    let history = History::read(root, &dir, &policy)?;
    let base = match history.current {
        Some(stamp) => Some(root.release_checked_now(&dir, stamp, policy)?),
        None => None,
    };
    if let (Some(base), true) = (&base, file.is_some()) {
        paths::check_beside(name, &names_in(&base.dir)?)?;
    }
    check_condition(root, &dir, base.as_ref(), name, options, policy)?;
    if file.is_none() {
        base.as_ref().ok_or_else(no_secret)?.read_raw(name)?;
    }
    if base.is_none() && options.stage == Stage::Pending {
        return Err(misconfigured("the first release cannot be a pending one"));
    }
    let stamp = next_stamp(clock, &history)?;
    let building = format!("{BUILDING}{stamp}");
    let built = build(&releases, &building, base.as_ref(), name, file, &policy).and_then(|()| {
        let named = releases.rename(&building, &stamp.to_string());
        named.and_then(|()| releases.sync()).map_err(failed("naming the new release"))
    });
    if let Err(error) = built {
        // Best effort: the next writer sweeps what this leaves.
        let _ = releases.remove_tree(&building);
        return Err(error);
    }
    if options.stage == Stage::Current {
        activate(&dir, &history, stamp, clock).inspect_err(|_| {
            // Nobody is told of it, so it must not wait there as a pending one.
            if root.current_stamp(&dir).ok().flatten() != Some(stamp) {
                let _ = releases.remove_tree(&stamp.to_string());
            }
        })?;
    }
    Ok(stamp.version())
}

/// Points `current` to a release that is there already.
pub(super) fn promote(
    root: &Root,
    clock: &dyn Clock,
    name: &SecretName,
    version: &SecretVersion,
    expected_current: Option<&SecretVersion>,
) -> Result<()> {
    let (dir, policy) = root.open()?;
    let _lock = dir.lock(LOCK, lock_mode())?;
    let history = History::read(root, &dir, &policy)?;
    let stamp =
        Stamp::parse(version.as_str()).ok_or_else(|| no_version("no release of that stamp"))?;
    if expected_current.is_some()
        && history.current.map(Stamp::version).as_ref() != expected_current
    {
        return Err(conflict("another release is current than the expected one"));
    }
    let release = root.release_checked_now(&dir, stamp, policy)?;
    release.read_raw(name)?;
    if history.current == Some(stamp) {
        return Ok(());
    }
    // All names of a release go into force together. One that was made from an older release would take
    // back what was written since.
    if !history.may_promote(&release) {
        return Err(conflict(
            "the release was not made from the current one and would take back other secrets; publish it again",
        ));
    }
    activate(&dir, &history, stamp, clock)
}

fn conflict(message: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, message)
}

fn next_stamp(clock: &dyn Clock, history: &History) -> Result<Stamp> {
    let now = clock.now();
    let newest = history.stamps.last().copied();
    if let Some(newest) = newest
        && newest.time() > now + SKEW
    {
        return Err(misconfigured(format!(
            "release `{newest}` is stamped in the future; set the clock or remove the release"
        )));
    }
    Stamp::next(now, newest).ok_or_else(|| conflict("too many releases within one second"))
}

fn check_condition(
    root: &Root,
    dir: &Dir,
    base: Option<&Snapshot>,
    name: &SecretName,
    options: &PutOptions,
    policy: Policy,
) -> Result<()> {
    let file_in = |snapshot: &Snapshot| match snapshot.read_raw(name) {
        Ok((file, _)) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let now = base.map(file_in).transpose()?.flatten();
    let holds = match &options.if_version {
        IfVersion::Absent => now.is_none(),
        // Releases also come and go for the sake of other secrets: what counts is this one's bytes.
        IfVersion::Is(version) => match Stamp::parse(version.as_str()) {
            Some(stamp) => match root.release(dir, stamp, policy) {
                Ok(then) => now.is_some() && file_in(&then)? == now,
                Err(error) if error.kind() == ErrorKind::NotFound => false,
                Err(error) => return Err(error),
            },
            None => false,
        },
        IfVersion::Any => true,
        _ => return Err(Error::new(ErrorKind::Unsupported, "a condition that is not known")),
    };
    match holds {
        true => Ok(()),
        false => Err(conflict("the secret is not what the write expects; read it again")),
    }
}

fn build(
    releases: &Dir,
    building: &str,
    base: Option<&Snapshot>,
    name: &SecretName,
    file: Option<&[u8]>,
    policy: &Policy,
) -> Result<()> {
    let step = failed("writing the new release");
    let release = releases.create_dir(building, dir_mode()).map_err(&step)?;
    let mut salt = [0; 32];
    getrandom::fill(&mut salt)
        .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no random bytes"))?;
    let base_stamp = base.and_then(Snapshot::stamp).map(|stamp| stamp.to_string());
    let mut manifest = Manifest::new(base_stamp, &salt);
    let base_contents = base.map(|base| contents(&base.dir)).transpose()?.unwrap_or_default();
    if let Some(odd) = base_contents.odd.first() {
        // Leaving it out would lose it.
        let odd = escaped(odd);
        return Err(misconfigured(format!(
            "`{odd}` is not the name of a secret; rename or remove it"
        )));
    }
    let kept: Vec<_> = base_contents.names.into_iter().filter(|kept| kept != name).collect();
    let mut folders = BTreeSet::new();
    for kept in &kept {
        let Some(base) = base else { break };
        let (bytes, _) = base.read_raw(kept).map_err(|error| error.with_name(kept.as_str()))?;
        write_file(&release, kept, &bytes, &mut folders)?;
        manifest.add(kept, &bytes);
    }
    if let Some(file) = file {
        write_file(&release, name, file, &mut folders)?;
        manifest.add(name, file);
    }
    release.create(manifest::FILE, &manifest.render()?, file_mode()).map_err(&step)?;
    for folder in &folders {
        let dir = release.descend(folder, |above, folder| above.open_dir(folder).map_err(&step))?;
        dir.sync().map_err(&step)?;
    }
    release.sync().map_err(&step)?;
    // What we wrote is what a reader will accept, or it is not published.
    manifest.check_all(&release, policy)
}

fn write_file(
    release: &Dir,
    name: &SecretName,
    bytes: &[u8],
    folders: &mut BTreeSet<String>,
) -> Result<()> {
    let step = failed("writing the new release");
    let (folder, file) = paths::split(name);
    folders.extend(paths::folders_of(name).map(str::to_owned));
    let dir = release.descend(folder, |above, folder| {
        above.open_or_create_dir(folder, dir_mode()).map_err(&step)
    })?;
    dir.create(file, bytes, file_mode()).map_err(&step)
}

/// Moves `current`: a new relative link under another name, renamed over the old one.
fn activate(dir: &Dir, history: &History, stamp: Stamp, clock: &dyn Clock) -> Result<()> {
    let step = failed("moving `current`");
    let link = format!("{LINKING}{stamp}");
    // Left behind by a crash; the lock is ours.
    let _ = dir.remove_file(&link);
    dir.symlink(&format!("{RELEASES}/{stamp}"), &link).map_err(&step)?;
    if let Err(error) = dir.rename(&link, CURRENT).and_then(|()| dir.sync()) {
        let _ = dir.remove_file(&link);
        return Err(step(error));
    }
    // The release is in force now, whether or not this can be noted. Where it cannot, the link's own time
    // says when, as after a link that was moved by hand.
    let _ = history.record(dir, stamp, clock.now(), file_mode());
    Ok(())
}

/// Removes what a writer that died has left. The lock is ours, so no one is building.
fn sweep(dir: &Dir, releases: &Dir) -> Result<()> {
    for (folder, prefix) in [(releases, BUILDING), (dir, LINKING)] {
        for (name, kind) in folder.entries()? {
            if name.starts_with(prefix) {
                folder.remove(&name, kind)?;
            }
        }
    }
    Ok(())
}
