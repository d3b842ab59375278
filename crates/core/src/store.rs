//! The trait that a provider of secrets implements.

use std::fmt::Debug;
use std::time::SystemTime;

use async_trait::async_trait;

use crate::{
    Error, ErrorKind, GetOptions, LiveVersion, ProviderInfo, PutOptions, Result, Secret,
    SecretName, SecretValue, SecretVersion, VersionInfo, live,
};

/// Where secrets are kept. For implementors: applications use the `Secrets` handle.
///
/// Required are [`info`](Self::info), [`capabilities`](Self::capabilities) and [`get`](Self::get); the
/// rest answers `Unsupported` until it is written, and [`Capabilities`] says which is.
///
/// An implementation does one attempt of one call: it does not retry, sleep, cache or log. The kind of
/// each error decides what happens next, so `NotFound` is an answer of a provider that works, never of one
/// that is down. Wrappers should carry `#[deny(clippy::missing_trait_methods)]`.
#[async_trait]
pub trait SecretStore: Debug + Send + Sync + 'static {
    /// Who answers.
    fn info(&self) -> &ProviderInfo;

    /// What can be asked.
    fn capabilities(&self) -> Capabilities;

    /// Reads one version of one secret.
    ///
    /// # Errors
    /// `NotFound`, `Deleted`, `Disabled` and the like are about the secret; every other kind is about the
    /// provider or the question.
    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret>;

    /// Reads several secrets: one result a name, in their order. Stores that can, read them at one
    /// instant or in one call; the default reads one after the other.
    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        let mut results = Vec::with_capacity(names.len());
        for name in names {
            results.push(self.get(name, options.clone()).await);
        }
        results
    }

    /// Writes a new version and returns its id, where versions have one.
    ///
    /// # Errors
    /// `Conflict` if [`PutOptions::if_version`] does not hold; nothing is changed then.
    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        let _ = (value, options);
        Err(unsupported(self.info(), "put", Some(name)))
    }

    /// Makes a pending version current.
    ///
    /// # Errors
    /// `Conflict` if the current version is not `expected_current`.
    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        let _ = (version, expected_current);
        Err(unsupported(self.info(), "promote", Some(name)))
    }

    /// Ends a version that is no longer current.
    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        let _ = version;
        Err(unsupported(self.info(), "retire", Some(name)))
    }

    /// Brings a deleted secret back.
    async fn restore(&self, name: &SecretName) -> Result<()> {
        Err(unsupported(self.info(), "restore", Some(name)))
    }

    /// Deletes a secret, recoverably where the provider can.
    async fn delete(&self, name: &SecretName) -> Result<()> {
        Err(unsupported(self.info(), "delete", Some(name)))
    }

    /// The names at and below a prefix, recursively, sorted; all names without one.
    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let _ = prefix;
        Err(unsupported(self.info(), "list", None))
    }

    /// The versions of a secret, newest first, without their values.
    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        Err(unsupported(self.info(), "versions", Some(name)))
    }

    /// The versions of a secret that may still be in use, with their values: the current one first, the
    /// pending ones, and those whose successor became current after `since`, the last retired first. One
    /// whose time of retirement is not known is not among them.
    ///
    /// For keys, of which more than the current one verifies; so no field is picked but the one that
    /// [`get`](Self::get) picks by itself. Default: one [`versions`](Self::versions) and one `get` for each, at
    /// most [`LiveVersion::MOST`]; the current one alone where [`Capabilities::versions`] is not set. A store
    /// that can tell with fewer calls, or with fewer rights, should.
    ///
    /// # Errors
    /// Those of the current version, and every error of another one that is not about that version alone: an
    /// answer that lacks a version which cannot be read now would pass for the whole.
    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        live::read(self, name, since).await
    }

    /// Whether a declared secret can be read.
    async fn check(&self, name: &SecretName) -> Result<()> {
        self.get(name, GetOptions::default()).await.map(drop)
    }

    /// Asks the provider how it is and whether it knows us, without reading a secret. Default: nothing to
    /// ask.
    ///
    /// # Errors
    /// `Unavailable` if it does not serve, with reason `sealed`, `uninitialised` or `inactive` if it says so;
    /// `Unauthenticated` if it serves and does not accept who we are.
    async fn probe(&self) -> Result<Probe> {
        Ok(Probe::Active)
    }
}

/// What a provider that serves says of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Probe {
    /// It serves.
    Active,
    /// It serves by passing requests on to the active server.
    Standby,
}

fn unsupported(info: &ProviderInfo, operation: &'static str, name: Option<&SecretName>) -> Error {
    let message = format!("provider `{}` cannot do `{operation}` here", info.id());
    Error::new(ErrorKind::Unsupported, message).located(info.id(), operation, name)
}

/// What a store can do. A flag that is set is a promise.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Writes.
    pub put: bool,
    /// Writes only if the current version is the expected one, without a gap between the two.
    pub cas: bool,
    /// Lists names.
    pub list: bool,
    /// Keeps versions, reads them by id and lists them with states and times.
    pub versions: bool,
    /// Finds the versions of a key that were current before for as long as they are of use
    /// ([`live_versions`](SecretStore::live_versions)), though it cannot list versions. Does not count where
    /// `versions` is set.
    pub overlap: bool,
    /// Holds a version that is published and not yet current, and promotes it.
    pub pending: bool,
    /// Deletes.
    pub delete: bool,
    /// Reads several secrets with one call for many of them.
    pub batch: bool,
    /// Reads several secrets at one instant: `get_many` never mixes what was in force before a change with
    /// what is in force after it.
    pub snapshot: bool,
    /// Keeps bytes that are not UTF-8.
    pub binary: bool,
    /// Picks and writes single fields itself: its secrets are maps.
    pub fields: bool,
}
