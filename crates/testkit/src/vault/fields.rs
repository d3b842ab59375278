//! The fields of a request, converted as loosely as the server does.

use std::num::IntErrorKind;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value};

/// The fields of a body or a query. Those that a handler asks for are taken out; the rest is unknown to it.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

/// Why a field is not what it should be, in the words of the server.
pub(super) struct Invalid(pub(super) String);

impl Fields {
    pub(super) fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// Everything, as it is.
    pub(super) fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// One field as it is.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Takes fields that are known and make no difference here.
    pub(super) fn discard(&mut self, names: &[&str]) {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
    }

    /// The names that are left, in their order.
    pub(super) fn names(&self) -> Option<String> {
        let names: Vec<_> = self.0.keys().map(String::as_str).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    pub(super) fn int(&mut self, name: &str) -> Result<Option<i64>, Invalid> {
        self.convert(name, |value| int(&value).map_err(|reason| format!("'' {reason}")))
    }

    pub(super) fn boolean(&mut self, name: &str) -> Result<Option<bool>, Invalid> {
        self.convert(name, |value| match value.as_str() {
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some("" | "0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some(_) => {
                Err("'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax".into())
            }
            None => int(&value).map(|number| number != 0),
        })
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Invalid> {
        self.convert(name, |value| text(&value).ok_or_else(|| mismatch("string", &value)))
    }

    /// Seconds, or text such as `90`, `30m` or `1h30m`.
    pub(super) fn duration(&mut self, name: &str) -> Result<Option<Duration>, Invalid> {
        self.convert(name, |value| {
            let text = text(&value).unwrap_or_default();
            let span = match text.parse::<i64>() {
                _ if text.is_empty() => Ok(SignedDuration::ZERO),
                Ok(seconds) => Ok(SignedDuration::from_secs(seconds)),
                Err(_) => text.parse().map_err(|_| format!("time: invalid duration {text:?}")),
            }?;
            let negative = |_| format!("cannot provide negative value '{}'", span.as_secs());
            Duration::try_from(span).map_err(negative)
        })
    }

    /// A map; `null` is one too, and is told apart.
    pub(super) fn map(&mut self, name: &str) -> Result<Option<Value>, Invalid> {
        self.convert(name, |value| match &value {
            Value::Object(_) | Value::Null => Ok(value),
            Value::Array(items) if items.is_empty() => Ok(Value::Object(Map::new())),
            _ => Err(mismatch("map[string]interface {}", &value)),
        })
    }

    /// Several numbers: a list, one number, or text with commas.
    pub(super) fn ints(&mut self, name: &str) -> Result<Vec<i64>, Invalid> {
        let items = self.convert(name, |value| {
            let items = match value {
                Value::Array(items) => items,
                Value::Null => Vec::new(),
                Value::String(text) => text.split(',').map(Value::from).collect(),
                other => vec![other],
            };
            items
                .iter()
                .enumerate()
                .map(|(at, item)| {
                    let heading = "decoding failed due to the following error(s):";
                    int(item).map_err(|reason| format!("{heading}\n\n'[{at}]' {reason}"))
                })
                .collect()
        });
        Ok(items?.unwrap_or_default())
    }

    fn convert<T>(
        &mut self,
        name: &str,
        convert: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<Option<T>, Invalid> {
        let invalid =
            |reason| Invalid(format!("error converting input for field {name:?}: {reason}"));
        self.take(name).map(convert).transpose().map_err(invalid)
    }
}

/// The text of a scalar, as Go would print it.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(set) => Some(u8::from(*set).to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn int(value: &Value) -> Result<i64, String> {
    let Some(text) = text(value) else { return Err(mismatch("int", value)) };
    match text.parse::<i64>() {
        _ if text.is_empty() => Ok(0),
        Ok(number) => Ok(number),
        Err(error) => {
            let reason = match error.kind() {
                IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
                _ => "invalid syntax",
            };
            Err(format!("cannot parse value as 'int': strconv.ParseInt: {reason}"))
        }
    }
}

fn mismatch(expected: &str, value: &Value) -> String {
    let found = match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(_) => "json.Number",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    format!("'' expected type '{expected}', got unconvertible type '{found}'")
}
