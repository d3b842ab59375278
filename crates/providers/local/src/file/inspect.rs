//! What a person should look at, though it works.

use std::collections::BTreeSet;

use rustix::fs::FileType;
use strongroom_core::{Result, SecretName, escaped};

use super::config::Config;
use super::dir::Dir;
use super::disk_error::failed;
use super::layout::stamps;
use super::manifest::{self, Contents, contents};
use super::root::Root;
use super::snapshot::Snapshot;
use super::stamp::Stamp;
use super::{RELEASES, paths};

/// How many files are looked at when the store is opened.
const INSPECTED: usize = 1_000;

/// Looks at the folders and files that are in force now: modes, owners, ACLs.
pub(super) fn inspect(root: &Root) -> Result<Vec<String>> {
    let (dir, policy) = root.open()?;
    let mut findings = Vec::new();
    let stat = dir.stat().map_err(failed("inspecting"))?;
    if let Some(finding) = policy.look_at_dir(&stat)? {
        findings.push(format!("the folder {}: {finding}", Config::DIR));
    }
    let snapshot = root.snapshot()?;
    if snapshot.stamp().is_some() && snapshot.manifest().is_none() {
        findings
            .push(format!("the current release has no {}: it was made by hand", manifest::FILE));
    }
    if let Some(stamp) = snapshot.stamp() {
        let newer = stamps(&dir)?.into_iter().filter(|other| *other > stamp);
        for other in newer.filter(|other| is_made_by_hand(&dir, *other)) {
            findings.push(format!(
                "release `{other}` is newer than the current one and made by hand: its keys verify as pending ones; remove it if it was rolled back"
            ));
        }
    }
    let Contents { names, odd } = contents(&snapshot.dir)?;
    for path in odd.iter().take(INSPECTED) {
        findings.push(format!("`{}` is not the name of a secret and is left out", escaped(path)));
    }
    let looked_at = names.get(..INSPECTED).unwrap_or(&names);
    let mut look = |folder: &str, opened: Result<Dir>| {
        if let Some(finding) = opened.ok().and_then(|dir| inspect_dir(&snapshot, &dir)) {
            findings.push(format!("the folder `{folder}`: {finding}"));
        }
    };
    if let Some(stamp) = snapshot.stamp() {
        look(RELEASES, open_below(&dir, RELEASES));
        look(&stamp.to_string(), open_below(&snapshot.dir, ""));
    }
    let folders: BTreeSet<_> = looked_at.iter().flat_map(paths::folders_of).collect();
    for folder in folders {
        look(folder, open_below(&snapshot.dir, folder));
    }
    for name in looked_at {
        if let Some(finding) = inspect_file(&snapshot, name) {
            findings.push(format!("`{name}`: {finding}"));
        }
    }
    Ok(findings)
}

fn is_made_by_hand(root: &Dir, stamp: Stamp) -> bool {
    let release = root.open_dir(RELEASES).and_then(|all| all.open_dir(&stamp.to_string()));
    release.is_ok_and(|release| release.stat_entry(manifest::FILE).is_err())
}

/// Looks at one folder. What would be refused on reading is said here too, but does not keep a service
/// from starting that never reads it.
fn inspect_dir(snapshot: &Snapshot, dir: &Dir) -> Option<String> {
    let stat = dir.stat().ok()?;
    seen(snapshot.policy().look_at_dir(&stat))
}

/// Looks at one file through its folder.
fn inspect_file(snapshot: &Snapshot, name: &SecretName) -> Option<String> {
    let (folder, file) = paths::split(name);
    let dir = open_below(&snapshot.dir, folder).ok()?;
    let stat = dir.stat_entry(file).ok()?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Some("it is not a regular file and will be refused".into());
    }
    seen(snapshot.policy().look_at_file(&stat, dir.has_acl(file)))
}

fn seen(judged: Result<Option<String>>) -> Option<String> {
    judged.unwrap_or_else(|error| Some(format!("it will be refused: {error}")))
}

/// Opens a folder some way below another.
fn open_below(dir: &Dir, path: &str) -> Result<Dir> {
    dir.descend(path, |above, folder| above.open_dir(folder).map_err(failed("inspecting")))
}
