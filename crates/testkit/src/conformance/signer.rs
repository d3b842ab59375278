//! Rows for every signer.

use strongroom_core::{
    Algorithm, ErrorKind, KeyId, Purpose, Reason, SecretName, SignOptions, Signature, Signer,
};

use super::{Checked, Fault, Outcome, Run, ensure, native, refused};

/// Signing, verifying, refusing and rotating one key, which exists.
pub async fn signer(signer: &dyn Signer, key: &SecretName) -> Outcome {
    let mut run = Run::new();
    run.row("key_is_there", true, async { Ok(signer.check(key).await?) }).await;
    run.row("signed_message_verifies", true, verifies(signer, key)).await;
    run.row("empty_message_is_signed_like_any_other", true, empty(signer, key)).await;
    run.row("other_message_is_refused", true, other_message(signer, key)).await;
    run.row("other_purpose_is_refused", true, other_purpose(signer, key)).await;
    run.row("other_tag_is_refused", true, other_tag(signer, key)).await;
    run.row("unknown_key_id_is_refused", true, unknown_key(signer, key)).await;
    run.row("other_algorithm_is_refused", true, other_algorithm(signer, key)).await;
    run.row("batch_answers_each_message_in_order", true, batch(signer, key)).await;
    run.row("batch_of_nothing_is_nothing", true, nothing(signer, key)).await;
    native::rows(&mut run, signer, key).await;
    let rotates = match signer.rotate(key).await {
        Err(error) => error.kind() != ErrorKind::Unsupported,
        Ok(_) => true,
    };
    run.row("signature_of_before_a_rotation_verifies", rotates, rotation(signer, key)).await;
    run.outcome()
}

const MESSAGE: &[u8] = b"pay 10 to alice";

async fn sign(signer: &dyn Signer, key: &SecretName, message: &[u8]) -> Result<Signature, Fault> {
    Ok(signer.sign(key, message, SignOptions::default()).await?)
}

/// A refusal of this reason.
async fn refuses(
    signer: &dyn Signer,
    key: &SecretName,
    message: &[u8],
    signature: &Signature,
    reason: Reason,
) -> Checked {
    let verified = signer.verify(key, message, signature, SignOptions::default()).await;
    let error = refused(verified, ErrorKind::SignatureMismatch)?;
    ensure(error.reason() == Some(reason), format!("reason {:?}", error.reason()))?;
    ensure(error.to_string() == "signature does not verify", "tells the reason to strangers")
}

async fn verifies(signer: &dyn Signer, key: &SecretName) -> Checked {
    let signature = sign(signer, key, MESSAGE).await?;
    let text = signature.to_string();
    let parsed: Signature = text.parse()?;
    let verified = signer.verify(key, MESSAGE, &parsed, SignOptions::default()).await?;
    ensure(verified.is_current(), "the key that just signed is not current")?;
    ensure(verified.key() == signature.key(), "verified by another key")
}

async fn empty(signer: &dyn Signer, key: &SecretName) -> Checked {
    let signature = sign(signer, key, b"").await?;
    signer.verify(key, b"", &signature, SignOptions::default()).await?;
    refuses(signer, key, b"\0", &signature, Reason::Tag).await
}

async fn other_message(signer: &dyn Signer, key: &SecretName) -> Checked {
    let signature = sign(signer, key, MESSAGE).await?;
    for message in [&b"pay 10,000 to mallory"[..], b"", b"pay 10 to alice\0", b"sr1"] {
        refuses(signer, key, message, &signature, Reason::Tag).await?;
    }
    Ok(())
}

async fn other_purpose(signer: &dyn Signer, key: &SecretName) -> Checked {
    let webhook = || Purpose::new("webhook").map(|one| SignOptions::default().purpose(one));
    let signature = signer.sign(key, MESSAGE, webhook()?).await?;
    signer.verify(key, MESSAGE, &signature, webhook()?).await?;
    refuses(signer, key, MESSAGE, &signature, Reason::Tag).await
}

async fn other_tag(signer: &dyn Signer, key: &SecretName) -> Checked {
    let good = sign(signer, key, MESSAGE).await?;
    for at in [0, good.tag().len() - 1] {
        let mut tag = good.tag().to_vec();
        if let Some(byte) = tag.get_mut(at) {
            *byte ^= 1;
        }
        let bad = Signature::new(*good.key(), good.algorithm(), &tag)?;
        refuses(signer, key, MESSAGE, &bad, Reason::Tag).await?;
    }
    Ok(())
}

async fn unknown_key(signer: &dyn Signer, key: &SecretName) -> Checked {
    let good = sign(signer, key, MESSAGE).await?;
    for id in [KeyId::derived(&[7; 10]), KeyId::transit("conformance-unknown", 1)] {
        let forged = Signature::new(id, good.algorithm(), good.tag())?;
        refuses(signer, key, MESSAGE, &forged, Reason::UnknownKey).await?;
    }
    Ok(())
}

async fn other_algorithm(signer: &dyn Signer, key: &SecretName) -> Checked {
    let good = sign(signer, key, MESSAGE).await?;
    let other = match good.algorithm() {
        Algorithm::Hs256 => Algorithm::Ed25519,
        _ => Algorithm::Hs256,
    };
    let forged = Signature::new(*good.key(), other, &vec![1; other.tag_bytes()])?;
    refuses(signer, key, MESSAGE, &forged, Reason::Alg).await
}

async fn batch(signer: &dyn Signer, key: &SecretName) -> Checked {
    let texts: Vec<String> = (0..300).map(|number| format!("message {number}")).collect();
    let messages: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
    let signed = signer.sign_many(key, &messages, SignOptions::default()).await;
    ensure(signed.len() == messages.len(), format!("{} results", signed.len()))?;
    let mut signatures = signed.into_iter().collect::<strongroom_core::Result<Vec<_>>>()?;
    // One bad one among good ones.
    signatures.swap(7, 8);
    let pairs: Vec<_> = messages.iter().copied().zip(&signatures).collect();
    let verified = signer.verify_many(key, &pairs, SignOptions::default()).await;
    ensure(verified.len() == pairs.len(), format!("{} results", verified.len()))?;
    for (at, result) in verified.into_iter().enumerate() {
        match at {
            7 | 8 => {
                let error = refused(result, ErrorKind::SignatureMismatch)?;
                ensure(error.reason() == Some(Reason::Tag), format!("{:?}", error.reason()))?;
            }
            _ => {
                result?;
            }
        }
    }
    Ok(())
}

async fn nothing(signer: &dyn Signer, key: &SecretName) -> Checked {
    let signed = signer.sign_many(key, &[], SignOptions::default()).await;
    let verified = signer.verify_many(key, &[], SignOptions::default()).await;
    ensure(signed.is_empty() && verified.is_empty(), "there are results")
}

async fn rotation(signer: &dyn Signer, key: &SecretName) -> Checked {
    let old = sign(signer, key, MESSAGE).await?;
    let rotated = signer.rotate(key).await?;
    ensure(rotated.version != rotated.previous, "the version stayed the same")?;
    let new = sign(signer, key, MESSAGE).await?;
    ensure(old.key() != new.key(), "the same key signs")?;
    let options = SignOptions::default;
    let by_old = signer.verify(key, MESSAGE, &old, options()).await?;
    let by_new = signer.verify(key, MESSAGE, &new, options()).await?;
    ensure(!by_old.is_current() && by_new.is_current(), "the wrong one is current")
}
