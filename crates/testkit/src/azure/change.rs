//! What a body asks to keep or to change.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::azure::reply::Refusal;

/// The members of a body that writes. What is absent or null stays as it is.
#[derive(Default)]
pub(super) struct Change {
    pub(super) value: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) tags: Option<BTreeMap<String, String>>,
    pub(super) enabled: Option<bool>,
    pub(super) not_before: Option<i64>,
    pub(super) expires: Option<i64>,
}

impl Change {
    /// # Errors
    /// `BadParameter` for what is no such object, and for a value that is too long.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
            return Err(Refusal::parameter("The request body is not a JSON object."));
        };
        let attributes = match members.get("attributes") {
            None | Some(Value::Null) => &Map::new(),
            Some(Value::Object(attributes)) => attributes,
            Some(_) => return Err(mistyped("attributes")),
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let change = Self {
            value: member(&members, "value", text)?,
            content_type: member(&members, "contentType", text)?,
            tags: member(&members, "tags", |tags| {
                let tags = tags.as_object()?.iter();
                tags.map(|(name, tag)| Some((name.clone(), text(tag)?))).collect()
            })?,
            enabled: member(attributes, "enabled", Value::as_bool)?,
            not_before: member(attributes, "nbf", Value::as_i64)?,
            expires: member(attributes, "exp", Value::as_i64)?,
        };
        match change.value.as_ref().map_or(0, String::len) {
            0..=MAX_BYTES => Ok(change),
            _ => {
                Err(Refusal::parameter("The value is longer than the maximum of 25600 characters."))
            }
        }
    }

    /// Nothing but a value.
    pub(super) fn value(value: &str) -> Self {
        Self { value: Some(value.to_owned()), ..Self::default() }
    }
}

fn member<T>(
    members: &Map<String, Value>,
    name: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| mistyped(name)),
    }
}

fn mistyped(member: &str) -> Refusal {
    Refusal::parameter(format!("The property '{member}' has the wrong type."))
}

/// "About keys, secrets, and certificates": a value has at most 25 KB.
const MAX_BYTES: usize = 25_600;
