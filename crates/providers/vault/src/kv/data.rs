//! Reading one version of a secret in KV version 2.

use std::time::SystemTime;

use strongroom_core::{Error, ErrorKind, Field, Reason, Result, Secret, SecretName, SecretVersion};
use strongroom_http::Response;

use super::KvStore;
use super::store::no_secret;
use super::wire::{DataTwo, Metadata, ReadTwo, object, time};
use crate::api::{Call, path};
use crate::classify;

impl KvStore {
    /// Reads one version, or the current one, with what the server says of it whatever is in it.
    ///
    /// # Errors
    /// Those that say nothing about its time: there is no such version, or the answer cannot be read.
    pub(super) async fn version_two(
        &self,
        place: &SecretName,
        field: &Field,
        version: Option<u64>,
    ) -> Result<VersionTwo> {
        let response = self.data(place, version).await?;
        match found(&response)? {
            Found::Alive(data) => {
                let Metadata { version: number, created_time, .. } = data.metadata;
                let created_at = time(&created_time);
                let picked = field.pick(&object(data.data));
                let secret = picked.and_then(|value| {
                    value.check_size()?;
                    let secret = Secret::new(value).with_version(id(number));
                    Ok(match created_at {
                        Some(created_at) => secret.with_created_at(created_at),
                        None => secret,
                    })
                });
                Ok(VersionTwo { number, created_at, deleted: false, secret })
            }
            Found::Deleted { version: number, created_at, destroyed } => {
                let secret = Err(deleted(destroyed));
                Ok(VersionTwo { number, created_at, deleted: true, secret })
            }
            Found::Nothing if version.is_some() => Err(no_version()),
            Found::Nothing => Err(self.nothing(no_secret()).await),
        }
    }

    /// Vault API: `GET /v1/{mount}/data/{name}?version={n}` ("Read secret version").
    pub(super) async fn data(&self, place: &SecretName, version: Option<u64>) -> Result<Response> {
        let call = Call::get(path(&self.mount, &["data"], Some(place)));
        let call = match version {
            Some(version) => call.query("version", version.to_string()),
            None => call,
        };
        self.api.call(call).await
    }
}

/// One version as it was read.
pub(super) struct VersionTwo {
    pub(super) number: u64,
    pub(super) created_at: Option<SystemTime>,
    /// Or destroyed. The server tells the times of such a version too.
    pub(super) deleted: bool,
    pub(super) secret: Result<Secret>,
}

/// What a read of data found.
pub(super) enum Found<'a> {
    Alive(DataTwo<'a>),
    Deleted { version: u64, created_at: Option<SystemTime>, destroyed: bool },
    Nothing,
}

/// Tells the 404s apart: a deleted version has a body, a missing one an empty list of errors, and a wrong
/// path or mount says so in words.
pub(super) fn found(response: &Response) -> Result<Found<'_>> {
    match response.status() {
        200 => {
            let data = response.json::<ReadTwo<'_>>()?.data;
            data.map(Found::Alive).ok_or_else(|| response.malformed())
        }
        404 => {
            if let Ok(ReadTwo { data: Some(data) }) = response.json() {
                let Metadata { version, created_time, destroyed } = data.metadata;
                return Ok(Found::Deleted { version, created_at: time(&created_time), destroyed });
            }
            match classify::error(response) {
                error if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
                error => Err(error),
            }
        }
        _ => Err(classify::error(response)),
    }
}

/// The number of a version. `0` and signs mean the latest one to the server, so they are no versions here.
pub(super) fn number(version: &SecretVersion) -> Option<u64> {
    let text = version.as_str();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

pub(super) fn id(number: u64) -> SecretVersion {
    SecretVersion::new(number.to_string())
}

pub(super) fn no_version() -> Error {
    Error::new(ErrorKind::NotFound, "the secret has no such version").with_reason(Reason::Version)
}

pub(super) fn deleted(destroyed: bool) -> Error {
    Error::new(
        ErrorKind::Deleted,
        match destroyed {
            true => "the version is destroyed and cannot be brought back",
            false => "the version is deleted; it can be restored",
        },
    )
}
