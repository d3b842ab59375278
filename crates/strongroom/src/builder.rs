//! Putting a `Secrets` together.

use std::sync::{Arc, Mutex};

use strongroom_core::{
    Clock, Error, ErrorKind, Key, Layer, Open, Opened, Provider, Result, SecretStore, Settings,
    SystemClock,
};
use strongroom_layers::{Cache, RetryLayer, TimeoutLayer};
use strongroom_signing::KeySource;

use crate::common::Common;
use crate::declared::Declared;
use crate::inner::{Inner, Remote, SigningKeyName};
use crate::published::Published;
use crate::reads::Reads;
use crate::registry;
use crate::rings::Rings;
use crate::secrets::Secrets;

/// Builds a [`Secrets`] from parts: settings, a store of one's own, layers, a clock.
#[derive(Debug, Default)]
#[must_use]
pub struct Builder {
    settings: Option<Settings>,
    opened: Option<Opened>,
    providers: Vec<Provider>,
    layers: Vec<Arc<dyn Layer>>,
    clock: Option<Arc<dyn Clock>>,
    attempts: Option<u32>,
    required: Vec<String>,
    critical: Vec<String>,
    critical_signing_key: bool,
}

impl Builder {
    /// Reads these settings instead of none. They select the provider, unless a
    /// [`store`](Self::store) is given.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Uses this store instead of a provider that is selected by settings.
    pub fn store(self, store: impl SecretStore) -> Self {
        self.opened(Opened::new(Arc::new(store)))
    }

    /// Uses an open provider: a store together with its own signer or signing key.
    pub fn opened(mut self, opened: Opened) -> Self {
        self.opened = Some(opened);
        self
    }

    /// Makes a provider selectable by its ids. An id that is taken already is an error of
    /// [`build`](Self::build).
    pub fn provider(mut self, provider: Provider) -> Self {
        self.providers.push(provider);
        self
    }

    /// How many attempts an operation has at most, while its errors are of a kind that may pass: 1 to 5.
    /// Default: 3. Writes are tried again only if the provider says that it did nothing.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Declares secrets that [`Secrets::ready`] reads and keeps in use. While one cannot be used,
    /// [`Secrets::health`] says `Degraded`. The name of the signing key stands for the key.
    pub fn require<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.required.extend(names.into_iter().map(Into::into));
        self
    }

    /// As [`require`](Self::require), for secrets without which the service cannot do its work: while one
    /// cannot be used, [`Secrets::health`] says `NotReady`.
    pub fn critical<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.critical.extend(names.into_iter().map(Into::into));
        self
    }

    /// Declares the configured signing key as [`critical`](Self::critical), whatever its name is: for services that
    /// do not care which provider they run on. It is the key that [`Secrets::signer`] signs with, in the store or
    /// with a provider that signs.
    ///
    /// If none is configured, [`build`](Self::build) says what would have to be set.
    pub fn critical_signing_key(mut self) -> Self {
        self.critical_signing_key = true;
        self
    }

    /// Wraps the store, and the provider's signer if it has one, outside retries and the deadline of an
    /// operation, and behind the cache. The last layer added is the outermost.
    pub fn layer(mut self, layer: impl Layer) -> Self {
        self.layers.push(Arc::new(layer));
        self
    }

    /// Tells the time. Default: the clock of the machine.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Checks the settings and opens the provider. Does no network I/O. What is built needs a tokio runtime
    /// with its timer enabled.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting that has to change and what it may be; for provider `file` also
    /// `PermissionDenied` if the folder may not be read.
    pub async fn build(self) -> Result<Secrets> {
        let settings = self.settings.unwrap_or_else(|| Settings::from_pairs::<&str, &str>([]));
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let source = match self.opened {
            Some(opened) => Source::Open(opened),
            None => registry::select(&settings, &self.providers).map(Source::Selected)?,
        };
        // Before any I/O: a bad setting is said whether or not the provider can be opened.
        let of_provider = source.keys();
        let common = Common::read(&settings, of_provider)?;
        let mut declared = Declared::new(&self.required, &self.critical)?;
        let shared = strongroom_local::signing_key(&settings)?;
        let attempts = self.attempts.unwrap_or(RetryLayer::ATTEMPTS);
        if !RetryLayer::ATTEMPTS_RANGE.contains(&attempts) {
            let message = "attempts must be from 1 to 5";
            return Err(Error::new(ErrorKind::Misconfigured, message));
        }
        let opened = match source {
            Source::Open(opened) => opened,
            Source::Selected((provider, id)) => {
                provider.open(Open::new(id, &settings, &clock)).await?
            }
        };
        let retry: Arc<dyn Layer> = Arc::new(RetryLayer::new(attempts, common.timeout));
        let timeout: Arc<dyn Layer> = Arc::new(TimeoutLayer::new(common.timeout));
        let layers = [retry, timeout].into_iter().chain(self.layers);
        let (mut store, mut remote) = (opened.store, opened.signer);
        for layer in layers {
            store = layer.store(store);
            remote = remote.map(|signer| layer.signer(signer));
        }
        let mut warnings = settings.near_misses(&registry::known_keys(&self.providers));
        let (shared_key, is_set) = shared;
        let (signing_key, expected) = match opened.signing_key {
            None => (Ok(shared_key), is_set),
            Some(name) => {
                if is_set {
                    let message = "SECRETS_SIGNING_SECRET_NAME is not read: the provider has a setting of its own for it";
                    warnings.push(message.to_owned());
                }
                (name, true)
            }
        };
        let of_settings = warnings.len();
        warnings.extend(opened.warnings);
        if self.critical_signing_key {
            declared.add_critical(signing_key.as_ref().map_err(Error::clone)?)?;
        }
        for warning in &warnings {
            tracing::warn!(provider = store.info().id(), "{warning}");
        }
        let provider = store.info().id();
        let reads = Cache::new(Reads { store: store.clone() }, common.limits, clock.clone());
        let keys =
            KeySource::new(store.clone(), common.encoding, common.key_limits(), clock.clone());
        let rings = Cache::new(Rings { provider, keys }, common.limits, clock.clone());
        let remote = remote.map(|signer| {
            let source = Published { provider, signer: signer.clone() };
            let published = Cache::new(source, common.limits, clock.clone());
            let key = signing_key.as_ref().ok().cloned();
            Remote::new(signer, published, key, common.limits.age(), clock.clone())
        });
        if common.telemetry {
            tracing::info!(provider = store.info().id(), "secrets provider");
        }
        Ok(Secrets::new(Inner {
            store,
            reads,
            rings,
            remote,
            signing_key: SigningKeyName {
                name: signing_key,
                expected,
                is_whole: opened.signing_key_is_whole,
            },
            also_verifies: opened.also_verifies,
            common,
            clock,
            warnings,
            of_settings,
            examine: opened.examine,
            settings,
            of_provider,
            process: std::process::id(),
            declared,
            reminded: Mutex::default(),
            rotating: tokio::sync::Mutex::default(),
        }))
    }
}

/// Where the store comes from.
enum Source {
    Open(Opened),
    Selected((Provider, &'static str)),
}

impl Source {
    fn keys(&self) -> &'static [Key] {
        match self {
            Self::Open(_) => &[],
            Self::Selected((provider, _)) => provider.keys(),
        }
    }
}
