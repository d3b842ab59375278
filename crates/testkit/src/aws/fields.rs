//! The members of a request, checked as the model of the service says.

use std::ops::RangeInclusive;

use base64ct::{Base64, Encoding};
use serde_json::{Map, Value};

use crate::aws::reply::Refusal;
use crate::aws::version::Content;

/// The members of a body. Those that nobody asks for are ignored, and `null` is absent.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(Refusal::mistyped()),
        }
    }

    /// The members of an object; what is none has none.
    pub(super) fn new(members: Value) -> Self {
        if let Value::Object(members) = members { Self(members) } else { Self::default() }
    }

    /// A text as it is, for the record of calls.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A text of so many characters.
    pub(super) fn text(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<&str>, Refusal> {
        let Some(value) = self.member(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(Refusal::mistyped)?;
        within(name, text.chars().count(), length)?;
        Ok(Some(text))
    }

    /// A text that has to be there.
    pub(super) fn required(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<&str, Refusal> {
        self.text(name, length)?.ok_or_else(|| Refusal::constraint(name, "not be null"))
    }

    /// Texts; none if the member is absent.
    pub(super) fn texts(
        &self,
        name: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Option<Vec<&str>>, Refusal> {
        let Some(items) = self.items(name)? else { return Ok(None) };
        within(name, items.len(), count)?;
        let texts = items.iter().map(|item| item.as_str().ok_or_else(Refusal::mistyped));
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// Structures, each with its own members.
    pub(super) fn structures(&self, name: &str) -> Result<Option<Vec<Self>>, Refusal> {
        let Some(items) = self.items(name)? else { return Ok(None) };
        let structures = items.iter().map(|item| match item {
            Value::Object(members) => Ok(Self(members.clone())),
            _ => Err(Refusal::mistyped()),
        });
        structures.collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let number = |value: &Value| value.as_i64().ok_or_else(Refusal::mistyped);
        self.member(name).map(number).transpose()
    }

    /// A switch, off if it is absent.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        let flag = |value: &Value| value.as_bool().ok_or_else(Refusal::mistyped);
        self.member(name).map_or(Ok(false), flag)
    }

    /// The value that is to be kept, if there is one.
    pub(super) fn content(&self) -> Result<Option<Content>, Refusal> {
        let text = self.member("SecretString");
        let binary = self.member("SecretBinary");
        let content = match (text, binary) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(Refusal::parameter(
                    "You can't specify both a binary secret value and a string secret value in the same secret.",
                ));
            }
            (Some(text), None) => {
                Content::Text(text.as_str().ok_or_else(Refusal::mistyped)?.to_owned())
            }
            (None, Some(binary)) => {
                let text = binary.as_str().ok_or_else(Refusal::mistyped)?;
                Content::Binary(Base64::decode_vec(text).map_err(|_| Refusal::mistyped())?)
            }
        };
        let name = if text.is_some() { "SecretString" } else { "SecretBinary" };
        within(name, content.bytes().len(), 1..=MAX_BYTES)?;
        Ok(Some(content))
    }

    fn items(&self, name: &str) -> Result<Option<&Vec<Value>>, Refusal> {
        let items = |value| Value::as_array(value).ok_or_else(Refusal::mistyped);
        self.member(name).map(items).transpose()
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }
}

/// Refuses a length that the model does not allow.
pub(super) fn within(
    name: &str,
    length: usize,
    allowed: RangeInclusive<usize>,
) -> Result<(), Refusal> {
    let (least, most) = allowed.into_inner();
    let text = |limit, bound| format!("have length {limit} than or equal to {bound}");
    match length {
        length if length < least => Err(Refusal::constraint(name, &text("greater", least))),
        length if length > most => Err(Refusal::constraint(name, &text("less", most))),
        _ => Ok(()),
    }
}

/// "Secret value size": 65,536 bytes.
const MAX_BYTES: usize = 65_536;
