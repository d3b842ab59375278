//! The store.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use azure_security_keyvault_secrets::SecretClient;
use strongroom_core::{
    Capabilities, Clock, Error, ErrorKind, GetOptions, LiveVersion, Probe, ProviderInfo,
    PutOptions, Reason, Result, Secret, SecretName, SecretStore, SecretValue, SecretVersion,
    VersionInfo, escaped,
};

use crate::live::Watched;
use crate::{ID, examine, name};

const INFO: ProviderInfo = ProviderInfo::new(ID);

/// Most names of which it is remembered how they are spelt.
const MOST_SPELLINGS: usize = 10_000;

/// Secrets of one vault.
pub(crate) struct AzureStore {
    pub(crate) client: SecretClient,
    pub(crate) clock: Arc<dyn Clock>,
    /// The host in all ids, if it is known: a vault behind a name of somebody else's has another one in them.
    pub(crate) host: Option<String>,
    /// Keys whose versions were asked for.
    pub(crate) watched: Mutex<HashMap<SecretName, Watched>>,
    /// How the names that were used are spelt, by what a vault makes of them.
    spellings: Mutex<HashMap<String, String>>,
}

/// The official client shows nothing.
impl fmt::Debug for AzureStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureStore")
            .field("vault", &self.client.endpoint().as_str())
            .finish_non_exhaustive()
    }
}

impl AzureStore {
    pub(crate) fn new(client: SecretClient, clock: Arc<dyn Clock>, host: Option<String>) -> Self {
        let (watched, spellings) = Default::default();
        Self { client, clock, host, watched, spellings }
    }

    /// The name in the vault, if nobody uses another spelling of the same.
    ///
    /// # Errors
    /// `Misconfigured`, with reason `collision` if somebody does.
    pub(crate) fn place(&self, name: &SecretName) -> Result<String> {
        let text = name::to_vault(name)?;
        let spellings = self.spellings.lock().unwrap_or_else(PoisonError::into_inner);
        match spellings.get(&text.to_ascii_lowercase()) {
            Some(other) if *other != text => {
                let message = format!(
                    "to Key Vault this is the same name as `{}`, which is in use: it does not tell upper from lower case",
                    escaped(other)
                );
                Err(Error::new(ErrorKind::Misconfigured, message).with_reason(Reason::Collision))
            }
            _ => Ok(text),
        }
    }

    /// The secret is there, under this name.
    pub(crate) fn found(&self, place: &str) {
        let mut spellings = self.spellings.lock().unwrap_or_else(PoisonError::into_inner);
        if spellings.len() < MOST_SPELLINGS {
            spellings.entry(place.to_ascii_lowercase()).or_insert_with(|| place.to_owned());
        }
    }

    /// The secret is not there any more, so that its name may be spelt otherwise.
    pub(crate) fn lost(&self, place: &str) {
        let mut spellings = self.spellings.lock().unwrap_or_else(PoisonError::into_inner);
        spellings.remove(&place.to_ascii_lowercase());
    }

    fn located<'a>(
        &self,
        operation: &'static str,
        name: Option<&'a SecretName>,
    ) -> impl Fn(Error) -> Error + 'a {
        move |error| error.located(ID, operation, name)
    }
}

#[async_trait]
impl SecretStore for AzureStore {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        (can.put, can.list, can.versions, can.delete) = (true, true, true, true);
        can
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        let located = self.located("get", Some(name));
        match options.field {
            Some(_) => Err(located(Error::no_fields())),
            None => self.read(name, &options.select).await.map_err(located),
        }
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        let located = self.located("put", Some(name));
        self.write(name, &value, &options).await.map(Some).map_err(located)
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.disable(name, version).await.map_err(self.located("retire", Some(name)))
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.bring_back(name).await.map_err(self.located("restore", Some(name)))
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.remove(name).await.map_err(self.located("delete", Some(name)))
    }

    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.names(prefix).await.map_err(self.located("list", prefix))
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        self.all_versions(name).await.map_err(self.located("versions", Some(name)))
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        self.live(name, since).await.map_err(self.located("live_versions", Some(name)))
    }

    async fn probe(&self) -> Result<Probe> {
        let asked = examine::ask(&self.client).await;
        asked.map(|()| Probe::Active).map_err(self.located("probe", None))
    }
}
