//! The handle that applications hold.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{
    Error, GetOptions, Probe, PutOptions, Result, Secret, SecretName, SecretValue, SecretVersion,
    Settings, VersionInfo,
};
use strongroom_layers::Cache;
use strongroom_local::ProcessEnvironment;

use crate::finally::Finally;
use crate::inner::Inner;
use crate::reads::Reads;
use crate::{Builder, KeyRing, Native, RawHmac, Rotate, Signer};

/// The secrets of one provider, and signatures made with its keys. Cheap to clone and to share.
///
/// Names are logical: `/`-separated, the same on every provider, below `SECRETS_PREFIX` if that is set.
/// `name#FIELD` and `name#/json/pointer` pick one field of a secret that is a JSON object.
#[derive(Clone)]
pub struct Secrets {
    pub(crate) inner: Arc<Inner>,
    /// That of `inner`, one step nearer: the hot forms pay for each.
    pub(crate) reads: Cache<Reads>,
}

impl Secrets {
    /// Opens the provider that the environment selects: `SECRETS_PROVIDER` and its settings.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub async fn from_env() -> Result<Self> {
        Self::from_settings(Settings::new(ProcessEnvironment)).await
    }

    /// Opens the provider that these settings select.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub async fn from_settings(settings: Settings) -> Result<Self> {
        Self::builder().settings(settings).build().await
    }

    /// Puts one together from parts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(inner: Inner) -> Self {
        inner.remind_if_unverified();
        let reads = inner.reads.clone();
        Self { inner: Arc::new(inner), reads }
    }

    /// The id of the provider.
    pub fn provider(&self) -> &'static str {
        self.inner.store.info().id()
    }

    /// What a person should look at, though it works: misspelt settings, loose file modes. Also logged
    /// when this was built.
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// Reads the current version of a secret: from the cache, or once for all who ask.
    ///
    /// What was read within `SECRETS_CACHE_TTL_SECONDS` is served as it is. A secret that is read twice in
    /// that time is in use: it is renewed in the background, so that no reader waits, for as long as it is
    /// read. While the provider fails, the last value is served for `SECRETS_MAX_STALE_SECONDS` more, and
    /// [`Secret::freshness`] says so.
    ///
    /// # Errors
    /// `NotFound`, `Deleted`, `InvalidValue` and the like if the provider says so about the secret;
    /// `Misconfigured` if the name is not one; any other kind if the provider cannot answer.
    #[inline]
    pub async fn get(&self, name: &str) -> Result<Secret> {
        match self.reads.hit(name) {
            Some(secret) => Ok(secret),
            None => self.get_with(name, GetOptions::default()).await,
        }
    }

    /// Reads a version of a secret: the previous, the pending, or the one with a given id; or the current one
    /// no older than [`GetOptions::max_age`].
    ///
    /// # Errors
    /// As [`get`](Self::get); `NotFound` (reason `version`) if there is no such version, `Unsupported` if
    /// the provider keeps none.
    pub async fn get_with(&self, name: &str, options: GetOptions) -> Result<Secret> {
        self.inner.get(&self.inner.resolve(name)?, Some(name), options).await
    }

    /// Reads several secrets: one result a name, in their order, as [`get`](Self::get). A provider that can,
    /// reads them at one instant: on `file`, all come from the same release.
    pub async fn get_many(&self, names: &[&str]) -> Vec<Result<Secret>> {
        self.inner.get_many(names).await
    }

    /// Writes a secret and returns its new version, where the provider has versions. `name#FIELD` writes
    /// one field and keeps the others byte for byte.
    ///
    /// # Errors
    /// `Conflict` if [`PutOptions::if_version`] does not hold, or too many others write to the same secret at
    /// the same time; `InvalidValue` or `Malformed` if the value
    /// is empty or over 64 KiB; `Unsupported` if the provider cannot write that.
    pub async fn put(
        &self,
        name: &str,
        value: impl Into<SecretValue>,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.inner.put(&self.inner.resolve(name)?, value.into(), options).await
    }

    /// The logical names at and below a prefix of whole segments, recursively; all without one.
    ///
    /// # Errors
    /// `Unsupported` if the provider cannot list.
    pub async fn list(&self, prefix: Option<&str>) -> Result<Vec<SecretName>> {
        let prefix = prefix.map(SecretName::new).transpose()?;
        self.inner.list(prefix.as_ref()).await
    }

    /// The versions of a secret, newest first, without their values.
    ///
    /// # Errors
    /// `Unsupported` if the provider keeps none; otherwise as [`get`](Self::get).
    pub async fn versions(&self, name: &str) -> Result<Vec<VersionInfo>> {
        let name = self.inner.full_name(&SecretName::new(name)?)?;
        self.inner.store.versions(&name).await
    }

    /// Deletes a secret, recoverably where the provider can.
    ///
    /// # Errors
    /// `NotFound` if it is not there; `Unsupported` if the provider cannot delete.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let name = self.inner.full_name(&SecretName::new(name)?)?;
        let _outdated = Finally(|| self.inner.expire(&name));
        self.inner.store.delete(&name).await?;
        self.inner.invalidate(&name);
        Ok(())
    }

    /// Brings a deleted secret back, where the provider can.
    ///
    /// # Errors
    /// `NotFound` if it was never there; `Deleted` if it is gone for good; `Unsupported` if the provider
    /// cannot.
    pub async fn restore(&self, name: &str) -> Result<()> {
        let name = self.inner.full_name(&SecretName::new(name)?)?;
        let _outdated = Finally(|| self.inner.expire(&name));
        self.inner.store.restore(&name).await
    }

    /// Signs and verifies with the configured key: one of the store, or one of the provider's own where that
    /// signs (`VAULT_TRANSIT_KEY`). Reads the key or asks about it, so that a service without one does not
    /// start.
    ///
    /// # Errors
    /// Those of reading the key; `InvalidValue` if it cannot be used; `Misconfigured` if none is configured,
    /// or the provider has no such key.
    pub async fn signer(&self) -> Result<Signer> {
        Signer::open(self.inner.clone(), self.inner.key_name(self.signing_key()?)?).await
    }

    /// Signs and verifies with another key. Where the provider signs, that is another of its own keys, which
    /// [`rotate`](Self::rotate) does not rotate: there it names a secret of the store.
    ///
    /// # Errors
    /// As [`signer`](Self::signer).
    pub async fn signer_for(&self, name: &str) -> Result<Signer> {
        Signer::open(self.inner.clone(), self.inner.key_name(&SecretName::new(name)?)?).await
    }

    /// The configured key's live versions, which sign and verify without waiting, and are renewed in the
    /// background.
    ///
    /// # Errors
    /// `Unsupported` if the provider signs and no key leaves it; otherwise as [`signer`](Self::signer).
    pub async fn key_ring(&self) -> Result<KeyRing> {
        self.inner.ring(&self.inner.full_name(self.signing_key()?)?).await
    }

    /// Plain HMAC-SHA256 with a key, for protocols that others define. Renewed as a
    /// [`key_ring`](Self::key_ring).
    ///
    /// # Errors
    /// As [`key_ring`](Self::key_ring); `InvalidValue` (reason `collision`) if two live versions are one
    /// and the same key to HMAC.
    pub async fn raw_hmac(&self, name: &str) -> Result<RawHmac> {
        let name = self.inner.full_name(&SecretName::new(name)?)?;
        // Keys of the store serve here too where the provider signs.
        let opened = RawHmac::open(&self.inner.rings, &name).await;
        opened.map_err(|error| match error.name() {
            Some(_) => error,
            None => error.with_name(name.as_str()),
        })
    }

    /// The provider's own signatures over bare messages, with the configured key: what others get who ask the
    /// provider themselves.
    ///
    /// # Errors
    /// `Unsupported` if no provider that signs itself is configured; otherwise as [`signer`](Self::signer).
    pub async fn native(&self) -> Result<Native> {
        Native::open(self.inner.clone(), self.signing_key().cloned()).await
    }

    /// The provider's own signatures, with another of its own keys.
    ///
    /// # Errors
    /// As [`native`](Self::native).
    pub async fn native_for(&self, name: &str) -> Result<Native> {
        Native::open(self.inner.clone(), SecretName::new(name)).await
    }

    /// The name of the configured signing key: logical, or the provider's own where that signs.
    ///
    /// # Errors
    /// `Misconfigured` if none is configured, naming what would have to be set.
    pub fn signing_key(&self) -> Result<&SecretName> {
        self.inner.signing_key.name.as_ref().map_err(Error::clone)
    }

    /// Asks the provider how it is and whether it knows us, and whether the signing key that somebody
    /// configured is there. Reads no other secret. Not tried again: it tells what is now.
    ///
    /// # Errors
    /// `Unavailable` if the provider does not serve, with reason `sealed`, `uninitialised` or `inactive` if
    /// it says so; `Unauthenticated` if it serves and does not accept who we are; `Misconfigured` if the
    /// signing key is not there.
    pub async fn probe(&self) -> Result<Probed> {
        let inner = &self.inner;
        let start = inner.clock.monotonic();
        let probe = inner.store.probe().await?;
        let latency = inner.clock.monotonic().saturating_duration_since(start);
        if let (true, Ok(name)) = (inner.signing_key.expected, &inner.signing_key.name) {
            inner.check_key(&inner.key_name(name)?).await?;
        }
        Ok(Probed { probe, latency })
    }

    /// A new key of this many random bytes (32 to 512) as a value in the configured encoding, to `put`.
    ///
    /// # Errors
    /// `Misconfigured` for another number of bytes.
    pub fn generate(&self, bytes: usize) -> Result<SecretValue> {
        self.inner.common.encoding.generate(bytes, self.inner.clock.now())
    }

    /// Begins a rotation of a key or any other secret; nothing happens before [`Rotate::run`]. The name is that
    /// of a secret of the store, except for the configured signing key of a provider that signs itself.
    pub fn rotate(&self, name: &str) -> Rotate {
        Rotate::new(self.inner.clone(), name)
    }
}

/// What [`Secrets::probe`] found.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Probed {
    /// What the provider says of itself.
    pub probe: Probe,
    /// How long it took to say so.
    pub latency: Duration,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("provider", &self.provider()).finish_non_exhaustive()
    }
}
