//! One thing to sign or verify, or several in one request.

use serde_json::{Value, json};

use crate::vault::fields::{Fields, text};
use crate::vault::reply::{Outcome, Reply};

/// What is to be done: one thing, or several.
pub(super) struct Batch {
    items: Vec<Item>,
    is_list: bool,
}

#[derive(Default)]
pub(super) struct Item {
    pub(super) input: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) hmac: Option<String>,
    pub(super) is_listed: bool,
    reference: String,
}

/// What is to be verified.
pub(super) enum Proof {
    Signature,
    Hmac,
}

/// Why one item fails. Alone, it fails the request with this status.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Batch {
    pub(super) fn take(fields: &mut Fields) -> Result<Self, Reply> {
        let one = Item {
            input: fields.text("input")?,
            signature: fields.text("signature")?,
            hmac: fields.text("hmac")?,
            ..Item::default()
        };
        let found = match fields.take("batch_input") {
            None | Some(Value::Null) => return Ok(Self { items: vec![one], is_list: false }),
            Some(Value::Array(items)) if items.is_empty() => {
                return Err(Reply::error(400, "missing batch input to process"));
            }
            Some(Value::Array(items)) => {
                return Ok(Self { items: items.iter().map(Item::listed).collect(), is_list: true });
            }
            Some(Value::Object(_)) => "map",
            Some(Value::Bool(_)) => "bool",
            Some(_) => "string",
        };
        let text = "failed to parse batch input: '' source data must be an array or slice, got";
        Err(Reply::listed(500, &format!("{text} {found}")))
    }

    /// Which of the two all items have.
    pub(super) fn proof(&self) -> Result<Proof, Reply> {
        let count = |has: fn(&Item) -> bool| self.items.iter().filter(|item| has(item)).count();
        let signatures = count(|item| item.signature.is_some());
        let either = count(|item| item.signature.is_some() || item.hmac.is_some());
        let text = match (signatures, either) {
            (0, 0) if self.is_list => "no batch_input elements have 'signature' or 'hmac'",
            (0, 0) => "neither a 'signature' nor an 'hmac' were given to verify",
            (0, all) if all == self.items.len() => return Ok(Proof::Hmac),
            (all, _) if all == self.items.len() => return Ok(Proof::Signature),
            (0, _) => "some elements of batch_input are missing 'hmac'",
            (signatures, either) if signatures == either => {
                "some elements of batch_input are missing 'signature'"
            }
            _ => "elements of batch_input must all provide 'signature' or all provide 'hmac'",
        };
        Err(Reply::error(400, text))
    }

    /// Does it. In a list, an item that fails leaves the others alone, and its result is the error with
    /// these fields.
    pub(super) fn answer(
        &self,
        failed: &[(&str, Value)],
        each: impl Fn(&Item) -> Result<Value, Refusal>,
    ) -> Outcome {
        if let ([item], false) = (self.items.as_slice(), self.is_list) {
            return match each(item) {
                Ok(data) => Ok(Reply::data(data)),
                Err(Refusal { status: 400, text }) => Err(Reply::error(400, text)),
                Err(Refusal { status, text }) => Err(Reply::listed(status, &text)),
            };
        }
        let result = |item: &Item| {
            let mut result = each(item).unwrap_or_else(|refusal| {
                let error = [("error", Value::from(refusal.text))];
                error.into_iter().chain(failed.iter().cloned()).collect()
            });
            if let Value::Object(result) = &mut result {
                result.insert("reference".to_owned(), item.reference.as_str().into());
            }
            result
        };
        let results: Vec<_> = self.items.iter().map(result).collect();
        Ok(Reply::data(json!({ "batch_results": results })))
    }
}

impl Item {
    fn listed(item: &Value) -> Self {
        let field = |name| item.get(name).and_then(text);
        Self {
            input: field("input"),
            signature: field("signature"),
            hmac: field("hmac"),
            is_listed: true,
            reference: field("reference").unwrap_or_default(),
        }
    }
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self { status: 400, text }
    }
}

impl From<&str> for Refusal {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
