//! What an operation allocates.

use std::hint::black_box;

use crate::bar::Bar;
use crate::contest::Contestant;
use crate::contestants::{Keys, runtime};
use crate::report::Report;
use crate::tables::reads::{CACHED, GET, LOAD, Readers};

const TAG: &str = "`raw.sign(message)` of 256 B";
const OPERATIONS: usize = 1_000;
const TIMES: usize = 5;

/// What was allocated.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Allocated {
    /// How often, reallocations included.
    pub times: usize,
    /// How many bytes.
    pub bytes: usize,
}

/// Counts them.
pub(crate) fn measure(count: &dyn Fn(&dyn Fn()) -> Allocated) -> Report {
    let runtime = runtime(1);
    let readers = runtime.block_on(Readers::open());
    let keys = runtime.block_on(Keys::open(1));
    let _entered = runtime.enter();
    let message = vec![b'm'; 256];
    let tag = Contestant::new(TAG, |_| {
        black_box(keys.raw.sign(black_box(&message)).expect("a fresh key"));
    });
    let title = "Allocations of a warm operation";
    let mut report = Report::new(title, ["contestant", "allocations", "bytes"]);
    for contestant in readers.contestants().iter().chain([&tag]) {
        contestant.run(OPERATIONS);
        let run = || contestant.run(OPERATIONS);
        // The whole process is counted: the least is what the operation itself does.
        let least = (0..TIMES).map(|_| count(&run)).min().expect("more than none");
        let each = |total: usize| total as f64 / OPERATIONS as f64;
        let name = contestant.name();
        let (times, bytes) = (each(least.times), each(least.bytes));
        report.row([name.to_owned(), format!("{times:.2}"), format!("{bytes:.0}")]);
        if [LOAD, CACHED, GET, TAG].contains(&name) {
            report.bar(Bar::at_most(0.0, format!("allocations of {name}"), times));
        }
    }
    report
}
