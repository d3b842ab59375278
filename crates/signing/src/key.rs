//! One usable signing key.

use std::fmt;

use hkdf::Hkdf;
use sha2::Sha256;
use strongroom_core::{Error, ErrorKind, KeyId, Reason, Result, SecretValue};

use crate::KeyEncoding;

/// Starts that nobody means as a key, in lower case.
const PLACEHOLDERS: [&str; 6] =
    ["changeme", "change-me", "change_me", "replaceme", "replace-me", "placeholder"];

/// Key bytes that passed the checks, and the public id derived from them.
///
/// 32 to 1,024 bytes: HMAC-SHA256 is as strong as its output (RFC 2104, section 3), and more bytes than a
/// kilobyte are a file that was put in the wrong place. Placeholders, and keys of fewer than 8 distinct
/// byte values, are refused.
#[derive(Clone)]
pub struct SigningKey {
    bytes: SecretValue,
    id: KeyId,
}

impl SigningKey {
    /// Smallest key, in bytes.
    pub const MIN_BYTES: usize = 32;
    /// Largest key, in bytes.
    pub const MAX_BYTES: usize = 1_024;
    const MIN_DISTINCT: usize = 8;

    /// Decodes and checks the key in a value.
    ///
    /// # Errors
    /// `InvalidValue`, with the reason `encoding`, `empty`, `short`, `too_large` or `degenerate`.
    pub fn decode(value: &SecretValue, encoding: KeyEncoding) -> Result<Self> {
        Self::new(encoding.decode(value)?)
    }

    /// Checks key bytes.
    ///
    /// # Errors
    /// `InvalidValue`, with the reason `empty`, `short`, `too_large` or `degenerate`.
    pub fn new(bytes: SecretValue) -> Result<Self> {
        check(bytes.expose())?;
        let mut digest = [0; 10];
        Hkdf::<Sha256>::new(None, bytes.expose()).expand(b"sr1 kid", &mut digest).map_err(
            |_| Error::new(ErrorKind::Internal, "a key id of 10 bytes cannot be derived"),
        )?;
        Ok(Self { bytes, id: KeyId::derived(&digest) })
    }

    /// A key of this many random bytes of the operating system.
    ///
    /// # Errors
    /// `Misconfigured` unless `bytes` is 32 to 512; `Internal` if the system gives no random bytes.
    pub fn generate(bytes: usize) -> Result<Self> {
        Self::new(SecretValue::copy_from(&crate::encoding::random(bytes)?))
    }

    /// The public id: the same for the same bytes wherever they are kept.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) fn bytes(&self) -> &SecretValue {
        &self.bytes
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

fn check(bytes: &[u8]) -> Result<()> {
    let (reason, message) = match bytes.len() {
        0 => (Reason::Empty, "the signing key is empty; it needs at least 32 bytes".to_owned()),
        length if length < SigningKey::MIN_BYTES => (
            Reason::Short,
            format!("the signing key has {length} bytes after decoding; it needs at least 32"),
        ),
        length if length > SigningKey::MAX_BYTES => (
            Reason::TooLarge,
            format!("the signing key has {length} bytes after decoding; at most 1024 are allowed"),
        ),
        _ if is_degenerate(bytes) => (
            Reason::Degenerate,
            "the signing key is a placeholder or repeats a few bytes; generate random bytes"
                .to_owned(),
        ),
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::InvalidValue, message).with_reason(reason))
}

fn is_degenerate(bytes: &[u8]) -> bool {
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let placeholder = |word: &&str| {
        bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    seen.iter().filter(|seen| **seen).count() < SigningKey::MIN_DISTINCT
        || PLACEHOLDERS.iter().any(placeholder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(bytes: &[u8]) -> Option<Reason> {
        let error = SigningKey::new(SecretValue::copy_from(bytes)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue);
        assert!(!format!("{error}{error:?}").contains("changeme"));
        error.reason()
    }

    #[test]
    fn b056_short_empty_and_degenerate_keys_are_refused() {
        assert_eq!(reason(b""), Some(Reason::Empty));
        assert_eq!(reason(b"canary-key-of-thirty-one-bytes."), Some(Reason::Short));
        assert_eq!(reason(&[0; 32]), Some(Reason::Degenerate));
        assert_eq!(reason(&[b'a'; 32]), Some(Reason::Degenerate));
        assert_eq!(reason(b"abcdefgabcdefgabcdefgabcdefgabcdefg"), Some(Reason::Degenerate));
        assert_eq!(reason(b"changemechangemechangemechangeme"), Some(Reason::Degenerate));
        assert_eq!(reason(b"ChangeMe-1234567890-abcdefghijklmn"), Some(Reason::Degenerate));
        assert_eq!(
            reason(&(0..=255).cycle().take(1_025).collect::<Vec<u8>>()),
            Some(Reason::TooLarge)
        );
    }

    #[test]
    fn b057_the_same_bytes_have_the_same_id_and_others_another() {
        let key = |text: &str| SigningKey::new(text.into()).unwrap();
        let one = key("canary-key-of-thirty-two-bytes-1");
        assert_eq!(one.id(), key("canary-key-of-thirty-two-bytes-1").id());
        assert_ne!(one.id(), key("canary-key-of-thirty-two-bytes-2").id());
        assert_eq!(one.id().as_str().len(), 16);
        assert!(!format!("{one:?}").contains("canary"));
    }
}
