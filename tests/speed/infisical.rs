//! What Strongroom costs on top of a bare HTTP client, against the fake of Infisical on this machine; and how often it
//! asks for secrets that are in use.
//!
//! `cargo xtask bench infisical` runs it. There is no server to be had, so the reads are measured on the fake, whose own
//! time is in both figures, without TLS, whose time would be in both as well. The bare client does the least that one
//! can: it has a token, sends the same request, and reads the JSON. The contestants take turns in one run, a call each,
//! so that what else the machine does hits both alike; the figures are medians. Requests are counted on a clock that
//! this program moves.

#![expect(clippy::print_stdout, reason = "a table for people")]
#![expect(clippy::disallowed_methods, reason = "a stopwatch")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use strongroom::{Freshness, GetOptions, Secrets};
use strongroom_testkit::{FakeInfisical, ManualClock};
use strongroom_tests::{server, until};

const ROUNDS: usize = 4_000;

/// At most this many times the bare client's time.
const MOST: f64 = 1.2;
/// Most requests of any minute in which nothing but renewals happens (F045).
const A_MINUTE: usize = 30;
/// Most calls for a renewal of all secrets of a folder.
const A_FOLDER: usize = 1;

/// Secrets in use.
const SECRETS: usize = 20;
/// The one that `SECRETS_CACHE_TTL_SECONDS` is by default.
const TTL: Duration = Duration::from_secs(60);
/// How far the clock is moved at once: secrets come due one by one.
const STEP: Duration = Duration::from_secs(5);
const MINUTES: usize = 10;
/// Real time in which a renewal ends that is under way.
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() -> ExitCode {
    let (ours, bare) = warm().await;
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    let one = in_use(|_| "/".to_owned()).await;
    let each = in_use(|number| format!("/f{number}")).await;
    println!("| what | figure | bar |");
    println!("| --- | ---: | ---: |");
    println!(
        "| warm read past the cache, {ours:.0?}, x a bare client, {bare:.0?} | {ratio:.2} | {MOST} |"
    );
    for (counted, place) in [(&one, "one folder"), (&each, "a folder each")] {
        println!(
            "| requests a minute, {SECRETS} secrets in {place} in use, TTL {TTL:?}; at most {} | {:.1} | {A_MINUTE} |",
            counted.most, counted.mean
        );
    }
    let at_once = one.at_once;
    println!("| calls for a renewal of all {SECRETS} in one folder | {at_once} | {A_FOLDER} |");
    let is_rare = one.most <= A_MINUTE && each.most <= A_MINUTE && at_once <= A_FOLDER;
    match ratio <= MOST && is_rare {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Medians of ours and theirs.
async fn warm() -> (Duration, Duration) {
    let fake = FakeInfisical::start().await;
    fake.put("/", "BENCH_SECRET", "canary-value");
    let secrets = Secrets::from_settings(fake.settings()).await.expect("good settings");
    let bare = Bare::log_in(&fake).await;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let past = GetOptions::default().max_age(Duration::ZERO);
        secrets.get_with("BENCH_SECRET", past).await.expect("a value");
        times[0].push(start.elapsed());
        let start = Instant::now();
        let read = bare.read().await;
        assert!(read["secret"]["secretValue"].is_string());
        times[1].push(start.elapsed());
    }
    assert_eq!(fake.count("get"), 2 * ROUNDS, "a call for each read");
    let calls = fake.calls();
    let [.., ours, theirs] = calls.as_slice() else { unreachable!("there were calls") };
    assert_eq!((&ours.path, &ours.query), (&theirs.path, &theirs.query), "the same request");
    let [ours, bare] = times.map(median);
    (ours, bare)
}

/// An HTTP client, with a token.
struct Bare {
    http: reqwest::Client,
    url: String,
    bearer: String,
}

impl Bare {
    async fn log_in(fake: &FakeInfisical) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a plain client");
        let identity = json!({
            "clientId": FakeInfisical::CLIENT_ID,
            "clientSecret": FakeInfisical::CLIENT_SECRET,
        });
        let login = http
            .post(format!("{}/api/v1/auth/universal-auth/login", fake.address()))
            .header("content-type", "application/json")
            .body(identity.to_string());
        let granted = answer(login).await;
        let token = granted["accessToken"].as_str().expect("a token");
        let (project, environment) = (FakeInfisical::PROJECT_ID, FakeInfisical::ENVIRONMENT);
        let url = format!(
            "{}/api/v4/secrets/BENCH_SECRET?projectId={project}&environment={environment}&secretPath=%2F\
             &viewSecretValue=true&expandSecretReferences=false&include_imports=false&includeImports=false\
             &type=shared",
            fake.address()
        );
        Self { http, url, bearer: format!("Bearer {token}") }
    }

    async fn read(&self) -> Value {
        answer(self.http.get(&self.url).header("authorization", &self.bearer)).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let body = answer.bytes().await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

/// Requests while all secrets are read every few seconds.
struct Counted {
    /// A minute, on average.
    mean: f64,
    /// In the minute with the most.
    most: usize,
    /// When all are due at once.
    at_once: usize,
}

async fn in_use(folder: impl Fn(usize) -> String) -> Counted {
    let scene = InUse::new(folder).await;
    let mut minutes = Vec::new();
    for _ in 0..MINUTES {
        let before = scene.fake.calls().len();
        for _ in 0..TTL.as_secs() / STEP.as_secs() {
            scene.pass(STEP).await;
        }
        minutes.push(scene.fake.calls().len() - before);
    }
    let mean = minutes.iter().sum::<usize>() as f64 / MINUTES as f64;
    let most = minutes.into_iter().max().unwrap_or_default();
    let before = scene.fake.calls().len();
    scene.pass(TTL).await;
    Counted { mean, most, at_once: scene.fake.calls().len() - before }
}

/// A service that uses all of its secrets.
struct InUse {
    fake: FakeInfisical,
    clock: ManualClock,
    secrets: Secrets,
    names: Vec<String>,
}

impl InUse {
    async fn new(folder: impl Fn(usize) -> String) -> Self {
        let clock = server::clock();
        let fake = strongroom_testkit::infisical().clock(clock.clone()).start().await;
        let mut names = Vec::new();
        for number in 0..SECRETS {
            let (folder, name) = (folder(number), format!("S{number}"));
            fake.put(&folder, &name, "canary");
            names.push(format!("{folder}/{name}").trim_start_matches('/').to_owned());
        }
        let builder = Secrets::builder().settings(fake.settings()).clock(clock.clone());
        let secrets = builder.build().await.expect("good settings");
        let scene = Self { fake, clock, secrets, names };
        // What is read twice is in use.
        scene.read().await;
        scene.read().await;
        scene
    }

    /// Lets time pass, and all that is due then be renewed.
    async fn pass(&self, by: Duration) {
        self.clock.advance(by);
        tokio::time::sleep(PAUSE).await;
        until("all are renewed", async || self.read().await).await;
    }

    /// Reads all, one by one. Whether all are fresh.
    async fn read(&self) -> bool {
        let mut is_fresh = true;
        for name in &self.names {
            let secret = self.secrets.get(name).await.expect("a value");
            is_fresh &= secret.freshness() == Freshness::Fresh;
        }
        is_fresh
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
