//! What a person should know of the folder, for `doctor`.

use async_trait::async_trait;
use rustix::fs::StatVfsMountFlags;
use strongroom_core::{Check, Examine, Outcome, Result};

use super::dir::Dir;
use super::disk_error::failed;
use super::files::Files;
use super::layout::{Layout, look};
use super::snapshot::identity;
use super::{CURRENT, FileStore, inspect};
use crate::blocking::blocking;

/// How many findings are told one by one.
const TOLD: usize = 5;

/// Looks at the folder that is in force.
#[async_trait]
impl Examine for FileStore {
    async fn examine(&self) -> Vec<Check> {
        let files = self.files.clone();
        let checked = blocking(move || examine(&files)).await;
        let files = checked.unwrap_or_else(|error| {
            Check::new("files", Outcome::Fail, error.to_string()).critical()
        });
        vec![Check::new("network", Outcome::Skip, "files are on this machine"), files]
    }
}

fn examine(files: &Files) -> Result<Check> {
    let (dir, policy) = files.root.open()?;
    let snapshot = files.root.snapshot()?;
    let layout = match (look(&dir, &policy)?, snapshot.stamp()) {
        (Layout::Releases, Some(stamp)) => format!("releases behind `current`, now `{stamp}`"),
        (Layout::Platform, _) => "a folder that a platform has mounted".to_owned(),
        (Layout::Empty, _) => "an empty folder; the first `put` makes a release".to_owned(),
        _ => "a flat folder, without versions".to_owned(),
    };
    let mut check = Check::new("files", Outcome::Pass, layout).critical();
    check.add(
        Outcome::Pass,
        match files.exact {
            true => "a value is the whole file (SECRETS_FILE_EXACT)",
            false => "one trailing newline (LF or CRLF) of a file is not part of its value",
        },
    );
    let flags = dir.mount_flags().map_err(failed("looking at the file system"))?;
    if flags.contains(StatVfsMountFlags::RDONLY) {
        check.add(Outcome::Pass, "mounted read-only: nothing can be put or rotated here");
    }
    if flags.contains(StatVfsMountFlags::NOEXEC) {
        check.add(Outcome::Pass, "mounted noexec, which is as it should be");
    }
    if dir.read_link(CURRENT).is_ok_and(|target| target.starts_with('/')) {
        check.add(
            Outcome::Warn,
            "`current` is an absolute link, which breaks when the folder is moved or mounted elsewhere; make it `releases/<stamp>`",
        );
    }
    if is_case_insensitive(&dir)? {
        check.add(
            Outcome::Warn,
            "the file system takes `a` and `A` for one name, so two secrets may be one file",
        );
    }
    let findings = inspect::inspect(&files.root)?;
    for finding in findings.iter().take(TOLD) {
        check.add(Outcome::Warn, finding);
    }
    if let Some(more @ 1..) = findings.len().checked_sub(TOLD) {
        check.add(Outcome::Warn, &format!("and {more} more such findings, in the log"));
    }
    Ok(check)
}

/// Whether an entry is found under its name in the other case too.
fn is_case_insensitive(dir: &Dir) -> Result<bool> {
    let entries = dir.entries()?;
    let other_case = |name: &str| {
        let other: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
            })
            .collect();
        (other != name).then_some(other)
    };
    let found = entries.iter().find_map(|(name, _)| Some((name, other_case(name)?)));
    let Some((name, other)) = found else { return Ok(false) };
    let same = |name: &str| dir.stat_entry(name).ok().map(|stat| identity(&stat));
    Ok(same(&other).is_some_and(|other| Some(other) == same(name)))
}
