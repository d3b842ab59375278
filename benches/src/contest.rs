//! All contestants in one process, a short batch each in turn, so that what else the machine does hits all alike.

use crate::stopwatch::{Batch, median, operations};

/// How many batches each contestant runs.
const ROUNDS: usize = 401;

/// Something that can be done many times, on any thread.
pub(crate) struct Contestant<'a> {
    name: &'static str,
    run: Box<dyn Fn(usize) + Sync + 'a>,
}

impl<'a> Contestant<'a> {
    /// An operation, which is told how often it ran before in this batch. The loop around it is compiled with it.
    pub(crate) fn new(name: &'static str, operation: impl Fn(usize) + Sync + 'a) -> Self {
        Self { name, run: Box::new(move |times| (0..times).for_each(&operation)) }
    }

    /// What it is called, in tables too.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Does it so many times.
    pub(crate) fn run(&self, times: usize) {
        (self.run)(times);
    }
}

/// How a contest ended.
pub(crate) struct Standings(Vec<(&'static str, f64)>);

impl Standings {
    /// Nanoseconds of each contestant, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.0.iter().copied()
    }

    /// Nanoseconds of a contestant.
    pub(crate) fn of(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|(other, _)| *other == name);
        found.map_or(f64::NAN, |(_, nanos)| *nanos)
    }

    /// One in terms of another.
    pub(crate) fn ratio(&self, name: &str, other: &str) -> f64 {
        self.of(name) / self.of(other)
    }
}

/// The median CPU time of an operation of each, over the batches in which the thread kept its core. The order
/// rotates, so that nobody always runs behind the same one.
pub(crate) fn contest(contestants: &[Contestant<'_>]) -> Standings {
    let sizes: Vec<usize> = contestants.iter().map(operations).collect();
    let mut samples = vec![Vec::with_capacity(ROUNDS); contestants.len()];
    for round in 0..ROUNDS {
        for place in 0..contestants.len() {
            let index = (place + round) % contestants.len();
            let batch = Batch::run(&contestants[index], sizes[index]);
            if batch.kept_its_core() {
                samples[index].push(batch.nanos());
            }
        }
    }
    let names = contestants.iter().map(Contestant::name);
    Standings(names.zip(samples.into_iter().map(median)).collect())
}
