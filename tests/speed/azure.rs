//! What Strongroom costs on top of the bare Azure SDK, against the fake on this machine; and how long a process waits
//! for its first secret.
//!
//! `cargo xtask bench azure` runs it. There is no emulator, so both are measured on the fake, over TLS, whose own time
//! is in both figures. Our features leave the SDK without a transport of its own, so it has a plain one here, on the
//! HTTP client that its own is on. The contestants take turns in one run, a call each, so that what else the machine
//! does hits both alike; the figures are medians.

#![expect(clippy::print_stdout, reason = "a table for people")]
#![expect(clippy::disallowed_methods, reason = "a stopwatch")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::Secret;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, Body, ClientOptions, HttpClient, Method, Request, Transport,
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use strongroom::{GetOptions, Secrets};
use strongroom_testkit::FakeAzure;

const ROUNDS: usize = 4_000;

/// At most this many times the bare SDK's time.
const MOST: f64 = 1.2;
/// Longest wait for the first secret of a process.
const COLD: Duration = Duration::from_millis(300);

#[tokio::main]
async fn main() -> ExitCode {
    let cold = cold().await;
    let (ours, bare) = warm().await;
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!("| what | figure | bar |");
    println!("| --- | ---: | ---: |");
    println!(
        "| warm read past the cache, {ours:.0?}, x the bare SDK, {bare:.0?} | {ratio:.2} | {MOST} |"
    );
    println!("| first secret of a process, login included, on the fake | {cold:.0?} | {COLD:?} |");
    match ratio <= MOST && cold <= COLD {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// From nothing to a value. The first thing this process does, so that nothing is warm.
async fn cold() -> Duration {
    let azure = fake().await;
    let start = Instant::now();
    let secrets = Secrets::from_settings(azure.settings()).await.expect("good settings");
    secrets.get("bench-secret").await.expect("a value");
    start.elapsed()
}

/// Medians of ours and theirs.
async fn warm() -> (Duration, Duration) {
    let azure = fake().await;
    let secrets = Secrets::from_settings(azure.settings()).await.expect("good settings");
    let bare = bare(&azure);
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let past = GetOptions::default().max_age(Duration::ZERO);
        secrets.get_with("bench-secret", past).await.expect("a value");
        times[0].push(start.elapsed());
        let start = Instant::now();
        let read = bare.get_secret("bench-secret", None).await.expect("an answer");
        assert!(read.into_model().expect("a secret").value.is_some());
        times[1].push(start.elapsed());
    }
    // A call for each read, and at first a challenge for each client.
    assert_eq!(azure.count("get"), 2 * ROUNDS + 2);
    let [ours, bare] = times.map(median);
    (ours, bare)
}

async fn fake() -> FakeAzure {
    let azure = FakeAzure::start().await;
    azure.put("bench-secret", "canary-value");
    azure
}

/// The official client with the official credential.
fn bare(azure: &FakeAzure) -> SecretClient {
    let authority =
        reqwest::Certificate::from_pem(azure.ca_pem().as_bytes()).expect("an authority");
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([authority]);
    let transport = Transport::new(Arc::new(Plain(http.build().expect("a plain client"))));
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = azure.address();
    let options = ClientSecretCredentialOptions {
        client_options: ClientOptions {
            transport: Some(transport.clone()),
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..ClientOptions::default()
        },
    };
    let secret = Secret::new(FakeAzure::CLIENT_SECRET);
    let (tenant, client) = (FakeAzure::TENANT_ID, FakeAzure::CLIENT_ID.to_owned());
    let credential = ClientSecretCredential::new(tenant, client, secret, Some(options));
    let options = SecretClientOptions {
        client_options: ClientOptions { transport: Some(transport), ..ClientOptions::default() },
        verify_challenge_resource: Some(false),
        ..SecretClientOptions::default()
    };
    let client = SecretClient::new(&azure.address(), credential.expect("an id"), Some(options));
    client.expect("a URL")
}

/// Sends what the official client made, and nothing more.
#[derive(Debug)]
struct Plain(reqwest::Client);

#[async_trait]
impl HttpClient for Plain {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let failed = |cause| Error::with_error(ErrorKind::Io, cause, "no answer");
        let mut ours = match request.method() {
            Method::Get => self.0.get(request.url().clone()),
            Method::Post => self.0.post(request.url().clone()),
            _ => return Err(Error::with_message(ErrorKind::Other, "no call here has that method")),
        };
        for (name, value) in request.headers().iter() {
            ours = ours.header(name.as_str(), value.as_str());
        }
        if let Body::Bytes(bytes) = request.body() {
            ours = ours.body(bytes.clone());
        }
        let answer = ours.send().await.map_err(failed)?;
        let mut headers = Headers::new();
        for (name, value) in answer.headers() {
            if let Ok(value) = value.to_str() {
                headers.insert(name.as_str().to_owned(), value.to_owned());
            }
        }
        let status = answer.status().as_u16().into();
        let body = answer.bytes().await.map_err(failed)?;
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
