//! `vault:v3:BASE64`: how Transit writes a tag.

use base64ct::{Base64, Encoding};
use strongroom_core::Algorithm;

/// A tag and the version of the key that made it.
pub(crate) struct Tag {
    pub(crate) version: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Tag {
    /// Reads the one canonical spelling: plain digits without leading zeros, padded base64 with nothing loose,
    /// and the length of the algorithm. The server itself takes more (`v+1`, `v01`), so nothing that came from
    /// outside is ever handed to it as it is.
    pub(crate) fn parse(text: &str, algorithm: Algorithm) -> Option<Self> {
        let (version, tag) = text.strip_prefix("vault:v")?.split_once(':')?;
        let plain = version.bytes().all(|byte| byte.is_ascii_digit()) && !version.starts_with('0');
        let version = plain.then(|| version.parse().ok()).flatten()?;
        let bytes = Base64::decode_vec(tag).ok()?;
        let tag = Self { version, bytes };
        (tag.bytes.len() == algorithm.tag_bytes() && tag.render() == text).then_some(tag)
    }

    /// The spelling of a tag for the server.
    pub(crate) fn render(&self) -> String {
        render(self.version, &self.bytes)
    }
}

/// The spelling of a tag for the server.
pub(crate) fn render(version: u32, tag: &[u8]) -> String {
    format!("vault:v{version}:{}", Base64::encode_string(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f040_one_spelling_and_no_other() {
        let good = render(3, &[7; 32]);
        let tag = Tag::parse(&good, Algorithm::Hs256).unwrap();
        assert_eq!((tag.version, &tag.bytes[..]), (3, &[7; 32][..]));
        assert!(Tag::parse(&good, Algorithm::Ed25519).is_none(), "a tag of 32 bytes");
        for bad in [
            good.replace("vault:v3", "vault:v+3"),
            good.replace("vault:v3", "vault:v03"),
            good.replace("vault:v3", "vault:v0"),
            good.replace("vault:v3", "vault:v"),
            good.replace("vault:v3", "vault:v4294967296"),
            good.replace("vault:v3", "vault:v\u{663}"),
            good.replace("vault:", "Vault:"),
            format!("{good}\n"),
            format!(" {good}"),
            good.replace('=', ""),
            format!("{good}="),
            good.replacen("Bwc", "Bw\nc", 1),
            good.replacen("Bwc", "Bw\r\nc", 1),
            // The last two bits before the padding belong to no byte.
            good.replace("Bwc=", "Bwd="),
            format!("{good}:x"),
            "vault:v3:".into(),
            "garbage".into(),
        ] {
            assert!(Tag::parse(&bad, Algorithm::Hs256).is_none(), "{bad:?}");
        }
    }
}
