//! Putting a `Secrets` together.

use std::sync::{Arc, Mutex};

use strongroom_core::{
    Clock, Layer, Open, Opened, Provider, Result, SecretStore, Settings, SystemClock,
};
use strongroom_signing::StoreSigner;

use crate::common::Common;
use crate::registry;
use crate::secrets::{Inner, Secrets};

/// Builds a [`Secrets`] from parts: settings, a store of one's own, layers, a clock.
#[derive(Debug, Default)]
#[must_use]
pub struct Builder {
    settings: Option<Settings>,
    opened: Option<Opened>,
    providers: Vec<Provider>,
    layers: Vec<Arc<dyn Layer>>,
    clock: Option<Arc<dyn Clock>>,
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

    /// Wraps the store, and the provider's signer if it has one. The last layer added is the outermost.
    pub fn layer(mut self, layer: impl Layer) -> Self {
        self.layers.push(Arc::new(layer));
        self
    }

    /// Tells the time. Default: the clock of the machine.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Checks the settings and opens the provider. Does no network I/O.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting that has to change and what it may be; for provider `file` also
    /// `PermissionDenied` if the folder may not be read.
    pub async fn build(self) -> Result<Secrets> {
        let settings = self.settings.unwrap_or_else(|| Settings::from_pairs::<&str, &str>([]));
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        // Before any I/O: a bad setting is said whether or not the provider can be opened.
        let common = Common::read(&settings)?;
        let shared = strongroom_local::signing_key(&settings)?;
        let opened = match self.opened {
            Some(opened) => opened,
            None => {
                let (provider, id) = registry::select(&settings, &self.providers)?;
                provider.open(Open::new(id, &settings, &clock)).await?
            }
        };
        let store = self.layers.iter().fold(opened.store, |store, layer| layer.store(store));
        let remote = opened
            .signer
            .map(|signer| self.layers.iter().fold(signer, |signer, layer| layer.signer(signer)));
        let (signing_key, expected) = match opened.signing_key {
            Some(name) => (name, true),
            None => (Ok(shared.0), shared.1),
        };
        let mut warnings = settings.near_misses(&registry::known_keys(&self.providers));
        warnings.extend(opened.warnings);
        for warning in &warnings {
            tracing::warn!(provider = store.info().id(), "{warning}");
        }
        let local =
            StoreSigner::new(store.clone(), common.encoding, common.freshness, clock.clone());
        if common.telemetry {
            tracing::info!(provider = store.info().id(), "secrets provider");
        }
        Ok(Secrets::new(Inner {
            store,
            remote,
            local,
            signing_key: SigningKeyName { name: signing_key, expected },
            also_verifies: opened.also_verifies,
            common,
            clock,
            warnings,
            reminded: Mutex::default(),
            rotating: tokio::sync::Mutex::default(),
        }))
    }
}
