//! Many readers of a secret that is renewed meanwhile.

use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};

use strongroom::{Clock, Secrets, Settings, SystemClock};

use crate::bar::Bar;
use crate::contestants::runtime;
use crate::report::Report;
use crate::upstream::Upstream;

const READERS: usize = 50;
const TTL: Duration = Duration::from_secs(1);
const TTLS: u32 = 6;
const UPSTREAM: Duration = Duration::from_millis(20);
const NAME: &str = "renewed/secret";

/// How often each reads.
const PAUSE: Duration = Duration::from_millis(2);

/// A read that is not ready at once and takes longer than this waits for upstream.
const WAITS: Duration = Duration::from_millis(5);

/// Times them.
pub(crate) fn measure() -> Report {
    let (calls, reads) = runtime(2).block_on(all());
    let title = format!("{READERS} readers of one secret for {TTLS} TTLs of 1 s, 2 threads");
    let columns = ["", "reads", "upstream calls", "not ready at once", "waited", "slowest, ms"];
    let mut report = Report::new(title, columns);
    report.row([
        "`secrets.get(name).await`".to_owned(),
        reads.count.to_string(),
        calls.to_string(),
        reads.pending.to_string(),
        reads.waited.to_string(),
        format!("{:.2}", reads.slowest.as_secs_f64() * 1e3),
    ]);
    let calls = calls as f64 / f64::from(TTLS);
    report.bar(Bar::at_most(1.0, "upstream calls a TTL under load", calls));
    // At least: a secret that is not renewed costs nobody anything.
    report.bar(Bar::at_least(0.8, "upstream calls a TTL under load, at least", calls));
    report.bar(Bar::at_most(0.0, "readers that waited for a renewal", reads.waited as f64));
    report
}

/// What readers saw.
#[derive(Default)]
struct Reads {
    count: u64,
    pending: u64,
    waited: u64,
    slowest: Duration,
}

async fn all() -> (u64, Reads) {
    let upstream = Upstream::new(UPSTREAM, 32);
    let settings = Settings::from_pairs([("SECRETS_CACHE_TTL_SECONDS", "1")]);
    let secrets = Secrets::builder().store(upstream.clone()).settings(settings).build().await;
    let secrets = secrets.expect("good settings");
    for _ in 0..2 {
        secrets.get(NAME).await.expect("upstream answers");
    }
    let (before, end) = (upstream.calls(), SystemClock.monotonic() + TTL * TTLS);
    let readers: Vec<_> =
        (0..READERS).map(|_| tokio::spawn(read_until(end, secrets.clone()))).collect();
    let mut all = Reads::default();
    for reader in readers {
        all.add(&reader.await.expect("no reader panics"));
    }
    (upstream.calls() - before, all)
}

async fn read_until(end: Instant, secrets: Secrets) -> Reads {
    let mut reads = Reads::default();
    loop {
        let start = SystemClock.monotonic();
        if start >= end {
            return reads;
        }
        let mut read = pin!(secrets.get(NAME));
        let mut polls = 0;
        let read = poll_fn(|context| {
            polls += 1;
            read.as_mut().poll(context)
        });
        read.await.expect("it is there");
        let took = SystemClock.monotonic().saturating_duration_since(start);
        let pending = polls > 1;
        reads.add(&Reads {
            count: 1,
            pending: u64::from(pending),
            // One that was ready at once and took long had lost its core.
            waited: u64::from(pending && took > WAITS),
            slowest: took,
        });
        tokio::time::sleep(PAUSE).await;
    }
}

impl Reads {
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.pending += other.pending;
        self.waited += other.waited;
        self.slowest = self.slowest.max(other.slowest);
    }
}
