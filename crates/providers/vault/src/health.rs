//! What `sys/health` says.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Probe, Reason, Result};
use strongroom_http::Response;

/// Reads the answer of `sys/health`, whose statuses have meanings of their own: 429 is a standby and no
/// throttling.
///
/// Vault API: `GET /v1/sys/health` ("System backend, health").
///
/// # Errors
/// `Unavailable` if the server does not serve, with the reason; `Malformed` if it is no Vault.
pub(crate) fn read(response: &Response) -> Result<Probe> {
    // A page of a load balancer has the same statuses, and knows nothing of seals.
    if response.json::<Health>().is_err() {
        return Err(if response.status() >= 500 { response.error() } else { response.malformed() });
    }
    let down =
        |reason, message| Err(Error::new(ErrorKind::Unavailable, message).with_reason(reason));
    match response.status() {
        200 => Ok(Probe::Active),
        429 | 473 => Ok(Probe::Standby),
        472 => down(Reason::Inactive, "the server is a disaster-recovery secondary"),
        474 => down(Reason::Inactive, "the standby server cannot reach the active one"),
        501 => down(Reason::Uninitialised, "the server was never initialised"),
        503 => down(Reason::Sealed, "the server is sealed; an operator has to unseal it"),
        530 => down(Reason::Inactive, "the server was removed from its cluster"),
        _ => Err(response.error()),
    }
}

/// The version that the server says it is of.
pub(crate) fn version(response: &Response) -> Option<String> {
    let version = response.json::<Health>().ok()?.version?;
    Some(strongroom_core::escaped(&version))
}

/// What time it is there, to the second.
pub(crate) fn time(response: &Response) -> Option<SystemTime> {
    let seconds = response.json::<Health>().ok()?.server_time_utc?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[derive(Deserialize)]
struct Health {
    #[serde(rename = "initialized")]
    _initialized: bool,
    #[serde(rename = "sealed")]
    _sealed: bool,
    version: Option<String>,
    server_time_utc: Option<u64>,
}
