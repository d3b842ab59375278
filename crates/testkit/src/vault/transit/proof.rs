//! Making and checking signatures and HMACs.

use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding};
use serde_json::json;

use crate::vault::fields::Fields;
use crate::vault::reply::{Outcome, Reply};
use crate::vault::transit::batch::{Batch, Item, Proof, Refusal};
use crate::vault::transit::key::{Key, Kind};

/// `sign/<name>[/<algorithm>]`; Ed25519 ignores the algorithm.
pub(super) fn sign(key: Option<&Key>, algorithm: Option<&str>, fields: &mut Fields) -> Outcome {
    let asked = fields.int("key_version")?.unwrap_or_default();
    let algorithm = named(algorithm, &["hash_algorithm", "algorithm"], fields)?;
    let batch = Batch::take(fields);
    fields.discard(UNUSED);
    let key = key_pair(key.ok_or_else(|| Reply::error(400, "signing key not found"))?, "signing")?;
    known(&algorithm)?;
    let version = choose(key, asked, |unfit| match unfit {
        Unfit::Negative => "requested version for signing is negative".to_owned(),
        Unfit::TooNew => {
            "requested version for signing is higher than the latest key version".to_owned()
        }
        Unfit::TooOld => {
            "requested version for signing is less than the minimum encryption key version"
                .to_owned()
        }
    });
    batch?.answer(&[("key_version", 0.into())], |item| {
        let input = input(item)?;
        let version = version.clone().map_err(|text| Refusal { status: 500, text })?;
        let signature = prefixed(version, &key.sign(version, &input));
        Ok(json!({ "signature": signature, "key_version": version }))
    })
}

/// `hmac/<name>[/<algorithm>]`, for keys of any type.
pub(super) fn hmac(key: Option<&Key>, algorithm: Option<&str>, fields: &mut Fields) -> Outcome {
    let asked = fields.int("key_version")?.unwrap_or_default();
    let algorithm = named(algorithm, &["algorithm"], fields)?;
    let batch = Batch::take(fields);
    let key = key.ok_or_else(|| Reply::error(400, "encryption key not found"))?;
    let version = choose(key, asked, |unfit| match unfit {
        Unfit::Negative => "key version does not exist (cannot be negative)".to_owned(),
        Unfit::TooNew => {
            format!("key version does not exist; latest key version is {}", key.latest())
        }
        Unfit::TooOld => {
            "cannot generate HMAC: version is too old (disallowed by policy)".to_owned()
        }
    });
    let version = version.map_err(|text| Reply::error(400, text))?;
    let key = key.hmac(version, digest(&algorithm)?);
    batch?.answer(&[], |item| {
        if item.input.is_none() {
            return Err("missing input for HMAC".into());
        }
        let tag = hmac::sign(&key, &input(item)?);
        Ok(json!({ "hmac": prefixed(version, tag.as_ref()) }))
    })
}

/// `verify/<name>[/<algorithm>]`, of a signature if there is one, or else of an HMAC.
pub(super) fn verify(key: Option<&Key>, algorithm: Option<&str>, fields: &mut Fields) -> Outcome {
    let algorithm = named(algorithm, &["hash_algorithm", "algorithm"], fields)?;
    let batch = Batch::take(fields)?;
    fields.discard(UNUSED);
    match batch.proof()? {
        Proof::Signature => {
            let missing = || Reply::error(400, "signature verification key not found");
            let key = key_pair(key.ok_or_else(missing)?, "verification")?;
            known(&algorithm)?;
            batch.answer(&[("valid", false.into())], |item| {
                let input = input(item)?;
                let text = item.signature.as_deref().unwrap_or_default();
                let (version, encoded) = parse(text, "signature", "signature")?;
                let too_old = "ciphertext or signature version is disallowed by policy (too old)";
                let version = within(key, version, "signature", too_old)?;
                let signature = Base64::decode_vec(encoded);
                let signature = signature.map_err(|_| "invalid base64 signature value")?;
                Ok(json!({ "valid": key.verify(version, &input, &signature) }))
            })
        }
        Proof::Hmac => {
            known(&algorithm)?;
            let key = key.ok_or_else(|| Reply::error(400, "encryption key not found"))?;
            let algorithm = digest(&algorithm)?;
            batch.answer(&[], |item| {
                let input = input(item)?;
                let text = item.hmac.as_deref().unwrap_or_default();
                let (version, encoded) = parse(text, "HMAC", "HMAC to verify")?;
                let tag = decode(encoded, "unable to decode verification HMAC as base64")?;
                let too_old = "cannot verify HMAC: version is too old (disallowed by policy)";
                let version = within(key, version, "HMAC", too_old)?;
                let valid = hmac::verify(&key.hmac(version, algorithm), &input, &tag).is_ok();
                // The server leaves a false one out of a list.
                Ok(if valid || !item.is_listed { json!({ "valid": valid }) } else { json!({}) })
            })
        }
    }
}

/// Why a version cannot be used.
enum Unfit {
    Negative,
    TooNew,
    TooOld,
}

/// The version to make a proof with; zero asks for the latest.
fn choose(key: &Key, asked: i64, text: impl Fn(Unfit) -> String) -> Result<i64, String> {
    match asked {
        0 => Ok(key.latest()),
        ..0 => Err(text(Unfit::Negative)),
        _ if asked > key.latest() => Err(text(Unfit::TooNew)),
        _ if asked < key.min_encryption => Err(text(Unfit::TooOld)),
        _ if asked < key.min_decryption => Err("no such key version".to_owned()),
        _ => Ok(asked),
    }
}

/// The version that a proof names, if it may still be verified.
fn within(key: &Key, version: &str, what: &str, too_old: &str) -> Result<i64, String> {
    match version.parse() {
        Err(_) => Err(format!("invalid {what}: version number could not be decoded")),
        Ok(version) if version > key.latest() => Err(format!("invalid {what}: version is too new")),
        Ok(version) if version < key.min_decryption => Err(too_old.to_owned()),
        Ok(version) => Ok(version),
    }
}

/// The version and the bytes, both still text, of `vault:v1:<base64>`.
fn parse<'a>(text: &'a str, what: &str, whole: &str) -> Result<(&'a str, &'a str), String> {
    let rest = text.strip_prefix("vault:v").ok_or_else(|| format!("invalid {whole}: no prefix"))?;
    rest.split_once(':').ok_or_else(|| format!("invalid {what}: wrong number of fields"))
}

fn prefixed(version: i64, bytes: &[u8]) -> String {
    format!("vault:v{version}:{}", Base64::encode_string(bytes))
}

/// The bytes to sign. One alone may be missing, and is empty then.
fn input(item: &Item) -> Result<Vec<u8>, String> {
    match &item.input {
        None if item.is_listed => Err("missing input".to_owned()),
        input => decode(input.as_deref().unwrap_or_default(), "unable to decode input as base64"),
    }
}

fn decode(text: &str, failure: &str) -> Result<Vec<u8>, String> {
    Base64::decode_vec(text).map_err(|_| {
        let legal = |found: char| found.is_ascii_alphanumeric() || "+/=".contains(found);
        let at = text.find(|found| !legal(found)).unwrap_or(text.len() / 4 * 4);
        format!("{failure}: illegal base64 data at input byte {at}")
    })
}

fn key_pair<'a>(key: &'a Key, purpose: &str) -> Result<&'a Key, Reply> {
    match key.kind() {
        Kind::Ed25519 => Ok(key),
        kind => {
            let text = format!("key type {} does not support {purpose}", kind.name());
            Err(Reply::error(400, text))
        }
    }
}

/// The algorithm of the path, or else of the first of these fields that is there.
fn named(path: Option<&str>, names: &[&str], fields: &mut Fields) -> Result<String, Reply> {
    let mut algorithm = path.map(str::to_owned);
    for name in names {
        let field = fields.text(name)?;
        algorithm = algorithm.or(field);
    }
    Ok(algorithm.unwrap_or_else(|| "sha2-256".to_owned()))
}

fn known(algorithm: &str) -> Result<(), Reply> {
    match algorithm {
        "none" | "sha3-224" | "sha3-256" | "sha3-384" | "sha3-512" => Ok(()),
        _ if digest(algorithm).is_ok() => Ok(()),
        _ => Err(Reply::error(400, format!("invalid hash algorithm {algorithm:?}"))),
    }
}

fn digest(algorithm: &str) -> Result<hmac::Algorithm, Reply> {
    match algorithm {
        "sha1" => Ok(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        "sha2-224" => Ok(hmac::HMAC_SHA224),
        "sha2-256" => Ok(hmac::HMAC_SHA256),
        "sha2-384" => Ok(hmac::HMAC_SHA384),
        "sha2-512" => Ok(hmac::HMAC_SHA512),
        "none" => Err(Reply::error(400, "algorithm cannot be none")),
        _ => Err(Reply::error(400, "unsupported algorithm '\\x00'")),
    }
}

/// Fields that change nothing for Ed25519 as it is done here.
const UNUSED: &[&str] =
    &["context", "marshaling_algorithm", "prehashed", "salt_length", "signature_algorithm"];
