//! What has to verify when, what was counted, and what was wrong.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use strongroom::{Clock, KeyId, SystemClock};
use tokio::time::Instant;

use crate::GRACE;

/// How far from the end of its grace a signature may still go either way. The end itself is known exactly: the
/// provider tells when a key was retired. What is left is the coarse clock, which the kernel moves each 10 ms,
/// and later on a machine that is busy with other guests.
const MARGIN: Duration = Duration::from_millis(500);

/// What is known of one system.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// When its traffic began.
    pub(crate) start: Instant,
    retired: Mutex<HashMap<KeyId, SystemTime>>,
    /// What must not be: how often, and when first and last.
    findings: Mutex<BTreeMap<String, (usize, Duration, Duration)>>,
    pub(crate) signed: AtomicUsize,
    pub(crate) verified: AtomicUsize,
    /// Refused because the grace of their key was over.
    pub(crate) retired_refused: AtomicUsize,
    pub(crate) forged_refused: AtomicUsize,
    /// Unknown key ids that were refused.
    pub(crate) unknown_refused: AtomicUsize,
    pub(crate) rotations: AtomicUsize,
    /// How long the provider was down.
    pub(crate) down: Mutex<Duration>,
    /// The slowest good verifications.
    pub(crate) slowest_sync: Slowest,
    pub(crate) slowest_async: Slowest,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            retired: Mutex::default(),
            findings: Mutex::default(),
            signed: AtomicUsize::new(0),
            verified: AtomicUsize::new(0),
            retired_refused: AtomicUsize::new(0),
            forged_refused: AtomicUsize::new(0),
            unknown_refused: AtomicUsize::new(0),
            rotations: AtomicUsize::new(0),
            down: Mutex::default(),
            slowest_sync: Slowest::default(),
            slowest_async: Slowest::default(),
        }
    }

    /// A successor took over from this key then, as the provider tells it.
    pub(crate) fn retire(&self, key: KeyId, since: SystemTime) {
        locked(&self.retired).insert(key, since);
    }

    /// Whether a signature of this key, looked at until then at the latest, has to verify.
    pub(crate) fn must_verify(&self, key: &KeyId, until: SystemTime) -> bool {
        self.end(key).is_none_or(|end| until + MARGIN < end)
    }

    /// Whether a signature of this key, looked at not before then, must be refused.
    pub(crate) fn must_refuse(&self, key: &KeyId, from: SystemTime) -> bool {
        self.end(key).is_some_and(|end| from > end + MARGIN)
    }

    fn end(&self, key: &KeyId) -> Option<SystemTime> {
        Some(*locked(&self.retired).get(key)? + GRACE)
    }

    /// Notes something that must not be.
    pub(crate) fn finding(&self, what: impl Into<String>) {
        let at = self.start.elapsed();
        let mut findings = locked(&self.findings);
        let (times, _, last) = findings.entry(what.into()).or_insert((0, at, at));
        (*times, *last) = (*times + 1, at);
    }

    /// All that must not be.
    pub(crate) fn findings(&self) -> Vec<String> {
        let text = |(what, (times, first, last)): (&String, &(usize, Duration, Duration))| {
            let [first, last] = [first, last].map(Duration::as_secs_f64);
            format!("{what}: {times} times, from {first:.2} s to {last:.2} s")
        };
        locked(&self.findings).iter().map(text).collect()
    }
}

/// The time of day.
pub(crate) fn now() -> SystemTime {
    SystemClock.now()
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The longest of many times.
#[derive(Debug, Default)]
pub(crate) struct Slowest(AtomicU64);

impl Slowest {
    pub(crate) fn note(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.fetch_max(micros, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}
