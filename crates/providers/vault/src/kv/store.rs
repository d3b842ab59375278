//! The store: names below a mount, fields, and which version of the engine answers.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, Clock, Error, ErrorKind, Field, GetOptions, IfVersion, LiveVersion, Probe,
    ProviderInfo, PutOptions, Reason, Result, Secret, SecretName, SecretStore, SecretValue,
    SecretVersion, Select, Stage, VersionInfo,
};

use super::config::{KvConfig, KvVersion};
use super::engine::{Doubt, Engine, Version};
use crate::api::Api;
use crate::health;

/// The field of a secret whose reference names none.
const DEFAULT_FIELD: &str = "value";

/// Secrets of one KV mount.
///
/// A secret is a map of fields; a name without `#FIELD` means field `value`. Writing a field keeps its
/// siblings: the map is read and written back with check-and-set.
#[derive(Debug)]
pub(crate) struct KvStore {
    pub(super) api: Arc<Api>,
    pub(super) mount: SecretName,
    pub(super) prefix: Option<SecretName>,
    pub(super) engine: Engine,
    pub(super) clock: Arc<dyn Clock>,
}

impl KvStore {
    pub(crate) fn new(api: Arc<Api>, config: KvConfig, clock: Arc<dyn Clock>) -> Self {
        let engine = Engine::new(config.version, clock.clone());
        Self { api, mount: config.mount, prefix: config.prefix, engine, clock }
    }

    /// The version of the engine, asked for once.
    pub(super) async fn version(&self) -> Result<KvVersion> {
        Ok(self.engine.version(&self.api, &self.mount).await?.number)
    }

    /// The error for a secret that is not there in version 2, unless it may be there in version 1's place.
    pub(super) async fn nothing(&self, missing: Error) -> Error {
        match self.engine.version(&self.api, &self.mount).await {
            Ok(Version { number: KvVersion::Two, is_certain: true }) => missing,
            Ok(Version { number: KvVersion::One, .. }) => {
                let message = "KV version 1 was mounted in the place of version 2";
                Error::new(ErrorKind::Misconfigured, message).with_reason(Reason::Mount)
            }
            Ok(_) => Error::new(
                ErrorKind::Misconfigured,
                "nothing is there in KV version 2, and the token may not ask which version is mounted; set VAULT_KV_VERSION",
            )
            .with_key("VAULT_KV_VERSION"),
            Err(error) => error,
        }
    }

    /// The name below the prefix.
    pub(super) fn place(&self, name: &SecretName) -> Result<SecretName> {
        let api_path = ["data", "metadata"].iter().any(|word| {
            let mount = format!("{}/{word}/", self.mount);
            name.as_str().starts_with(&mount)
        });
        if api_path {
            let message =
                "already contains the mount and `data/`, which are added here; give the name alone";
            return Err(Error::new(ErrorKind::Misconfigured, message));
        }
        match &self.prefix {
            Some(prefix) => name.below(prefix),
            None => Ok(name.clone()),
        }
    }

    pub(super) async fn read(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        let place = self.place(name)?;
        let field = field(options.field)?;
        match self.version().await? {
            KvVersion::One if options.select == Select::Current => {
                self.read_one(&place, &field).await
            }
            KvVersion::One => Err(unsupported("KV version 1 keeps no versions")),
            KvVersion::Two => self.read_two(&place, &field, options.select).await,
        }
    }

    pub(super) async fn write(
        &self,
        name: &SecretName,
        value: &SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        let place = self.place(name)?;
        let field = field(options.field)?;
        if options.stage != Stage::Current {
            return Err(unsupported("KV holds no pending version: what is written is current"));
        }
        match self.version().await? {
            KvVersion::One if options.if_version == IfVersion::Any => {
                self.write_one(&place, &field, value).await.map(|()| None)
            }
            KvVersion::One => Err(unsupported("KV version 1 has no check-and-set")),
            KvVersion::Two => {
                self.write_two(&place, &field, value, &options.if_version).await.map(Some)
            }
        }
    }
}

pub(super) fn field(field: Option<Field>) -> Result<Field> {
    field.map_or_else(|| Field::new(DEFAULT_FIELD), Ok)
}

pub(super) fn unsupported(message: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

pub(super) fn no_secret() -> Error {
    Error::new(ErrorKind::NotFound, "no such secret").with_reason(Reason::Secret)
}

/// Names who answered, about what. What is not found may be so because the engine was replaced.
fn located<'a>(
    store: &'a KvStore,
    name: &'a SecretName,
    operation: &'static str,
) -> impl Fn(Error) -> Error + 'a {
    move |error| {
        match error.reason() {
            Some(Reason::Secret) => store.engine.doubt(Doubt::Missing),
            Some(Reason::Mount) => store.engine.doubt(Doubt::Replaced),
            _ => {}
        }
        // Always the name that was asked for, not that below the prefix.
        error.with_name(name.as_str()).with_operation(store.api.info().id(), operation)
    }
}

#[async_trait]
impl SecretStore for KvStore {
    fn info(&self) -> &ProviderInfo {
        self.api.info()
    }

    /// Those of version 2 until the server has said that it is version 1.
    fn capabilities(&self) -> Capabilities {
        let two = self.engine.known() != Some(KvVersion::One);
        let mut can = Capabilities::default();
        (can.put, can.list, can.delete, can.fields) = (true, true, true, true);
        (can.cas, can.versions) = (two, two);
        can
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.read(name, options).await.map_err(located(self, name, "get"))
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.write(name, &value, options).await.map_err(located(self, name, "put"))
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        let restored = async {
            let place = self.place(name)?;
            match self.version().await? {
                KvVersion::One => Err(unsupported("KV version 1 brings nothing back")),
                KvVersion::Two => self.restore_two(&place).await,
            }
        };
        restored.await.map_err(located(self, name, "restore"))
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        let deleted = async {
            let place = self.place(name)?;
            match self.version().await? {
                KvVersion::One => self.delete_one(&place).await,
                KvVersion::Two => self.delete_two(&place).await,
            }
        };
        deleted.await.map_err(located(self, name, "delete"))
    }

    /// Secrets whose latest version is deleted are listed too: the server does not tell them apart.
    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.list_below(prefix)
            .await
            .map_err(|error| error.with_operation(self.api.info().id(), "list"))
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        let versions = async {
            let place = self.place(name)?;
            match self.version().await? {
                KvVersion::One => Err(unsupported("KV version 1 keeps no versions")),
                KvVersion::Two => self.versions_two(&place).await,
            }
        };
        versions.await.map_err(located(self, name, "versions"))
    }

    /// With `read` on `data/` alone: one call, and one more for each version that may still be in use.
    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        let located = located(self, name, "live_versions");
        let mut live = self.read_live(name, since).await.map_err(&located)?;
        for LiveVersion { secret, .. } in &mut live {
            if let Err(error) = secret {
                *error = located(error.clone());
            }
        }
        Ok(live)
    }

    async fn probe(&self) -> Result<Probe> {
        let probed = async {
            let probe = health::read(&self.api.health().await?)?;
            self.api.check_token().await?;
            Ok(probe)
        };
        probed.await.map_err(|error: Error| error.with_operation(self.api.info().id(), "probe"))
    }
}
