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
pub(crate) struct Standings(Vec<Standing>);

struct Standing {
    name: &'static str,
    /// Nanoseconds of an operation in each round; none where the thread lost its core.
    rounds: Vec<Option<f64>>,
}

impl Standings {
    /// The median nanoseconds of an operation of each, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.0.iter().map(|one| (one.name, median(one.rounds.iter().copied().flatten().collect())))
    }

    /// One in terms of another: the median over the rounds, in each of which both ran at almost the same time. A
    /// core that is fast for a while and then slow would spoil a ratio of medians.
    pub(crate) fn ratio(&self, name: &str, other: &str) -> f64 {
        let ratios = self.rounds(name).iter().zip(self.rounds(other));
        median(ratios.filter_map(|(one, other)| Some((*one)? / (*other)?)).collect())
    }

    fn rounds(&self, name: &str) -> &[Option<f64>] {
        let found = self.0.iter().find(|one| one.name == name);
        found.map_or(&[], |one| &one.rounds)
    }
}

/// The CPU time of an operation of each. The order rotates, so that nobody always runs behind the same one.
pub(crate) fn contest(contestants: &[Contestant<'_>]) -> Standings {
    let sizes: Vec<usize> = contestants.iter().map(operations).collect();
    let mut standings: Vec<Standing> = contestants
        .iter()
        .map(|contestant| Standing { name: contestant.name(), rounds: vec![None; ROUNDS] })
        .collect();
    for round in 0..ROUNDS {
        for place in 0..contestants.len() {
            let index = (place + round) % contestants.len();
            let batch = Batch::run(&contestants[index], sizes[index]);
            standings[index].rounds[round] = batch.kept_its_core().then_some(batch.nanos());
        }
    }
    Standings(standings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_of_the_rounds_that_both_ran() {
        let rounds = |rounds: [Option<f64>; 3]| rounds.to_vec();
        let standings = Standings(vec![
            Standing { name: "one", rounds: rounds([Some(10.0), Some(20.0), None]) },
            Standing { name: "two", rounds: rounds([Some(5.0), Some(10.0), Some(1.0)]) },
        ]);
        assert_eq!(standings.ratio("one", "two"), 2.0);
        assert!(standings.ratio("one", "nobody").is_nan());
    }
}
