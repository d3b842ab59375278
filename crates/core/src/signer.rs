//! The trait that a provider of signatures implements.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Error, ErrorKind, KeyId, NativeSignature, Result, SecretName, SecretVersion, SignOptions,
    Signature,
};

/// Something that signs and verifies with keys it looks up by name. For implementors: applications use
/// the handle that `Secrets::signer` returns.
#[async_trait]
pub trait Signer: Debug + Send + Sync + 'static {
    /// Signs with the current version of a key.
    async fn sign(
        &self,
        key: &SecretName,
        message: &[u8],
        options: SignOptions,
    ) -> Result<Signature>;

    /// Verifies with the version that the signature names. A mismatch is an error, so that `?` is safe.
    ///
    /// # Errors
    /// `SignatureMismatch` if a key that answered refuses it; an outage keeps its own kind.
    async fn verify(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &Signature,
        options: SignOptions,
    ) -> Result<Verified>;

    /// Signs several messages: one result a message, in their order. Stops for nothing.
    async fn sign_many(
        &self,
        key: &SecretName,
        messages: &[&[u8]],
        options: SignOptions,
    ) -> Vec<Result<Signature>> {
        let mut results = Vec::with_capacity(messages.len());
        for message in messages {
            results.push(self.sign(key, message, options.clone()).await);
        }
        results
    }

    /// Verifies several messages: one result a pair, in their order.
    async fn verify_many(
        &self,
        key: &SecretName,
        pairs: &[(&[u8], &Signature)],
        options: SignOptions,
    ) -> Vec<Result<Verified>> {
        let mut results = Vec::with_capacity(pairs.len());
        for (message, signature) in pairs {
            results.push(self.verify(key, message, signature, options.clone()).await);
        }
        results
    }

    /// Signs the bare message in the provider's own form, for protocols that expect it. Never a fall-back of
    /// [`sign`](Self::sign).
    ///
    /// # Errors
    /// `InvalidValue` if the message begins with `sr1` and a zero byte, before anything is asked
    /// ([`NativeSignature::check_message`]). `Unsupported` unless it is written.
    async fn sign_native(&self, key: &SecretName, message: &[u8]) -> Result<NativeSignature> {
        let _ = message;
        Err(no_native(key))
    }

    /// Verifies a signature of the provider's own over the bare message. Never a fall-back of
    /// [`verify`](Self::verify). A mismatch is an error, so that `?` is safe.
    ///
    /// The text came from outside: implementors read it strictly, and hand on what they read, not the text.
    ///
    /// # Errors
    /// `SignatureMismatch` if a key that answered refuses it, or its text is not in the provider's one
    /// spelling; an outage keeps its own kind; otherwise as [`sign_native`](Self::sign_native).
    async fn verify_native(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &NativeSignature,
    ) -> Result<()> {
        let _ = (message, signature);
        Err(no_native(key))
    }

    /// Reads the public keys that the provider lists for a key, so that this process can verify by itself,
    /// also during an outage. Default: `None`, the provider has to be asked about each signature.
    ///
    /// They are as they were when they were read: whoever holds them reads them again in time, and lets
    /// [`verify`](Self::verify) judge signatures of keys that are not among them.
    ///
    /// # Errors
    /// `PermissionDenied` if the key may not be read, `Misconfigured` if there is no such key. An outage keeps
    /// its own kind.
    async fn published(&self, key: &SecretName) -> Result<Option<Arc<dyn Verifier>>> {
        let _ = key;
        Ok(None)
    }

    /// Whether a key is there and can sign, as far as that can be told without signing. Default: it is
    /// not asked.
    ///
    /// # Errors
    /// `Misconfigured` if there is no such key, `Unsupported` if it is of a type that does not sign.
    async fn check(&self, key: &SecretName) -> Result<()> {
        let _ = key;
        Ok(())
    }

    /// Makes a new version of a key, which signs from now on; older ones still verify.
    ///
    /// # Errors
    /// `Unsupported` unless it is written.
    async fn rotate(&self, key: &SecretName) -> Result<Rotated> {
        let error = Error::new(ErrorKind::Unsupported, "this signer cannot rotate its keys");
        Err(error.with_name(key.as_str()))
    }
}

fn no_native(key: &SecretName) -> Error {
    let error = Error::new(ErrorKind::Unsupported, "this provider has no signatures of its own");
    error.with_name(key.as_str())
}

/// Verifies with published keys, in this process, without asking anybody. What [`Signer::published`] reads.
pub trait Verifier: Debug + Send + Sync + 'static {
    /// Whether signatures of this key can be verified: it is published, and its provider still accepts it.
    fn knows(&self, key: &KeyId) -> bool;

    /// Verifies with the key that the signature names. A mismatch is an error, so that `?` is safe.
    ///
    /// # Errors
    /// `SignatureMismatch`. Reasons: `unknown_key` if the key is not among these, `retired` if its provider no
    /// longer accepts it, `alg` if it is of another algorithm, `tag` if it refuses the signature.
    /// `Unavailable` if the key was seen at work and these keys lag behind that: its provider may know it.
    fn verify(
        &self,
        message: &[u8],
        signature: &Signature,
        options: &SignOptions,
    ) -> Result<Verified>;

    /// Whether an id is of the kind that is published here, so that there is no such key if it is not
    /// [known](Self::knows). Otherwise its provider may know it.
    fn covers(&self, key: &KeyId) -> bool;

    /// The ids of all keys that it [`knows`](Self::knows), the one that signs now first.
    ///
    /// Other ids mean other keys. The same ids need not mean the same keys: one that was deleted and made
    /// again counts its versions anew. So what was read last is always the one to use.
    fn keys(&self) -> Vec<KeyId>;
}

/// What the rotation of a key that its provider keeps did.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rotated {
    /// The version that signs now.
    pub version: SecretVersion,
    /// The version that signed before.
    pub previous: SecretVersion,
}

impl Rotated {
    /// From one version to the next.
    pub fn new(version: SecretVersion, previous: SecretVersion) -> Self {
        Self { version, previous }
    }
}

/// Proof that a signature verified. Handed out by verification and by nothing else in this workspace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    key: KeyId,
    current: bool,
}

impl Verified {
    /// For implementors of [`Signer`] and [`Verifier`], after the tag was compared: which key, and whether it
    /// is the one that signs now.
    pub fn by(key: KeyId, current: bool) -> Self {
        Self { key, current }
    }

    /// The key that made the signature.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// Whether that key is the one that signs now; `false` for pending and retiring keys.
    pub fn is_current(&self) -> bool {
        self.current
    }
}
