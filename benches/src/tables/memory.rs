//! Secrets that are loaded and expire, over and over.

use std::time::Duration;

use strongroom::{Secrets, Settings};
use strongroom_testkit::ManualClock;
use tokio::runtime::Builder;
use tokio::task::yield_now;

use crate::bar::Bar;
use crate::report::Report;
use crate::upstream::Upstream;

const CYCLES: u64 = 10_000;
const WARM_UP: u64 = 2_000;
const NAMES: u64 = 10;

/// Large enough that a value which is kept shows: 10,000 of them are 39 MiB.
const BYTES: usize = 4_096;

/// Past TTL and stale window of the settings below.
const EXPIRED: Duration = Duration::from_secs(5);

/// Growth of the resident set, in MiB.
const MOST_MIB: f64 = 1.0;

/// Measures it.
pub(crate) fn measure() -> Report {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let Growth { loads, before, after } = runtime.block_on(cycles());
    let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
    let grown = mib(after) - mib(before);
    let title =
        format!("{CYCLES} times loaded and expired, values of {BYTES} bytes, {NAMES} names");
    let mut report = Report::new(title, ["upstream calls", "MiB before", "MiB after", "growth"]);
    let [before, after, growth] =
        [mib(before), mib(after), grown].map(|figure| format!("{figure:.2}"));
    report.row([loads.to_string(), before, after, growth]);
    // At least: what is not loaded does not grow.
    report.bar(Bar::at_least(1.0, "loads a cycle", loads as f64 / CYCLES as f64));
    let what = format!("growth over {CYCLES} cycles, MiB");
    report.bar(Bar::at_most(MOST_MIB, what, grown));
    report
}

struct Growth {
    loads: u64,
    before: u64,
    after: u64,
}

async fn cycles() -> Growth {
    let (upstream, clock) = (Upstream::new(Duration::ZERO, BYTES), ManualClock::at(1_800_000_000));
    let settings = Settings::from_pairs([
        ("SECRETS_CACHE_TTL_SECONDS", "1"),
        ("SECRETS_MAX_STALE_SECONDS", "0"),
    ]);
    let builder = Secrets::builder().store(upstream.clone()).settings(settings);
    let secrets = builder.clock(clock.clone()).build().await.expect("good settings");
    cycle(&secrets, &clock, WARM_UP).await;
    let (calls, before) = (upstream.calls(), resident());
    cycle(&secrets, &clock, CYCLES).await;
    Growth { loads: upstream.calls() - calls, before, after: resident() }
}

async fn cycle(secrets: &Secrets, clock: &ManualClock, times: u64) {
    for _ in 0..times / NAMES {
        for name in 0..NAMES {
            secrets.get(&format!("cycled/{name}")).await.expect("upstream answers");
        }
        clock.advance(EXPIRED);
        // Whoever waits for that instant has its turn.
        for _ in 0..8 {
            yield_now().await;
        }
    }
}

/// Bytes of this process in memory: `proc_pid_statm(5)`.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("a number of pages") * rustix::param::page_size() as u64
}
