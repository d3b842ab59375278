//! Questions to Transit and its answers.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// `GET {mount}/keys/{name}`.
#[derive(Deserialize)]
pub(crate) struct ReadKey {
    pub(crate) data: KeyInfo,
}

#[derive(Deserialize)]
pub(crate) struct KeyInfo {
    #[serde(rename = "type")]
    pub(crate) key_type: String,
    pub(crate) latest_version: u32,
    #[serde(default)]
    pub(crate) min_decryption_version: u32,
    #[serde(default)]
    pub(crate) derived: bool,
    /// Absent for `hmac`.
    pub(crate) keys: Option<HashMap<u32, OneKey>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum OneKey {
    Public { public_key: String },
    Other(serde::de::IgnoredAny),
}

/// `POST {mount}/keys/{name}/rotate`.
#[derive(Deserialize)]
pub(crate) struct Rotation {
    pub(crate) data: RotatedKey,
}

#[derive(Deserialize)]
pub(crate) struct RotatedKey {
    pub(crate) latest_version: u32,
}

/// `POST {mount}/sign|hmac|verify/{name}`: several at once. A single one is a batch of one.
#[derive(Serialize)]
pub(crate) struct Batch {
    pub(crate) batch_input: Vec<Input>,
}

#[derive(Serialize)]
pub(crate) struct Input {
    pub(crate) input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hmac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct BatchAnswer {
    pub(crate) data: BatchResults,
}

#[derive(Deserialize)]
pub(crate) struct BatchResults {
    pub(crate) batch_results: Vec<Output>,
}

/// One result. A refused HMAC comes without `valid`, so that what is missing is a no.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Output {
    pub(crate) hmac: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) valid: bool,
    pub(crate) error: Option<String>,
}
