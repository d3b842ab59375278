//! Two threads that read the same, against two that read each its own, against one.

use std::hint;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::contest::Contestant;
use crate::stopwatch::{Batch, median, operations};

/// How many batches of each kind each contestant runs at a time.
const ROUNDS: usize = 101;

/// How many rounds must count: on a busy machine few do, and more are run.
const ENOUGH: usize = 101;

/// How often at most.
const TIMES: usize = 30;

/// What of the time both threads must have been under way for a round to count.
const LEAST_OVERLAP: f64 = 0.9;

/// Median nanoseconds of an operation, a thread.
pub(crate) struct Pair {
    /// Who.
    pub(crate) name: &'static str,
    /// One thread, while the other sleeps.
    pub(crate) alone: f64,
    /// Two threads, each with something of its own.
    pub(crate) apart: f64,
    /// Two threads with the same.
    pub(crate) together: f64,
    /// How many rounds with two threads counted, of the kind that had fewer.
    pub(crate) rounds: usize,
}

impl Pair {
    /// What sharing costs: 1 if nothing. Not a number if too few rounds counted.
    ///
    /// Against two threads apart and not against one alone: two hardware threads of one core slow each other
    /// whatever they do. On cores of their own the two are the same.
    pub(crate) fn factor(&self) -> f64 {
        if self.rounds < ENOUGH { f64::NAN } else { self.together / self.apart }
    }
}

/// Measures contestants of whom each thread has its own set. All use the first set when they are together. The
/// kinds take turns, and the rounds count in which nobody lost a core and two threads really ran side by side.
pub(crate) fn pairs(sets: [&[Contestant<'_>]; 2]) -> Vec<Pair> {
    let sizes: Vec<usize> = sets[0].iter().map(operations).collect();
    let mut samples: Vec<Samples> = sets[0].iter().map(|_| Samples::default()).collect();
    for _ in 0..TIMES {
        let meeting = Meeting { barrier: Barrier::new(2), arrived: AtomicUsize::new(0) };
        let [one, other] = thread::scope(|scope| {
            let work = |role| {
                let (sizes, meeting) = (&sizes, &meeting);
                scope.spawn(move || work(role, sets, sizes, meeting))
            };
            [work(0), work(1)].map(|thread| thread.join().expect("no contestant panics"))
        });
        for (one, other) in one.iter().zip(&other) {
            samples[one.contestant].add(one, other);
        }
        if samples.iter().all(|samples| samples.rounds() >= ENOUGH) {
            break;
        }
    }
    let pair = |(contestant, samples): (&Contestant<'_>, Samples)| Pair {
        name: contestant.name(),
        rounds: samples.rounds(),
        alone: median(samples.alone),
        apart: median(samples.apart),
        together: median(samples.together),
    };
    sets[0].iter().zip(samples).map(pair).collect()
}

/// Nanoseconds of an operation in the rounds that count.
#[derive(Default)]
struct Samples {
    alone: Vec<f64>,
    apart: Vec<f64>,
    together: Vec<f64>,
}

impl Samples {
    fn add(&mut self, one: &Step, other: &Step) {
        let alone = one.alone.iter().chain(&other.alone).filter(|batch| batch.kept_its_core());
        self.alone.extend(alone.map(Batch::nanos));
        self.apart.extend(both(&one.apart, &other.apart));
        self.together.extend(both(&one.together, &other.together));
    }

    fn rounds(&self) -> usize {
        self.apart.len().min(self.together.len())
    }
}

/// The mean of two batches that ran side by side.
fn both(one: &Batch, other: &Batch) -> Option<f64> {
    let kept = one.kept_its_core() && other.kept_its_core();
    (kept && one.overlap(other) >= LEAST_OVERLAP).then(|| (one.nanos() + other.nanos()) / 2.0)
}

/// One contestant's turn on one thread.
struct Step {
    contestant: usize,
    /// The threads take turns at it.
    alone: Option<Batch>,
    apart: Batch,
    together: Batch,
}

fn work(
    role: usize,
    sets: [&[Contestant<'_>]; 2],
    sizes: &[usize],
    meeting: &Meeting,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for round in 0..ROUNDS {
        for place in 0..sizes.len() {
            let contestant = (place + round) % sizes.len();
            let batch = |set: usize| Batch::run(&sets[set][contestant], sizes[contestant]);
            meeting.wait();
            let alone = (round % 2 == role).then(|| batch(0));
            meeting.start(2 * steps.len());
            let apart = batch(role);
            meeting.start(2 * steps.len() + 1);
            let together = batch(0);
            steps.push(Step { contestant, alone, apart, together });
        }
    }
    steps
}

/// Where the two threads wait for each other.
struct Meeting {
    barrier: Barrier,
    arrived: AtomicUsize,
}

impl Meeting {
    /// Waits asleep, so that whoever runs alone next really does.
    fn wait(&self) {
        self.barrier.wait();
    }

    /// Waits asleep, then awake, so that both go on at the same instant. `before` counts the starts so far.
    fn start(&self, before: usize) {
        self.wait();
        self.arrived.fetch_add(1, Ordering::SeqCst);
        while self.arrived.load(Ordering::SeqCst) < 2 * (before + 1) {
            hint::spin_loop();
        }
    }
}
