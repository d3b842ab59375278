//! Every thread reads the same secret, as a signing service does.

use std::hint::black_box;

use crate::bar::Bar;
use crate::contest::Contestant;
use crate::contestants::{Limit, Ours, names, runtime};
use crate::pair::pairs;
use crate::report::Report;
use crate::tables::reads::{CACHED, LIMIT, LOAD};

/// What of its time with one thread a borrowed read may take with two.
const MOST: f64 = 1.1;

/// Times them.
pub(crate) fn measure() -> Report {
    let runtime = runtime(1);
    let (limit, ours) = (Limit::new(), runtime.block_on(Ours::open()));
    let names = names();
    let name = || black_box(names[0].as_str());
    let pairs = pairs(&[
        Contestant::new(LIMIT, |_| {
            black_box(&*limit.get(name()));
        }),
        Contestant::new(LOAD, |_| {
            black_box(&*ours.load(black_box(0)));
        }),
        Contestant::new(CACHED, |_| {
            black_box(&*ours.cached(name()));
        }),
    ]);
    let title = "Warm read, every thread the same secret";
    let columns = ["contestant", "1 thread, ns", "2 threads, ns a thread", "factor", "rounds"];
    let mut report = Report::new(title, columns);
    for pair in &pairs {
        let figures = [pair.alone, pair.beside].map(|nanos| format!("{nanos:.1}"));
        let [alone, beside] = figures;
        let factor = format!("{:.2}", pair.factor());
        report.row([pair.name.to_owned(), alone, beside, factor, pair.rounds.to_string()]);
    }
    for pair in pairs.iter().filter(|pair| pair.name != LIMIT) {
        let what = format!("{}, 2 threads on one secret, x 1 thread", pair.name);
        report.bar(Bar::at_most(MOST, what, pair.factor()));
    }
    report
}
