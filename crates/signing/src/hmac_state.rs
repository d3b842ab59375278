//! HMAC-SHA256 keyed once for a key and a purpose, and cloned for each message.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use strongroom_core::{Algorithm, Error, ErrorKind, Purpose, Result, signed_prefix, sub_key_info};
use zeroize::Zeroizing;

use crate::SigningKey;

/// The state after the key and the part of the signed bytes that is the same for every message.
///
/// Wiped on drop (`zeroize` feature of `hmac` and `sha2`); so is each clone.
#[derive(Clone)]
pub(crate) struct HmacState(Hmac<Sha256>);

impl HmacState {
    /// For `sr1`: a sub-key of this purpose, then `M` up to the message.
    pub(crate) fn for_purpose(key: &SigningKey, purpose: &Purpose) -> Result<Self> {
        let algorithm = Algorithm::Hs256;
        let mut sub_key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, key.bytes().expose())
            .expand(&sub_key_info(algorithm, purpose), &mut *sub_key)
            .map_err(|_| {
                Error::new(ErrorKind::Internal, "a sub-key of 32 bytes cannot be derived")
            })?;
        let mut state = Self::keyed(&*sub_key)?;
        state.0.update(&signed_prefix(key.id(), algorithm, purpose));
        Ok(state)
    }

    /// The bare function of RFC 2104.
    pub(crate) fn keyed(key: &[u8]) -> Result<Self> {
        let state = Hmac::new_from_slice(key);
        state
            .map(Self)
            .map_err(|_| Error::new(ErrorKind::Internal, "HMAC takes keys of any length"))
    }

    /// The tag of a message behind its length, as `M` ends.
    pub(crate) fn tag(&self, message: &[u8]) -> [u8; 32] {
        self.prefixed(message).finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(crate) fn matches(&self, message: &[u8], tag: &[u8]) -> bool {
        self.prefixed(message).verify_slice(tag).is_ok()
    }

    /// The tag of a message on its own.
    pub(crate) fn bare_tag(&self, message: &[u8]) -> [u8; 32] {
        self.0.clone().chain_update(message).finalize().into_bytes().into()
    }

    fn prefixed(&self, message: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update((message.len() as u64).to_be_bytes()).chain_update(message)
    }
}

impl fmt::Debug for HmacState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::{SecretValue, signed_bytes};

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        base16ct::lower::decode_vec(text.replace(' ', "")).unwrap()
    }

    #[test]
    fn rfc_4231_vectors() {
        let a131 = [0xaa; 131];
        let cases: [(&[u8], &[u8], &str); 6] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (&hex("0102030405060708090a0b0c0d0e0f10111213141516171819"), &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (&a131, b"Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
            (&a131, b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.", "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
        ];
        let truncated = HmacState::keyed(&[0x0c; 20]).unwrap().bare_tag(b"Test With Truncation");
        assert_eq!(truncated[..16], hex("a3b6167473100ee06e0c796c2955552b"), "case 5");
        for (key, message, tag) in cases {
            assert_eq!(HmacState::keyed(key).unwrap().bare_tag(message)[..], hex(tag));
        }
    }

    #[test]
    fn rfc_5869_vectors() {
        let range = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
        let cases = [
            (
                range(0x00, 0x4f),
                Some(range(0x60, 0xaf)),
                range(0xb0, 0xff),
                hex(
                    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
                ),
            ),
            (
                hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
                Some(hex("000102030405060708090a0b0c")),
                hex("f0f1f2f3f4f5f6f7f8f9"),
                hex(
                    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
                ),
            ),
            (
                hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
                None,
                Vec::new(),
                hex(
                    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
                ),
            ),
        ];
        for (key, salt, info, expected) in cases {
            let mut output = vec![0; expected.len()];
            Hkdf::<Sha256>::new(salt.as_deref(), &key).expand(&info, &mut output).unwrap();
            assert_eq!(output, expected);
        }
    }

    #[test]
    fn the_prepared_state_signs_the_whole_of_m() {
        let key = SigningKey::new(SecretValue::from("canary-key-of-thirty-two-bytes-1")).unwrap();
        let purpose = Purpose::new("webhook").unwrap();
        let state = HmacState::for_purpose(&key, &purpose).unwrap();
        let mut sub_key = [0; 32];
        let info = b"sr1\0\0\0\0\0\0\0\x05hs256\0\0\0\0\0\0\0\x07webhook";
        Hkdf::<Sha256>::new(None, key.bytes().expose()).expand(info, &mut sub_key).unwrap();
        for message in [&b""[..], b"hi", &[7; 1_000]] {
            let whole = signed_bytes(key.id(), Algorithm::Hs256, &purpose, message);
            assert_eq!(state.tag(message), HmacState::keyed(&sub_key).unwrap().bare_tag(&whole));
        }
        assert_eq!(format!("{state:?}"), "[REDACTED]");
    }
}
