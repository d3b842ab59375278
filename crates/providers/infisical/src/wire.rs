//! What the server says of secrets, and whether that can be believed.

use std::time::SystemTime;

use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason, Result, Secret, SecretValue, SecretVersion};

use crate::name::Folder;

/// One secret.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    workspace: Option<String>,
    environment: String,
    pub(crate) version: u64,
    #[serde(rename = "type")]
    pub(crate) sort: String,
    pub(crate) secret_key: String,
    secret_value: SecretValue,
    /// Of imports, and of what was written, nothing is said of times.
    created_at: Option<String>,
    updated_at: Option<String>,
    #[serde(default)]
    secret_value_hidden: bool,
    pub(crate) secret_path: Option<String>,
}

/// Secrets of folders.
#[derive(Deserialize)]
pub(crate) struct Listed {
    pub(crate) secrets: Vec<Told>,
    #[serde(default)]
    pub(crate) imports: Vec<Imported>,
}

/// What a folder imports from another one.
#[derive(Deserialize)]
pub(crate) struct Imported {
    pub(crate) secrets: Vec<Told>,
}

/// An answer about one secret; or a request for an approval in place of a change.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) secret: Option<Told>,
    #[serde(default)]
    pub(crate) approval: Option<serde::de::IgnoredAny>,
}

/// What an answer has to be about.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) project: &'a str,
    pub(crate) environment: &'a str,
    pub(crate) folder: &'a Folder,
    pub(crate) key: &'a str,
}

/// What stands where a value may not be read (`INFISICAL_SECRET_VALUE_HIDDEN_MASK`).
const MASK: &[u8] = b"<hidden-by-infisical>";

impl Told {
    /// Checks that it is the secret that was asked for. A service token of one folder is answered about that one,
    /// whatever was asked; and somebody's own override may stand in for what all share. `may_be_imported`: whether the
    /// folder's imports were asked for as well, which are elsewhere.
    ///
    /// # Errors
    /// `Misconfigured` if it is of another folder; `Malformed` if it is something else.
    pub(crate) fn check(&self, asked: Asked<'_>, may_be_imported: bool) -> Result<()> {
        let is_elsewhere = self.environment != asked.environment
            || self.secret_path.as_ref().is_some_and(|path| !asked.folder.is(path))
            || self.workspace.as_ref().is_some_and(|id| !id.is_empty() && id != asked.project);
        if is_elsewhere && !may_be_imported {
            let message = "the answer is about another project, environment or folder than was asked for; a service token is for its own folder alone, whatever the settings say";
            return Err(Error::new(ErrorKind::Misconfigured, message));
        }
        if self.secret_key != asked.key {
            let message = "the answer is about another secret than the one that was asked for";
            return Err(Error::new(ErrorKind::Malformed, message));
        }
        self.check_shared()
    }

    /// Checks that all share it.
    ///
    /// # Errors
    /// `Malformed` if it is somebody's own override.
    pub(crate) fn check_shared(&self) -> Result<()> {
        match self.sort == "shared" {
            true => Ok(()),
            false => {
                let message =
                    "the answer is a personal override of the secret, which was not asked for";
                Err(Error::new(ErrorKind::Malformed, message))
            }
        }
    }

    /// When this version was made, of one that was read by its number. Of others the server tells when the secret was
    /// made, and when anything of it was changed.
    pub(crate) fn made(&self) -> Option<SystemTime> {
        time(self.created_at.as_deref()?)
    }

    /// When anything of the secret was changed last, its value or not.
    pub(crate) fn changed(&self) -> Option<SystemTime> {
        time(self.updated_at.as_deref()?)
    }

    /// The secret, if it has a value that can be used. `was_expanded`: whether its references were to be resolved.
    ///
    /// # Errors
    /// `InvalidValue` if the value is masked, or holds a reference to another secret.
    pub(crate) fn into_secret(self, was_expanded: bool) -> Result<Secret> {
        let refuse = |message| Err(Error::new(ErrorKind::InvalidValue, message));
        if self.secret_value_hidden || self.secret_value.expose() == MASK {
            return refuse("the value is masked: the identity may not read it");
        }
        if has_reference(self.secret_value.expose()) {
            return refuse(match was_expanded {
                true => {
                    "the value has a reference `${..}` that leads to no secret, or to one of another project"
                }
                false => {
                    "the value has a reference `${..}` to another secret; INFISICAL_EXPAND_REFERENCES=true resolves those of current versions, and never those of signing keys"
                }
            });
        }
        let version = SecretVersion::new(self.version.to_string());
        let made = self.changed();
        let secret = Secret::new(self.secret_value).with_version(version);
        Ok(match made {
            Some(made) => secret.with_created_at(made),
            None => secret,
        })
    }
}

/// Whether a text has what the server takes for a reference: `${NAME}`, `${env.folder.NAME}`, or in newer versions
/// `${project::env.folder.NAME}`.
pub(crate) fn has_reference(text: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:@".contains(byte);
    let mut rest = text;
    while let Some(at) = rest.windows(2).position(|two| two == b"${") {
        rest = rest.get(at + 2..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_of_name(byte)).count();
        if length > 0 && rest.get(length) == Some(&b'}') {
            return true;
        }
    }
    false
}

/// What the server would cut off a value: all white space around it, but for one line feed at its end.
pub(crate) fn is_kept(text: &str) -> bool {
    let is_cut = |c: char| c == '\u{feff}' || c != '\u{85}' && c.is_whitespace();
    let body = text.strip_suffix('\n').unwrap_or(text);
    !body.is_empty() && body.trim_matches(is_cut) == body
}

fn time(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

pub(crate) fn no_version() -> Error {
    Error::new(ErrorKind::NotFound, "the secret has no such version").with_reason(Reason::Version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(more: &str) -> Told {
        let text = format!(
            r#"{{"id":"1","workspace":"p","environment":"prod","version":3,"type":"shared","secretKey":"KEY","secretValue":"canary","updatedAt":"2026-11-23T00:00:00.000Z","secretPath":"/app"{more}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn asked(folder: &Folder) -> Asked<'_> {
        Asked { project: "p", environment: "prod", folder, key: "KEY" }
    }

    #[test]
    fn an_answer_about_something_else_is_refused() {
        let (here, there) = (Folder::read("/app").unwrap(), Folder::read("/other").unwrap());
        assert!(told("").check(asked(&here), false).is_ok());
        let kind = |told: Told, asked: Asked<'_>| told.check(asked, false).unwrap_err().kind();
        assert_eq!(kind(told(""), asked(&there)), ErrorKind::Misconfigured);
        let other = Asked { environment: "dev", ..asked(&here) };
        assert_eq!(kind(told(""), other), ErrorKind::Misconfigured);
        let other = Asked { project: "q", ..asked(&here) };
        assert_eq!(kind(told(""), other), ErrorKind::Misconfigured);
        let other = Asked { key: "key", ..asked(&here) };
        assert_eq!(kind(told(""), other), ErrorKind::Malformed);
        assert!(told("").check(asked(&there), true).is_ok(), "an import");
        let mut personal = told("");
        personal.sort = "personal".to_owned();
        assert_eq!(kind(personal, asked(&here)), ErrorKind::Malformed, "F093");
    }

    #[test]
    fn case_36_f092_b062_masks_and_references_are_no_values() {
        assert_eq!(told("").into_secret(false).unwrap().value().expose(), b"canary");
        let error = told(r#","secretValueHidden":true"#).into_secret(false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue);
        for (text, has) in [
            ("${OTHER}", true),
            ("a ${dev.app.KEY-1_x} b", true),
            ("$${A}", true),
            ("${project::prod.app.KEY}", true),
            ("${@KEY}", true),
            ("${${A}}", true),
            ("${}", false),
            ("${A B}", false),
            ("${A", false),
            ("$A {B}", false),
            ("", false),
        ] {
            assert_eq!(has_reference(text.as_bytes()), has, "{text}");
        }
    }

    #[test]
    fn b063_a_member_that_comes_twice_is_refused() {
        let text = r#"{"environment":"prod","version":3,"type":"shared","secretKey":"KEY","secretValue":"a","secretValue":"b"}"#;
        assert!(serde_json::from_str::<Told>(text).is_err());
    }

    #[test]
    fn values_that_the_server_would_cut_are_told() {
        for (text, kept) in [
            ("canary", true),
            ("canary\n", true),
            ("two\nlines", true),
            (" canary", false),
            ("canary ", false),
            ("canary\n\n", false),
            ("canary \n", false),
            ("\n", false),
            ("\u{feff}canary", false),
        ] {
            assert_eq!(is_kept(text), kept, "{text:?}");
        }
    }
}
