use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{Error, ErrorKind, Result};

/// What a signature is for: `[a-z0-9._-]{1,64}`, by default `default`.
///
/// Signatures of one purpose never verify for another, and each purpose signs with a sub-key of its own.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Purpose(Arc<str>);

impl Purpose {
    /// Checks a purpose.
    ///
    /// # Errors
    /// `Misconfigured` if it has other characters or another length.
    pub fn new(purpose: &str) -> Result<Self> {
        let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        if !(1..=64).contains(&purpose.len()) || !purpose.bytes().all(allowed) {
            let message = "a purpose is 1 to 64 of the characters a-z 0-9 . _ -";
            return Err(Error::new(ErrorKind::Misconfigured, message));
        }
        Ok(Self(Arc::from(purpose)))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Purpose {
    fn default() -> Self {
        Self(Arc::from("default"))
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Purpose {
    type Err = Error;

    fn from_str(purpose: &str) -> Result<Self> {
        Self::new(purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_have_one_alphabet() {
        for good in ["default", "webhook", "a.b_c-9", &"x".repeat(64)] {
            assert_eq!(Purpose::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "Webhook", "a b", "a/b", "é", &"x".repeat(65)] {
            assert_eq!(Purpose::new(bad).unwrap_err().kind(), ErrorKind::Misconfigured, "{bad:?}");
        }
        assert_eq!(Purpose::default(), Purpose::new("default").unwrap());
    }
}
