//! One field of a secret whose value is a JSON object.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{Error, ErrorKind, Reason, Result, SecretValue};

/// Longest field, in bytes.
const MAX_BYTES: usize = 1_024;

/// What stands after `#` in a reference: a member name, or an RFC 6901 pointer that begins with `/`.
///
/// A member name is taken as it is, dots included; only a pointer descends.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Field {
    text: String,
    path: Vec<String>,
}

impl Field {
    /// Checks a field.
    ///
    /// # Errors
    /// `Misconfigured` if it is empty, has control characters, or is a pointer with a bad escape.
    pub fn new(field: &str) -> Result<Self> {
        let refuse = |message: &'static str| Err(Error::new(ErrorKind::Misconfigured, message));
        if field.is_empty() {
            return refuse("nothing follows the `#`; expected `#FIELD` or `#/json/pointer`");
        }
        if field.len() > MAX_BYTES {
            return refuse("a field is at most 1024 bytes");
        }
        if field.chars().any(|c| c.is_control() || crate::text::is_format(c)) {
            return refuse("a field must not contain control or invisible characters");
        }
        let path = match field.strip_prefix('/') {
            None => vec![field.to_owned()],
            Some(pointer) => match pointer.split('/').map(unescape).collect() {
                Some(path) => path,
                None => return refuse("in a JSON pointer `~` is followed by 0 or 1 (RFC 6901)"),
            },
        };
        Ok(Self { text: field.to_owned(), path })
    }

    /// The field as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The member names and array indices from the root of the value to the field.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// Reads this field out of a value that is a JSON object.
    ///
    /// # Errors
    /// `Malformed` if the value is not a JSON object or names a member twice; `NotFound` (reason `field`)
    /// if the field is absent; `InvalidValue` if it is not a string.
    pub fn pick(&self, value: &SecretValue) -> Result<SecretValue> {
        let json = value.expose_str().map_err(|_| not_an_object())?;
        let mut place = 0..json.len();
        for step in &self.path {
            place = find(json, place, step)?.ok_or_else(|| self.absent())?;
        }
        match &json[place.clone()] {
            text if text.starts_with('"') => {
                serde_json::from_str(text).map_err(|_| self.unreadable())
            }
            other => Err(Error::new(
                ErrorKind::InvalidValue,
                format!("field `{}` is {}, expected a string", self.shown(), json_type(other)),
            )),
        }
    }

    /// Writes this field into a value that is a JSON object; every other byte stays as it was.
    ///
    /// A missing member is added to the object it belongs to; a missing object on the way is not made up.
    ///
    /// # Errors
    /// As [`pick`](Self::pick), and `InvalidValue` if the new value is not UTF-8.
    pub fn replace(&self, value: &SecretValue, with: &SecretValue) -> Result<SecretValue> {
        let json = value.expose_str().map_err(|_| not_an_object())?;
        let new = Zeroizing::new(quoted(with.expose_str()?));
        let Some((last, parents)) = self.path.split_last() else {
            return Err(self.absent());
        };
        let mut place = 0..json.len();
        for step in parents {
            place = find(json, place, step)?.ok_or_else(|| self.absent())?;
        }
        let (at, new) = match find(json, place.clone(), last)? {
            Some(found) => (found, new),
            None => {
                let (end, empty) = end_of_object(json, place).ok_or_else(|| self.absent())?;
                let comma = if empty { "" } else { "," };
                (end..end, Zeroizing::new(format!("{comma}{}:{}", quoted(last), new.as_str())))
            }
        };
        let mut whole = Zeroizing::new(Vec::with_capacity(json.len() - at.len() + new.len()));
        whole.extend_from_slice(&json.as_bytes()[..at.start]);
        whole.extend_from_slice(new.as_bytes());
        whole.extend_from_slice(&json.as_bytes()[at.end..]);
        Ok(SecretValue::from(std::mem::take(&mut *whole)))
    }

    fn absent(&self) -> Error {
        Error::new(ErrorKind::NotFound, format!("the secret has no field `{}`", self.shown()))
            .with_reason(Reason::Field)
    }

    fn shown(&self) -> String {
        crate::escaped(&self.text)
    }

    fn unreadable(&self) -> Error {
        let message = format!("field `{}` is not a valid JSON string", self.shown());
        Error::new(ErrorKind::Malformed, message)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// RFC 6901, section 4: `~1` is a slash, `~0` is a tilde.
fn unescape(step: &str) -> Option<String> {
    let bad = step.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
    (!bad).then(|| step.replace("~1", "/").replace("~0", "~"))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn not_an_object() -> Error {
    Error::new(ErrorKind::Malformed, "the value is not a JSON object, so it has no fields")
}

fn json_type(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// Where one member of the object (or item of the array) at `place` stands in the text.
fn find(json: &str, place: Range<usize>, step: &str) -> Result<Option<Range<usize>>> {
    let inside = &json[place];
    // The parse error is dropped: its text may quote the value.
    let members = match inside.trim_start().as_bytes().first() {
        Some(b'{') => members(inside).map_err(|_| not_an_object())?,
        Some(b'[') => items(inside).map_err(|_| not_an_object())?,
        _ => return Err(not_an_object()),
    };
    let found = members.iter().find(|(name, _)| name == step);
    Ok(found.map(|(_, raw)| {
        // The raw value borrows from the text, so the distance of the two is where it stands.
        let start = raw.get().as_ptr().addr() - json.as_ptr().addr();
        start..start + raw.get().len()
    }))
}

fn end_of_object(json: &str, place: Range<usize>) -> Option<(usize, bool)> {
    let inside = json[place.clone()].trim_end();
    let body = inside.strip_suffix('}')?;
    let empty = body.trim_start().strip_prefix('{')?.trim().is_empty();
    Some((place.start + body.len(), empty))
}

type Members<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

fn members(json: &str) -> serde_json::Result<Members<'_>> {
    struct Object;

    impl<'de> Visitor<'de> for Object {
        type Value = Members<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members: Members<'de> = Vec::new();
            while let Some((name, raw)) = map.next_entry::<String, &'de RawValue>()? {
                // Two members of one name: which one counts differs between parsers.
                if members.iter().any(|(seen, _)| *seen == name) {
                    return Err(serde::de::Error::custom("duplicate member"));
                }
                members.push((Cow::Owned(name), raw));
            }
            Ok(members)
        }
    }

    whole(json, |deserializer| deserializer.deserialize_map(Object))
}

fn items(json: &str) -> serde_json::Result<Members<'_>> {
    struct Array;

    impl<'de> Visitor<'de> for Array {
        type Value = Members<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut items: Members<'de> = Vec::new();
            while let Some(raw) = seq.next_element::<&'de RawValue>()? {
                items.push((Cow::Owned(items.len().to_string()), raw));
            }
            Ok(items)
        }
    }

    whole(json, |deserializer| deserializer.deserialize_seq(Array))
}

fn whole<'de, T>(
    json: &'de str,
    read: impl FnOnce(
        &mut serde_json::Deserializer<serde_json::de::StrRead<'de>>,
    ) -> serde_json::Result<T>,
) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = read(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = " {\"user\": \"app\", \"pass\\u0077ord\":\"canary\\n1\",\n \"port\":5432, \"a.b\": {\"c/d\": [\"x\", null]} } ";

    fn pick(field: &str) -> Result<SecretValue> {
        Field::new(field)?.pick(&SecretValue::from(OBJECT))
    }

    #[test]
    fn picks_members_and_pointers() {
        assert_eq!(pick("user").unwrap().expose(), b"app");
        assert_eq!(pick("password").unwrap().expose(), b"canary\n1");
        assert_eq!(pick("/a.b/c~1d/0").unwrap().expose(), b"x");
    }

    #[test]
    fn what_is_absent_or_not_text_is_named_and_never_shown() {
        let cases = [
            ("nope", ErrorKind::NotFound, "no field `nope`"),
            ("a", ErrorKind::NotFound, "no field `a`"),
            ("/a.b/c~1d/7", ErrorKind::NotFound, "no field `/a.b/c~1d/7`"),
            ("port", ErrorKind::InvalidValue, "is a number"),
            ("a.b", ErrorKind::InvalidValue, "is an object"),
            ("/a.b/c~1d/1", ErrorKind::InvalidValue, "is null"),
            ("/user/x", ErrorKind::Malformed, "not a JSON object"),
        ];
        for (field, kind, expected) in cases {
            let error = pick(field).unwrap_err();
            assert_eq!(error.kind(), kind, "{field}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn values_that_are_not_one_object_are_malformed() {
        let field = Field::new("a").unwrap();
        let bad: [&[u8]; 7] = [
            b"canary",
            b"",
            b"{\"a\":\"x\"",
            b"{\"a\":\"x\"}}",
            b"{\"a\":\"x\",\"a\":\"y\"}",
            b"\xff",
            b"[]x",
        ];
        for value in bad {
            let error = field.pick(&SecretValue::copy_from(value)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed, "{value:?}");
            assert!(!format!("{error:?} {error}").contains("canary"));
        }
    }

    #[test]
    fn a_field_write_keeps_every_other_byte() {
        let value = SecretValue::from(OBJECT);
        let new = SecretValue::from("say \"hi\"");
        let replaced = Field::new("password").unwrap().replace(&value, &new).unwrap();
        let expected = OBJECT.replace("\"canary\\n1\"", "\"say \\\"hi\\\"\"");
        assert_eq!(replaced.expose_str().unwrap(), expected);

        let added = Field::new("new").unwrap().replace(&value, &new).unwrap();
        let expected = OBJECT.replace(" } ", " ,\"new\":\"say \\\"hi\\\"\"} ");
        assert_eq!(added.expose_str().unwrap(), expected);

        let empty = SecretValue::from("{ }");
        let first = Field::new("a").unwrap().replace(&empty, &SecretValue::from("1")).unwrap();
        assert_eq!(first.expose_str().unwrap(), "{ \"a\":\"1\"}");
    }

    #[test]
    fn fields_have_rules() {
        for field in ["", "a\nb", "/a~2b", "/~"] {
            assert_eq!(
                Field::new(field).unwrap_err().kind(),
                ErrorKind::Misconfigured,
                "{field:?}"
            );
        }
    }
}
