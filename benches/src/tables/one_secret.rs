//! Every thread reads the same secret, as a signing service does.

use std::hint::black_box;

use crate::bar::Bar;
use crate::contest::Contestant;
use crate::contestants::{Limit, Ours, names, runtime};
use crate::pair::pairs;
use crate::report::Report;
use crate::tables::reads::{CACHED, LIMIT, LOAD};

/// What a borrowed read may take with two threads on one secret, in terms of a secret each.
const MOST: f64 = 1.1;

/// Times them.
pub(crate) fn measure() -> Report {
    let runtime = runtime(1);
    let readers = [(); 2].map(|()| (Limit::new(), runtime.block_on(Ours::open())));
    let names = names();
    let name = || black_box(names[0].as_str());
    let [set, other] = readers.each_ref().map(|(limit, ours)| {
        [
            Contestant::new(LIMIT, move |_| {
                black_box(&*limit.get(name()));
            }),
            Contestant::new(LOAD, |_| {
                black_box(&*ours.load(black_box(0)));
            }),
            Contestant::new(CACHED, move |_| {
                black_box(&*ours.cached(name()));
            }),
        ]
    });
    let pairs = pairs([&set, &other]);
    let title = "Warm read by every thread of the same secret, ns a thread";
    let columns =
        ["contestant", "1 thread", "2, a secret each", "2, one secret", "factor", "rounds"];
    let mut report = Report::new(title, columns);
    for pair in &pairs {
        let [alone, apart, together] =
            [pair.alone, pair.apart, pair.together].map(|nanos| format!("{nanos:.1}"));
        let factor = pair.factor();
        let factor = if factor.is_nan() { "-".to_owned() } else { format!("{factor:.2}") };
        let name = pair.name.to_owned();
        report.row([name, alone, apart, together, factor, pair.rounds.to_string()]);
    }
    for pair in pairs.iter().filter(|pair| pair.name != LIMIT) {
        let what = format!("{}, 2 threads on one secret, x a secret each", pair.name);
        report.bar(Bar::at_most(MOST, what, pair.factor()));
    }
    report
}
