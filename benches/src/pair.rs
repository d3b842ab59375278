//! Two threads that do the same at the same time, against one that does it alone.

use std::hint;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::contest::Contestant;
use crate::stopwatch::{Batch, median, operations};

/// How many batches each contestant runs alone, and how many beside itself, at a time.
const ROUNDS: usize = 101;

/// How many rounds must count: on a busy machine few do, and more are run.
const ENOUGH: usize = 101;

/// How often at most.
const TIMES: usize = 30;

/// What of the time both threads must have been under way for a round to count.
const LEAST_OVERLAP: f64 = 0.9;

/// Nanoseconds of an operation, a thread.
pub(crate) struct Pair {
    /// Who.
    pub(crate) name: &'static str,
    /// With one thread.
    pub(crate) alone: f64,
    /// With two.
    pub(crate) beside: f64,
    /// How many rounds with two counted.
    pub(crate) rounds: usize,
}

impl Pair {
    /// What sharing costs: 1 if nothing. Not a number if too few rounds counted.
    pub(crate) fn factor(&self) -> f64 {
        if self.rounds < ENOUGH { f64::NAN } else { self.beside / self.alone }
    }
}

/// The medians over the rounds in which nobody lost a core and, with two, both really ran side by side. The two
/// kinds take turns, so that the factor is of one and the same time.
pub(crate) fn pairs(contestants: &[Contestant<'_>]) -> Vec<Pair> {
    let sizes: Vec<usize> = contestants.iter().map(operations).collect();
    let mut samples: Vec<Samples> = contestants.iter().map(|_| Samples::default()).collect();
    for _ in 0..TIMES {
        let meeting = Meeting { barrier: Barrier::new(2), arrived: AtomicUsize::new(0) };
        let [one, other] = thread::scope(|scope| {
            let work = |role| {
                let (sizes, meeting) = (&sizes, &meeting);
                scope.spawn(move || work(role, contestants, sizes, meeting))
            };
            [work(0), work(1)].map(|thread| thread.join().expect("no contestant panics"))
        });
        for (index, batch) in one.alone.iter().chain(&other.alone) {
            samples[*index].add_alone(batch);
        }
        for ((index, one), (_, other)) in one.beside.iter().zip(&other.beside) {
            samples[*index].add_beside(one, other);
        }
        if samples.iter().all(|samples| samples.beside.len() >= ENOUGH) {
            break;
        }
    }
    let pair = |(contestant, samples): (&Contestant<'_>, Samples)| Pair {
        name: contestant.name(),
        rounds: samples.beside.len(),
        alone: median(samples.alone),
        beside: median(samples.beside),
    };
    contestants.iter().zip(samples).map(pair).collect()
}

/// Nanoseconds of an operation in the rounds that count.
#[derive(Default)]
struct Samples {
    alone: Vec<f64>,
    beside: Vec<f64>,
}

impl Samples {
    fn add_alone(&mut self, batch: &Batch) {
        if batch.kept_its_core() {
            self.alone.push(batch.nanos());
        }
    }

    fn add_beside(&mut self, one: &Batch, other: &Batch) {
        let kept = one.kept_its_core() && other.kept_its_core();
        if kept && one.overlap(other) >= LEAST_OVERLAP {
            self.beside.push((one.nanos() + other.nanos()) / 2.0);
        }
    }
}

/// The batches of one thread, each with the index of its contestant.
#[derive(Default)]
struct Batches {
    alone: Vec<(usize, Batch)>,
    beside: Vec<(usize, Batch)>,
}

fn work(
    role: usize,
    contestants: &[Contestant<'_>],
    sizes: &[usize],
    meeting: &Meeting,
) -> Batches {
    let mut batches = Batches::default();
    for round in 0..ROUNDS {
        for place in 0..contestants.len() {
            let index = (place + round) % contestants.len();
            let batch = || (index, Batch::run(&contestants[index], sizes[index]));
            meeting.wait();
            if round % 2 == role {
                batches.alone.push(batch());
            }
            meeting.wait();
            meeting.start(batches.beside.len());
            batches.beside.push(batch());
        }
    }
    batches
}

/// Where the two threads wait for each other.
struct Meeting {
    barrier: Barrier,
    arrived: AtomicUsize,
}

impl Meeting {
    /// Waits asleep, so that whoever runs alone really does.
    fn wait(&self) {
        self.barrier.wait();
    }

    /// Waits awake, so that both go on at the same instant.
    fn start(&self, so_far: usize) {
        self.arrived.fetch_add(1, Ordering::SeqCst);
        while self.arrived.load(Ordering::SeqCst) < 2 * (so_far + 1) {
            hint::spin_loop();
        }
    }
}
