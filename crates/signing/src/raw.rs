//! Plain HMAC-SHA256, for protocols that others define.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use strongroom_core::{Error, ErrorKind, Reason, Result};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::hmac_state::HmacState;
use crate::snapshot::{States, no_such_key};
use crate::{KeySet, KeySnapshot};

/// Block size of SHA-256, up to which HMAC pads a key with zeros (RFC 2104, section 2).
const BLOCK: usize = 64;

/// Bare HMAC-SHA256 (RFC 2104) with a key of the store: for webhooks and the like.
///
/// A type of its own, and never a fall-back of [`KeySnapshot::verify`]: these tags carry no key id and no
/// purpose. The current key signs; every live key is tried on verifying, all of them each time. Messages
/// that begin as the signed bytes of `sr1` do are refused, so that no such tag passes for the other kind.
/// Like the keys it was made from, it is a snapshot and refuses everything past its age limit.
#[derive(Clone, Debug)]
pub struct RawSnapshot {
    keys: KeySnapshot,
    // One for each of the keys, in their order.
    states: States,
}

impl RawSnapshot {
    /// Uses these keys.
    ///
    /// # Errors
    /// `InvalidValue` (reason `collision`) if two of them are the same key to HMAC: they differ only by
    /// trailing zero bytes, or one is the hash of the other.
    pub fn new(keys: KeySnapshot) -> Result<Self> {
        // With room for all: a buffer that grows leaves copies behind.
        let mut seen = Zeroizing::new(Vec::with_capacity(KeySet::MAX_KEYS));
        let mut states = Vec::with_capacity(keys.live().len());
        let age = keys.age();
        for live in keys.live() {
            let bytes = live.key.bytes().expose();
            states.push(HmacState::keyed(bytes)?);
            if keys.is_over(&live.state, age) {
                continue;
            }
            let block = padded(bytes);
            if seen.iter().any(|other: &[u8; BLOCK]| other.ct_eq(&*block).into()) {
                let message =
                    "two versions of the key are one and the same to HMAC; rotate to random bytes";
                return Err(
                    Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Collision)
                );
            }
            seen.push(*block);
        }
        Ok(Self { keys, states: Arc::new(states) })
    }

    /// The tag of a message under the current key.
    ///
    /// # Errors
    /// `InvalidValue` if the message begins with `sr1` and a zero byte; `Unavailable` past the age limit.
    pub fn sign(&self, message: &[u8]) -> Result<RawTag> {
        self.checked_age(message)?;
        // The current one is the first, and is never over.
        let state = self.states.first().ok_or_else(no_such_key)?;
        Ok(RawTag(state.bare_tag(message)))
    }

    /// Verifies a tag, in time that does not depend on which key it belongs to.
    ///
    /// # Errors
    /// `SignatureMismatch` (reason `tag`) if no live key made it; otherwise as [`sign`](Self::sign).
    pub fn verify(&self, message: &[u8], tag: &RawTag) -> Result<()> {
        let age = self.checked_age(message)?;
        let mut matches = Choice::from(0);
        for (live, state) in self.keys.live().iter().zip(&*self.states) {
            if !self.keys.is_over(&live.state, age) {
                matches |= state.bare_tag(message).ct_eq(&tag.0);
            }
        }
        match bool::from(matches) {
            true => Ok(()),
            false => Err(Error::signature(Reason::Tag)),
        }
    }

    fn checked_age(&self, message: &[u8]) -> Result<Duration> {
        if message.starts_with(b"sr1\0") {
            let message = "a raw message must not begin with `sr1` and a zero byte";
            return Err(Error::new(ErrorKind::InvalidValue, message));
        }
        self.keys.checked_age()
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
    use strongroom_core::{Clock, Moment, SecretValue};
    use strongroom_testkit::ManualClock;

    use super::*;
    use crate::live_key::LiveKey;
    use crate::{KeyLimits, KeyState, SigningKey};

    const GRACE: Duration = Duration::from_secs(900);

    fn raw(keys: &[&[u8]]) -> Result<RawSnapshot> {
        raw_at(&ManualClock::at(1_800_000_000), Duration::ZERO, keys)
    }

    /// All but the first were retired so long ago.
    fn raw_at(clock: &ManualClock, ago: Duration, keys: &[&[u8]]) -> Result<RawSnapshot> {
        let limits = KeyLimits { age: Duration::from_secs(360), grace: GRACE };
        let live = |(index, bytes): (usize, &&[u8])| {
            let key = SigningKey::new(SecretValue::copy_from(bytes)).expect("a good key");
            let retiring = KeyState::Retiring { since: clock.now() - ago };
            let state = if index == 0 { KeyState::Current } else { retiring };
            LiveKey { key, state, version: None, created_at: None }
        };
        let keys = keys.iter().enumerate().map(live).collect();
        RawSnapshot::new(KeySnapshot::new(
            keys,
            Moment::now(clock),
            limits,
            Arc::new(clock.clone()),
        )?)
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
    fn f032_a_retired_key_ends_with_its_grace_and_all_of_them_with_the_age_limit() {
        let clock = ManualClock::at(1_800_000_000);
        let old = raw(&[ONE]).unwrap().sign(b"hi").unwrap();
        let new = raw_at(&clock, GRACE - Duration::from_secs(10), &[TWO, ONE]).unwrap();
        clock.advance(Duration::from_secs(9));
        assert!(new.verify(b"hi", &old).is_ok());
        clock.advance(Duration::from_secs(1));
        assert_eq!(new.verify(b"hi", &old).unwrap_err().reason(), Some(Reason::Tag));
        clock.advance(Duration::from_secs(350));
        for error in [new.verify(b"hi", &old).unwrap_err(), new.sign(b"hi").unwrap_err()] {
            assert_eq!(error.reason(), Some(Reason::AgeLimit));
        }
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
