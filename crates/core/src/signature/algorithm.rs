use std::fmt;

/// How a tag is made. A property of the key: the one in a signature has to match it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC-SHA256 (RFC 2104, FIPS 198-1).
    Hs256,
    /// Ed25519 (RFC 8032).
    Ed25519,
}

impl Algorithm {
    /// Length of the longest tag, in bytes.
    pub const MAX_TAG_BYTES: usize = 64;

    /// The spelling in the text form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "hs256",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Length of the tag, in bytes.
    pub const fn tag_bytes(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Ed25519 => 64,
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Hs256, Self::Ed25519].into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
