//! Rotation, in its first form: the new version is current at once.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use strongroom_core::{
    Error, ErrorKind, IfVersion, PutOptions, Reason, Result, Secret, SecretRef, SecretValue,
    SecretVersion, Signer,
};
use strongroom_signing::{KeyEncoding, KeySet, SigningKey};

use crate::finally::Finally;
use crate::inner::Inner;
use crate::rings::ring;

/// How many random bytes a new key has, unless somebody says.
const KEY_BYTES: usize = 32;

/// A rotation that has not begun. [`run`](Self::run) does it.
///
/// ```
/// use strongroom::{MemoryStore, Secrets};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> strongroom::Result<()> {
/// let store = MemoryStore::new().with("signing-key", "canary-key-of-thirty-two-bytes-1")?;
/// let secrets = Secrets::builder().store(store).build().await?;
/// let old = secrets.signer().await?.sign(b"message").await?;
/// secrets.rotate("signing-key").no_wait().run().await?;
/// assert!(!secrets.signer().await?.verify(b"message", &old).await?.is_current());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is rotated before `run`"]
pub struct Rotate {
    inner: Arc<Inner>,
    name: String,
    value: Option<SecretValue>,
    bytes: Option<usize>,
    no_wait: bool,
}

/// What a rotation did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rotation {
    /// The secret, by its logical name.
    pub name: SecretRef,
    /// The version that is current now, where versions have ids.
    pub version: Option<SecretVersion>,
    /// The version that was current before.
    pub previous: Option<SecretVersion>,
    /// How long signatures of the previous key still verify; `None` if the provider signs, and its operator
    /// decides (Vault: `min_decryption_version`).
    pub previous_verifies_until: Option<SystemTime>,
}

impl Rotate {
    pub(crate) fn new(inner: Arc<Inner>, name: &str) -> Self {
        Self { inner, name: name.to_owned(), value: None, bytes: None, no_wait: false }
    }

    /// Makes the new version current at once. Required in this version.
    ///
    /// Processes that have the old key still sign with it until their TTL is over, which verifies
    /// everywhere during the grace. Processes that have not seen the new key look for it once when they
    /// meet its id; a storm of forged ids can hold that up for the cooldown. A rotation that first
    /// publishes the key, and waits until every process must have seen it, has no such gap.
    pub fn no_wait(mut self) -> Self {
        self.no_wait = true;
        self
    }

    /// The new value. That of a key is in the configured encoding; for `jwks` it is the new key alone, in
    /// base64url. Default: 32 random bytes.
    pub fn value(mut self, value: impl Into<SecretValue>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// How many random bytes the new key has: 32 to 512. Default: 32.
    pub fn generate(mut self, bytes: usize) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Rotates: reads the current version, writes the new one, and uses it in this process from now on.
    ///
    /// Rotations in one process wait for each other. Between processes the write happens only if nobody has
    /// written meanwhile, where the provider can check that; in a flat folder and in Vault's KV version 1 (`jwks`
    /// only) it cannot, so rotate there from one process.
    ///
    /// # Errors
    /// `Unsupported` without [`no_wait`](Self::no_wait), or where the provider keeps no previous version
    /// (unless it is a signing key and the encoding is `jwks`); `NotFound` if there is nothing to rotate;
    /// `Conflict` if somebody else wrote; `InvalidValue` if the new value cannot be used or is the current
    /// one (reason `rotation_noop`).
    pub async fn run(self) -> Result<Rotation> {
        let inner = &self.inner;
        let logical = SecretRef::new(&self.name)?;
        if let Some(remote) = self.remote(&logical) {
            return self.rotate_remote(&**remote, logical).await;
        }
        let reference = inner.resolve(&self.name)?;
        let located =
            |error: Error| error.located(inner.store.info().id(), "rotate", Some(reference.name()));
        self.check().map_err(located)?;
        let _turn = inner.rotating.lock().await;
        let current = inner.current(&reference).await.map_err(located)?;
        let what = self.what(&reference, &current)?;
        if current.version().is_none() && what != What::KeySet {
            return Err(located(no_previous()));
        }
        let now = inner.clock.now();
        let value = self.next_value(what, &current, now).map_err(located)?;
        let mut options = PutOptions::default();
        if let (true, Some(version)) = (inner.store.capabilities().cas, current.version()) {
            options = options.if_version(IfVersion::Is(version.clone()));
        }
        let version = inner.put(&reference, value, options).await.map_err(located)?;
        if inner.rings.status().iter().any(|status| status.key == *reference.name()) {
            // So that handles which cannot wait have it too. If it fails, it is tried again.
            let _ = ring(&inner.rings, reference.name()).await;
        }
        Ok(Rotation {
            name: logical,
            version,
            previous: current.version().cloned(),
            previous_verifies_until: Some(now + inner.common.grace),
        })
    }

    /// What rotates the key, if it is the configured one and the provider signs. Other names are secrets of the
    /// store.
    fn remote(&self, logical: &SecretRef) -> Option<&Arc<dyn Signer>> {
        let configured = self.inner.signing_key.name.as_ref().ok()?;
        let is_key = logical.field().is_none() && logical.name() == configured;
        self.inner.remote.as_ref().map(|remote| &remote.signer).filter(|_| is_key)
    }

    async fn rotate_remote(&self, remote: &dyn Signer, name: SecretRef) -> Result<Rotation> {
        if self.value.is_some() || self.bytes.is_some() {
            let message = "the provider makes its keys itself; leave the value and its size out";
            let error = Error::new(ErrorKind::Unsupported, message);
            return Err(error.located(self.inner.store.info().id(), "rotate", Some(name.name())));
        }
        self.check_waiting()?;
        let _turn = self.inner.rotating.lock().await;
        let key = name.name().clone();
        let _outdated = Finally(|| {
            if let Some(remote) = &self.inner.remote {
                remote.published.expire(|published| *published == key);
            }
        });
        let rotated = remote.rotate(&key).await?;
        Ok(Rotation {
            name,
            version: Some(rotated.version),
            previous: Some(rotated.previous),
            previous_verifies_until: None,
        })
    }

    /// What is rotated: other secrets are rotated too, and a password need not be a key. A set of keys is told
    /// by what it is, as a new process has used no key yet.
    fn what(&self, reference: &SecretRef, current: &Secret) -> Result<What> {
        let inner = &self.inner;
        let is_set = inner.common.encoding == KeyEncoding::Jwks;
        if is_set && KeySet::parse(current.value()).is_ok() {
            return Ok(What::KeySet);
        }
        let name = reference.name();
        let mut is_key = inner.rings.status().iter().any(|status| status.key == *name);
        for key in inner.signing_key.name.iter().chain(&inner.also_verifies) {
            is_key |= *name == inner.full_name(key)?;
        }
        Ok(match (is_key && reference.field().is_none(), is_set) {
            (true, true) => What::KeySet,
            (true, false) => What::Key,
            (false, _) => What::Other,
        })
    }

    fn check_waiting(&self) -> Result<()> {
        match self.no_wait {
            true => Ok(()),
            false => {
                let message = "a rotation that waits is not in this version; add `no_wait`";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    /// What can be said before anything is read.
    fn check(&self) -> Result<()> {
        let can = self.inner.store.capabilities();
        self.check_waiting()?;
        if !can.put {
            let message = "this provider cannot write";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let keeps_previous = can.versions || can.overlap;
        match keeps_previous || self.inner.common.encoding == KeyEncoding::Jwks {
            true => Ok(()),
            false => Err(no_previous()),
        }
    }

    fn next_value(&self, what: What, current: &Secret, now: SystemTime) -> Result<SecretValue> {
        let encoding = self.inner.common.encoding;
        let bytes = self.bytes.unwrap_or(KEY_BYTES);
        match what {
            What::KeySet => {
                let key = match &self.value {
                    Some(value) => SigningKey::decode(value, KeyEncoding::Base64url)?,
                    None => SigningKey::generate(bytes)?,
                };
                let grace = self.inner.common.grace;
                Ok(KeySet::parse(current.value())?.rotated(key, now, grace)?.render())
            }
            What::Key => {
                let value = match &self.value {
                    Some(value) => value.clone(),
                    None => encoding.generate(bytes, now)?,
                };
                // A key that cannot be used must not become the current one.
                let key = SigningKey::decode(&value, encoding)?;
                match SigningKey::decode(current.value(), encoding) {
                    Ok(old) if old.id() == key.id() => Err(noop()),
                    _ => Ok(value),
                }
            }
            What::Other => {
                let value = match (&self.value, encoding) {
                    (Some(value), _) => value.clone(),
                    (None, KeyEncoding::Jwks) => KeyEncoding::Raw.generate(bytes, now)?,
                    (None, _) => encoding.generate(bytes, now)?,
                };
                match value.ct_eq(current.value()) {
                    true => Err(noop()),
                    false => Ok(value),
                }
            }
        }
    }
}

/// What a rotation replaces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    /// One key among those of a JWK Set.
    KeySet,
    /// A key that is the whole value.
    Key,
    /// A secret that is no signing key.
    Other,
}

fn no_previous() -> Error {
    let message = "no previous version is kept here; use a provider that keeps versions or, for a signing key, SECRETS_SIGNING_KEY_ENCODING=jwks";
    Error::new(ErrorKind::Unsupported, message)
}

fn noop() -> Error {
    let message = "the new value is the current one; nothing was written";
    Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::RotationNoop)
}

impl fmt::Debug for Rotate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rotate").field("name", &self.name).finish_non_exhaustive()
    }
}
