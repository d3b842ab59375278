//! `--seed`: the secrets that a fake holds at first.

use std::collections::BTreeSet;

use base64ct::{Base64, Encoding};
use serde::Deserialize;
use strongroom_core::SecretName;

use crate::provider::{Seeded, State};

/// A seed file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    secrets: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    value: Option<String>,
    value_base64: Option<String>,
    /// Older than the value, oldest first; without a value the last one is current.
    #[serde(default)]
    versions: Vec<Version>,
    #[serde(default)]
    state: State,
}

/// A version is its text, or says how its bytes are written down.
#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Text(String),
    Written(Written),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    value: Option<String>,
    value_base64: Option<String>,
}

impl Seed {
    /// Puts the secrets into a fake.
    ///
    /// # Errors
    /// Names the secret that the provider could not keep so, and says why.
    pub(crate) fn sow<F: Seeded>(&self, fake: &F) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for entry in &self.secrets {
            let name = &entry.name;
            let about = |problem: String| format!("secret `{}`: {problem}", name.escape_debug());
            // What is behind `#` is a field, as everywhere.
            let (secret, field) = match name.split_once('#') {
                Some((secret, field)) => (secret, Some(field)),
                None => (name.as_str(), None),
            };
            let known = SecretName::new(secret).map(drop).map_err(|error| error.to_string());
            known.map_err(about)?;
            if field == Some("") {
                return Err(about("has no field behind its `#`".to_owned()));
            }
            if field.is_some() && entry.state != State::Enabled {
                return Err(about("a field has no state; expected that of its secret".to_owned()));
            }
            if !seen.insert(name) {
                return Err(about("stands there twice; expected `versions`".to_owned()));
            }
            for value in entry.values().map_err(about)? {
                put(fake, name, &value).map_err(about)?;
            }
            fake.put_into(name, entry.state).map_err(about)?;
        }
        Ok(())
    }
}

impl Entry {
    /// Every version, oldest first: at least one.
    fn values(&self) -> Result<Vec<Vec<u8>>, String> {
        let older = self.versions.iter().map(|version| match version {
            Version::Text(text) => Ok(text.clone().into_bytes()),
            Version::Written(Written { value, value_base64 }) => {
                let bytes = bytes(value.as_deref(), value_base64.as_deref())?;
                bytes.ok_or_else(|| "a version has neither `value` nor `value_base64`".to_owned())
            }
        });
        let mut values = older.collect::<Result<Vec<_>, _>>()?;
        values.extend(bytes(self.value.as_deref(), self.value_base64.as_deref())?);
        if values.is_empty() {
            values.push(format!("canary-value-of-{}", self.name).into_bytes());
        }
        Ok(values)
    }
}

fn bytes(text: Option<&str>, base64: Option<&str>) -> Result<Option<Vec<u8>>, String> {
    match (text, base64) {
        (Some(_), Some(_)) => Err("has `value` and `value_base64`; expected one".to_owned()),
        (Some(text), None) => Ok(Some(text.as_bytes().to_vec())),
        (None, Some(base64)) => match Base64::decode_vec(base64) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(_) => Err("`value_base64` is not padded base64".to_owned()),
        },
        (None, None) => Ok(None),
    }
}

fn put<F: Seeded>(fake: &F, name: &str, value: &[u8]) -> Result<(), String> {
    match (str::from_utf8(value), name.contains('#')) {
        (Ok(text), _) => fake.try_set(name, text),
        (Err(_), true) => Err("a field is text, and this is none".to_owned()),
        (Err(_), false) => fake.put_bytes(name, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(entry: &str) -> Result<Vec<Vec<u8>>, String> {
        serde_json::from_str::<Entry>(entry).map_err(|error| error.to_string())?.values()
    }

    #[test]
    fn versions_come_before_the_value_and_something_is_always_there() {
        for (entry, expected) in [
            (r#"{"name":"a"}"#, &["canary-value-of-a"][..]),
            (r#"{"name":"a","value":"canary"}"#, &["canary"]),
            (r#"{"name":"a","value_base64":"Y2FuYXJ5"}"#, &["canary"]),
            (r#"{"name":"a","versions":["1",{"value":"2"}],"value":"3"}"#, &["1", "2", "3"]),
            (r#"{"name":"a","versions":["1",{"value_base64":"Mg=="}]}"#, &["1", "2"]),
        ] {
            let expected: Vec<_> = expected.iter().map(|text| text.as_bytes().to_vec()).collect();
            assert_eq!(values(entry), Ok(expected), "{entry}");
        }
    }

    #[test]
    fn what_is_not_meant_is_refused() {
        for entry in [
            r#"{"name":"a","valeu":"canary"}"#,
            r#"{"name":"a","state":"gone"}"#,
            r#"{"name":"a","value":"canary","value_base64":"Y2FuYXJ5"}"#,
            r#"{"name":"a","value_base64":"Y2FuYXJ5!"}"#,
            r#"{"name":"a","versions":[{}]}"#,
            r#"{"value":"canary"}"#,
        ] {
            let problem = values(entry).unwrap_err();
            assert!(!problem.contains("canary") && !problem.contains("Y2Fu"), "{problem}");
        }
    }
}
