//! How a request names a secret: by its name, its ARN, or an ARN without the end.

use crate::aws::reply::Refusal;
use crate::aws::secret::{ACCOUNT, Secret};

/// The `SecretId` of a request, read.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum SecretId<'a> {
    Name(&'a str),
    Arn {
        region: &'a str,
        account: &'a str,
        name: &'a str,
        /// Without it, the ARN is a partial one.
        suffix: Option<&'a str>,
    },
}

impl<'a> SecretId<'a> {
    /// # Errors
    /// `ValidationException` for what is neither a name nor an ARN of this service.
    pub(super) fn read(text: &'a str) -> Result<Self, Refusal> {
        if !text.starts_with("arn:") {
            check(text)?;
            return Ok(Self::Name(text));
        }
        let parts: Vec<_> = text.splitn(7, ':').collect();
        let &["arn", "aws", "secretsmanager", region, account, "secret", name] = parts.as_slice()
        else {
            return Err(invalid());
        };
        check(name)?;
        // A partial ARN of a name that itself ends so is taken for a whole one, which the user guide warns of.
        let split = name.rsplit_once('-').filter(|(_, suffix)| {
            suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let (name, suffix) = split.map_or((name, None), |(name, suffix)| (name, Some(suffix)));
        Ok(Self::Arn { region, account, name, suffix })
    }

    /// The name that it speaks of.
    pub(super) fn name(&self) -> &'a str {
        match self {
            Self::Name(name) | Self::Arn { name, .. } => name,
        }
    }

    pub(super) fn is_of_another_account(&self) -> bool {
        matches!(self, Self::Arn { account, .. } if *account != ACCOUNT)
    }

    /// Whether it names this secret, asked in a region where that is.
    pub(super) fn names(&self, secret: &Secret, asked: &str) -> bool {
        match self {
            Self::Name(name) => secret.name == *name,
            Self::Arn { region, name, suffix, .. } => {
                *region == asked
                    && secret.name == *name
                    && suffix.is_none_or(|suffix| secret.suffix == suffix)
            }
        }
    }
}

/// Refuses a name with characters that the service does not take.
pub(super) fn check(name: &str) -> Result<(), Refusal> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-/_+=.@!".contains(letter);
    if name.chars().all(allowed) { Ok(()) } else { Err(invalid()) }
}

fn invalid() -> Refusal {
    Refusal::new(
        "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: \
         -/_+=.@!",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b015_a_name_that_ends_as_a_suffix_is_cut_in_a_partial_arn_and_only_there() {
        let partial = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-abcdef";
        assert_eq!(SecretId::read(partial).unwrap().name(), "app");
        let whole = format!("{partial}-Ab1Cd2");
        assert_eq!(SecretId::read(&whole).unwrap().name(), "app-abcdef");
        assert_eq!(SecretId::read("app-abcdef").unwrap().name(), "app-abcdef");
    }

    #[test]
    fn b014_what_is_no_arn_of_this_service_is_refused() {
        for text in [
            "arn:aws:ssm:us-east-1:123456789012:secret:app",
            "arn:aws:secretsmanager:us-east-1:123456789012:app",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:a b",
            "a:b",
            "app\u{202e}",
        ] {
            assert_eq!(SecretId::read(text).unwrap_err().code, "ValidationException", "{text}");
        }
    }
}
