//! What the handles share.

mod calls;
mod remote;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use strongroom_core::{
    Clock, Error, ErrorKind, Examine, GetOptions, Key, Moment, PutOptions, Result, Secret,
    SecretName, SecretRef, SecretStore, SecretValue, SecretVersion, Select, Settings,
};
use strongroom_layers::{Cache, Source};

use crate::common::Common;
use crate::declared::Declared;
use crate::field_write;
use crate::finally::Finally;
use crate::key_ring::KeyRing;
use crate::reads::{Read, Reads};
use crate::rings::Rings;

pub(crate) use self::calls::Asked;
pub(crate) use self::remote::Remote;

/// How often it is said that verification is switched off.
const REMINDER: Duration = Duration::from_secs(60);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn SecretStore>,
    pub(crate) reads: Cache<Reads>,
    pub(crate) rings: Cache<Rings>,
    /// What signs, where the provider does so itself.
    pub(crate) remote: Option<Remote>,
    pub(crate) signing_key: SigningKeyName,
    /// A key of the store whose signatures still verify, while `remote` signs.
    pub(crate) also_verifies: Option<SecretName>,
    pub(crate) common: Common,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) warnings: Vec<String>,
    /// How many of them are about settings; the others the provider had when it was opened.
    pub(crate) of_settings: usize,
    /// What looks for mistakes in the set-up of the provider.
    pub(crate) examine: Option<Arc<dyn Examine>>,
    /// Where the settings are, and those of the selected provider, to look at again.
    pub(crate) settings: Settings,
    pub(crate) of_provider: &'static [Key],
    /// The process that this was built in.
    pub(crate) process: u32,
    pub(crate) declared: Declared,
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
    /// Whether it is whole as it is: no prefix is put before it.
    pub(crate) is_whole: bool,
}

impl Inner {
    /// After a `fork` there are no threads that renew, and connections are shared with the parent. Looked at
    /// on use in debug builds, as it costs a system call, and by `diagnose` in all.
    ///
    /// # Errors
    /// `Misconfigured` in another process than the one that this was built in.
    pub(crate) fn check_process(&self) -> Result<()> {
        match self.process == std::process::id() {
            true => Ok(()),
            false => {
                let message = "this was opened by a process that has forked since; open secrets after `fork`, not before";
                Err(Error::new(ErrorKind::Misconfigured, message))
            }
        }
    }

    /// The logical names at and below a prefix; all without one.
    pub(crate) async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let below = match prefix {
            Some(prefix) => Some(self.full_name(prefix)?),
            None => self.common.prefix.clone(),
        };
        let names = self.store.list(below.as_ref()).await?;
        let Some(prefix) = &self.common.prefix else { return Ok(names) };
        Ok(names.iter().filter_map(|name| name.strip_prefix(prefix)).collect())
    }

    /// A reference with the prefix before its name.
    pub(crate) fn resolve(&self, reference: &str) -> Result<SecretRef> {
        if cfg!(debug_assertions) {
            self.check_process()?;
        }
        let reference = SecretRef::new(reference)?;
        match &self.common.prefix {
            Some(prefix) if !self.is_whole(reference.name()) => reference.below(prefix),
            _ => Ok(reference),
        }
    }

    pub(crate) fn full_name(&self, name: &SecretName) -> Result<SecretName> {
        match &self.common.prefix {
            Some(prefix) if !self.is_whole(name) => name.below(prefix),
            _ => Ok(name.clone()),
        }
    }

    /// Whether a name is that of a signing key which the provider's own setting names in full.
    fn is_whole(&self, name: &SecretName) -> bool {
        self.signing_key.is_whole && self.signing_key.name.as_ref().is_ok_and(|key| key == name)
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
            Some(remote) => remote.signer.check(name).await,
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

    /// Reads a secret, from the cache where that may be. `text` is what it was asked for with.
    pub(crate) async fn get(
        &self,
        reference: &SecretRef,
        text: Option<&str>,
        options: GetOptions,
    ) -> Result<Secret> {
        let text = text.filter(|_| options.field.is_none() && options.select == Select::Current);
        let reference = reference.clone().with_field(options.field)?;
        let read = Read::of(&reference, options.select);
        self.reads.get(&read, text, options.max_age).await
    }

    /// Reads the current version, past the cache.
    pub(crate) async fn current(&self, reference: &SecretRef) -> Result<Secret> {
        let read = [Read::current(reference)];
        let mut answers = self.reads.source().load(&read).await;
        let left_out = || Error::new(ErrorKind::Internal, "a store left out the name it was asked");
        answers.pop().unwrap_or_else(|| Err(left_out()))
    }

    /// A secret was written, as far as we know: it is read again before it is served.
    pub(crate) fn expire(&self, name: &SecretName) {
        self.reads.expire(|read| read.name == *name);
        self.rings.expire(|key| key == name);
    }

    /// Nothing that is held of a secret is served from now on.
    pub(crate) fn invalidate(&self, name: &SecretName) {
        self.reads.invalidate(|read| read.name == *name);
        self.rings.invalidate(|key| key == name);
    }

    /// As [`invalidate`](Self::invalidate), of what is published of a key of the provider's own.
    pub(crate) fn invalidate_published(&self, name: &SecretName) {
        if let Some(remote) = &self.remote {
            remote.published.invalidate(|key| key == name);
        }
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
        let _outdated = Finally(|| self.expire(name));
        match reference.field() {
            Some(field) if !can.fields => {
                field_write::put(&*self.store, name, field, &value, options.field(None)).await
            }
            field => self.store.put(name, value, options.field(field.cloned())).await,
        }
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
            None => KeyRing::open(&self.rings, name).await,
            Some(_) => {
                let message = "the provider signs itself, so there is no key to hold; use `signer`";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }
}
