//! Plain HMAC-SHA256, for protocols that others define.

use std::fmt;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use strongroom_core::{Error, ErrorKind, Reason, Result};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::hmac_state::HmacState;
use crate::{KeyRing, KeySet};

/// Block size of SHA-256, up to which HMAC pads a key with zeros (RFC 2104, section 2).
const BLOCK: usize = 64;

/// Bare HMAC-SHA256 (RFC 2104) with a key of the store: for webhooks and the like.
///
/// A type of its own, and never a fall-back of [`KeyRing::verify`]: these tags carry no key id and no
/// purpose. The current key signs; every live key is tried on verifying, all of them each time. Messages
/// that begin as the signed bytes of `sr1` do are refused, so that no such tag passes for the other kind.
/// Like the ring it was made from, it is a snapshot and refuses everything past its age limit.
#[derive(Clone, Debug)]
pub struct RawHmac {
    ring: KeyRing,
}

impl RawHmac {
    /// Uses the keys of a ring.
    ///
    /// # Errors
    /// `InvalidValue` (reason `collision`) if two of them are the same key to HMAC: they differ only by
    /// trailing zero bytes, or one is the hash of the other.
    pub fn new(ring: KeyRing) -> Result<Self> {
        // With room for all: a buffer that grows leaves copies behind.
        let mut seen = Zeroizing::new(Vec::with_capacity(KeySet::MAX_KEYS));
        for key in ring.live_keys() {
            let block = padded(key.bytes().expose());
            if seen.iter().any(|other: &[u8; BLOCK]| other.ct_eq(&*block).into()) {
                let message =
                    "two versions of the key are one and the same to HMAC; rotate to random bytes";
                return Err(
                    Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Collision)
                );
            }
            seen.push(*block);
        }
        Ok(Self { ring })
    }

    /// The tag of a message under the current key.
    ///
    /// # Errors
    /// `InvalidValue` if the message begins with `sr1` and a zero byte; `Unavailable` past the age limit.
    pub fn sign(&self, message: &[u8]) -> Result<RawTag> {
        self.check(message)?;
        let key = self.ring.live_keys().next().ok_or_else(no_key)?;
        Ok(RawTag(HmacState::keyed(key.bytes().expose())?.bare_tag(message)))
    }

    /// Verifies a tag, in time that does not depend on which key it belongs to.
    ///
    /// # Errors
    /// `SignatureMismatch` (reason `tag`) if no live key made it; otherwise as [`sign`](Self::sign).
    pub fn verify(&self, message: &[u8], tag: &RawTag) -> Result<()> {
        self.check(message)?;
        let mut matches = subtle::Choice::from(0);
        for key in self.ring.live_keys() {
            matches |= HmacState::keyed(key.bytes().expose())?.bare_tag(message).ct_eq(&tag.0);
        }
        match bool::from(matches) {
            true => Ok(()),
            false => Err(Error::signature(Reason::Tag)),
        }
    }

    fn check(&self, message: &[u8]) -> Result<()> {
        if message.starts_with(b"sr1\0") {
            let message = "a raw message must not begin with `sr1` and a zero byte";
            return Err(Error::new(ErrorKind::InvalidValue, message));
        }
        self.ring.check_age()
    }
}

/// The 32 bytes of a plain HMAC-SHA256.
#[derive(Clone, Copy)]
pub struct RawTag([u8; 32]);

impl RawTag {
    /// A tag from its bytes.
    pub const fn from_bytes(tag: [u8; 32]) -> Self {
        Self(tag)
    }

    /// A tag from 64 hexadecimal digits, of either case.
    ///
    /// # Errors
    /// `SignatureMismatch` (reason `malformed`) for anything else.
    pub fn from_hex(text: &str) -> Result<Self> {
        let mut tag = [0; 32];
        match base16ct::mixed::decode(text, &mut tag) {
            Ok(read) if read.len() == 32 => Ok(Self(tag)),
            _ => Err(Error::signature(Reason::Malformed)),
        }
    }

    /// A tag from padded base64 (RFC 4648, section 4).
    ///
    /// # Errors
    /// `SignatureMismatch` (reason `malformed`) for anything else.
    pub fn from_base64(text: &str) -> Result<Self> {
        let mut tag = [0; 32];
        match Base64::decode(text, &mut tag) {
            Ok(read) if read.len() == 32 => Ok(Self(tag)),
            _ => Err(Error::signature(Reason::Malformed)),
        }
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// In lower-case hexadecimal, as GitHub's `X-Hub-Signature-256` has it.
    pub fn to_hex(&self) -> String {
        base16ct::lower::encode_string(&self.0)
    }

    /// In padded base64.
    pub fn to_base64(&self) -> String {
        Base64::encode_string(&self.0)
    }
}

impl fmt::Debug for RawTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawTag({})", self.to_hex())
    }
}

fn no_key() -> Error {
    Error::new(ErrorKind::Internal, "a key ring has no live key")
}

/// The block that HMAC makes of a key. Equal blocks give equal tags.
fn padded(key: &[u8]) -> Zeroizing<[u8; BLOCK]> {
    let mut block = Zeroizing::new([0; BLOCK]);
    let hashed: Zeroizing<[u8; 32]>;
    let short = match key.len() > BLOCK {
        true => {
            hashed = Zeroizing::new(Sha256::digest(key).into());
            &hashed[..]
        }
        false => key,
    };
    block.iter_mut().zip(short).for_each(|(place, byte)| *place = *byte);
    block
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use strongroom_core::{Clock, Moment, SecretValue};
    use strongroom_testkit::ManualClock;

    use super::*;
    use crate::ring::Limits;
    use crate::{KeyState, SigningKey};

    fn raw(keys: &[&[u8]]) -> Result<RawHmac> {
        let clock = ManualClock::at(1_800_000_000);
        let limits = Limits { age: Duration::from_secs(360), grace: Duration::from_secs(900) };
        let keys = keys.iter().enumerate().map(|(index, bytes)| {
            let key = SigningKey::new(SecretValue::copy_from(bytes)).expect("a good key");
            let retiring = KeyState::Retiring { since: clock.now() };
            (key, if index == 0 { KeyState::Current } else { retiring })
        });
        RawHmac::new(KeyRing::new(keys, Moment::now(&clock), limits, Arc::new(clock.clone()))?)
    }

    const ONE: &[u8] = b"canary-key-of-thirty-two-bytes-1";
    const TWO: &[u8] = b"canary-key-of-thirty-two-bytes-2";

    #[test]
    fn tags_are_those_of_rfc_2104_and_every_live_key_verifies() {
        let (old, new) = (raw(&[ONE]).unwrap(), raw(&[TWO, ONE]).unwrap());
        let tag = old.sign(b"hi").unwrap();
        assert_eq!(tag.as_bytes(), &HmacState::keyed(ONE).unwrap().bare_tag(b"hi"));
        assert!(new.verify(b"hi", &tag).is_ok());
        assert_eq!(new.verify(b"ho", &tag).unwrap_err().reason(), Some(Reason::Tag));
        assert_eq!(
            old.verify(b"hi", &new.sign(b"hi").unwrap()).unwrap_err().reason(),
            Some(Reason::Tag)
        );
    }

    #[test]
    fn messages_that_look_like_signed_bytes_are_refused() {
        let raw = raw(&[ONE]).unwrap();
        assert_eq!(raw.sign(b"sr1\0rest").unwrap_err().kind(), ErrorKind::InvalidValue);
        assert!(raw.sign(b"sr1.rest").is_ok());
    }

    #[test]
    fn b058_keys_that_are_one_to_hmac_are_refused() {
        let mut padded = ONE.to_vec();
        padded.push(0);
        let long: Vec<u8> = (0..100).collect();
        let hashed = Sha256::digest(&long);
        for pair in [[ONE, &padded], [&long[..], &hashed[..]]] {
            let error = raw(&pair).unwrap_err();
            assert_eq!(
                (error.kind(), error.reason()),
                (ErrorKind::InvalidValue, Some(Reason::Collision))
            );
        }
        assert!(raw(&[ONE, TWO]).is_ok());
    }

    #[test]
    fn tags_have_text_forms() {
        let tag = raw(&[ONE]).unwrap().sign(b"hi").unwrap();
        assert_eq!(
            RawTag::from_hex(&tag.to_hex().to_uppercase()).unwrap().as_bytes(),
            tag.as_bytes()
        );
        assert_eq!(RawTag::from_base64(&tag.to_base64()).unwrap().as_bytes(), tag.as_bytes());
        for text in ["", "00", &tag.to_hex()[..62], &format!("{}00", tag.to_hex())] {
            assert_eq!(RawTag::from_hex(text).unwrap_err().reason(), Some(Reason::Malformed));
        }
        assert!(RawTag::from_base64(tag.to_base64().trim_end_matches('=')).is_err());
    }
}
