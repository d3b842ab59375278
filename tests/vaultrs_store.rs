//! vaultrs as a store, by the same suites as ours, and those of its faults that no row reaches.
//!
//! Each test of a fault asserts the fault: when one fails, vaultrs has mended it, and
//! `docs/decisions/0005-reqwest-carries-tokens-vaultrs-tests.md` is due for another look.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use serde_json::{Value, json};
use strongroom::provider::{Capabilities, Field, ProviderInfo, SecretStore};
use strongroom::{
    Clock, Error, ErrorKind, GetOptions, IfVersion, PutOptions, Reason, Result, Secret, SecretName,
    SecretValue, SecretVersion, Select, Stage, SystemClock, VersionInfo, VersionState,
};
use strongroom_testkit::conformance::{Subject, errors, redaction, store};
use strongroom_testkit::{Exchange, RawServer, http};
use strongroom_tests::on_both;
use strongroom_tests::server::Server;
use vaultrs::api::kv2::requests::{ReadSecretRequest, SetSecretRequestOptions};
use vaultrs::api::kv2::responses::{
    ReadSecretMetadataResponse, ReadSecretResponse, SecretMetadata,
};
use vaultrs::client::{VaultClient, VaultClientSettings, VaultClientSettingsBuilder};
use vaultrs::error::ClientError;
use vaultrs::{api, kv2, sys};

on_both!(conformance, health_is_not_understood, a_deleted_secret_is_refused_like_a_lost_connection);

async fn conformance(server: &Server) {
    let vaultrs = VaultrsStore { client: server.vaultrs() };
    let subject = Subject::new(Arc::new(vaultrs), capabilities());
    // No row has to be pinned as failed: the suites run on a server that is well.
    store(&subject).await.assert_passed();
    errors(&subject).await.assert_passed();
    redaction(&subject).await.assert_passed();
}

/// OpenBao sends no `performance_standby`, and vaultrs cannot do without.
async fn health_is_not_understood(server: &Server) {
    let client = server.vaultrs();
    let error = sys::health(&client).await.expect_err("is not understood");
    assert!(format!("{error:?}").contains("missing field `performance_standby`"), "{error:?}");
    assert!(sys::status(&client).await.is_err(), "it serves");
}

/// Both are an error of rustify, which vaultrs does not export. An adaptor has to ask for the metadata too.
async fn a_deleted_secret_is_refused_like_a_lost_connection(server: &Server) {
    let client = server.vaultrs();
    let data = json!({"value": "canary-value"});
    kv2::set(&client, MOUNT, "app", &data).await.expect("is written");
    kv2::delete_latest(&client, MOUNT, "app").await.expect("is deleted");
    let deleted = kv2::read::<Value>(&client, MOUNT, "app").await;
    let lost = read(&RawServer::start([]).await.url()).await;
    for result in [deleted, lost] {
        assert!(matches!(result, Err(ClientError::RestClientError { .. })), "{result:?}");
    }
}

#[test]
fn debug_of_the_settings_prints_the_token() {
    let settings = settings("https://vault.example.com", "canary-token");
    assert!(format!("{settings:?}").contains("canary-token"));
}

#[tokio::test]
async fn a_token_with_a_newline_at_its_end_panics() {
    let server = RawServer::start([]).await;
    let client = client(&server.url(), "canary-token\n");
    let read = tokio::spawn(async move { kv2::read::<Value>(&client, MOUNT, "app").await });
    assert!(read.await.unwrap_err().is_panic());
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_in_the_debug_of_the_error() {
    let body = json!({"data": {"data": {"value": "canary-value"}}}).to_string();
    let server = RawServer::start([Exchange::new().send(http(200, &[], body))]).await;
    let error = read(&server.url()).await.unwrap_err();
    assert!(format!("{error:?}").contains("canary-value"));
}

#[tokio::test]
async fn the_error_of_a_429_has_no_place_for_retry_after() {
    let busy = http(429, &[("retry-after", "7")], json!({"errors": ["busy"]}).to_string());
    let server = RawServer::start([Exchange::new().send(busy)]).await;
    let error = read(&server.url()).await.unwrap_err();
    assert_eq!(format!("{error:?}"), r#"APIError { code: 429, errors: ["busy"] }"#);
}

#[tokio::test]
async fn a_refusal_in_other_words_than_vaults_has_no_status() {
    let gateway = Exchange::new().send(http(403, &[], "<html>Forbidden</html>"));
    let server = RawServer::start([gateway]).await;
    let error = read(&server.url()).await.unwrap_err();
    assert!(matches!(error, ClientError::RestClientError { .. }), "{error:?}");
}

#[tokio::test]
async fn a_redirect_to_another_origin_gets_the_token_and_the_value() {
    let other = RawServer::start([]).await;
    let location = format!("{}/v1/secret/data/app", other.url());
    let moved = http(307, &[("location", &location)], "");
    let server = RawServer::start([Exchange::new().send(moved)]).await;
    let client = client(&server.url(), "canary-token");
    let data = json!({"value": "canary-value"});
    kv2::set(&client, MOUNT, "app", &data).await.unwrap_err();
    let got = String::from_utf8(other.requests().remove(0)).unwrap();
    assert!(got.contains("x-vault-token: canary-token"), "{got}");
    assert!(got.contains("canary-value"), "{got}");
}

/// A server behind `/vault/` of a gateway is at `/vault/v1/`.
#[tokio::test]
async fn a_base_path_lands_behind_the_version_and_makes_a_double_slash() {
    for (base, path) in [
        ("", "/v1/secret/data/app"),
        ("/vault", "/v1/vault/secret/data/app"),
        ("/vault/", "/v1/vault//secret/data/app"),
    ] {
        let server = RawServer::start([]).await;
        read(&format!("{}{base}", server.url())).await.unwrap_err();
        let request = String::from_utf8(server.requests().remove(0)).unwrap();
        assert_eq!(request.split([' ', '?']).nth(1), Some(path));
    }
}

fn settings(address: &str, token: &str) -> VaultClientSettings {
    let mut settings = VaultClientSettingsBuilder::default();
    settings.address(address).token(token).build().expect("good settings")
}

fn client(address: &str, token: &str) -> VaultClient {
    VaultClient::new(settings(address, token)).expect("a client")
}

async fn read(address: &str) -> Result<Value, ClientError> {
    kv2::read(&client(address, "canary-token"), MOUNT, "app").await
}

const MOUNT: &str = "secret";

/// Secrets of KV version 2, read and written as whole maps.
struct VaultrsStore {
    client: VaultClient,
}

fn capabilities() -> Capabilities {
    let mut can = Capabilities::default();
    (can.put, can.cas, can.list, can.versions) = (true, true, true, true);
    (can.delete, can.fields) = (true, true);
    can
}

impl VaultrsStore {
    /// By the request itself: `kv2::read` drops the number of the version.
    async fn data(&self, name: &SecretName, version: Option<u64>) -> Result<ReadSecretResponse> {
        let mut request = ReadSecretRequest::builder();
        let request = request.mount(MOUNT).path(checked(name)?).version(version);
        let request = request.build().expect("nothing is left out");
        match api::exec_with_result(&self.client, request).await {
            Err(ClientError::APIError { code: 404, errors }) if errors.is_empty() => {
                Err(missing(if version.is_some() { Reason::Version } else { Reason::Secret }))
            }
            // Only the metadata tells a deleted version from a lost connection: both are this one error.
            Err(cause @ ClientError::RestClientError { .. }) => {
                let all = self.metadata(name).await?;
                let one = version.unwrap_or(all.current_version);
                Err(alive(&all, one).err().unwrap_or_else(|| error(&cause)))
            }
            read => read.map_err(|cause| error(&cause)),
        }
    }

    async fn metadata(&self, name: &SecretName) -> Result<ReadSecretMetadataResponse> {
        match kv2::read_metadata(&self.client, MOUNT, checked(name)?).await {
            Err(ClientError::APIError { code: 404, errors }) if errors.is_empty() => {
                Err(missing(Reason::Secret))
            }
            read => read.map_err(|cause| error(&cause)),
        }
    }

    async fn read(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        let version = match options.select {
            Select::Current => None,
            Select::Exact(version) => {
                Some(number(&version).ok_or_else(|| missing(Reason::Version))?)
            }
            Select::Previous => {
                let all = self.metadata(name).await?;
                let before = (1..all.current_version).rev().find(|one| alive(&all, *one).is_ok());
                Some(before.ok_or_else(|| missing(Reason::Version))?)
            }
            _ => return Err(unsupported()),
        };
        let read = self.data(name, version).await?;
        let field = field(options.field)?;
        let value = field.path().iter().try_fold(&read.data, |place, step| place.get(step));
        let value = match value {
            Some(Value::String(text)) => SecretValue::from(&**text),
            Some(_) => return Err(Error::new(ErrorKind::InvalidValue, "the field is no string")),
            None => return Err(missing(Reason::Field)),
        };
        let secret = Secret::new(value).with_version(id(read.metadata.version));
        Ok(match time(&read.metadata.created_time) {
            Some(created_at) => secret.with_created_at(created_at),
            None => secret,
        })
    }

    async fn write(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<SecretVersion> {
        if options.stage != Stage::Current {
            return Err(unsupported());
        }
        let text = value.expose_str()?;
        let (mut map, current, latest) = match self.data(name, None).await {
            Ok(read) => (read.data, Some(read.metadata.version), read.metadata.version),
            Err(error) if error.kind() == ErrorKind::NotFound => (json!({}), None, 0),
            Err(error) if error.kind() == ErrorKind::Deleted => {
                (json!({}), None, self.metadata(name).await?.current_version)
            }
            Err(error) => return Err(error),
        };
        let holds = match options.if_version {
            IfVersion::Any => true,
            IfVersion::Absent => current.is_none(),
            IfVersion::Is(version) => current.is_some() && number(&version) == current,
            _ => return Err(unsupported()),
        };
        if !holds {
            return Err(conflict());
        }
        let field = field(options.field)?;
        let place = field.path().split_last().and_then(|(last, parents)| {
            let parent = parents.iter().try_fold(&mut map, |place, step| place.get_mut(step))?;
            Some((parent.as_object_mut()?, last))
        });
        let (fields, last) = place.ok_or_else(|| missing(Reason::Field))?;
        fields.insert(last.clone(), text.into());
        let cas = u32::try_from(latest).map_err(|_| unsupported())?;
        let options = SetSecretRequestOptions { cas };
        let written = kv2::set_with_options(&self.client, MOUNT, checked(name)?, &map, options);
        let written = written.await.map_err(|cause| error(&cause))?;
        Ok(id(written.version))
    }

    async fn undelete(&self, name: &SecretName) -> Result<()> {
        let all = self.metadata(name).await?;
        let versions = vec![all.current_version];
        let undeleted = kv2::undelete_versions(&self.client, MOUNT, checked(name)?, versions);
        undeleted.await.map_err(|cause| error(&cause))?;
        // The server says yes to bringing back what is destroyed, and does nothing.
        let all = self.metadata(name).await?;
        alive(&all, all.current_version)
    }

    /// The server says yes whatever there is, so that is asked first.
    async fn delete_latest(&self, name: &SecretName) -> Result<()> {
        let all = self.metadata(name).await?;
        alive(&all, all.current_version)?;
        let deleted = kv2::delete_latest(&self.client, MOUNT, checked(name)?);
        deleted.await.map_err(|cause| error(&cause))
    }

    async fn list_below(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let mut found = Vec::new();
        if let Some(prefix) = prefix {
            match self.metadata(prefix).await {
                Ok(_) => found.push(prefix.clone()),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let mut folders = vec![prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default()];
        while let Some(folder) = folders.pop() {
            let keys = match kv2::list(&self.client, MOUNT, &folder).await {
                Err(ClientError::APIError { code: 404, errors }) if errors.is_empty() => continue,
                keys => keys.map_err(|cause| error(&cause))?,
            };
            for key in keys {
                let place = format!("{folder}{key}");
                match key.ends_with('/') {
                    true => folders.push(place),
                    false => found.extend(SecretName::new(&place)),
                }
            }
        }
        found.sort();
        Ok(found)
    }

    async fn infos(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        let all = self.metadata(name).await?;
        let mut successor = None;
        let mut infos = Vec::new();
        for number in (1..=all.current_version).rev() {
            let Some(one) = all.versions.get(&number.to_string()) else { continue };
            let state = match is_deleted(one) {
                true => VersionState::Deleted,
                false if number == all.current_version => VersionState::Current,
                false => VersionState::Previous,
            };
            let mut info = VersionInfo::new(id(number), state);
            info.created_at = time(&one.created_time);
            info.retired_at = successor;
            successor = info.created_at;
            infos.push(info);
        }
        Ok(infos)
    }
}

const INFO: ProviderInfo = ProviderInfo::new("vaultrs");

fn located(name: &SecretName, operation: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.with_name(name.as_str()).with_operation(INFO.id(), operation)
}

#[async_trait]
impl SecretStore for VaultrsStore {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.read(name, options).await.map_err(located(name, "get"))
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.write(name, value, options).await.map(Some).map_err(located(name, "put"))
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.undelete(name).await.map_err(located(name, "restore"))
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.delete_latest(name).await.map_err(located(name, "delete"))
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.list_below(prefix).await.map_err(|error| error.with_operation(INFO.id(), "list"))
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.infos(name).await.map_err(located(name, "versions"))
    }
}

/// The client has no `Debug`, and that of its settings prints the token.
impl fmt::Debug for VaultrsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultrsStore").finish_non_exhaustive()
    }
}

/// The cause is dropped: its `Debug` may hold the whole answer.
fn error(cause: &ClientError) -> Error {
    let (kind, message) = match cause {
        ClientError::APIError { code: 400, errors }
            if errors.iter().any(|text| text.contains("check-and-set")) =>
        {
            return conflict();
        }
        ClientError::APIError { code: 401, .. } => {
            (ErrorKind::Unauthenticated, "the token is not accepted")
        }
        ClientError::APIError { code: 403, .. } => {
            (ErrorKind::PermissionDenied, "the token does not allow it")
        }
        ClientError::APIError { code: 404, .. } => {
            (ErrorKind::Misconfigured, "nothing is mounted there, or something else")
        }
        ClientError::APIError { code: 429, .. } => (ErrorKind::Throttled, "too many requests"),
        ClientError::APIError { code: 400..=499, .. } => {
            (ErrorKind::Internal, "the request was refused as malformed")
        }
        // Outages, and one error for lost connections and answers that are not understood.
        _ => (ErrorKind::Unavailable, "no answer, or one that is not understood"),
    };
    Error::new(kind, message)
}

fn missing(reason: Reason) -> Error {
    Error::new(ErrorKind::NotFound, "no such secret, version or field").with_reason(reason)
}

fn conflict() -> Error {
    Error::new(ErrorKind::Conflict, "the current version is not the expected one")
}

fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "KV version 2 cannot do that")
}

/// The server takes no name with `..` in it.
fn checked(name: &SecretName) -> Result<&str> {
    match name.as_str() {
        bad if bad.contains("..") => {
            Err(Error::new(ErrorKind::Misconfigured, "Vault takes no name with `..` in it"))
        }
        good => Ok(good),
    }
}

fn field(field: Option<Field>) -> Result<Field> {
    field.map_or_else(|| Field::new("value"), Ok)
}

fn alive(all: &ReadSecretMetadataResponse, version: u64) -> Result<()> {
    match all.versions.get(&version.to_string()) {
        Some(one) if is_deleted(one) => {
            Err(Error::new(ErrorKind::Deleted, "the version is deleted"))
        }
        Some(_) => Ok(()),
        None => Err(missing(Reason::Version)),
    }
}

fn is_deleted(one: &SecretMetadata) -> bool {
    one.destroyed || time(&one.deletion_time).is_some_and(|deleted| deleted <= SystemClock.now())
}

fn number(version: &SecretVersion) -> Option<u64> {
    version.as_str().parse().ok().filter(|number| *number > 0 && id(*number) == *version)
}

fn id(number: u64) -> SecretVersion {
    SecretVersion::new(number.to_string())
}

/// Whole seconds of a time in UTC, such as `2026-03-17T09:08:07.654Z`: vaultrs gives times as text.
fn time(text: &str) -> Option<SystemTime> {
    let parts = text.split(['-', 'T', ':', '.', 'Z']).map_while(|part| part.parse::<u64>().ok());
    let [year, month, day, hour, minute, second, ..] = parts.collect::<Vec<_>>()[..] else {
        return None;
    };
    // The year begins in March, so that a leap day is its last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    let days = days.checked_sub(719_469)?;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
