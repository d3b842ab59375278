//! What a vault says of secrets and of their versions ("SecretBundle", "SecretItem"), and what a new one is sent as.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use strongroom_core::{Error, ErrorKind, Result, Secret, SecretValue, SecretVersion};
use url::Url;

use crate::name;

/// One version, with its value.
#[derive(Deserialize)]
pub(crate) struct Bundle {
    value: SecretValue,
    id: String,
    #[serde(default, rename = "contentType")]
    pub(crate) content_type: Option<String>,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

/// A new version.
#[derive(Serialize)]
pub(crate) struct Set<'a> {
    pub(crate) value: &'a str,
    #[serde(rename = "contentType", skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<BTreeMap<String, String>>,
}

/// One secret or version of a list.
#[derive(Deserialize)]
pub(crate) struct Item {
    id: String,
    #[serde(default)]
    pub(crate) attributes: Attributes,
}

/// A page of a list.
#[derive(Deserialize)]
pub(crate) struct Page {
    #[serde(default)]
    pub(crate) value: Option<Vec<Item>>,
    #[serde(default, rename = "nextLink")]
    pub(crate) next_link: Option<String>,
}

/// What decides whether a version may be used, in seconds since 1970. A vault itself looks at the first alone.
#[derive(Default, Deserialize)]
pub(crate) struct Attributes {
    enabled: Option<bool>,
    nbf: Option<u64>,
    exp: Option<u64>,
    created: Option<u64>,
}

impl Bundle {
    /// Whether it is of this vault. `host`: that of the vault.
    pub(crate) fn is_of(&self, host: &str) -> bool {
        Url::parse(&self.id).is_ok_and(|id| id.host_str() == Some(host))
    }

    /// The secret, if it may be used now.
    ///
    /// # Errors
    /// `Disabled`, `NotYetValid` or `Expired` if it may not; `Malformed` if it is not the one asked for.
    pub(crate) fn into_secret(self, asked: &str, now: SystemTime) -> Result<Secret> {
        let (name, version) = place(&self.id).ok_or_else(unreadable)?;
        let version = version.ok_or_else(unreadable)?;
        if !name.eq_ignore_ascii_case(asked) {
            let message = "the answer is about another secret than the one that was asked for";
            return Err(Error::new(ErrorKind::Malformed, message));
        }
        self.attributes.check(now)?;
        let secret = Secret::new(self.value).with_version(SecretVersion::new(version));
        Ok(match self.attributes.created() {
            Some(created) => secret.with_created_at(created),
            None => secret,
        })
    }
}

impl Bundle {
    /// The version that it is.
    pub(crate) fn version(&self) -> Option<SecretVersion> {
        place(&self.id)?.1.map(SecretVersion::new)
    }
}

impl Item {
    /// The name of the secret in the vault.
    pub(crate) fn name(&self) -> Option<String> {
        place(&self.id).map(|(name, _)| name)
    }

    /// The version, if it is an item of a list of versions.
    pub(crate) fn version(&self) -> Option<SecretVersion> {
        place(&self.id)?.1.map(SecretVersion::new)
    }
}

impl Attributes {
    /// Whether a vault hands out the version.
    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// When the version was made.
    pub(crate) fn created(&self) -> Option<SystemTime> {
        self.created.and_then(time)
    }

    fn check(&self, now: SystemTime) -> Result<()> {
        let (kind, message) = if !self.is_enabled() {
            (ErrorKind::Disabled, "the version is disabled; enable it, or put another one")
        } else if self.exp.and_then(time).is_some_and(|end| end <= now) {
            (
                ErrorKind::Expired,
                "the version has expired: its `exp` is past; put another one, or set a later `exp`",
            )
        } else if self.nbf.and_then(time).is_some_and(|start| start > now) {
            (ErrorKind::NotYetValid, "the version is not valid yet: its `nbf` is to come")
        } else {
            return Ok(());
        };
        Err(Error::new(kind, message))
    }
}

/// Name and version of an id: `https://VAULT/secrets/NAME/VERSION`.
fn place(id: &str) -> Option<(String, Option<String>)> {
    let url = Url::parse(id).ok()?;
    let mut path = url.path_segments()?;
    if path.next() != Some("secrets") {
        return None;
    }
    let name = path.next().filter(|name| !name.is_empty())?.to_owned();
    match (path.next(), path.next()) {
        (None, _) => Some((name, None)),
        (Some(version), None) if name::is_version(version) => {
            Some((name, Some(version.to_owned())))
        }
        _ => None,
    }
}

fn time(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// For an answer that does not say what it is about.
pub(crate) fn unreadable() -> Error {
    Error::new(ErrorKind::Malformed, "the answer is not in the expected form; is this a vault?")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "0123456789abcdef0123456789abcdef";

    fn secret(attributes: &str, id: &str) -> Result<Secret> {
        let text =
            format!(r#"{{"value":"canary","id":"{id}","attributes":{attributes},"more":[1]}}"#);
        let bundle: Bundle = serde_json::from_str(&text).unwrap();
        bundle.into_secret("app--key", UNIX_EPOCH + Duration::from_secs(1_000))
    }

    #[test]
    fn f089_a_version_is_of_use_between_its_times_only() {
        let id = format!("https://canary.vault.azure.net/secrets/App--Key/{VERSION}");
        for (attributes, kind) in [
            (r#"{"enabled":true,"created":1}"#, None),
            (r#"{}"#, None),
            (r#"{"enabled":true,"nbf":1000,"exp":1001}"#, None),
            (r#"{"enabled":true,"exp":1000}"#, Some(ErrorKind::Expired)),
            (r#"{"enabled":true,"nbf":1001}"#, Some(ErrorKind::NotYetValid)),
            (r#"{"enabled":false,"exp":1}"#, Some(ErrorKind::Disabled)),
        ] {
            let kind_of = secret(attributes, &id).err().map(|error| error.kind());
            assert_eq!(kind_of, kind, "{attributes}");
        }
    }

    #[test]
    fn an_answer_about_something_else_is_of_no_use() {
        for id in [
            format!("https://canary.vault.azure.net/secrets/other/{VERSION}"),
            format!("https://canary.vault.azure.net/keys/app--key/{VERSION}"),
            "https://canary.vault.azure.net/secrets/app--key".to_owned(),
            "https://canary.vault.azure.net/secrets/app--key/7".to_owned(),
            "app--key".to_owned(),
        ] {
            assert_eq!(secret("{}", &id).unwrap_err().kind(), ErrorKind::Malformed, "{id}");
        }
    }
}
