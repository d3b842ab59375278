//! One key of a Transit mount, with its versions.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::vault::reply::Reply;

/// A key.
pub(super) struct Key {
    kind: Kind,
    size: i64,
    seed: String,
    /// When each version was made, oldest first.
    versions: Vec<Timestamp>,
    pub(super) min_decryption: i64,
    /// Zero is no minimum.
    pub(super) min_encryption: i64,
    pub(super) deletion_allowed: bool,
    pub(super) exportable: bool,
    pub(super) backup: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Aes,
    Ed25519,
    Hmac,
}

impl Kind {
    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::Aes, Self::Ed25519, Self::Hmac].into_iter().find(|kind| kind.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Aes => "aes256-gcm96",
            Self::Ed25519 => "ed25519",
            Self::Hmac => "hmac",
        }
    }
}

impl Key {
    /// A key with one version, whose secrets follow from the seed.
    pub(super) fn new(kind: Kind, size: i64, seed: String, now: Timestamp) -> Self {
        Self {
            kind,
            size,
            seed,
            versions: vec![now],
            min_decryption: 1,
            min_encryption: 0,
            deletion_allowed: false,
            exportable: false,
            backup: false,
        }
    }

    pub(super) fn rotate(&mut self, now: Timestamp) {
        self.versions.push(now);
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn latest(&self) -> i64 {
        i64::try_from(self.versions.len()).unwrap_or(i64::MAX)
    }

    /// The Ed25519 signature of a version.
    pub(super) fn sign(&self, version: i64, input: &[u8]) -> Vec<u8> {
        self.pair(version).map(|pair| pair.sign(input).as_ref().to_vec()).unwrap_or_default()
    }

    pub(super) fn verify(&self, version: i64, input: &[u8], signature: &[u8]) -> bool {
        self.pair(version).is_some_and(|pair| {
            UnparsedPublicKey::new(&ED25519, pair.public_key()).verify(input, signature).is_ok()
        })
    }

    pub(super) fn hmac(&self, version: i64, algorithm: hmac::Algorithm) -> hmac::Key {
        hmac::Key::new(algorithm, &self.secret("hmac", version))
    }

    pub(super) fn describe(&self, name: &str) -> Reply {
        let (hmac, aes) = (self.kind == Kind::Hmac, self.kind == Kind::Aes);
        let mut data = json!({
            "allow_plaintext_backup": self.backup, "auto_rotate_period": 0,
            "deletion_allowed": self.deletion_allowed, "derived": false,
            "exportable": self.exportable, "imported_key": false, "latest_version": self.latest(),
            "min_available_version": 0, "min_decryption_version": self.min_decryption,
            "min_encryption_version": self.min_encryption, "name": name, "soft_deleted": false,
            "supports_decryption": aes, "supports_derivation": !hmac, "supports_encryption": aes,
            "supports_signing": self.kind == Kind::Ed25519, "type": self.kind.name(),
        });
        if let Value::Object(data) = &mut data {
            match hmac {
                true => data.insert("key_size".to_owned(), self.size.into()),
                false => data.insert("keys".to_owned(), self.describe_versions().into()),
            };
        }
        Reply::data(data)
    }

    fn describe_versions(&self) -> Map<String, Value> {
        let numbered = (1..).zip(&self.versions);
        let shown = numbered.filter(|(number, _)| *number >= self.min_decryption);
        let describe = |(number, created): (i64, &Timestamp)| {
            let version = match self.pair(number).filter(|_| self.kind == Kind::Ed25519) {
                Some(pair) => json!({
                    "certificate_chain": "", "creation_time": created.to_string(),
                    "name": self.kind.name(),
                    "public_key": Base64::encode_string(pair.public_key().as_ref()),
                }),
                None => created.as_second().into(),
            };
            (number.to_string(), version)
        };
        shown.map(describe).collect()
    }

    fn pair(&self, version: i64) -> Option<Ed25519KeyPair> {
        Ed25519KeyPair::from_seed_unchecked(&self.secret("ed25519", version)).ok()
    }

    fn secret(&self, usage: &str, version: i64) -> Vec<u8> {
        digest(&SHA256, format!("{usage}/{}/{version}", self.seed).as_bytes()).as_ref().to_vec()
    }
}
