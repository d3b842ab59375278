//! How AWS names a secret.

use std::borrow::Cow;

use strongroom_core::{Error, ErrorKind, Result, SecretName};

/// Longest name: `CreateSecret`, `Name`.
const LONGEST: usize = 512;

/// The parts of an ARN that are looked at: `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX`.
pub(crate) struct Arn<'a> {
    pub(crate) region: &'a str,
    resource: &'a str,
    service: &'a str,
    secret: &'a str,
}

impl<'a> Arn<'a> {
    /// `None` for what does not begin as an ARN.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(6, ':');
        let _partition = parts.next()?;
        let (service, region) = (parts.next()?, parts.next()?);
        let _account = parts.next()?;
        Some(Self { service, region, resource: parts.next()?, secret: parts.next()? })
    }
}

/// The same secret in another region: an ARN names its region, a name does not.
pub(crate) fn in_region<'a>(name: &'a SecretName, region: Option<&str>) -> Cow<'a, SecretName> {
    let (Some(arn), Some(region)) = (Arn::parse(name.as_str()), region) else {
        return Cow::Borrowed(name);
    };
    let there = name.as_str().replacen(&format!(":{}:", arn.region), &format!(":{region}:"), 1);
    SecretName::new(&there).map_or(Cow::Borrowed(name), Cow::Owned)
}

/// Checks an ARN or a name as `SecretId` takes it.
///
/// # Errors
/// `Misconfigured` with the rule.
pub(crate) fn check(text: &str) -> Result<()> {
    if let Some(arn) = Arn::parse(text) {
        return match (arn.service, arn.resource) {
            ("secretsmanager", "secret") if ends_as_arn(arn.secret) => Ok(()),
            ("secretsmanager", "secret") => Err(fault(
                "is an ARN without the `-` and six characters at its end; copy the whole ARN, or use the name",
            )),
            _ => Err(fault(
                "is an ARN of something else; expected arn:aws:secretsmanager:..:secret:..",
            )),
        };
    }
    if text.starts_with("arn:") {
        return Err(fault("is a part of an ARN; expected a whole one, or a name"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-!".contains(&byte);
    match text.len() {
        1..=LONGEST if text.bytes().all(plain) => Ok(()),
        1..=LONGEST => Err(fault("AWS names are of letters, digits and `/_+=.@-`")),
        _ => Err(fault("AWS names have at most 512 characters")),
    }
}

/// Whether there can be a version of this id: 32 to 64 characters (`ClientRequestToken`).
pub(crate) fn is_version(id: &str) -> bool {
    (32..=64).contains(&id.chars().count())
}

/// Whether AWS may take a name for the end of an ARN ("Secrets Manager API, CreateSecret, Name").
pub(crate) fn looks_like_partial_arn(text: &str) -> bool {
    Arn::parse(text).is_none() && ends_as_arn(text)
}

fn ends_as_arn(text: &str) -> bool {
    let end = text.rsplit_once('-').map(|(_, end)| end).unwrap_or_default();
    end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn fault(message: &'static str) -> Error {
    Error::new(ErrorKind::Misconfigured, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b014_each_wrong_arn_is_told_apart() {
        let good = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-a1B2c3";
        assert!(check(good).is_ok());
        assert_eq!(Arn::parse(good).map(|arn| arn.region), Some("eu-west-1"));
        for (text, words) in [
            (
                "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db",
                "without the `-` and six",
            ),
            ("arn:aws:kms:eu-west-1:123456789012:key/1234", "part of an ARN"),
            ("arn:aws:kms:eu-west-1:123456789012:key:1234", "something else"),
            ("arn:aws:secretsmanager", "part of an ARN"),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.to_string().contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn b010_b011_names_follow_the_rule_of_the_service() {
        for text in
            ["a", "nexus-engine/prod/connectionStrings/primary", "a_b+c=d.e@f-g", &"x".repeat(512)]
        {
            assert!(check(text).is_ok(), "{text}");
        }
        for text in ["", "a b", "a:b", "a\u{202e}b", "ä", &"x".repeat(513)] {
            assert!(check(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn b015_a_name_may_look_like_the_end_of_an_arn() {
        assert!(looks_like_partial_arn("app-secret"));
        assert!(!looks_like_partial_arn("app-secrets"));
        assert!(!looks_like_partial_arn("app/secret"));
    }
}
