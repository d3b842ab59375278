//! Names of secrets, checked once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{Error, ErrorKind, Field, Result};

/// The logical name of a secret: `/`-separated segments, case kept, the same on every provider.
///
/// At most 1,024 bytes. Refused: empty segments, `.` and `..`, control and invisible format characters,
/// white space at either end of a segment, and `#`, which picks a field in a [`SecretRef`]. Nothing is
/// normalised and nothing is decoded: `%2e` stands for itself. Providers refuse what they cannot keep.
///
/// ```
/// use strongroom_core::SecretName;
///
/// let name: SecretName = "billing/database-url".parse()?;
/// assert_eq!(name.segments().collect::<Vec<_>>(), ["billing", "database-url"]);
/// assert!("../other".parse::<SecretName>().is_err());
/// # Ok::<(), strongroom_core::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SecretName(Arc<str>);

impl SecretName {
    /// Longest name, in bytes. Each provider's own limit is lower.
    pub const MAX_BYTES: usize = 1_024;

    /// Checks a name.
    ///
    /// # Errors
    /// `Misconfigured`, saying what is wrong and where, and what the rule is.
    pub fn new(name: &str) -> Result<Self> {
        match find_fault(name) {
            None => Ok(Self(Arc::from(name))),
            Some(fault) => Err(Error::new(ErrorKind::Misconfigured, fault).with_name(name)),
        }
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts between the slashes; at least one, none empty.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// This name below a prefix: `prefix/name`.
    ///
    /// # Errors
    /// `Misconfigured` if both together are longer than 1,024 bytes.
    pub fn below(&self, prefix: &Self) -> Result<Self> {
        Self::new(&format!("{prefix}/{self}"))
    }

    /// The name without a prefix of whole segments; `None` if it is not below it.
    pub fn strip_prefix(&self, prefix: &Self) -> Option<Self> {
        let rest = self.0.strip_prefix(prefix.as_str())?.strip_prefix('/')?;
        Some(Self(Arc::from(rest)))
    }

    /// Whether this is the prefix itself or a name below it, in whole segments: what a list of a prefix has.
    pub fn is_within(&self, prefix: &Self) -> bool {
        let rest = self.0.strip_prefix(prefix.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SecretName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

fn find_fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("secret name is empty; expected segments separated by `/`".into());
    }
    if name.len() > SecretName::MAX_BYTES {
        return Some(format!("secret name is longer than {} bytes", SecretName::MAX_BYTES));
    }
    let misplaced = |(at, character): (usize, char)| {
        let what = match character {
            '\0' => "a NUL",
            '#' => "a `#`, which picks a field and is not part of a name,",
            _ if character.is_control() => "a control character",
            _ if crate::text::is_format(character) => "an invisible format character",
            _ => return None,
        };
        Some(format!("secret name must not contain {what} (at byte {at})"))
    };
    if let Some(fault) = name.char_indices().find_map(misplaced) {
        return Some(fault);
    }
    let mut start = 0;
    for segment in name.split('/') {
        let end = start + segment.len();
        match segment {
            "" => {
                return Some(format!(
                    "secret name has an empty segment at byte {start}; write `a/b`"
                ));
            }
            "." | ".." => return Some("secret name must not contain `.` or `..` segments".into()),
            _ if segment.trim_start() != segment => {
                return Some(format!("secret name has white space at byte {start}"));
            }
            _ if segment.trim_end() != segment => {
                return Some(format!("secret name has white space before byte {end}"));
            }
            _ => start = end + 1,
        }
    }
    None
}

/// A name and, after `#`, one field of a structured secret: `name`, `name#FIELD`, `name#/json/pointer`.
///
/// ```
/// use strongroom_core::SecretRef;
///
/// let reference: SecretRef = "billing/database#password".parse()?;
/// assert_eq!(reference.name().as_str(), "billing/database");
/// assert!(reference.field().is_some());
/// # Ok::<(), strongroom_core::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SecretRef {
    name: SecretName,
    field: Option<Field>,
}

impl SecretRef {
    /// Checks a name with an optional field.
    ///
    /// # Errors
    /// `Misconfigured` if the name or the field is not one.
    pub fn new(reference: &str) -> Result<Self> {
        let (name, field) = match reference.split_once('#') {
            Some((name, field)) => (name, Some(field)),
            None => (reference, None),
        };
        let field =
            field.map(Field::new).transpose().map_err(|error| error.with_name(reference))?;
        Ok(Self { name: SecretName::new(name)?, field })
    }

    /// The secret.
    pub fn name(&self) -> &SecretName {
        &self.name
    }

    /// The field, if one was picked.
    pub fn field(&self) -> Option<&Field> {
        self.field.as_ref()
    }

    /// The same secret with this field; `None` leaves the field that is there.
    ///
    /// # Errors
    /// `Misconfigured` if there is another field already.
    pub fn with_field(mut self, field: Option<Field>) -> Result<Self> {
        match (&self.field, field) {
            (Some(own), Some(other)) if *own != other => {
                let message = "the name picks one field and the options another";
                return Err(
                    Error::new(ErrorKind::Misconfigured, message).with_name(self.name.as_str())
                );
            }
            (_, Some(field)) => self.field = Some(field),
            (_, None) => {}
        }
        Ok(self)
    }

    /// The same field of the name below a prefix.
    ///
    /// # Errors
    /// `Misconfigured` if both together are longer than 1,024 bytes.
    pub fn below(self, prefix: &SecretName) -> Result<Self> {
        Ok(Self { name: self.name.below(prefix)?, field: self.field })
    }
}

impl FromStr for SecretRef {
    type Err = Error;

    fn from_str(reference: &str) -> Result<Self> {
        Self::new(reference)
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{}#{field}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, expected: &str) {
        let error = SecretName::new(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{name:?}");
        let text = error.to_string();
        assert!(text.contains(expected), "{name:?}: {text}");
        assert!(!text.chars().any(char::is_control), "{name:?}: {text:?}");
    }

    #[test]
    fn b001_b002_empty_and_blank_names_are_refused() {
        refused("", "secret name is empty");
        refused("   ", "white space at byte 0");
        refused(" a", "white space at byte 0");
        refused("a ", "white space before byte 2");
        refused("a/ b", "white space at byte 2");
    }

    #[test]
    fn b003_b004_segments_are_never_cleaned() {
        for name in ["../other", "a/..", "..", ".", "a/./b"] {
            refused(name, "`.` or `..`");
        }
        for name in ["a//b", "/a", "a/", "/"] {
            refused(name, "empty segment");
        }
    }

    #[test]
    fn b005_b008_percent_signs_and_queries_stand_for_themselves() {
        for name in ["a%2e%2e%2fb", "a%2fb", "%00", "name?version=1", "...", "a..b"] {
            assert_eq!(SecretName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn b006_b007_control_characters_are_refused_by_position() {
        refused("a\r\nX-Injected: 1", "a control character (at byte 1)");
        refused("a\0b", "a NUL (at byte 1)");
        refused("a\u{7f}", "a control character (at byte 1)");
    }

    #[test]
    fn b009_composed_and_decomposed_letters_are_two_names() {
        let composed = SecretName::new("caf\u{e9}").unwrap();
        let decomposed = SecretName::new("cafe\u{301}").unwrap();
        assert_ne!(composed, decomposed);
    }

    #[test]
    fn b010_invisible_characters_are_refused() {
        for name in ["a\u{202e}b", "a\u{200d}b", "\u{feff}a", "a\u{2066}b"] {
            refused(name, "invisible format character");
        }
    }

    #[test]
    fn b011_names_have_a_longest_length() {
        assert!(SecretName::new(&"a".repeat(1_024)).is_ok());
        refused(&"a".repeat(1_025), "longer than 1024 bytes");
    }

    #[test]
    fn a_field_follows_the_first_hash() {
        let reference = SecretRef::new("a/b#FIELD").unwrap();
        assert_eq!(reference.to_string(), "a/b#FIELD");
        assert_eq!(SecretRef::new("a#/x/y").unwrap().to_string(), "a#/x/y");
        refused("a#b", "picks a field");
        for reference in ["a#", "#b", "a#b\n"] {
            assert_eq!(SecretRef::new(reference).unwrap_err().kind(), ErrorKind::Misconfigured);
        }
    }

    #[test]
    fn prefixes_are_whole_segments() {
        let prefix = SecretName::new("nexus-engine/prod").unwrap();
        let name = SecretName::new("connectionStrings/primary").unwrap();
        let full = name.below(&prefix).unwrap();
        assert_eq!(full.as_str(), "nexus-engine/prod/connectionStrings/primary");
        assert_eq!(full.strip_prefix(&prefix), Some(name));
        assert_eq!(SecretName::new("nexus-engine/production").unwrap().strip_prefix(&prefix), None);
    }

    #[test]
    fn a_name_is_within_itself_and_what_it_is_below() {
        let prefix = SecretName::new("app/prod").unwrap();
        for (name, expected) in [
            ("app/prod", true),
            ("app/prod/key", true),
            ("app/prod/a/b", true),
            ("app/production", false),
            ("app/prod-2/key", false),
            ("app", false),
            ("App/prod/key", false),
            ("other/app/prod", false),
        ] {
            assert_eq!(SecretName::new(name).unwrap().is_within(&prefix), expected, "{name}");
        }
    }
}
