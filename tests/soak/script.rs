//! What happens to the provider of a system, and when.

use std::sync::Arc;
use std::time::Duration;

use strongroom::KeyId;
use tokio::time::{Instant, sleep, sleep_until};

use crate::ledger::{count, locked, now};
use crate::system::System;
use crate::{DEADLINE, MAX_STALE, RUN, TTL};

/// When keys are published, in seconds from the start.
const PUBLISHED: [u64; 5] = [2, 11, 20, 40, 49];

/// A published key signs after so long: by then every process has read it, if its provider answered (S47).
const WAIT: Duration = TTL.saturating_add(DEADLINE);

/// When the provider goes down: a second after the third rotation, which some processes have not seen then.
const DOWN_AT: Duration = Duration::from_secs(24);

/// For how long.
const DOWN: Duration = Duration::from_secs(10);

/// How much longer than [`WAIT`] a process may need to read a key, on a machine on which its reads run into
/// their deadline.
const PATIENCE: Duration = Duration::from_secs(10);

// Rotations go on once every process has read again, which is at the latest when what it held would end.
const _: () = assert!(DOWN_AT.as_secs() + TTL.as_secs() + MAX_STALE.as_secs() <= PUBLISHED[3]);
// No rotation is under way when the provider goes down.
const _: () = assert!(PUBLISHED[2] + WAIT.as_secs() < DOWN_AT.as_secs());
// The provider is back before what is held ends.
const _: () = assert!(DOWN.as_secs() + TTL.as_secs() <= MAX_STALE.as_secs());

/// A rotation that is done.
struct Rotated {
    key: KeyId,
    at: Instant,
}

/// Rotates, goes down, comes back, rotates.
pub(crate) async fn play(system: Arc<System>) {
    let start = system.ledger.start;
    let mut down_at = Some(start + DOWN_AT);
    let mut last = None;
    for at in PUBLISHED {
        let at = start + Duration::from_secs(at);
        if let Some(down_at) = down_at.take_if(|down_at| *down_at < at) {
            sleep_until(down_at).await;
            go_down(&system).await;
        }
        sleep_until(at).await;
        check_followed(&system, last);
        last = Some(rotate(&system).await);
    }
    sleep_until(start + RUN).await;
    check_followed(&system, last);
}

async fn rotate(system: &System) -> Rotated {
    let published = system.operator.publish().await;
    let key = published.key;
    if !everyone_has_read(system).await {
        system.ledger.finding("a published key is not read within TTL and deadline");
    }
    let before = now();
    let retired = system.operator.activate(published).await;
    let (at, after) = (Instant::now(), now());
    // Providers tell it in whole seconds.
    if retired.since + Duration::from_secs(1) <= before || retired.since > after {
        system.ledger.finding("a key was not retired when its successor was activated");
    }
    system.ledger.retire(retired.key, retired.since);
    count(&system.ledger.rotations);
    Rotated { key, at }
}

/// Each process signs, or would sign, with the new key.
fn check_followed(system: &System, last: Option<Rotated>) {
    let Some(Rotated { key, at }) = last else { return };
    for process in system.processes() {
        if !process.loads.has_read_since(at) || process.ring.current().ok() != Some(key) {
            system.ledger.finding(format!("{} does not follow a rotation", process.name));
        }
    }
}

/// Waits until a key that was published now is read by all, as far as they can read; `false` if one of them
/// could have, and did not.
async fn everyone_has_read(system: &System) -> bool {
    let published = Instant::now();
    let failed: Vec<_> = system.processes().map(|process| process.loads.failed()).collect();
    sleep(WAIT).await;
    loop {
        let late: Vec<_> = system
            .processes()
            .zip(&failed)
            .filter(|(process, _)| !process.loads.has_read_since(published))
            .map(|(process, failed)| process.loads.failed() > *failed)
            .collect();
        if late.is_empty() {
            return true;
        }
        if late.contains(&false) || published.elapsed() > WAIT + PATIENCE {
            return false;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn go_down(system: &System) {
    let since = Instant::now();
    system.place.go_down(true).await;
    sleep_until(since + DOWN).await;
    system.place.go_down(false).await;
    while !system.operator.is_answered().await {
        sleep(Duration::from_millis(50)).await;
    }
    *locked(&system.ledger.down) = since.elapsed();
}
