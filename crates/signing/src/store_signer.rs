//! Signing over any store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use strongroom_core::{
    Clock, Result, SecretName, SecretStore, SignOptions, Signature, Signer, Verified,
};

use crate::load::KeySource;
use crate::slot::Slot;
use crate::{Freshness, KeyEncoding, KeyRing};

/// Signs and verifies with keys read from a store.
///
/// Each key is read when it is first used and again when it is no longer fresh, by one caller at a time.
/// A signature of a key that is not known causes one more read, at most once a cooldown.
#[derive(Debug)]
pub struct StoreSigner {
    source: KeySource,
    slots: Mutex<HashMap<SecretName, Arc<Slot>>>,
}

impl StoreSigner {
    /// Signs with keys of this store, written down in this encoding.
    pub fn new(
        store: Arc<dyn SecretStore>,
        encoding: KeyEncoding,
        freshness: Freshness,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let source = KeySource { store, encoding, freshness, clock };
        Self { source, slots: Mutex::default() }
    }

    /// The live versions of a key, as fresh as for signing.
    ///
    /// # Errors
    /// Those of reading the key; `InvalidValue` if it cannot be used.
    pub async fn ring(&self, key: &SecretName) -> Result<KeyRing> {
        self.slot(key).ring(&self.source, key).await
    }

    /// Makes the next use of a key read it again.
    pub fn invalidate(&self, key: &SecretName) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(key) {
            slot.invalidate();
        }
    }

    /// Whether a key of this name was used here.
    pub fn uses(&self, key: &SecretName) -> bool {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }

    fn slot(&self, key: &SecretName) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(key) {
            return slot.clone();
        }
        slots.entry(key.clone()).or_default().clone()
    }
}

#[async_trait]
impl Signer for StoreSigner {
    async fn sign(
        &self,
        key: &SecretName,
        message: &[u8],
        options: SignOptions,
    ) -> Result<Signature> {
        self.ring(key).await?.with_purpose(&options.purpose)?.sign(message)
    }

    async fn verify(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &Signature,
        options: SignOptions,
    ) -> Result<Verified> {
        let mut ring = self.ring(key).await?;
        if !ring.knows(signature.key()) {
            ring = self.slot(key).ring_knowing(signature.key(), &self.source, key).await?;
        }
        ring.with_purpose(&options.purpose)?.verify(message, signature)
    }
}
