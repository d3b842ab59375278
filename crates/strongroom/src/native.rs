//! The handle for signatures of the provider's own.

use std::fmt;
use std::sync::Arc;

use strongroom_core::{Error, ErrorKind, NativeSignature, Result, SecretName};

use crate::inner::{Asked, Inner, Remote};

/// The provider's own signatures over bare messages, with one of its keys: for others that ask the provider
/// themselves, and know nothing of `sr1`. Cheap to clone.
///
/// A type of its own, and never a fall-back of [`Signer::verify`](crate::Signer::verify): these signatures
/// carry no purpose, and of the key no more than its version. So they verify with the key that this was made
/// for, and with no other: `VAULT_TRANSIT_PREVIOUS_KEYS` counts for `sr1` alone. Messages that begin as the
/// signed bytes of `sr1` do are refused. The provider is asked about each signature, also about those of keys
/// that it publishes, so that nothing verifies while it is down.
#[derive(Clone)]
pub struct Native {
    inner: Arc<Inner>,
    key: SecretName,
}

impl Native {
    /// What does not sign says so, before the name of a key matters.
    pub(crate) async fn open(inner: Arc<Inner>, key: Result<SecretName>) -> Result<Self> {
        let remote = remote(&inner)?;
        let key = key?;
        remote.note(&key, Asked::Check, remote.signer.check(&key).await)?;
        Ok(Self { inner, key })
    }

    /// Signs with the current version of the key.
    ///
    /// # Errors
    /// `InvalidValue` if the message begins with `sr1` and a zero byte, before anything is asked;
    /// `Unsupported` if the provider has signatures of one form only; any other kind if it cannot answer.
    pub async fn sign(&self, message: &[u8]) -> Result<NativeSignature> {
        let remote = remote(&self.inner)?;
        let signed = remote.signer.sign_native(&self.key, message).await;
        remote.note(&self.key, Asked::SignNative, signed)
    }

    /// Verifies with the version that the signature names. A mismatch is an error. Always verifies, whatever
    /// the settings say.
    ///
    /// # Errors
    /// `SignatureMismatch` if the signature does not verify, or is not in the provider's one spelling: the
    /// latter is not even asked about. Otherwise as [`sign`](Self::sign).
    pub async fn verify(&self, message: &[u8], signature: &NativeSignature) -> Result<()> {
        let remote = remote(&self.inner)?;
        let verified = remote.signer.verify_native(&self.key, message, signature).await;
        remote.note(&self.key, Asked::VerifyNative(signature.clone()), verified)
    }
}

fn remote(inner: &Inner) -> Result<&Remote> {
    inner.remote.as_ref().ok_or_else(|| {
        let message = "no provider that signs itself is configured, as Vault is with VAULT_TRANSIT_KEY; use `signer`, or `raw_hmac` for plain HMAC-SHA256";
        Error::new(ErrorKind::Unsupported, message)
    })
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native").field("key", &self.key).finish_non_exhaustive()
    }
}
