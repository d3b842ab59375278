//! A service that signs orders and verifies them: the start for one of your own.
//!
//! ```console
//! $ mkdir -m 700 secrets && (umask 077; openssl rand -base64 48 > secrets/signing-key)
//! $ export SECRETS_PROVIDER=file SECRETS_DIR=$PWD/secrets
//! $ cargo run --example axum_service --features axum &
//! $ curl -i -d 'pay 10 to alice' http://127.0.0.1:8080/orders
//! $ curl -i -d 'pay 10 to alice' -H "x-signature: $SIGNATURE" http://127.0.0.1:8080/orders/verify
//! $ curl http://127.0.0.1:8080/health/ready
//! ```
//!
//! Another provider is another environment, and its feature (`--features axum,vault`); the code stays. What is
//! `pub(crate)` is for tests: `tests/axum_service` has those of this service.

#![expect(clippy::print_stdout, reason = "says where it listens, for whoever asked for port 0")]

use std::error::Error as StdError;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use strongroom::{
    Error, ErrorKind, Health, Key, ProcessEnvironment, Reason, Result, Secrets, Settings,
    Signature, Signer,
};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::sleep;

const LISTEN: Key =
    Key::text("LISTEN", "where to listen, HOST:PORT").with_default("127.0.0.1:8080");

/// How long requests that are under way may take to end: less than the 30 s that Kubernetes gives.
const GRACE: Duration = Duration::from_secs(20);

const SIGNATURE: &str = "x-signature";

#[tokio::main]
pub(crate) async fn main() -> ExitCode {
    // Strongroom warns through `tracing`: of misspelt settings, of failed renewals.
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    match run(Settings::new(ProcessEnvironment)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error.source();
            tracing::error!(kind = error.kind().as_str(), cause, "{error}");
            ExitCode::from(error.kind().exit_code())
        }
    }
}

async fn run(settings: Settings) -> Result<()> {
    let address = settings.text(&LISTEN)?.unwrap_or_default();
    let secrets = open(settings).await?;
    let router = router(Service::start(secrets.clone()).await?);

    // From before the address is told: whoever knows it may send a signal.
    let stop = asked_to_stop().map_err(internal)?;
    let listener = TcpListener::bind(&address).await.map_err(|error| {
        let message =
            format!("cannot listen on `{address}`; expected a free HOST:PORT of this machine");
        Error::new(ErrorKind::Misconfigured, message).with_key(LISTEN.name).with_source(error)
    })?;
    println!("listening on http://{}", listener.local_addr().map_err(internal)?);

    let served = serve(listener, router, GRACE, stop).await;
    // Wipes the keys and ends the renewals, once nobody needs them.
    secrets.shutdown().await;
    served.map_err(internal)
}

/// Opens what the settings select. The signing key is what this service cannot work without; with
/// `.require([..])` it would declare secrets that it can do without for a while.
///
/// # Errors
/// `Misconfigured`, naming the setting.
pub(crate) async fn open(settings: Settings) -> Result<Secrets> {
    Secrets::builder().settings(settings).critical_signing_key().build().await
}

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Service {
    secrets: Secrets,
    orders: Signer,
}

impl Service {
    /// Reads what was declared: without a key that works, the service does not start.
    ///
    /// # Errors
    /// Those of reading it.
    pub(crate) async fn start(secrets: Secrets) -> Result<Self> {
        secrets.ready().await?;
        // Signatures of another purpose, made with the same key, are none of orders.
        let orders = secrets.signer().await?.for_purpose("orders")?;
        Ok(Self { secrets, orders })
    }
}

/// The routes. What is under `/health` names secrets, never values: for the platform, not for strangers.
pub(crate) fn router(service: Service) -> Router {
    Router::new()
        .route("/orders", post(sign))
        .route("/orders/verify", post(verify))
        .route("/health/live", get(|| async {}))
        .route("/health/ready", get(ready))
        .with_state(service)
}

/// Serves until `stop`; then takes no more connections, and gives requests that are under way this
/// grace to end.
///
/// # Errors
/// If the listener fails.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    grace: Duration,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        drop(stopping);
    });
    let too_long = async {
        drop(stopped.await);
        sleep(grace).await;
    };
    tokio::select! {
        served = server.into_future() => served,
        () = too_long => {
            tracing::warn!("requests were still open after {grace:?}");
            Ok(())
        }
    }
}

async fn sign(
    State(service): State<Service>,
    body: Bytes,
) -> Result<[(&'static str, String); 1], Failure> {
    let signature = service.orders.sign(&body).await?;
    Ok([(SIGNATURE, signature.to_string())])
}

async fn verify(
    State(service): State<Service>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(), Failure> {
    // What is not a signature is refused as a missing one is: by `enforce`, which knows whether
    // verification is on.
    let text = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let signature = text.and_then(|text| text.parse::<Signature>().ok());
    service.orders.enforce(&body, signature.as_ref()).await?;
    Ok(())
}

async fn ready(State(service): State<Service>) -> (StatusCode, Json<Value>) {
    let health = service.secrets.health();
    let status = match health {
        // What is served stale is served: taking all instances out at once would be the outage.
        Health::Ready | Health::Degraded { .. } => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let problems = health.problems().iter().map(|problem| {
        let kind = problem.kind.map(ErrorKind::as_str);
        json!({ "name": problem.name, "what": problem.what.as_str(), "kind": kind })
    });
    let problems: Vec<Value> = problems.collect();
    (status, Json(json!({ "status": health.as_str(), "problems": problems })))
}

/// An error as a caller may see it: whether to come back, and nothing of why.
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let (kind, reason) = (error.kind(), error.reason().map(Reason::as_str));
        tracing::warn!(kind = kind.as_str(), reason, "{error}");
        let status = match kind {
            ErrorKind::SignatureMismatch => StatusCode::UNAUTHORIZED,
            // An outage, which is no verdict about the signature.
            kind if kind.allows_stale() => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        if let Some(after) = error.retry_after() {
            // Whole seconds, and never too early.
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Done at SIGTERM or Ctrl-C. Both are caught from the call on.
fn asked_to_stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn internal(error: io::Error) -> Error {
    Error::new(ErrorKind::Internal, "the operating system refused").with_source(error)
}
