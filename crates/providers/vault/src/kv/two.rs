//! KV version 2: versions, check-and-set, soft deletion.

use std::time::SystemTime;

use strongroom_core::{
    Error, ErrorKind, Field, IfVersion, Reason, Result, Secret, SecretName, SecretValue,
    SecretVersion, Select, VersionInfo, VersionState,
};
use strongroom_http::Response;
use zeroize::Zeroizing;

use super::KvStore;
use super::data::{Found, deleted, found, id, no_version, number};
use super::engine::Doubt;
use super::store::{no_secret, unsupported};
use super::wire::{AllVersions, ReadMetadata, Written, object, time};
use crate::api::{Call, path};
use crate::classify;

/// How often a write starts over because somebody else wrote meanwhile.
const TRIES: usize = 16;

impl KvStore {
    pub(super) async fn read_two(
        &self,
        place: &SecretName,
        field: &Field,
        select: Select,
    ) -> Result<Secret> {
        let version = match select {
            Select::Current => None,
            Select::Exact(version) => Some(number(&version).ok_or_else(no_version)?),
            Select::Previous => Some(self.previous(place).await?),
            _ => return Err(unsupported("KV holds no pending version")),
        };
        self.version_two(place, field, version).await?.secret
    }

    /// Reads the map, puts the field into it, and writes it back if nobody else has written.
    ///
    /// Vault API: `POST /v1/{mount}/data/{name}` with `options.cas` ("Create/update secret").
    pub(super) async fn write_two(
        &self,
        place: &SecretName,
        field: &Field,
        value: &SecretValue,
        if_version: &IfVersion,
    ) -> Result<SecretVersion> {
        let mut tries = 0;
        loop {
            let (map, version) = self.for_write(place, if_version).await?;
            let written = self.write_map(place, &field.replace(&map, value)?, version).await;
            tries += 1;
            match written {
                Err(error)
                    if error.kind() == ErrorKind::Conflict
                        && *if_version == IfVersion::Any
                        && tries < TRIES => {}
                written => return written,
            }
        }
    }

    /// The map as it is, and the version that has to be the latest for it still to be so.
    async fn for_write(
        &self,
        place: &SecretName,
        if_version: &IfVersion,
    ) -> Result<(SecretValue, u64)> {
        let response = self.data(place, None).await?;
        let (map, alive, latest) = match found(&response)? {
            Found::Alive(data) => {
                (object(data.data), Some(data.metadata.version), data.metadata.version)
            }
            Found::Deleted { version, .. } => (SecretValue::from("{}"), None, version),
            Found::Nothing => {
                // A write in the shape of the other version would leave a copy in a strange place.
                self.engine.doubt(Doubt::Missing);
                match self.nothing(no_secret()).await {
                    error if error.kind() == ErrorKind::NotFound => {}
                    error => return Err(error),
                }
                (SecretValue::from("{}"), None, 0)
            }
        };
        let holds = match if_version {
            IfVersion::Any => true,
            IfVersion::Absent => alive.is_none(),
            IfVersion::Is(version) => alive.is_some() && number(version) == alive,
            _ => return Err(unsupported("a condition that is not known")),
        };
        match holds {
            true => Ok((map, latest)),
            false => {
                let message = "the current version is not the expected one";
                Err(Error::new(ErrorKind::Conflict, message))
            }
        }
    }

    async fn write_map(
        &self,
        place: &SecretName,
        map: &SecretValue,
        cas: u64,
    ) -> Result<SecretVersion> {
        let start = format!("{{\"options\":{{\"cas\":{cas}}},\"data\":");
        let mut body = Zeroizing::new(Vec::with_capacity(start.len() + map.len() + 1));
        body.extend_from_slice(start.as_bytes());
        body.extend_from_slice(map.expose());
        body.push(b'}');
        let call = Call::post(path(&self.mount, &["data"], Some(place)), body);
        let response = self.api.call(call).await?;
        match response.status() {
            200 => Ok(id(response.json::<Written>()?.data.version)),
            // Version 1 answers so, and has now written a secret called `data/NAME`.
            204 => Err(Error::new(
                ErrorKind::Misconfigured,
                "KV version 1 is mounted there, and version 2 was expected; check VAULT_KV_VERSION",
            )
            .with_reason(Reason::Mount)),
            _ => Err(classify::error(&response)),
        }
    }

    /// Vault API: `DELETE /v1/{mount}/data/{name}` ("Delete latest version of secret"). The server says yes
    /// whatever there is, so that is asked first.
    pub(super) async fn delete_two(&self, place: &SecretName) -> Result<()> {
        match found(&self.data(place, None).await?)? {
            Found::Alive(_) => {}
            Found::Deleted { destroyed, .. } => return Err(deleted(destroyed)),
            Found::Nothing => return Err(self.nothing(no_secret()).await),
        }
        let call = Call::delete(path(&self.mount, &["data"], Some(place)));
        done(&self.api.call(call).await?)
    }

    /// Vault API: `POST /v1/{mount}/undelete/{name}` ("Undelete secret versions").
    pub(super) async fn restore_two(&self, place: &SecretName) -> Result<()> {
        let version = match found(&self.data(place, None).await?)? {
            Found::Alive(_) => return Ok(()),
            // The server says yes to bringing back what is destroyed, and does nothing.
            Found::Deleted { destroyed: true, .. } => return Err(deleted(true)),
            Found::Deleted { version, .. } => version,
            Found::Nothing => return Err(self.nothing(no_secret()).await),
        };
        let body = format!("{{\"versions\":[{version}]}}").into_bytes();
        let call = Call::post(path(&self.mount, &["undelete"], Some(place)), Zeroizing::new(body));
        done(&self.api.call(call).await?)
    }

    /// Vault API: `GET /v1/{mount}/metadata/{name}` ("Read secret metadata").
    pub(super) async fn versions_two(&self, place: &SecretName) -> Result<Vec<VersionInfo>> {
        let (all, now) = self.all_versions(place).await?;
        let mut successor = None;
        let mut infos = Vec::with_capacity(all.versions.len());
        for (number, one) in all.versions.iter().rev() {
            let state = match one.is_deleted(now) {
                true => VersionState::Deleted,
                false if *number == all.current_version => VersionState::Current,
                false => VersionState::Previous,
            };
            let mut info = VersionInfo::new(id(*number), state);
            info.created_at = time(&one.created_time);
            info.retired_at = successor;
            successor = info.created_at;
            infos.push(info);
        }
        Ok(infos)
    }

    async fn previous(&self, place: &SecretName) -> Result<u64> {
        let (all, now) = self.all_versions(place).await?;
        let mut before = all.versions.range(..all.current_version).rev();
        let alive = before.find(|(_, one)| !one.is_deleted(now));
        alive.map(|(number, _)| *number).ok_or_else(no_version)
    }

    /// All versions, and the time: the server's own, which sets the times of deletion.
    async fn all_versions(&self, place: &SecretName) -> Result<(AllVersions, SystemTime)> {
        let call = Call::get(path(&self.mount, &["metadata"], Some(place)));
        let response = self.api.call(call).await?;
        match response.status() {
            200 => {
                let now = response.date().unwrap_or_else(|| self.clock.now());
                Ok((response.json::<ReadMetadata>()?.data, now))
            }
            404 => match classify::or_missing(&response, no_secret()) {
                error if error.kind() == ErrorKind::NotFound => Err(self.nothing(error).await),
                error => Err(error),
            },
            _ => Err(classify::error(&response)),
        }
    }
}

fn done(response: &Response) -> Result<()> {
    match response.status() {
        200 | 204 => Ok(()),
        _ => Err(classify::error(response)),
    }
}
