//! What is asked of Transit about messages, several in one call.

use base64ct::{Base64, Encoding};
use strongroom_core::{Error, ErrorKind, Reason, Result, SecretName};
use zeroize::Zeroizing;

use super::TransitSigner;
use super::batch::Claim;
use super::config::KeyType;
use super::tag::{self, Tag};
use super::wire::{Batch, BatchAnswer, Input, Output};
use crate::api::Call;
use crate::classify::{self, Asked};

impl TransitSigner {
    /// Has these bytes signed, as they are, by the current version of a key.
    ///
    /// Vault API: `POST /v1/{mount}/hmac/{name}/sha2-256` ("Generate HMAC") and
    /// `POST /v1/{mount}/sign/{name}` ("Sign data").
    pub(super) async fn sign_there(
        &self,
        name: &SecretName,
        key_type: KeyType,
        inputs: Vec<Input>,
    ) -> Result<Vec<Result<Tag>>> {
        let words: &[&str] = match key_type {
            KeyType::Hmac => &["hmac", name.as_str(), "sha2-256"],
            KeyType::Ed25519 => &["sign", name.as_str()],
        };
        let outputs = self.batch(words, inputs, Asked::Sign).await?;
        let made = |output: Output| {
            if let Some(error) = output.error.filter(|error| !error.is_empty()) {
                return Err(classify::of_item(&error, Asked::Sign));
            }
            let text = match key_type {
                KeyType::Hmac => output.hmac,
                KeyType::Ed25519 => output.signature,
            };
            text.and_then(|text| Tag::parse(&text, key_type.algorithm())).ok_or_else(|| {
                let message = "what the server signed is not in its own form";
                Error::new(ErrorKind::Malformed, message)
            })
        };
        Ok(outputs.into_iter().map(made).collect())
    }

    /// Has the server verify. Tags are written anew: nothing that came from outside is sent as it is.
    ///
    /// Vault API: `POST /v1/{mount}/verify/{name}` ("Verify signed data").
    pub(super) async fn verify_there(
        &self,
        name: &SecretName,
        claims: &[Claim],
        key_type: KeyType,
    ) -> Result<Vec<Result<()>>> {
        let inputs = claims.iter().map(|claim| {
            let tag = tag::render(claim.version, claim.signature.tag());
            let (hmac, signature) = match key_type {
                KeyType::Hmac => (Some(tag), None),
                KeyType::Ed25519 => (None, Some(tag)),
            };
            Input { hmac, signature, ..input(&claim.message) }
        });
        let words: &[&str] = match key_type {
            KeyType::Hmac => &["verify", name.as_str(), "sha2-256"],
            KeyType::Ed25519 => &["verify", name.as_str()],
        };
        let outputs = self.batch(words, inputs.collect(), Asked::Verify).await?;
        let verdict = |output: Output| match output.error.filter(|error| !error.is_empty()) {
            Some(error) => Err(classify::of_item(&error, Asked::Verify)),
            None if output.valid => Ok(()),
            None => Err(Error::signature(Reason::Tag)),
        };
        Ok(outputs.into_iter().map(verdict).collect())
    }

    async fn batch(
        &self,
        words: &[&str],
        batch_input: Vec<Input>,
        asked: Asked,
    ) -> Result<Vec<Output>> {
        let count = batch_input.len();
        let body = serde_json::to_vec(&Batch { batch_input })
            .map_err(|_| Error::new(ErrorKind::Internal, "a batch could not be written as JSON"))?;
        let response = self.api.call(Call::post(self.path(words), Zeroizing::new(body))).await?;
        let outputs = match response.status() {
            200 => response.json::<BatchAnswer>()?.data.batch_results,
            // Some versions answer so if an item failed, with the results all the same.
            400 => match response.json::<BatchAnswer>() {
                Ok(answer) => answer.data.batch_results,
                Err(_) => return Err(classify::of_signing(&response, asked)),
            },
            _ => return Err(classify::of_signing(&response, asked)),
        };
        match outputs.len() == count {
            true => Ok(outputs),
            false => Err(response.malformed()),
        }
    }
}

/// A message for the server.
pub(super) fn input(message: &[u8]) -> Input {
    Input { input: Base64::encode_string(message), hmac: None, signature: None }
}
