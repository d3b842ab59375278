//! Warm reads of many secrets.

use std::hint::black_box;

use crate::bar::Bar;
use crate::contest::{Contestant, contest};
use crate::contestants::{AwsCaching, Limit, Moka, Order, Ours, Swaps, names, runtime};
use crate::report::Report;

pub(crate) const LIMIT: &str = "limit: immutable map, `Arc` clone";
pub(crate) const LOAD: &str = "`live.load()`";
pub(crate) const CACHED: &str = "`secrets.cached(name)`";
pub(crate) const GET: &str = "`secrets.get(name).await`";
const HANDLE: &str = "floor of `live.load()`: a bare `ArcSwap`";
const SNAPSHOT: &str = "floor of `cached`: a bare `ArcSwap` of a map";
const MOKA: &str = "moka::sync, TTL";
const AWS: &str = "aws_secretsmanager_caching";

/// Everyone who reads, warm.
pub(crate) struct Readers {
    names: Vec<String>,
    order: Order,
    limit: Limit,
    swaps: Swaps,
    moka: Moka,
    aws: AwsCaching,
    ours: Ours,
}

impl Readers {
    /// With all secrets.
    pub(crate) async fn open() -> Self {
        Self {
            names: names(),
            order: Order::new(),
            limit: Limit::new(),
            swaps: Swaps::new(),
            moka: Moka::new(),
            aws: AwsCaching::open().await,
            ours: Ours::open().await,
        }
    }

    /// One contestant for each way to read. What is read is dereferenced, and dropped.
    pub(crate) fn contestants(&self) -> [Contestant<'_>; 8] {
        let name = |read| black_box(self.names[self.order.at(read)].as_str());
        [
            Contestant::new(LIMIT, move |read| {
                black_box(&*self.limit.get(name(read)));
            }),
            Contestant::new(HANDLE, |read| {
                black_box(&**self.swaps.load(self.order.at(read)));
            }),
            Contestant::new(LOAD, |read| {
                black_box(&*self.ours.load(self.order.at(read)));
            }),
            Contestant::new(SNAPSHOT, move |read| {
                black_box(&**self.swaps.snapshot().get(name(read)).expect("all are there"));
            }),
            Contestant::new(CACHED, move |read| {
                black_box(&*self.ours.cached(name(read)));
            }),
            Contestant::new(GET, move |read| {
                black_box(&self.ours.get(name(read)));
            }),
            Contestant::new(MOKA, move |read| {
                black_box(&*self.moka.get(name(read)));
            }),
            Contestant::new(AWS, move |read| {
                black_box(&self.aws.get(name(read)));
            }),
        ]
    }
}

/// Times them.
pub(crate) fn measure() -> Report {
    let runtime = runtime(1);
    let readers = runtime.block_on(Readers::open());
    let _entered = runtime.enter();
    let standings = contest(&readers.contestants());
    let title = "Warm read of one of 64 secrets, names of 40 bytes, pseudo-random order, 1 thread";
    let mut report = Report::new(title, ["contestant", "ns", "x limit"]);
    for (name, nanos) in standings.iter() {
        let ratio = standings.ratio(name, LIMIT);
        report.row([name.to_owned(), format!("{nanos:.1}"), format!("{ratio:.2}")]);
    }
    for (most, name) in [(0.8, LOAD), (1.1, CACHED)] {
        let what = format!("{name}, x limit");
        report.bar(Bar::at_most(most, what, standings.ratio(name, LIMIT)));
    }
    let what = format!("{AWS}, x {GET}");
    report.bar(Bar::at_least(3.0, what, standings.ratio(AWS, GET)));
    report
}
