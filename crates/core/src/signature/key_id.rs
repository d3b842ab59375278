use std::fmt;

use base32ct::{Base32Unpadded, Encoding};
use sha2::{Digest, Sha256};

use super::message::length_prefixed;

/// Which key made a signature: public, and the same in every pod, region and language.
///
/// A key that is read from a store has 16 characters derived from its bytes. A key of Vault Transit has 8
/// characters of its name, then its version. Neither depends on addresses, mounts or ARNs.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId {
    text: [u8; Self::MAX_BYTES],
    length: u8,
}

impl KeyId {
    /// Longest id: 8 characters and the ten digits of the largest version.
    const MAX_BYTES: usize = 18;

    /// The id of a key that is read from a store: lower-case base32 (RFC 4648) of 10 bytes derived from
    /// the key.
    pub fn derived(digest: &[u8; 10]) -> Self {
        let mut text = [0; Self::MAX_BYTES];
        let written = Base32Unpadded::encode(digest, &mut text).map_or(0, str::len);
        debug_assert_eq!(written, 16, "10 bytes are 16 characters of base32");
        Self { text, length: 16 }
    }

    /// The id of one version of a Vault Transit key.
    pub fn transit(key_name: &str, version: u32) -> Self {
        let digest = Sha256::new()
            .chain_update("sr1 transit")
            .chain_update(length_prefixed(key_name.as_bytes()))
            .chain_update(key_name)
            .finalize();
        let mut text = [0; Self::MAX_BYTES];
        let written = Base32Unpadded::encode(&digest[..5], &mut text).map_or(0, str::len);
        debug_assert_eq!(written, 8, "5 bytes are 8 characters of base32");
        let digits = version.to_string();
        let length = 8 + digits.len();
        text[8..length].copy_from_slice(digits.as_bytes());
        Self { text, length: length as u8 }
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    /// The version of a Transit key: what follows the 8 characters of its name. `None` for an id that can only be
    /// one of a key that is read from a store. Some of those end in digits alone, and look as if they had one.
    pub fn version(&self) -> Option<u32> {
        self.as_str().get(8..)?.parse().ok()
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_at_checked(8)?;
        let base32 =
            |text: &str| text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        let version = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
            digits && text.parse::<u32>().is_ok()
        };
        if !base32(name) || !(rest.len() == 8 && base32(rest) || version(rest)) {
            return None;
        }
        let mut kept = [0; Self::MAX_BYTES];
        kept.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { text: kept, length: text.len() as u8 })
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_both_kinds_parse_back() {
        for id in [
            KeyId::derived(&[0xff; 10]),
            KeyId::transit("orders", 1),
            KeyId::transit("orders", u32::MAX),
        ] {
            assert_eq!(KeyId::parse(id.as_str()), Some(id));
        }
        assert_eq!(KeyId::derived(&[0; 10]).as_str(), "aaaaaaaaaaaaaaaa");
    }

    #[test]
    fn an_id_of_transit_tells_its_version() {
        for version in [1, 42, u32::MAX] {
            assert_eq!(KeyId::transit("orders", version).version(), Some(version));
        }
        assert_eq!(KeyId::derived(&[0; 10]).version(), None);
    }

    #[test]
    fn transit_ids_differ_by_name_and_version_only() {
        let first = KeyId::transit("orders", 1);
        assert_eq!(first.as_str()[8..], *"1");
        assert_eq!(first.as_str()[..8], KeyId::transit("orders", 2).as_str()[..8]);
        assert_ne!(first.as_str()[..8], KeyId::transit("order", 1).as_str()[..8]);
    }
}
