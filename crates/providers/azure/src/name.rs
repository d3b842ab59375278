//! From our names to those of Key Vault, and back.

use strongroom_core::{Error, ErrorKind, Result, SecretName, escaped};

/// Longest name, in characters ("Vault name and object name", About keys, secrets and certificates).
const MAX_CHARS: usize = 127;

/// What stands for a slash, which Key Vault has not.
const SLASH: &str = "--";

/// The secret's name in the vault. No two names of ours become the same, but for upper and lower case.
///
/// # Errors
/// `Misconfigured`, with the rule that the name breaks.
pub(crate) fn to_vault(name: &SecretName) -> Result<String> {
    let mut last = "";
    for segment in name.segments() {
        if let Some(fault) = fault_of(segment) {
            return Err(refuse(name, fault));
        }
        last = segment;
    }
    // Somebody has pasted the end of an id.
    if name.segments().count() > 1 && is_version(last) {
        return Err(refuse(
            name,
            "ends in what looks like a version of Key Vault; a version is given beside the name",
        ));
    }
    let text = name.segments().collect::<Vec<_>>().join(SLASH);
    match text.len() <= MAX_CHARS {
        true => Ok(text),
        false => Err(refuse(
            name,
            "is longer than the 127 characters of Key Vault, each `/` counted as two",
        )),
    }
}

/// Our name for a secret of the vault; `None` if there is none, so that it cannot be read here.
pub(crate) fn from_vault(text: &str) -> Option<SecretName> {
    let name = SecretName::new(&text.split(SLASH).collect::<Vec<_>>().join("/")).ok()?;
    to_vault(&name).is_ok_and(|back| back == text).then_some(name)
}

/// Whether a text can be the id of a version: the SDK would put anything else into the path as it is.
pub(crate) fn is_version(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 32 && text.bytes().all(is_digit)
}

fn fault_of(segment: &str) -> Option<&'static str> {
    if !segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Some(
            "has other characters than 0-9, A-Z, a-z and `-`, which Key Vault knows alone",
        );
    }
    if segment.contains(SLASH) || segment.starts_with('-') || segment.ends_with('-') {
        return Some(
            "has `--`, or a segment that begins or ends with `-`: `--` stands for `/` in Key Vault",
        );
    }
    None
}

fn refuse(name: &SecretName, fault: &str) -> Error {
    let message = format!("name `{}` {fault}", escaped(name.as_str()));
    Error::new(ErrorKind::Misconfigured, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(name: &str) -> Result<String> {
        to_vault(&SecretName::new(name).unwrap())
    }

    #[test]
    fn slashes_become_two_dashes_and_back() {
        for (name, text) in [
            ("a", "a"),
            (
                "nexus-engine/prod/connectionStrings/primary",
                "nexus-engine--prod--connectionStrings--primary",
            ),
            ("A/1", "A--1"),
        ] {
            assert_eq!(vault(name).unwrap(), text);
            assert_eq!(from_vault(text).unwrap().as_str(), name);
        }
    }

    #[test]
    fn b012_b013_names_that_the_vault_cannot_have_are_refused_with_the_rule() {
        let version = "0123456789abcdef0123456789abcdef";
        for (name, words) in [
            ("my_secret", "0-9, A-Z, a-z"),
            ("a.b", "0-9, A-Z, a-z"),
            ("1_", "0-9, A-Z, a-z"),
            ("a b", "0-9, A-Z, a-z"),
            ("a%2fb", "0-9, A-Z, a-z"),
            ("ä", "0-9, A-Z, a-z"),
            ("a--b", "stands for `/`"),
            ("a-/b", "stands for `/`"),
            ("a/-b", "stands for `/`"),
            (&format!("name/{version}"), "beside the name"),
            (&format!("{}/{}", "x".repeat(63), "x".repeat(63)), "127 characters"),
        ] {
            let error = vault(name).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{name}");
            assert!(error.to_string().contains(words), "{name}: {error}");
        }
        assert!(vault(&"x".repeat(127)).is_ok());
        assert!(vault(version).is_ok(), "a name of its own");
    }

    #[test]
    fn names_of_the_vault_without_one_of_ours_are_left_out() {
        for text in ["a---b", "-a", "a-", "a--", "a----b", ""] {
            assert_eq!(from_vault(text), None, "{text}");
        }
    }

    #[test]
    fn versions_are_32_digits() {
        assert!(is_version("0123456789abcdef0123456789abcdef"));
        for text in
            ["", "abc", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcde/"]
        {
            assert!(!is_version(text), "{text}");
        }
    }
}
