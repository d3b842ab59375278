//! Handles that sign and verify without waiting.

use std::fmt;

use strongroom_core::{Freshness, KeyId, Purpose, Reason, Result, SecretName, Signature, Verified};
use strongroom_layers::{Cache, Follow, Live};
use strongroom_signing::{KeySnapshot, KeyState, RawSnapshot, RawTag};

use crate::rings::{Ring, Rings, look_for};

/// The live versions of a signing key, which sign and verify without waiting. Cheap to clone.
///
/// Renewed in the background, also after the `Secrets` it came from is gone, and follows rotations: the
/// current key signs; the key that a signature names verifies, if it is pending, current, or was retired less
/// than the grace ago. Each call uses one snapshot, so key id, state and bytes always belong together. Past
/// its age limit (TTL plus stale window) it refuses everything, by a coarse look at the clock, whether or not
/// anybody renews it.
#[derive(Clone)]
pub struct KeyRing {
    live: Live<KeySnapshot>,
    rings: Cache<Rings>,
    name: SecretName,
    purpose: Purpose,
}

impl KeyRing {
    pub(crate) async fn open(rings: &Cache<Rings>, name: &SecretName) -> Result<Self> {
        let text = Some(name.as_str());
        let live =
            rings.watch(name, text, Follow::Renewals, |ring: &Ring| Ok(ring.0.clone())).await?;
        let (rings, name) = (rings.clone(), name.clone());
        Ok(Self { live, rings, name, purpose: Purpose::default() })
    }

    /// The same keys for another purpose: `[a-z0-9._-]{1,64}`. Signatures of one purpose never verify for
    /// another.
    ///
    /// # Errors
    /// `Misconfigured` if the purpose is not one.
    pub fn for_purpose(&self, purpose: &str) -> Result<Self> {
        let purpose = Purpose::new(purpose)?;
        let prepared = purpose.clone();
        let prepare = move |ring: &Ring| ring.0.with_purpose(&prepared);
        let live =
            self.rings.attach(&self.name, Some(self.name.as_str()), Follow::Renewals, prepare)?;
        Ok(Self { live, rings: self.rings.clone(), name: self.name.clone(), purpose })
    }

    /// Signs with the current key.
    ///
    /// # Errors
    /// `Unavailable` (reason `age_limit`) past the age limit; the provider's answer if it says that the key is
    /// gone or not ours.
    #[inline]
    pub fn sign(&self, message: &[u8]) -> Result<Signature> {
        self.live.load()?.sign(message)
    }

    /// Verifies with the key that the signature names, and with no other.
    ///
    /// # Errors
    /// `SignatureMismatch`, whose reason is `unknown_key`, `retired`, `alg` or `tag`. An unknown key is looked
    /// for in the background, at most every 30 s: then `retry_after` says when to ask again. If it could not be
    /// looked for, the error of that. Otherwise as [`sign`](Self::sign).
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<Verified> {
        match self.live.load()?.verify(message, signature) {
            Err(error) if error.reason() == Some(Reason::UnknownKey) => {
                Err(look_for(&self.rings, &self.name))
            }
            verified => verified,
        }
    }

    /// As [`verify`](Self::verify), and looks for nothing: for callers that can wait, and do so themselves.
    pub(crate) fn verify_known(&self, message: &[u8], signature: &Signature) -> Result<Verified> {
        self.live.load()?.verify(message, signature)
    }

    /// The id of the key that signs.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn current(&self) -> Result<KeyId> {
        Ok(self.live.load()?.current())
    }

    /// The ids and states of all live keys: the current one, pending ones, then the most recently retired.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn keys(&self) -> Result<Vec<(KeyId, KeyState)>> {
        Ok(self.live.load()?.keys().collect())
    }

    /// The purpose that this signs for.
    pub fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// Whether the keys are as new as they should be.
    pub fn freshness(&self) -> Freshness {
        self.live.freshness()
    }

    /// Waits until other keys are live than when this was last called, or since the handle was made. May be
    /// dropped at any time.
    ///
    /// # Errors
    /// As [`sign`](Self::sign), once, when the keys become unusable.
    pub async fn changed(&mut self) -> Result<()> {
        self.live.changed().await
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("name", &self.name)
            .field("purpose", &self.purpose)
            .field("freshness", &self.freshness())
            .finish_non_exhaustive()
    }
}

/// Bare HMAC-SHA256 (RFC 2104) with a key of the store, for webhooks and the like. Cheap to clone.
///
/// A type of its own, and never a fall-back of [`KeyRing::verify`]: these tags carry no key id and no purpose.
/// The current key signs; every live key is tried on verifying, all of them each time. Messages that begin as
/// the signed bytes of `sr1` do are refused. Renewed, and past its age limit refusing, as a [`KeyRing`].
#[derive(Clone)]
pub struct RawHmac {
    live: Live<RawSnapshot>,
    name: SecretName,
}

impl RawHmac {
    pub(crate) async fn open(rings: &Cache<Rings>, name: &SecretName) -> Result<Self> {
        let text = Some(name.as_str());
        let live = rings
            .watch(name, text, Follow::Renewals, |ring: &Ring| RawSnapshot::new(ring.0.clone()))
            .await?;
        Ok(Self { live, name: name.clone() })
    }

    /// The tag of a message under the current key.
    ///
    /// # Errors
    /// `InvalidValue` if the message begins with `sr1` and a zero byte; `Unavailable` (reason `age_limit`) past
    /// the age limit; the provider's answer if it says that the key is gone or not ours.
    #[inline]
    pub fn sign(&self, message: &[u8]) -> Result<RawTag> {
        self.live.load()?.sign(message)
    }

    /// Verifies a tag, in time that does not depend on which key it belongs to.
    ///
    /// # Errors
    /// `SignatureMismatch` (reason `tag`) if no live key made it; otherwise as [`sign`](Self::sign).
    pub fn verify(&self, message: &[u8], tag: &RawTag) -> Result<()> {
        self.live.load()?.verify(message, tag)
    }

    /// Whether the keys are as new as they should be.
    pub fn freshness(&self) -> Freshness {
        self.live.freshness()
    }
}

impl fmt::Debug for RawHmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawHmac").field("name", &self.name).finish_non_exhaustive()
    }
}
