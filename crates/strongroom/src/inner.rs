//! What the handles share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use strongroom_core::{
    Clock, Error, ErrorKind, GetOptions, Moment, PutOptions, Result, Secret, SecretName, SecretRef,
    SecretStore, SecretValue, SecretVersion,
};
use strongroom_signing::{KeyRing, StoreSigner};

use crate::common::Common;
use crate::field_write;

/// How often it is said that verification is switched off.
const REMINDER: Duration = Duration::from_secs(60);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn SecretStore>,
    /// What signs, where the provider does so itself.
    pub(crate) remote: Option<Arc<dyn strongroom_core::Signer>>,
    pub(crate) local: StoreSigner,
    pub(crate) signing_key: SigningKeyName,
    /// A key of the store whose signatures still verify, while `remote` signs.
    pub(crate) also_verifies: Option<SecretName>,
    pub(crate) common: Common,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) warnings: Vec<String>,
    /// When it was last said that verification is switched off.
    pub(crate) reminded: Mutex<Option<Moment>>,
    /// One rotation at a time in this process: not every store can check and set.
    pub(crate) rotating: tokio::sync::Mutex<()>,
}

/// The configured signing key.
pub(crate) struct SigningKeyName {
    /// Its logical name, or what has to be set to have one.
    pub(crate) name: Result<SecretName>,
    /// Whether somebody said so, rather than it being the default.
    pub(crate) expected: bool,
}

impl Inner {
    /// A reference with the prefix before its name.
    pub(crate) fn resolve(&self, reference: &str) -> Result<SecretRef> {
        let reference = SecretRef::new(reference)?;
        match &self.common.prefix {
            Some(prefix) => reference.below(prefix),
            None => Ok(reference),
        }
    }

    pub(crate) fn full_name(&self, name: &SecretName) -> Result<SecretName> {
        match &self.common.prefix {
            Some(prefix) => name.below(prefix),
            None => Ok(name.clone()),
        }
    }

    /// The name of a key: without a prefix where the provider signs, as its keys are not secrets of the store.
    pub(crate) fn key_name(&self, name: &SecretName) -> Result<SecretName> {
        match self.remote {
            Some(_) => Ok(name.clone()),
            None => self.full_name(name),
        }
    }

    pub(crate) async fn check_key(&self, name: &SecretName) -> Result<()> {
        let checked = match &self.remote {
            Some(remote) => remote.check(name).await,
            None => self.store.check(name).await,
        };
        checked.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::Deleted => {
                let message = "the configured signing key is not there";
                Error::new(ErrorKind::Misconfigured, message).with_name(name.as_str())
            }
            _ => error,
        })
    }

    pub(crate) async fn get(&self, reference: &SecretRef, options: GetOptions) -> Result<Secret> {
        let reference = reference.clone().with_field(options.field.clone())?;
        if self.store.capabilities().fields {
            let options = options.field(reference.field().cloned());
            return self.store.get(reference.name(), options).await;
        }
        let secret = self.store.get(reference.name(), options.field(None)).await?;
        self.pick(&reference, secret)
    }

    pub(crate) fn pick(&self, reference: &SecretRef, secret: Secret) -> Result<Secret> {
        let Some(field) = reference.field() else { return Ok(secret) };
        let picked = field.pick(secret.value());
        let located = |error: Error| {
            error.with_name(reference.name().as_str()).with_operation(self.store.info().id(), "get")
        };
        Ok(secret.with_value(picked.map_err(located)?))
    }

    pub(crate) async fn put(
        &self,
        reference: &SecretRef,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        let reference = reference.clone().with_field(options.field.clone())?;
        let name = reference.name();
        let located = |error: Error| error.with_name(name.as_str());
        value.check_size().map_err(located)?;
        let can = self.store.capabilities();
        if can.put && !can.binary && value.expose_str().is_err() {
            let message = "this provider keeps text only, and the value is not UTF-8";
            return Err(located(Error::new(ErrorKind::Unsupported, message)));
        }
        let written = match reference.field() {
            Some(field) if !can.fields => {
                field_write::put(&*self.store, name, field, &value, options.field(None)).await
            }
            field => self.store.put(name, value, options.field(field.cloned())).await,
        };
        // Whether or not it went well: a write that timed out may have happened.
        self.local.invalidate(name);
        written
    }

    /// Says, at the start and then at most once a minute, that verification is switched off.
    pub(crate) fn remind_if_unverified(&self) {
        if self.common.verify {
            return;
        }
        let mut reminded = self.reminded.lock().unwrap_or_else(PoisonError::into_inner);
        if reminded.is_none_or(|last| last.age(&*self.clock) >= REMINDER) {
            *reminded = Some(Moment::now(&*self.clock));
            tracing::warn!(
                event = "verification_disabled",
                "VAULT_VERIFY_ENABLED=false: every message is accepted as signed"
            );
        }
    }

    pub(crate) async fn ring(&self, name: &SecretName) -> Result<KeyRing> {
        match self.remote {
            None => self.local.ring(name).await,
            Some(_) => {
                let message = "the provider signs itself, so there is no key to hold; use `signer`";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }
}
