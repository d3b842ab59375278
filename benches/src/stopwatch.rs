//! One timed batch of operations, in CPU time of its thread.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use strongroom::{Clock, SystemClock};

use crate::contest::Contestant;

/// How long a batch takes.
const BATCH: Duration = Duration::from_millis(1);

/// What of a batch's time the thread may have been without its core.
const MOST_AWAY: f64 = 0.1;

/// A batch that was run.
pub(crate) struct Batch {
    start: Instant,
    end: Instant,
    cpu: Duration,
    nanos: f64,
}

impl Batch {
    /// Runs so many operations on this thread.
    pub(crate) fn run(contestant: &Contestant<'_>, operations: usize) -> Self {
        let (start, cpu) = (SystemClock.monotonic(), cpu_time());
        contestant.run(operations);
        let (cpu, end) = (cpu_time().saturating_sub(cpu), SystemClock.monotonic());
        let nanos = cpu.as_secs_f64() * 1e9 / operations as f64;
        Self { start, end, cpu, nanos }
    }

    /// CPU time of an operation, in nanoseconds.
    pub(crate) fn nanos(&self) -> f64 {
        self.nanos
    }

    /// Whether the thread had its core all along. If not, its caches were another's meanwhile.
    pub(crate) fn kept_its_core(&self) -> bool {
        let wall = self.end.saturating_duration_since(self.start).as_secs_f64();
        wall - self.cpu.as_secs_f64() <= wall * MOST_AWAY
    }

    /// Which part of the time from the first start to the last end both were under way.
    pub(crate) fn overlap(&self, other: &Self) -> f64 {
        let both = self.end.min(other.end).saturating_duration_since(self.start.max(other.start));
        let either = self.end.max(other.end).saturating_duration_since(self.start.min(other.start));
        both.as_secs_f64() / either.as_secs_f64()
    }
}

/// How many operations make a batch. Warms up on the way.
pub(crate) fn operations(contestant: &Contestant<'_>) -> usize {
    let mut operations = 1;
    loop {
        let took = Batch::run(contestant, operations).cpu;
        if took >= BATCH / 2 {
            let scale = BATCH.as_secs_f64() / took.as_secs_f64();
            return ((operations as f64 * scale) as usize).max(1);
        }
        operations *= 2;
    }
}

/// The middle one; not a number if there is none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What this thread has used of its core. Unlike a clock it stands still while another thread has the core.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("CPU time is not negative")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(origin: Instant, start: u64, end: u64, cpu: u64) -> Batch {
        let at = |millis| origin + Duration::from_millis(millis);
        Batch { start: at(start), end: at(end), cpu: Duration::from_millis(cpu), nanos: 1.0 }
    }

    #[test]
    fn a_batch_knows_whether_it_was_disturbed_and_how_much_it_shares() {
        let origin = SystemClock.monotonic();
        assert!(batch(origin, 0, 100, 95).kept_its_core());
        assert!(!batch(origin, 0, 100, 80).kept_its_core());
        let overlap = batch(origin, 0, 10, 10).overlap(&batch(origin, 5, 15, 10));
        assert!((overlap - 5.0 / 15.0).abs() < 1e-9, "{overlap}");
        assert_eq!(batch(origin, 0, 10, 10).overlap(&batch(origin, 20, 30, 10)), 0.0);
    }

    #[test]
    fn the_median_of_nothing_is_no_number() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert!(median(Vec::new()).is_nan());
    }
}
