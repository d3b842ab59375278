//! The signer: which key and version signs, and who verifies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use strongroom_core::{
    Clock, Error, ErrorKind, KeyId, Moment, NativeSignature, Reason, Result, Rotated, SecretName,
    SecretVersion, SignOptions, Signature, Signer, Verified, Verifier, signed_bytes,
};

use super::batch;
use super::config::{KeyType, TransitConfig, check_transit_key};
use super::key::{self, Known, TransitKey};
use super::wire::Rotation;
use crate::api::{Api, Call, path};
use crate::classify;

/// How often a signature starts over because the key was rotated meanwhile.
pub(super) const TRIES: usize = 3;

/// Signs and verifies with Transit.
///
/// What is signed holds the key's version, and the server picks the version. So each signature is asked for
/// with the version that signed last; if the answer bears a later one the key was rotated, and it is asked
/// for again. If it bears an earlier one the key was replaced, and is read anew. The version remembered is a
/// guess that each answer checks, never a fact that ages. The type is learnt again, once a cooldown, when a
/// signature says that it is another one.
#[derive(Debug)]
pub(crate) struct TransitSigner {
    pub(super) api: Arc<Api>,
    pub(super) config: TransitConfig,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) known: Mutex<HashMap<SecretName, Known>>,
}

impl TransitSigner {
    pub(crate) fn new(api: Arc<Api>, config: TransitConfig, clock: Arc<dyn Clock>) -> Self {
        Self { api, config, clock, known: Mutex::default() }
    }

    pub(super) fn path(&self, words: &[&str]) -> Vec<String> {
        path(&self.config.mount, words, None)
    }

    /// Reads a key: its type, versions and public keys.
    ///
    /// Vault API: `GET /v1/{mount}/keys/{name}` ("Read key").
    ///
    /// # Errors
    /// `Misconfigured` if there is no such key; `Unsupported` if it cannot sign here.
    pub(super) async fn read_key(&self, name: &SecretName) -> Result<TransitKey> {
        check_transit_key(name)?;
        let response = self.api.call(Call::get(self.path(&["keys", name.as_str()]))).await?;
        if response.status() != 200 {
            return match classify::error(&response) {
                error if error.kind() == ErrorKind::NotFound => {
                    self.keys().remove(name);
                    let message = "there is no such Transit key";
                    Err(Error::new(ErrorKind::Misconfigured, message))
                }
                error => Err(error),
            };
        }
        let key = TransitKey::read(&response)?;
        if *name == self.config.key && self.config.key_type.is_some_and(|said| said != key.key_type)
        {
            let message = "is not the type of the key; leave it out, or correct it";
            return Err(
                Error::new(ErrorKind::Misconfigured, message).with_key("VAULT_TRANSIT_KEY_TYPE")
            );
        }
        let mut keys = self.keys();
        let known = Known::read(&key, keys.get(name), &*self.clock);
        keys.insert(name.clone(), known);
        Ok(key)
    }

    /// What has to be known of a key before it signs or verifies: read once, then remembered.
    pub(super) async fn known(&self, name: &SecretName) -> Result<Known> {
        let known = self.keys().get(name).copied();
        match known {
            Some(known) => Ok(known),
            None => self.learn(name).await,
        }
    }

    /// Reads what has to be known of a key. Where that is denied, it is of the type that was configured.
    pub(super) async fn learn(&self, name: &SecretName) -> Result<Known> {
        match (self.read_key(name).await, self.config.key_type) {
            (Err(error), Some(key_type)) if error.kind() == ErrorKind::PermissionDenied => {
                let now = Moment::now(&*self.clock);
                let mut keys = self.keys();
                let known = keys.entry(name.clone()).or_insert(Known::assumed(key_type, now));
                known.learnt = now;
                Ok(*known)
            }
            (Err(error), None) if error.kind() == ErrorKind::PermissionDenied => {
                let message = "the token may not read the key to learn its type; allow `read` on `keys/KEY` of the Transit mount, or set VAULT_TRANSIT_KEY_TYPE";
                Err(Error::new(ErrorKind::PermissionDenied, message))
            }
            (Err(error), _) => Err(error),
            (Ok(_), _) => self.known_now(name),
        }
    }

    pub(super) fn known_now(&self, name: &SecretName) -> Result<Known> {
        let known = self.keys().get(name).copied();
        known.ok_or_else(|| Error::new(ErrorKind::Unavailable, "the key is being replaced"))
    }

    /// A version was seen to sign, or to verify.
    pub(super) fn saw(&self, name: &SecretName, version: u32, has_signed: bool) {
        let now = Moment::now(&*self.clock);
        if let Some(known) = self.keys().get_mut(name) {
            known.saw(version, has_signed, now);
        }
    }

    pub(super) fn keys(&self) -> MutexGuard<'_, HashMap<SecretName, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key name and version that a key id stands for, among the configured ones. Nothing is asked.
    ///
    /// # Errors
    /// `SignatureMismatch`, reason `unknown_key`.
    pub(super) fn find(&self, asked: &SecretName, id: &KeyId) -> Result<(SecretName, u32)> {
        [asked]
            .into_iter()
            .chain(self.previous(asked))
            .find_map(|name| key::version_of(name, id).map(|version| (name.clone(), version)))
            .ok_or_else(|| Error::signature(Reason::UnknownKey))
    }

    /// The names that a key had before it was renamed: only the configured one has any.
    pub(super) fn previous(&self, name: &SecretName) -> impl Iterator<Item = &SecretName> + Send {
        let is_configured = *name == self.config.key;
        self.config.previous.iter().filter(move |_| is_configured)
    }

    pub(super) async fn rotate_key(&self, name: &SecretName) -> Result<Rotated> {
        check_transit_key(name)?;
        let call = Call::post(self.path(&["keys", name.as_str(), "rotate"]), b"{}".to_vec().into());
        let response = self.api.call(call).await?;
        let after = match response.status() {
            200 => response.json::<Rotation>()?.data.latest_version,
            // Older versions of Vault say no more.
            204 => self.read_key(name).await?.latest,
            _ => return Err(classify::of_key(&response)),
        };
        self.saw(name, after, true);
        let version = |number: u32| SecretVersion::new(number.to_string());
        Ok(Rotated::new(version(after), version(after.saturating_sub(1))))
    }

    pub(super) fn located<'a>(
        &'a self,
        name: &'a SecretName,
        operation: &'static str,
    ) -> impl Fn(Error) -> Error + 'a {
        move |error| error.located(self.api.info().id(), operation, Some(name))
    }
}

/// What one message is signed as: the bytes that Transit gets.
pub(super) fn to_sign(
    name: &SecretName,
    known: Known,
    message: &[u8],
    options: &SignOptions,
) -> Vec<u8> {
    let id = KeyId::transit(name.as_str(), known.next);
    signed_bytes(&id, known.key_type.algorithm(), &options.purpose, message)
}

impl KeyType {
    pub(super) fn algorithm(self) -> strongroom_core::Algorithm {
        match self {
            Self::Hmac => strongroom_core::Algorithm::Hs256,
            Self::Ed25519 => strongroom_core::Algorithm::Ed25519,
        }
    }
}

#[async_trait]
impl Signer for TransitSigner {
    async fn sign(
        &self,
        key: &SecretName,
        message: &[u8],
        options: SignOptions,
    ) -> Result<Signature> {
        let mut signed = self.sign_batch(key, &[message], &options).await;
        let one = signed.pop().unwrap_or_else(|| Err(batch::left_out()));
        one.map_err(self.located(key, "sign"))
    }

    async fn verify(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &Signature,
        options: SignOptions,
    ) -> Result<Verified> {
        let mut verified = self.verify_batch(key, &[(message, signature)], &options).await;
        let one = verified.pop().unwrap_or_else(|| Err(batch::left_out()));
        one.map_err(self.located(key, "verify"))
    }

    async fn sign_many(
        &self,
        key: &SecretName,
        messages: &[&[u8]],
        options: SignOptions,
    ) -> Vec<Result<Signature>> {
        let signed = self.sign_batch(key, messages, &options).await;
        signed.into_iter().map(|one| one.map_err(self.located(key, "sign"))).collect()
    }

    async fn verify_many(
        &self,
        key: &SecretName,
        pairs: &[(&[u8], &Signature)],
        options: SignOptions,
    ) -> Vec<Result<Verified>> {
        let verified = self.verify_batch(key, pairs, &options).await;
        verified.into_iter().map(|one| one.map_err(self.located(key, "verify"))).collect()
    }

    async fn sign_native(&self, key: &SecretName, message: &[u8]) -> Result<NativeSignature> {
        self.sign_bare(key, message).await.map_err(self.located(key, "sign_native"))
    }

    async fn verify_native(
        &self,
        key: &SecretName,
        message: &[u8],
        signature: &NativeSignature,
    ) -> Result<()> {
        let verified = self.verify_bare(key, message, signature).await;
        verified.map_err(self.located(key, "verify_native"))
    }

    async fn published(&self, key: &SecretName) -> Result<Option<Arc<dyn Verifier>>> {
        let published = self.read_published(key).await?;
        Ok(published.map(|published| Arc::new(published) as Arc<dyn Verifier>))
    }

    async fn check(&self, key: &SecretName) -> Result<()> {
        self.learn(key).await.map(drop).map_err(self.located(key, "check"))
    }

    async fn rotate(&self, key: &SecretName) -> Result<Rotated> {
        self.rotate_key(key).await.map_err(self.located(key, "rotate"))
    }
}
