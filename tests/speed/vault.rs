//! What Strongroom costs on top of a bare HTTP client, against a real OpenBao on this machine.
//!
//! `cargo xtask bench` runs it. The contestants take turns in one run, a call each, so that what else the
//! machine does hits both alike; the figures are medians.

#![expect(clippy::print_stdout, reason = "a table for people")]
#![expect(clippy::disallowed_methods, reason = "a stopwatch")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use strongroom::provider::signed_bytes;
use strongroom::{Algorithm, GetOptions, KeyId, Purpose, PutOptions, Secrets};
use strongroom_tests::server::Server;

const ROUNDS: usize = 1_500;
const BATCHES: usize = 40;
const BATCH: usize = 100;
const MESSAGE: [u8; 256] = [7; 256];

/// At most this many times a bare client's time.
const MOST: f64 = 1.2;
/// At least this many times the messages a second of single calls.
const LEAST: f64 = 10.0;

#[tokio::main]
async fn main() -> ExitCode {
    let server = Server::real().await;
    server.transit_key("bench", "hmac").await;
    let secrets = server.secrets(&[("VAULT_TRANSIT_KEY", "bench")]).await.expect("good settings");
    secrets.put("bench/secret", "canary-value", PutOptions::default()).await.expect("a write");
    let bare = Bare::new(&server);
    let read = read(&secrets, &bare).await;
    let sign = sign(&secrets, &bare).await;
    let batch = batch(&secrets).await;
    println!("| what | bare | Strongroom | ratio | bar |");
    println!("| --- | --- | --- | --- | --- |");
    for (what, [ours, bare]) in [("KV read", read), ("Transit HMAC of 256 bytes", sign)] {
        println!(
            "| {what} | {bare:.0?} | {ours:.0?} | {:.2} | at most {MOST} |",
            ratio(ours, bare)
        );
    }
    let [single, many] = batch;
    let gain = ratio(single, many);
    println!(
        "| sign_many of {BATCH}, a message | {single:.0?} (single) | {many:.0?} | {gain:.1} | at least {LEAST} |"
    );
    let holds = ratio(read[0], read[1]) <= MOST && ratio(sign[0], sign[1]) <= MOST && gain >= LEAST;
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

/// What a careful user of reqwest would write.
struct Bare {
    http: reqwest::Client,
    address: String,
    token: HeaderValue,
}

impl Bare {
    fn new(server: &Server) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build();
        let mut token = HeaderValue::from_str(server.root()).expect("a token");
        token.set_sensitive(true);
        Self { http: http.expect("a client"), address: server.address(), token }
    }

    async fn read(&self) -> String {
        let url = format!("{}/v1/secret/data/bench/secret", self.address);
        let answer = self.http.get(url).header("x-vault-token", self.token.clone()).send().await;
        let body = answer.expect("an answer").bytes().await.expect("a body");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        body["data"]["data"]["value"].as_str().expect("the value").to_owned()
    }

    async fn hmac(&self, message: &[u8]) -> String {
        let url = format!("{}/v1/transit/hmac/bench/sha2-256", self.address);
        let body = json!({"input": Base64::encode_string(message)}).to_string();
        let request = self.http.post(url).header("x-vault-token", self.token.clone()).body(body);
        let body = request.send().await.expect("an answer").bytes().await.expect("a body");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        body["data"]["hmac"].as_str().expect("an HMAC").to_owned()
    }
}

/// Medians of ours and theirs.
async fn read(secrets: &Secrets, bare: &Bare) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let past = GetOptions::default().max_age(Duration::ZERO);
        secrets.get_with("bench/secret", past).await.expect("a read");
        times[0].push(start.elapsed());
        let start = Instant::now();
        bare.read().await;
        times[1].push(start.elapsed());
    }
    times.map(median)
}

async fn sign(secrets: &Secrets, bare: &Bare) -> [Duration; 2] {
    let signer = secrets.signer().await.expect("a key");
    // What goes over the wire is the same: the signed bytes with the message in them.
    let key = KeyId::transit("bench", 1);
    let bytes = signed_bytes(&key, Algorithm::Hs256, &Purpose::default(), &MESSAGE);
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        signer.sign(&MESSAGE).await.expect("a signature");
        times[0].push(start.elapsed());
        let start = Instant::now();
        bare.hmac(&bytes).await;
        times[1].push(start.elapsed());
    }
    times.map(median)
}

/// Medians a message: single calls, and in a batch.
async fn batch(secrets: &Secrets) -> [Duration; 2] {
    let signer = secrets.signer().await.expect("a key");
    let messages = [&MESSAGE[..]; BATCH];
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..BATCHES {
        let start = Instant::now();
        for message in messages {
            signer.sign(message).await.expect("a signature");
        }
        times[0].push(start.elapsed() / BATCH as u32);
        let start = Instant::now();
        assert!(signer.sign_many(&messages).await.iter().all(Result::is_ok));
        times[1].push(start.elapsed() / BATCH as u32);
    }
    times.map(median)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
