//! The handle that signs and verifies with one key.

use std::sync::Arc;
use std::{fmt, iter};

use strongroom_core::{
    Error, ErrorKind, Purpose, Reason, Result, SecretName, SignOptions, Signature, Verified,
};
use strongroom_signing::KeySnapshot;

use crate::inner::{Asked, Inner, Remote};
use crate::{KeyRing, published, rings};

/// Signs and verifies with one key, for one purpose. Cheap to clone.
///
/// Where the provider keeps the key, it signs, and verifies what it publishes no keys for. Where the key is
/// read from the store, it is renewed in the background, and a rotation is followed.
#[derive(Clone)]
pub struct Signer {
    inner: Arc<Inner>,
    key: SecretName,
    options: SignOptions,
    /// The key itself, where the provider does not sign.
    ring: Option<KeyRing>,
}

/// What [`Signer::enforce`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Enforced {
    /// The signature verified.
    Verified(Verified),
    /// Nothing was checked: verification is switched off by `VAULT_VERIFY_ENABLED=false`.
    NotVerified,
}

impl Signer {
    pub(crate) async fn open(inner: Arc<Inner>, key: SecretName) -> Result<Self> {
        let ring = match &inner.remote {
            Some(remote) => {
                remote.note(&key, Asked::Check, remote.signer.check(&key).await)?;
                None
            }
            None => Some(KeyRing::open(&inner.rings, &key).await?),
        };
        Ok(Self { inner, key, options: SignOptions::default(), ring })
    }

    /// The same key for another purpose: `[a-z0-9._-]{1,64}`. Signatures of one purpose never verify for
    /// another.
    ///
    /// # Errors
    /// `Misconfigured` if the purpose is not one.
    pub fn for_purpose(&self, purpose: &str) -> Result<Self> {
        let mut other = self.clone();
        other.options = SignOptions::default().purpose(Purpose::new(purpose)?);
        other.ring = self.ring.as_ref().map(|ring| ring.for_purpose(purpose)).transpose()?;
        Ok(other)
    }

    /// Signs with the current version of the key.
    ///
    /// # Errors
    /// Those of reading the key, if there is none that may be used; `Unavailable` past the age limit.
    pub async fn sign(&self, message: &[u8]) -> Result<Signature> {
        match self.backend()? {
            Backend::Local(_) => self.local_keys().await?.sign(message),
            Backend::Remote(remote) => {
                let signed = remote.signer.sign(&self.key, message, self.options.clone()).await;
                remote.note(&self.key, Asked::Sign, signed)
            }
        }
    }

    /// Verifies with the version that the signature names. A mismatch is an error. Always verifies,
    /// whatever the settings say.
    ///
    /// A key that is not known is looked for once, at most every 30 s, which never delays known ones.
    ///
    /// # Errors
    /// `SignatureMismatch` if the signature does not verify, with `retry_after` if a key that is not known
    /// yet may be looked for again then; any other kind if it could not be told.
    pub async fn verify(&self, message: &[u8], signature: &Signature) -> Result<Verified> {
        let verified = match self.backend()? {
            Backend::Local(ring) => self.verify_local(ring, message, signature).await,
            Backend::Remote(remote) => self.verify_remote(remote, message, signature).await,
        };
        match verified {
            Err(error) if error.reason() == Some(Reason::UnknownKey) => {
                self.verify_migrating(message, signature, error).await
            }
            verified => verified,
        }
    }

    /// Signs several messages: one result a message, in their order.
    pub async fn sign_many(&self, messages: &[&[u8]]) -> Vec<Result<Signature>> {
        if let Ok(Backend::Remote(remote)) = self.backend() {
            let options = self.options.clone();
            let signed = remote.signer.sign_many(&self.key, messages, options).await;
            remote.note_all(&self.key, iter::repeat(Asked::Sign), &signed);
            return signed;
        }
        let mut signatures = Vec::with_capacity(messages.len());
        for message in messages {
            signatures.push(self.sign(message).await);
        }
        signatures
    }

    /// Verifies several messages: one result a pair, in their order.
    pub async fn verify_many(&self, pairs: &[(&[u8], &Signature)]) -> Vec<Result<Verified>> {
        if let Ok(Backend::Remote(remote)) = self.backend() {
            return self.verify_many_remote(remote, pairs).await;
        }
        let mut verified = Vec::with_capacity(pairs.len());
        for (message, signature) in pairs {
            verified.push(self.verify(message, signature).await);
        }
        verified
    }

    /// Verifies a signature that has to be there. The only call that honours
    /// `VAULT_VERIFY_ENABLED=false`, and then says so in the log once a minute.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); `SignatureMismatch` if there is no signature.
    pub async fn enforce(&self, message: &[u8], signature: Option<&Signature>) -> Result<Enforced> {
        if !self.inner.common.verify {
            self.inner.remind_if_unverified();
            return Ok(Enforced::NotVerified);
        }
        match signature {
            Some(signature) => self.verify(message, signature).await.map(Enforced::Verified),
            None => Err(Error::signature(Reason::Missing)),
        }
    }

    async fn verify_local(
        &self,
        ring: &KeyRing,
        message: &[u8],
        signature: &Signature,
    ) -> Result<Verified> {
        let mut verified = ring.verify_known(message, signature);
        if verified.as_ref().is_err_and(|error| error.kind() != ErrorKind::SignatureMismatch) {
            // There are no keys at hand that may be used.
            verified = self.local_keys().await?.verify(message, signature);
        }
        match verified {
            Err(error) if error.reason() == Some(Reason::UnknownKey) => {
                let purpose = &self.options.purpose;
                let (rings, key) = (&self.inner.rings, &self.key);
                rings::verify_unknown(rings, key, purpose, message, signature).await
            }
            verified => verified,
        }
    }

    /// The keys of the store, as new as they should be, or the last ones if they cannot be had.
    async fn local_keys(&self) -> Result<KeySnapshot> {
        rings::ring(&self.inner.rings, &self.key).await?.0.with_purpose(&self.options.purpose)
    }

    async fn verify_remote(
        &self,
        remote: &Remote,
        message: &[u8],
        signature: &Signature,
    ) -> Result<Verified> {
        let (cache, options) = (&remote.published, &self.options);
        match published::verify(cache, &self.key, message, signature, options).await {
            Some(verified) => {
                remote.note_unpublished(&self.key, Asked::Verify(*signature), verified)
            }
            None => {
                let options = options.clone();
                let asked = remote.signer.verify(&self.key, message, signature, options).await;
                remote.note(&self.key, Asked::Verify(*signature), asked)
            }
        }
    }

    /// Those whose keys are published are verified here, the rest by the provider, together.
    async fn verify_many_remote(
        &self,
        remote: &Remote,
        pairs: &[(&[u8], &Signature)],
    ) -> Vec<Result<Verified>> {
        let (cache, options) = (&remote.published, &self.options);
        let mut results = Vec::with_capacity(pairs.len());
        for (message, signature) in pairs {
            let verified = published::verify(cache, &self.key, message, signature, options).await;
            let asked = Asked::Verify(**signature);
            results.push(verified.map(|one| remote.note_unpublished(&self.key, asked, one)));
        }
        let left = results.iter().zip(pairs).filter(|(result, _)| result.is_none());
        let left: Vec<_> = left.map(|(_, pair)| *pair).collect();
        let mut asked = Vec::new();
        if !left.is_empty() {
            asked = remote.signer.verify_many(&self.key, &left, options.clone()).await;
            let each = left.iter().map(|(_, signature)| Asked::Verify(**signature));
            remote.note_all(&self.key, each, &asked);
        }
        let mut asked = asked.into_iter();
        let mut verified = Vec::with_capacity(pairs.len());
        for (result, (message, signature)) in results.into_iter().zip(pairs) {
            let left_out = || Err(Error::new(ErrorKind::Internal, "a signer left out a message"));
            verified.push(match result.unwrap_or_else(|| asked.next().unwrap_or_else(left_out)) {
                Err(error) if error.reason() == Some(Reason::UnknownKey) => {
                    self.verify_migrating(message, signature, error).await
                }
                result => result,
            });
        }
        verified
    }

    /// The provider that signs knows no such key: it may be the one of the store that signed before.
    async fn verify_migrating(
        &self,
        message: &[u8],
        signature: &Signature,
        unknown: Error,
    ) -> Result<Verified> {
        let (Some(old), true) = (&self.inner.also_verifies, self.is_configured_key()) else {
            return Err(unknown);
        };
        let old = self.inner.full_name(old)?;
        let (rings, purpose) = (&self.inner.rings, &self.options.purpose);
        let ring = rings::ring(rings, &old).await?.0.with_purpose(purpose)?;
        let verified = match ring.verify(message, signature) {
            Err(error) if error.reason() == Some(Reason::UnknownKey) => {
                rings::verify_unknown(rings, &old, purpose, message, signature).await
            }
            verified => verified,
        };
        // It signs no more, whatever its own store says.
        Ok(Verified::by(*verified?.key(), false))
    }

    fn is_configured_key(&self) -> bool {
        self.inner.signing_key.name.as_ref().is_ok_and(|name| *name == self.key)
    }

    fn backend(&self) -> Result<Backend<'_>> {
        match (&self.ring, &self.inner.remote) {
            (Some(ring), _) => Ok(Backend::Local(ring)),
            (None, Some(remote)) => Ok(Backend::Remote(remote)),
            (None, None) => {
                Err(Error::new(ErrorKind::Internal, "a signer has neither a key nor a provider"))
            }
        }
    }
}

/// Who signs.
enum Backend<'a> {
    Local(&'a KeyRing),
    Remote(&'a Remote),
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("key", &self.key)
            .field("purpose", &self.options.purpose)
            .finish_non_exhaustive()
    }
}
