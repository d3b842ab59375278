//! What Strongroom costs on top of the bare AWS SDK, against moto on this machine; and how long a process waits for
//! its first secret.
//!
//! `cargo xtask bench aws` runs it. The contestants take turns in one run, a call each, so that what else the machine
//! does hits both alike; the figures are medians.

#![expect(clippy::print_stdout, reason = "a table for people")]
#![expect(clippy::disallowed_methods, reason = "a stopwatch")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Credentials;
use strongroom::{GetOptions, PutOptions, Secrets, Settings};
use strongroom_servers::{AwsServer, Moto};
use strongroom_testkit::FakeAws;

const ROUNDS: usize = 400;

/// At most this many times the bare SDK's time.
const MOST: f64 = 1.2;
/// Longest wait for the first secret of a process.
const COLD: Duration = Duration::from_millis(300);
/// Most calls for a renewal of fifty secrets.
const CALLS: usize = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let cold = cold().await;
    let calls = calls().await;
    let server = tokio::task::spawn_blocking(Moto::start).await.expect("no panic").expect("moto");
    let (ours, bare) = warm(&server).await;
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!("| what | figure | bar |");
    println!("| --- | ---: | ---: |");
    println!(
        "| warm read past the cache, {ours:.0?}, x the bare SDK, {bare:.0?} | {ratio:.2} | {MOST} |"
    );
    println!("| first secret of a process, on the fake | {cold:.0?} | {COLD:?} |");
    println!("| calls for a renewal of 50 secrets | {calls} | {CALLS} |");
    match ratio <= MOST && cold <= COLD && calls <= CALLS {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// From nothing to a value. The first thing this process does, so that nothing is warm.
async fn cold() -> Duration {
    let aws = FakeAws::start().await;
    aws.put("bench/secret", "canary-value");
    let start = Instant::now();
    let secrets = Secrets::from_settings(aws.settings()).await.expect("good settings");
    secrets.get("bench/secret").await.expect("a value");
    start.elapsed()
}

async fn calls() -> usize {
    let aws = FakeAws::start().await;
    let names: Vec<_> = (0..50).map(|nth| format!("bench/{nth}")).collect();
    for name in &names {
        aws.put(name, "canary-value");
    }
    let secrets = Secrets::from_settings(aws.settings()).await.expect("good settings");
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert!(secrets.get_many(&names).await.iter().all(Result::is_ok));
    aws.calls().len()
}

/// Medians of ours and theirs.
async fn warm(server: &AwsServer) -> (Duration, Duration) {
    let settings =
        server.environment().into_iter().fold(
            Settings::from_pairs([("SECRETS_PROVIDER", "aws_sm")]),
            |settings, (name, value)| settings.with(name, value),
        );
    let secrets = Secrets::from_settings(settings).await.expect("good settings");
    secrets.put("bench/secret", "canary-value", PutOptions::default()).await.expect("a write");
    let keys =
        Credentials::new(server.access_key_id(), server.secret_access_key(), None, None, "bench");
    let shared = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(server.region().to_owned()))
        .credentials_provider(keys)
        .endpoint_url(server.address())
        .load()
        .await;
    let bare = Client::new(&shared);
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let past = GetOptions::default().max_age(Duration::ZERO);
        secrets.get_with("bench/secret", past).await.expect("a value");
        times[0].push(start.elapsed());
        let start = Instant::now();
        let read = bare.get_secret_value().secret_id("bench/secret").send().await;
        read.expect("a value");
        times[1].push(start.elapsed());
    }
    let [ours, bare] = times.map(median);
    (ours, bare)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
