//! Transit over the bare message: what `transit/sign` and `transit/hmac` answer to anybody.

use strongroom_core::{
    Algorithm, Error, ErrorKind, KeyId, NativeSignature, Reason, Result, SecretName, Signature,
};

use super::TransitSigner;
use super::batch::{Claim, left_out};
use super::calls::input;
use super::signer::TRIES;
use super::tag::Tag;

impl TransitSigner {
    /// The version that signs stands in the text alone, so whichever it is will do.
    pub(super) async fn sign_bare(
        &self,
        name: &SecretName,
        message: &[u8],
    ) -> Result<NativeSignature> {
        NativeSignature::check_message(message)?;
        for _ in 0..TRIES {
            let known = self.known(name).await?;
            let mut tags = self.sign_there(name, known.key_type, vec![input(message)]).await?;
            let tag = tags.pop().unwrap_or_else(|| Err(left_out()))?;
            if self.notes_signing(name, known, tag.version) {
                return tag.render().parse();
            }
        }
        let message = "the key is replaced faster than it can sign";
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    /// With the server each time: its HMAC, or the public keys that it lists at that moment. Only by the key
    /// of this name, as the text names none.
    pub(super) async fn verify_bare(
        &self,
        name: &SecretName,
        message: &[u8],
        signature: &NativeSignature,
    ) -> Result<()> {
        NativeSignature::check_message(message)?;
        let claim = claim(name, message, signature.as_str())?;
        let (mut results, _) = self.verify_chunk(name, &[claim]).await;
        results.pop().unwrap_or_else(|| Err(left_out()))
    }
}

/// Reads the one spelling of the text. The length of the tag says which algorithm it is of, and only that of
/// the key verifies.
fn claim(name: &SecretName, message: &[u8], text: &str) -> Result<Claim> {
    let of = |algorithm| Tag::parse(text, algorithm).map(|tag| (algorithm, tag));
    let parsed = of(Algorithm::Hs256).or_else(|| of(Algorithm::Ed25519));
    let (algorithm, tag) = parsed.ok_or_else(|| Error::signature(Reason::Malformed))?;
    let key = KeyId::transit(name.as_str(), tag.version);
    let signature = Signature::new(key, algorithm, &tag.bytes)?;
    Ok(Claim { at: 0, version: tag.version, message: message.to_vec(), signature })
}
