//! Everyone asks for the same cold secret at once.

use std::sync::Arc;
use std::time::Duration;

use strongroom::{Clock, Secrets, SystemClock};
use tokio::sync::Barrier;

use crate::bar::Bar;
use crate::contestants::runtime;
use crate::report::Report;
use crate::upstream::Upstream;

const CALLERS: usize = 10_000;
const TIMES: usize = 5;
const UPSTREAM: Duration = Duration::from_millis(20);

/// How much longer than the provider the slowest caller may wait, in milliseconds.
const MOST_MILLIS: f64 = 30.0;

/// Times them.
pub(crate) fn measure() -> Report {
    let columns = ["secret", "upstream calls", "upstream, ms", "slowest caller, ms", "over, ms"];
    let title = format!("{CALLERS} concurrent readers of a cold secret, 2 threads");
    let mut report = Report::new(title, columns);
    let stampedes = runtime(2).block_on(all());
    for (index, stampede) in stampedes.iter().enumerate() {
        let upstream = format!("{:.1}", millis(stampede.upstream));
        let slowest = format!("{:.1}", millis(stampede.slowest));
        let over = format!("{:.1}", stampede.over());
        report.row([index.to_string(), stampede.calls.to_string(), upstream, slowest, over]);
    }
    let most = |figure: fn(&Stampede) -> f64| stampedes.iter().map(figure).fold(0.0, f64::max);
    let what = format!("upstream calls for {CALLERS} cold readers");
    report.bar(Bar::at_most(1.0, what, most(|stampede| stampede.calls as f64)));
    let what = "slowest of them over the upstream time, ms";
    report.bar(Bar::at_most(MOST_MILLIS, what, most(Stampede::over)));
    report
}

struct Stampede {
    calls: u64,
    upstream: Duration,
    slowest: Duration,
}

impl Stampede {
    fn over(&self) -> f64 {
        millis(self.slowest) - millis(self.upstream)
    }
}

async fn all() -> Vec<Stampede> {
    let upstream = Upstream::new(UPSTREAM, 32);
    let secrets = Secrets::builder().store(upstream.clone()).build().await.expect("no settings");
    let mut stampedes = Vec::new();
    for index in 0..TIMES {
        stampedes.push(one(&upstream, &secrets, format!("stampede/{index}")).await);
    }
    stampedes
}

async fn one(upstream: &Upstream, secrets: &Secrets, name: String) -> Stampede {
    let before = upstream.calls();
    // All are there before the first one asks; each one's time runs from when it asks.
    let (gate, name) = (Arc::new(Barrier::new(CALLERS)), Arc::<str>::from(name));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (secrets, gate, name) = (secrets.clone(), gate.clone(), name.clone());
            tokio::spawn(async move {
                gate.wait().await;
                let start = SystemClock.monotonic();
                secrets.get(&name).await.expect("upstream answers");
                SystemClock.monotonic().saturating_duration_since(start)
            })
        })
        .collect();
    let mut slowest = Duration::ZERO;
    for caller in callers {
        slowest = slowest.max(caller.await.expect("no caller panics"));
    }
    Stampede { calls: upstream.calls() - before, upstream: upstream.take_slowest(), slowest }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
