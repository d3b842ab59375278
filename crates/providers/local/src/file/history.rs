//! Which release was in force when: what decides how long a retired key still verifies.
//!
//! Activating a release writes a line into `.activations`. Links that were moved by hand leave none, so
//! the link's own time fills in; what neither tells is taken to have happened as early as it can have, so
//! that nothing is accepted for longer than the grace.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::Mode;
use strongroom_core::{ErrorKind, Result, VersionInfo, VersionState};

use super::dir::Dir;
use super::disk_error::failed;
use super::layout::{is_unfinished, stamps};
use super::policy::Policy;
use super::root::{Root, dangling, no_link};
use super::snapshot::{Snapshot, modified_at};
use super::stamp::Stamp;
use super::{CURRENT, RELEASES};

/// The file that remembers them.
pub(super) const FILE: &str = ".activations";
/// How many activations are kept. Each `put` is one; of older ones the stamps tell the time.
const KEPT: usize = 200;
/// Largest file that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The releases and their activations.
#[derive(Debug)]
pub(super) struct History {
    /// Oldest first.
    pub(super) stamps: Vec<Stamp>,
    pub(super) current: Option<Stamp>,
    activations: Vec<(Stamp, SystemTime)>,
    /// Whether the last activation was done by hand: its time is that of the link.
    by_hand: bool,
}

impl History {
    pub(super) fn read(root: &Root, dir: &Dir, policy: &Policy) -> Result<Self> {
        let (current, stamps) = settled(root, dir)?;
        // Releases of which none is in force: nothing can be said of any of them.
        if current.is_none() && !stamps.is_empty() && !is_unfinished(dir, policy)? {
            return Err(no_link(CURRENT));
        }
        let mut activations = read_lines(dir, policy)?;
        let by_hand = current
            .filter(|stamp| activations.last().is_none_or(|(last, _)| last != stamp))
            .is_some();
        if let (Some(stamp), true) = (current, by_hand) {
            let moved = dir.stat_entry(CURRENT).map_err(failed("reading `current`"))?;
            activations.push((stamp, modified_at(&moved)));
        }
        Ok(Self { stamps, current, activations, by_hand })
    }

    /// Notes that a release is in force from now on.
    pub(super) fn record(
        &self,
        dir: &Dir,
        stamp: Stamp,
        now: SystemTime,
        mode: Mode,
    ) -> Result<()> {
        let all: Vec<_> = self.activations.iter().copied().chain([(stamp, now)]).collect();
        let kept = all.get(all.len().saturating_sub(KEPT)..).unwrap_or_default();
        let seconds =
            |time: &SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let lines: String =
            kept.iter().map(|(stamp, time)| format!("{stamp} {}\n", seconds(time))).collect();
        let temporary = format!("{FILE}.new");
        let step = failed("writing .activations");
        // Left behind by a crash; the lock is ours.
        let _ = dir.remove_file(&temporary);
        dir.create(&temporary, lines.as_bytes(), mode).map_err(&step)?;
        dir.rename(&temporary, FILE).and_then(|()| dir.sync()).map_err(&step)
    }

    /// What is known of one release.
    pub(super) fn info(&self, stamp: Stamp) -> VersionInfo {
        let state = if self.current == Some(stamp) {
            VersionState::Current
        } else if self.was_active(stamp) || self.current.is_some_and(|current| stamp < current) {
            VersionState::Previous
        } else {
            VersionState::Pending
        };
        let mut info = VersionInfo::new(stamp.version(), state);
        info.created_at = Some(stamp.time());
        info.retired_at =
            (state == VersionState::Previous).then(|| self.retired_at(stamp)).flatten();
        info
    }

    /// The releases that were in force before, latest first.
    pub(super) fn previous(&self) -> Vec<Stamp> {
        let mut previous: Vec<_> = self
            .stamps
            .iter()
            .copied()
            .filter(|stamp| self.info(*stamp).state == VersionState::Previous)
            .map(|stamp| (self.retired_at(stamp), stamp))
            .collect();
        previous.sort_by(|one, other| other.cmp(one));
        previous.into_iter().map(|(_, stamp)| stamp).collect()
    }

    /// The releases that no one has activated, newest first.
    pub(super) fn pending(&self) -> impl Iterator<Item = Stamp> {
        let pending = |stamp: &&Stamp| self.info(**stamp).state == VersionState::Pending;
        self.stamps.iter().rev().filter(pending).copied()
    }

    /// Whether a release can still be put into force: one of ours was made from the one that is.
    pub(super) fn may_promote(&self, release: &Snapshot) -> bool {
        let current = self.current.map(|stamp| stamp.to_string());
        release.manifest().is_none_or(|manifest| manifest.base == current)
    }

    fn was_active(&self, stamp: Stamp) -> bool {
        self.activations.iter().any(|(active, _)| *active == stamp)
    }

    /// When another release took over from this one.
    fn retired_at(&self, stamp: Stamp) -> Option<SystemTime> {
        let next = self.stamps.iter().copied().find(|other| *other > stamp);
        if let Some(last) = self.activations.iter().rposition(|(active, _)| *active == stamp) {
            let (_, time) = self.activations.get(last + 1)?;
            // The link tells its last move only; there may have been one before.
            let by_hand = self.by_hand && last + 2 == self.activations.len();
            let earliest = next.filter(|_| by_hand).map_or(*time, Stamp::time);
            return Some(earliest.min(*time));
        }
        let next = next?;
        let activated = self.activations.iter().find(|(active, _)| *active == next);
        Some(activated.map_or(next.time(), |(_, time)| *time))
    }
}

/// The current release and all there are, among them that one.
fn settled(root: &Root, dir: &Dir) -> Result<(Option<Stamp>, Vec<Stamp>)> {
    let mut current = root.current_stamp(dir)?;
    loop {
        let stamps = stamps(dir)?;
        match current {
            Some(stamp) if !stamps.contains(&stamp) => {
                // Removed, and before that replaced? Then the link says so.
                let now = root.current_stamp(dir)?;
                if now == current {
                    return Err(dangling(CURRENT, &format!("{RELEASES}/{stamp}")));
                }
                current = now;
            }
            _ => return Ok((current, stamps)),
        }
    }
}

fn read_lines(dir: &Dir, policy: &Policy) -> Result<Vec<(Stamp, SystemTime)>> {
    let bytes = match dir.read(FILE, policy, MAX_BYTES) {
        Ok((bytes, _)) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let text = String::from_utf8_lossy(&bytes);
    // A line that cannot be read is one activation less, which only shortens a grace.
    let parse = |line: &str| {
        let (stamp, seconds) = line.split_once(' ')?;
        let since = Duration::from_secs(seconds.parse().ok()?);
        Some((Stamp::parse(stamp)?, UNIX_EPOCH.checked_add(since)?))
    };
    Ok(text.lines().filter_map(parse).collect())
}
