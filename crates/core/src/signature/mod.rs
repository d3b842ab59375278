//! The text form of a signature: `sr1.<kid>.<alg>.<tag>`, one encoding and no other.

mod algorithm;
mod key_id;
mod message;
mod native;
mod purpose;

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};

pub use algorithm::Algorithm;
pub use key_id::KeyId;
pub use message::{signed_bytes, signed_prefix, sub_key_info};
pub use native::NativeSignature;
pub use purpose::Purpose;

use crate::{Error, Reason, Result};

/// A signature that stands beside its message.
///
/// Parsing is strict: what parses renders to the same bytes again, so the text can serve as an
/// idempotency key. There is no `==`; [`verify`](crate::Signer::verify) compares.
///
/// ```
/// use strongroom_core::Signature;
///
/// let text = "sr1.aaaaaaaaaaaaaaaa.hs256.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// let signature: Signature = text.parse()?;
/// assert_eq!(signature.to_string(), text);
/// # Ok::<(), strongroom_core::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Signature {
    key: KeyId,
    algorithm: Algorithm,
    tag: [u8; Algorithm::MAX_TAG_BYTES],
}

impl Signature {
    /// Longest text form, in bytes: nothing longer is looked at.
    pub const MAX_TEXT_BYTES: usize = 128;

    /// A signature from its parts.
    ///
    /// # Errors
    /// `SignatureMismatch` if the tag's length is not the algorithm's.
    pub fn new(key: KeyId, algorithm: Algorithm, tag: &[u8]) -> Result<Self> {
        let mut whole = [0; Algorithm::MAX_TAG_BYTES];
        match whole.get_mut(..tag.len()) {
            Some(room) if tag.len() == algorithm.tag_bytes() => room.copy_from_slice(tag),
            _ => return Err(Error::signature(Reason::Malformed)),
        }
        Ok(Self { key, algorithm, tag: whole })
    }

    /// The id of the key that is said to have made it.
    pub fn key(&self) -> &KeyId {
        &self.key
    }

    /// The algorithm it is said to be made with; counts only if it is the key's own.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The tag: 32 bytes of HMAC-SHA256 or 64 of Ed25519.
    pub fn tag(&self) -> &[u8] {
        self.tag.get(..self.algorithm.tag_bytes()).unwrap_or(&self.tag)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 88];
        let tag = Base64UrlUnpadded::encode(self.tag(), &mut text).map_err(|_| fmt::Error)?;
        write!(f, "sr1.{}.{}.{tag}", self.key, self.algorithm)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl FromStr for Signature {
    type Err = Error;

    /// # Errors
    /// `SignatureMismatch`, reason `alg` for an algorithm that is not ours, else `malformed`.
    fn from_str(text: &str) -> Result<Self> {
        let malformed = || Error::signature(Reason::Malformed);
        if text.len() > Self::MAX_TEXT_BYTES {
            return Err(malformed());
        }
        let mut parts = text.split('.');
        let (Some("sr1"), Some(key), Some(algorithm), Some(tag), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        let key = KeyId::parse(key).ok_or_else(malformed)?;
        let algorithm = Algorithm::parse(algorithm).ok_or_else(|| Error::signature(Reason::Alg))?;
        let mut room = [0; Algorithm::MAX_TAG_BYTES];
        let tag = Base64UrlUnpadded::decode(tag, &mut room).map_err(|_| malformed())?;
        let signature = Self::new(key, algorithm, tag)?;
        // The decoder is strict; this holds whatever it lets through.
        match signature.to_string() == text {
            true => Ok(signature),
            false => Err(malformed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    const KID: &str = "abcdefghijklmn23";
    const TAG: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn reason_of(text: &str) -> Option<Reason> {
        let error = text.parse::<Signature>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SignatureMismatch);
        assert_eq!(error.to_string(), "signature does not verify");
        error.reason()
    }

    #[test]
    fn parses_what_it_renders() {
        for text in [
            format!("sr1.{KID}.hs256.{TAG}"),
            format!("sr1.abcdefgh1.hs256.{TAG}"),
            format!("sr1.abcdefgh4294967295.hs256.{TAG}"),
            format!("sr1.{KID}.ed25519.{TAG}{TAG}", TAG = "A".repeat(43)),
        ] {
            assert_eq!(text.parse::<Signature>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn b066_b067_b073_other_shapes_are_malformed() {
        let good = format!("sr1.{KID}.hs256.{TAG}");
        let cases = [
            String::new(),
            "sr1".into(),
            "sr1.".into(),
            "sr1...".into(),
            "x".repeat(1 << 20),
            good.replace("sr1", "sr2"),
            good.replace("sr1", "SR1"),
            good.replace("sr1.", "sr1:"),
            format!("{good}{good}"),
            format!("{good}.{good}"),
            format!("{good}."),
            format!("{good}\n"),
            format!(" {good}"),
            format!("{good}.x"),
        ];
        for text in cases {
            assert_eq!(reason_of(&text), Some(Reason::Malformed), "{:.60}", text);
        }
    }

    #[test]
    fn b068_algorithms_that_are_not_ours_are_refused() {
        for alg in ["none", "", "HS256", "hs512", "hs256 "] {
            assert_eq!(reason_of(&format!("sr1.{KID}.{alg}.{TAG}")), Some(Reason::Alg), "{alg:?}");
        }
        let swapped = format!("sr1.{KID}.ed25519.{TAG}");
        assert_eq!(reason_of(&swapped), Some(Reason::Malformed), "tag of another algorithm");
    }

    #[test]
    fn b069_b070_key_ids_have_one_spelling() {
        let long = "a".repeat(300);
        for kid in [
            "",
            long.as_str(),
            "../x",
            "ABCDEFGHIJKLMN23",
            "abcdefghijklmn2",
            "abcdefghijklmn234",
            "abcdefgh",
            "abcdefgh0",
            "abcdefgh01",
            "abcdefgh+1",
            "abcdefgh 1",
            "abcdefgh1\n",
            "abcdefgh١",
            "abcdefgh-1",
            "abcdefgh4294967296",
            "abcdefghijklmn01",
            "abcdefg11",
        ] {
            let text = format!("sr1.{kid}.hs256.{TAG}");
            assert_eq!(reason_of(&text), Some(Reason::Malformed), "{kid:?}");
        }
    }

    #[test]
    fn b071_b072_tags_have_one_length_and_one_encoding() {
        let encode = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
        let mut tags: Vec<String> =
            [0, 1, 31, 33, 64].iter().map(|length| encode(&vec![7; *length])).collect();
        tags.extend([
            format!("{TAG}="),
            format!("{}-_8", &TAG[..40]).replace('-', "+"),
            format!("{}9", &TAG[..42]),
            format!("{}\n{}", &TAG[..20], &TAG[20..]),
            format!("{}é", &TAG[..41]),
        ]);
        for tag in tags {
            let text = format!("sr1.{KID}.hs256.{tag}");
            assert_eq!(reason_of(&text), Some(Reason::Malformed), "{tag:?}");
        }
    }

    proptest! {
        #[test]
        fn accepts_exactly_one_encoding(tag in proptest::collection::vec(any::<u8>(), 32), at in 0usize..80, byte in any::<u8>()) {
            let text = format!("sr1.{KID}.hs256.{}", Base64UrlUnpadded::encode_string(&tag));
            let signature: Signature = text.parse().unwrap();
            prop_assert_eq!(signature.tag(), &tag[..]);
            let mut other = text.clone().into_bytes();
            let at = at % other.len();
            other[at] = byte;
            if let Ok(other) = String::from_utf8(other)
                && let Ok(parsed) = other.parse::<Signature>()
            {
                prop_assert_eq!(parsed.to_string(), other.clone());
                prop_assert_eq!(parsed.tag() == &tag[..] && parsed.key().as_str() == KID, other == text);
            }
        }

        #[test]
        fn never_panics_and_renders_what_it_accepts(text in "(sr1\\.)?[a-z2-7.]{0,20}\\.(hs256|ed25519)?\\.[A-Za-z0-9_=+/-]{0,90}") {
            if let Ok(signature) = text.parse::<Signature>() {
                prop_assert_eq!(signature.to_string(), text);
            }
        }
    }
}
