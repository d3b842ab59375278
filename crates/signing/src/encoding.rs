//! How key bytes are written down. Declared, never guessed.

use std::time::SystemTime;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use strongroom_core::{Error, ErrorKind, Reason, Result, SecretValue};
use zeroize::Zeroizing;

use crate::{KeySet, SigningKey};

/// The encoding of a signing key in its store, as `SECRETS_SIGNING_KEY_ENCODING` declares it.
///
/// Decoding is strict: one spelling for each key, no white space, no guessing between encodings whose
/// alphabets overlap.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyEncoding {
    /// The bytes are the key.
    #[default]
    Raw,
    /// RFC 4648, section 4, padded.
    Base64,
    /// RFC 4648, section 5, without padding.
    Base64url,
    /// RFC 4648, section 8, in either case but not both.
    Hex,
    /// A JWK Set (RFC 7517) of `oct` keys with states: all live keys in one value.
    Jwks,
}

impl KeyEncoding {
    /// Every spelling of the setting.
    pub const WORDS: &[&str] = &["raw", "base64", "base64url", "hex", "jwks"];

    /// The encoding of a word of [`WORDS`](Self::WORDS).
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "raw" => Self::Raw,
            "base64" => Self::Base64,
            "base64url" => Self::Base64url,
            "hex" => Self::Hex,
            "jwks" => Self::Jwks,
            _ => return None,
        })
    }

    /// The spelling in the setting.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Base64 => "base64",
            Self::Base64url => "base64url",
            Self::Hex => "hex",
            Self::Jwks => "jwks",
        }
    }

    /// The key bytes of a value.
    ///
    /// # Errors
    /// `InvalidValue` (reason `encoding`): names the encoding and, where there is one, the position of the
    /// first byte outside its alphabet; never the byte. `Unsupported` for `jwks`, which holds several keys.
    pub(crate) fn decode(self, value: &SecretValue) -> Result<SecretValue> {
        let text = value.expose();
        // Decoded into a buffer of the largest size at once: one that grows leaves copies behind.
        let mut room = Zeroizing::new(vec![0; text.len()]);
        let decoded = match self {
            Self::Raw if is_json_object(value.expose()) => {
                let message = "the signing key is a JSON object, and SECRETS_SIGNING_KEY_ENCODING is raw; put the key into the secret alone, or set jwks if it is a JWK Set";
                return Err(
                    Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Encoding)
                );
            }
            Self::Raw => return Ok(value.clone()),
            Self::Base64 => Base64::decode(text, &mut room).ok().map(<[u8]>::len),
            Self::Base64url => Base64UrlUnpadded::decode(text, &mut room).ok().map(<[u8]>::len),
            Self::Hex => {
                let lower = base16ct::lower::decode(text, &mut room).ok().map(<[u8]>::len);
                lower.or_else(|| base16ct::upper::decode(text, &mut room).ok().map(<[u8]>::len))
            }
            Self::Jwks => {
                let message = "a JWK Set holds several keys and no single one";
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        };
        let length = decoded.ok_or_else(|| self.fault(text))?;
        room.truncate(length);
        Ok(SecretValue::from(std::mem::take(&mut *room)))
    }

    /// A value that holds a new key of this many random bytes. `raw` keeps their base64url text, so that
    /// it can be typed and mounted; `jwks` a set with this one key, current since `now`.
    ///
    /// # Errors
    /// `Misconfigured` unless `bytes` is 32 to 512; `Internal` if the system gives no random bytes.
    pub fn generate(self, bytes: usize, now: SystemTime) -> Result<SecretValue> {
        let random = random(bytes)?;
        Ok(match self {
            Self::Raw | Self::Base64url => {
                SecretValue::from(Base64UrlUnpadded::encode_string(&random))
            }
            Self::Base64 => SecretValue::from(Base64::encode_string(&random)),
            Self::Hex => SecretValue::from(base16ct::lower::encode_string(&random)),
            Self::Jwks => {
                let key = SigningKey::new(SecretValue::copy_from(&random))?;
                KeySet::new(key, now).render()
            }
        })
    }

    fn fault(self, text: &[u8]) -> Error {
        let alphabet = |byte: &u8| match self {
            Self::Base64 => byte.is_ascii_alphanumeric() || b"+/=".contains(byte),
            Self::Base64url => byte.is_ascii_alphanumeric() || b"-_".contains(byte),
            _ => byte.is_ascii_hexdigit(),
        };
        let name = self.as_str();
        let fault = match text.iter().position(|byte| !alphabet(byte)) {
            Some(at) => format!("{name}: byte {at} is outside its alphabet"),
            None => match self {
                Self::Base64 => {
                    format!("{name}: its length, padding or last bits are wrong")
                }
                Self::Base64url => {
                    format!("{name}: its length or last bits are wrong")
                }
                _ => format!("{name}: it needs an even length and one case"),
            },
        };
        let message = format!("the key is not {fault} (SECRETS_SIGNING_KEY_ENCODING)");
        Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Encoding)
    }
}

/// Random bytes of the operating system, enough for a key and not too many for any encoding of one.
pub(crate) fn random(bytes: usize) -> Result<Zeroizing<Vec<u8>>> {
    if !(32..=512).contains(&bytes) {
        let message = "a generated key has 32 to 512 random bytes";
        return Err(Error::new(ErrorKind::Misconfigured, message));
    }
    let mut random = Zeroizing::new(vec![0; bytes]);
    getrandom::fill(&mut random)
        .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no random bytes"))?;
    Ok(random)
}

/// What a console shows as one value and means as several: never a key by itself.
fn is_json_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn s50_every_encoding_reads_the_random_keys_that_it_generates() {
        for word in KeyEncoding::WORDS {
            let encoding = KeyEncoding::from_word(word).unwrap();
            assert_eq!(encoding.as_str(), *word);
            let (one, other) = (
                encoding.generate(32, UNIX_EPOCH).unwrap(),
                encoding.generate(512, UNIX_EPOCH).unwrap(),
            );
            assert!(one.expose_str().is_ok() && !one.ct_eq(&other));
            if encoding != KeyEncoding::Jwks {
                assert!(
                    SigningKey::decode(&one, encoding).is_ok()
                        && SigningKey::decode(&other, encoding).is_ok()
                );
            }
        }
        assert_eq!(
            KeyEncoding::Raw.generate(31, UNIX_EPOCH).unwrap_err().kind(),
            ErrorKind::Misconfigured
        );
    }

    #[test]
    fn b054_an_ambiguous_key_is_what_its_declared_encoding_says() {
        let text = SecretValue::from("A".repeat(44));
        assert_eq!(KeyEncoding::Raw.decode(&text).unwrap().len(), 44);
        assert_eq!(KeyEncoding::Hex.decode(&text).unwrap().len(), 22);
        assert_eq!(KeyEncoding::Base64.decode(&text).unwrap().len(), 33);
    }

    #[test]
    fn b055_other_spellings_are_refused_by_position() {
        let base64 = "+//+Y2FuYXJ5LWtleS1vZi10aGlydHktdHdvLWJ5dGU=";
        assert!(KeyEncoding::Base64.decode(&base64.into()).is_ok());
        let bad = |encoding: KeyEncoding, text: &str, expected: &str| {
            let error = encoding.decode(&text.into()).unwrap_err();
            assert_eq!(
                (error.kind(), error.reason()),
                (ErrorKind::InvalidValue, Some(Reason::Encoding))
            );
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(expected) && !shown.contains("Y2Fu"), "{shown}");
        };
        bad(KeyEncoding::Base64, base64.trim_end_matches('='), "padding");
        bad(KeyEncoding::Base64, &base64.replace("U=", "V="), "last bits");
        bad(KeyEncoding::Base64, &format!("{base64}\n"), "byte 44");
        bad(KeyEncoding::Base64, &format!(" {base64}"), "byte 0");
        bad(KeyEncoding::Base64, &base64.replace('+', "-"), "byte 0");
        bad(KeyEncoding::Base64url, base64, "byte 0");
        bad(KeyEncoding::Base64url, &base64.replace('+', "-").replace('/', "_"), "byte 43");
        bad(KeyEncoding::Hex, "0aF", "even length");
        bad(KeyEncoding::Hex, "0aFf", "one case");
        bad(KeyEncoding::Hex, "0x00", "byte 1");
    }

    #[test]
    fn b052_a_raw_key_that_is_a_json_object_is_refused_with_what_would_be_right() {
        let object = r#"{"key":"canary-key-of-thirty-two-bytes-1"}"#;
        for text in [object.to_owned(), format!(" {object}\n")] {
            let error = KeyEncoding::Raw.decode(&text.as_str().into()).unwrap_err();
            assert_eq!(
                (error.kind(), error.reason()),
                (ErrorKind::InvalidValue, Some(Reason::Encoding))
            );
            assert!(error.to_string().contains("into the secret alone"), "{error}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
        let key = "{canary-key-that-only-begins-as-one}";
        assert!(KeyEncoding::Raw.decode(&key.into()).is_ok());
    }
}
