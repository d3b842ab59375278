use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{Error, ErrorKind, Reason, Result};

/// A provider's own signature over a bare message, in the provider's own text: of Vault Transit
/// `vault:v3:BASE64`.
///
/// A type of its own: it says nothing of a purpose, verifies by
/// [`verify_native`](crate::Signer::verify_native) and by nothing else. What its text means, the provider
/// alone knows; here it is printable ASCII without blanks, of 1 to 4,096 bytes. There is no `==`, and the text
/// is no idempotency key before it verified.
///
/// ```
/// use strongroom_core::NativeSignature;
///
/// let text = "vault:v3:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// let signature: NativeSignature = text.parse()?;
/// assert_eq!(signature.to_string(), text);
/// # Ok::<(), strongroom_core::Error>(())
/// ```
#[derive(Clone)]
pub struct NativeSignature(Arc<str>);

impl NativeSignature {
    /// Longest text, in bytes: nothing longer is looked at. RSA signatures of 16,384 bits have 2,732
    /// characters of base64.
    pub const MAX_TEXT_BYTES: usize = 4_096;

    /// For implementors of [`Signer`](crate::Signer), before anything is asked: a message that begins as the
    /// signed bytes of [`Signature`](crate::Signature) do is neither signed nor verified, or a native
    /// signature would pass for the other kind.
    ///
    /// # Errors
    /// `InvalidValue` if the message begins with `sr1` and a zero byte.
    pub fn check_message(message: &[u8]) -> Result<()> {
        if message.starts_with(b"sr1\0") {
            let message = "a message to sign natively must not begin with `sr1` and a zero byte";
            return Err(Error::new(ErrorKind::InvalidValue, message));
        }
        Ok(())
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NativeSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NativeSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NativeSignature({self})")
    }
}

impl FromStr for NativeSignature {
    type Err = Error;

    /// # Errors
    /// `SignatureMismatch`, reason `malformed`.
    fn from_str(text: &str) -> Result<Self> {
        let has_room = (1..=Self::MAX_TEXT_BYTES).contains(&text.len());
        match has_room && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Self(Arc::from(text))),
            false => Err(Error::signature(Reason::Malformed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed_prefix;
    use crate::{Algorithm, KeyId, Purpose};

    #[test]
    fn text_is_kept_as_it_is() {
        for text in ["vault:v3:AAEC+/8=", "~", &"!".repeat(NativeSignature::MAX_TEXT_BYTES)] {
            let signature: NativeSignature = text.parse().unwrap();
            assert_eq!((signature.as_str(), signature.to_string().as_str()), (text, text));
            assert_eq!(format!("{signature:?}"), format!("NativeSignature({text})"));
        }
    }

    #[test]
    fn other_text_is_malformed() {
        let long = "!".repeat(NativeSignature::MAX_TEXT_BYTES + 1);
        for text in ["", " ", "a\n", "a b", "a\0", "\u{7f}", "é", "vault:v\u{663}:", &long] {
            let error = text.parse::<NativeSignature>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SignatureMismatch, "{text:?}");
            assert_eq!(error.reason(), Some(Reason::Malformed), "{text:?}");
        }
    }

    #[test]
    fn messages_that_begin_as_signed_bytes_are_refused() {
        let signed =
            signed_prefix(&KeyId::transit("orders", 1), Algorithm::Hs256, &Purpose::default());
        for bad in [&signed[..], b"sr1\0", b"sr1\0rest"] {
            let error = NativeSignature::check_message(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidValue);
        }
        for good in [&b""[..], b"sr1", b"sr1.rest", b"SR1\0", b"\0sr1\0"] {
            assert!(NativeSignature::check_message(good).is_ok(), "{good:?}");
        }
    }
}
