//! The type that keeps the promise: no secret byte is printed, and all are wiped.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::{Error, ErrorKind, Reason, Result};

/// The bytes of a secret: shared, never copied on clone, wiped when the last clone is dropped.
///
/// `Debug` prints `[REDACTED]`. There is no `Display`, no `Serialize` and no `==`: reading the bytes is
/// the call [`expose`](Self::expose), which a reviewer can search for.
///
/// Wiping covers the buffer that this type owns. Buffers of libraries, of the kernel, swapped pages and
/// copies on the stack are out of its reach.
///
/// ```
/// use strongroom_core::SecretValue;
///
/// let value = SecretValue::from("canary-password");
/// assert_eq!(value.expose(), b"canary-password");
/// assert_eq!(format!("{value:?}"), "[REDACTED]");
/// ```
#[derive(Clone)]
pub struct SecretValue(Arc<Zeroizing<Box<[u8]>>>);

impl SecretValue {
    /// Largest value that any provider hands out or takes, in bytes: 64 KiB.
    ///
    /// AWS Secrets Manager sets the mark ("Secrets Manager quotas": 65,536 bytes); a larger value could
    /// not move between providers.
    pub const MAX_BYTES: usize = 65_536;

    /// Copies bytes that somebody else keeps and wipes.
    pub fn copy_from(bytes: &[u8]) -> Self {
        Self(Arc::new(Zeroizing::new(Box::from(bytes))))
    }

    /// The bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text.
    ///
    /// # Errors
    /// `InvalidValue` (reason `not_text`) if they are not UTF-8; says at which byte, not which bytes.
    pub fn expose_str(&self) -> Result<&str> {
        std::str::from_utf8(self.expose()).map_err(|error| {
            let offset = error.valid_up_to();
            Error::new(ErrorKind::InvalidValue, format!("value is not UTF-8 text at byte {offset}"))
                .with_reason(Reason::NotText)
        })
    }

    /// The items of a list that is kept as text: one a line, or separated by commas.
    ///
    /// White space around an item is not part of it, and empty items are dropped.
    ///
    /// # Errors
    /// `InvalidValue` if the bytes are not UTF-8.
    pub fn expose_list(&self) -> Result<Vec<&str>> {
        let items = self.expose_str()?.split(['\n', ',']).map(str::trim);
        Ok(items.filter(|item| !item.is_empty()).collect())
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that a provider may keep this: not empty, at most 64 KiB.
    ///
    /// # Errors
    /// `InvalidValue` (reason `empty`) or `Malformed` (reason `too_large`).
    pub fn check_size(&self) -> Result<()> {
        let (kind, reason, message) = match self.len() {
            0 => (ErrorKind::InvalidValue, Reason::Empty, "the value is empty"),
            1..=Self::MAX_BYTES => return Ok(()),
            _ => (ErrorKind::Malformed, Reason::TooLarge, "the value is longer than 65536 bytes"),
        };
        Err(Error::new(kind, message).with_reason(reason))
    }

    /// Compares in time that depends on the lengths only.
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

impl From<Vec<u8>> for SecretValue {
    fn from(mut bytes: Vec<u8>) -> Self {
        // Turning a vector with spare room into a box moves the bytes and frees the old buffer as it is.
        if bytes.len() == bytes.capacity() {
            return Self(Arc::new(Zeroizing::new(bytes.into_boxed_slice())));
        }
        let value = Self::copy_from(&bytes);
        bytes.zeroize();
        value
    }
}

impl From<String> for SecretValue {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl From<&str> for SecretValue {
    fn from(text: &str) -> Self {
        Self::copy_from(text.as_bytes())
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// Text only: a secret goes from the wire into this type without a `String` in between.
impl<'de> Deserialize<'de> for SecretValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = SecretValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_str<E>(self, text: &str) -> Result<SecretValue, E> {
                Ok(SecretValue::from(text))
            }

            fn visit_string<E>(self, text: String) -> Result<SecretValue, E> {
                Ok(SecretValue::from(text))
            }
        }

        // The error of a number or a boolean quotes it, so that one is dropped.
        deserializer.deserialize_str(Text).map_err(|_| de::Error::custom("expected text"))
    }
}

#[cfg(test)]
mod tests {
    use static_assertions::{assert_impl_all, assert_not_impl_any};

    use super::*;

    // S01: the traits that would print, copy out or compare a secret by accident.
    assert_not_impl_any!(SecretValue: fmt::Display, serde::Serialize, PartialEq, PartialOrd, std::hash::Hash, AsRef<[u8]>, std::ops::Deref);
    assert_impl_all!(SecretValue: Clone, Send, Sync);

    #[test]
    fn debug_is_redacted_inside_other_types_too() {
        let value = SecretValue::from("canary-value");
        assert_eq!(
            format!("{:?} {:#?}", Some(&value), [&value]),
            "Some([REDACTED]) [\n    [REDACTED],\n]"
        );
    }

    #[test]
    fn compares_whole_values() {
        let value = SecretValue::from("canary-value");
        assert!(value.ct_eq(&SecretValue::copy_from(b"canary-value")));
        for other in ["", "canary-valu", "canary-valuf", "canary-value "] {
            assert!(!value.ct_eq(&SecretValue::from(other)), "{other:?}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_by_offset() {
        let error = SecretValue::from(b"ab\xffcanary".to_vec()).expose_str().unwrap_err();
        assert_eq!(
            (error.kind(), error.reason()),
            (ErrorKind::InvalidValue, Some(Reason::NotText))
        );
        assert!(error.to_string().ends_with("at byte 2"));
    }

    #[test]
    fn lists_are_split_at_newlines_and_commas() {
        let value = SecretValue::from(" a, b\n\nc ,\r\n");
        assert_eq!(value.expose_list().unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn deserializes_text_and_refuses_the_rest_without_showing_it() {
        let value: SecretValue = serde_json::from_str("\"canary\\u002dvalue\"").unwrap();
        assert_eq!(value.expose(), b"canary-value");
        for json in ["987654321", "-987654321", "9876.54321", "true", "[987654321]", "{}", "null"] {
            let error = serde_json::from_str::<SecretValue>(json).unwrap_err().to_string();
            assert!(!error.contains("9876") && !error.contains("true"), "{error}");
        }
    }
}
