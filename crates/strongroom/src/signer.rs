//! The handle that signs and verifies with one key.

use std::fmt;
use std::sync::Arc;

use strongroom_core::{
    Error, Purpose, Reason, Result, SecretName, SignOptions, Signature, Signer as Backend, Verified,
};

use crate::inner::Inner;

/// Signs and verifies with one key, for one purpose. Cheap to clone.
///
/// Where the provider keeps the key, it signs; where the key is read from the store, it is read again
/// when it is no longer fresh, and a rotation is followed.
#[derive(Clone)]
pub struct Signer {
    inner: Arc<Inner>,
    key: SecretName,
    options: SignOptions,
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
        match &inner.remote {
            Some(remote) => remote.check(&key).await?,
            None => drop(inner.local.ring(&key).await?),
        }
        Ok(Self { inner, key, options: SignOptions::default() })
    }

    /// The same key for another purpose: `[a-z0-9._-]{1,64}`. Signatures of one purpose never verify for
    /// another.
    ///
    /// # Errors
    /// `Misconfigured` if the purpose is not one.
    pub fn for_purpose(&self, purpose: &str) -> Result<Self> {
        let mut other = self.clone();
        other.options = SignOptions::default().purpose(Purpose::new(purpose)?);
        Ok(other)
    }

    /// Signs with the current version of the key.
    ///
    /// # Errors
    /// Those of reading the key, if it is no longer fresh; `Unavailable` past the age limit.
    pub async fn sign(&self, message: &[u8]) -> Result<Signature> {
        self.backend().sign(&self.key, message, self.options.clone()).await
    }

    /// Verifies with the version that the signature names. A mismatch is an error. Always verifies,
    /// whatever the settings say.
    ///
    /// # Errors
    /// `SignatureMismatch` if the signature does not verify, with `retry_after` if a key that is not known
    /// yet may be looked for again then; any other kind if it could not be told.
    pub async fn verify(&self, message: &[u8], signature: &Signature) -> Result<Verified> {
        let verified =
            self.backend().verify(&self.key, message, signature, self.options.clone()).await;
        match verified {
            Err(error) if error.reason() == Some(Reason::UnknownKey) => {
                self.verify_migrating(message, signature, error).await
            }
            verified => verified,
        }
    }

    /// Signs several messages: one result a message, in their order.
    pub async fn sign_many(&self, messages: &[&[u8]]) -> Vec<Result<Signature>> {
        self.backend().sign_many(&self.key, messages, self.options.clone()).await
    }

    /// Verifies several messages: one result a pair, in their order.
    pub async fn verify_many(&self, pairs: &[(&[u8], &Signature)]) -> Vec<Result<Verified>> {
        let mut results = self.backend().verify_many(&self.key, pairs, self.options.clone()).await;
        for (result, (message, signature)) in results.iter_mut().zip(pairs) {
            if let Err(error) = result
                && error.reason() == Some(Reason::UnknownKey)
            {
                *result = self.verify_migrating(message, signature, error.clone()).await;
            }
        }
        results
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
        let verified =
            self.inner.local.verify(&old, message, signature, self.options.clone()).await?;
        // It signs no more, whatever its own store says.
        Ok(Verified::by(*verified.key(), false))
    }

    fn is_configured_key(&self) -> bool {
        self.inner.signing_key.name.as_ref().is_ok_and(|name| *name == self.key)
    }

    fn backend(&self) -> &dyn Backend {
        match &self.inner.remote {
            Some(remote) => &**remote,
            None => &self.inner.local,
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("key", &self.key)
            .field("purpose", &self.options.purpose)
            .finish_non_exhaustive()
    }
}
