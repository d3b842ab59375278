//! Rows for signers that have signatures of their own.

use strongroom_core::{ErrorKind, NativeSignature, SecretName, Signer};

use super::{Checked, Run, ensure, refused};

pub(super) async fn rows(run: &mut Run, signer: &dyn Signer, key: &SecretName) {
    let applies = match signer.sign_native(key, MESSAGE).await {
        Err(error) => error.kind() != ErrorKind::Unsupported,
        Ok(_) => true,
    };
    run.row("native_signature_verifies", applies, verifies(signer, key)).await;
    run.row("native_signature_of_another_message_is_refused", applies, other(signer, key)).await;
    run.row("native_signature_has_one_spelling", applies, spelling(signer, key)).await;
    run.row("native_messages_do_not_begin_as_signed_bytes", applies, apart(signer, key)).await;
}

const MESSAGE: &[u8] = b"pay 10 to alice";

async fn verifies(signer: &dyn Signer, key: &SecretName) -> Checked {
    for message in [MESSAGE, b""] {
        let text = signer.sign_native(key, message).await?.to_string();
        signer.verify_native(key, message, &text.parse()?).await?;
    }
    Ok(())
}

async fn other(signer: &dyn Signer, key: &SecretName) -> Checked {
    let signature = signer.sign_native(key, MESSAGE).await?;
    for message in [&b"pay 10,000 to mallory"[..], b"", b"pay 10 to alice\0"] {
        refuses(signer, key, message, &signature).await?;
    }
    Ok(())
}

/// Whatever is put in the place of a character, or beside it, no other text verifies.
async fn spelling(signer: &dyn Signer, key: &SecretName) -> Checked {
    let good = signer.sign_native(key, MESSAGE).await?.to_string();
    for (at, _) in good.char_indices() {
        let (before, after) = good.split_at(at);
        for sign in ["+", "0", "=", ":"] {
            refuses(signer, key, MESSAGE, &format!("{before}{sign}{after}").parse()?).await?;
        }
        if at > 0 {
            refuses(signer, key, MESSAGE, &before.parse()?).await?;
        }
    }
    Ok(())
}

async fn apart(signer: &dyn Signer, key: &SecretName) -> Checked {
    let signature = signer.sign_native(key, MESSAGE).await?;
    for message in [&b"sr1\0"[..], b"sr1\0\0\0\0\0\0\0\x10"] {
        refused(signer.sign_native(key, message).await, ErrorKind::InvalidValue)?;
        let verified = signer.verify_native(key, message, &signature).await;
        refused(verified, ErrorKind::InvalidValue)?;
    }
    Ok(())
}

async fn refuses(
    signer: &dyn Signer,
    key: &SecretName,
    message: &[u8],
    signature: &NativeSignature,
) -> Checked {
    let verified = signer.verify_native(key, message, signature).await;
    let error = refused(verified, ErrorKind::SignatureMismatch)?;
    ensure(error.to_string() == "signature does not verify", "tells the reason to strangers")
}
