//! The provider `env`: one variable a secret.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use heck::ToShoutySnakeCase;
use strongroom_core::{
    Capabilities, Check, Error, ErrorKind, Examine, GetOptions, Key, Open, Opened, Outcome,
    Provider, ProviderInfo, Reason, Result, Secret, SecretName, SecretStore, Select, Settings,
};

use crate::blocking::blocking;
use crate::{SIGNING_SECRET_NAME, bom};

const PREFIX: Key = Key::text(
    "SECRETS_ENV_PREFIX",
    "put before the variable of every secret, its underscore included: `APP_`",
)
.with_default("");

/// The provider `env`, selected by `SECRETS_PROVIDER=env`: secrets in variables, read only.
///
/// The variable of a name is `SECRETS_ENV_PREFIX` and the name in upper snake case: `billing/database-url` is
/// `BILLING_DATABASE_URL`, `connectionStrings/primary` is `CONNECTION_STRINGS_PRIMARY`. Instead of the
/// variable, the same name with `_FILE` may point to a file, which loses one trailing newline. Two names
/// that stand for one variable are an error once both were read, and so are names whose variable would end
/// in `_FILE`.
pub const ENV: Provider = Provider::new(&["env"], &[PREFIX, SIGNING_SECRET_NAME], |open| {
    Box::pin(async move { open_env(open) })
});

fn open_env(open: Open<'_>) -> Result<Opened> {
    let prefix = open.settings.text(&PREFIX)?.unwrap_or_default();
    let mut opened = Opened::new(Arc::new(EnvStore::new(open.settings.clone(), &prefix)?));
    opened.examine = Some(Arc::new(NoNetwork));
    Ok(opened)
}

/// There is nothing else to look at.
#[derive(Debug)]
struct NoNetwork;

#[async_trait]
impl Examine for NoNetwork {
    async fn examine(&self) -> Vec<Check> {
        vec![Check::new("network", Outcome::Skip, "variables are on this machine")]
    }
}

/// Secrets in variables.
#[derive(Debug)]
pub(crate) struct EnvStore {
    settings: Settings,
    prefix: String,
    // Which name first asked for a variable: the mapping is not injective (`a/b` and `a-b`).
    claimed: Mutex<HashMap<String, SecretName>>,
}

impl EnvStore {
    /// Reads the variables of these settings.
    ///
    /// # Errors
    /// `Misconfigured` if the prefix has characters that a variable cannot have.
    pub(crate) fn new(settings: Settings, prefix: &str) -> Result<Self> {
        if !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            let message = "must be letters, digits and underscores, as in `APP_`";
            return Err(Error::new(ErrorKind::Misconfigured, message).with_key(PREFIX.name));
        }
        Ok(Self { settings, prefix: prefix.to_owned(), claimed: Mutex::default() })
    }

    /// The variable of a name.
    fn variable(&self, name: &SecretName) -> Result<String> {
        let refuse = |message: String| Err(Error::new(ErrorKind::Misconfigured, message));
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
        if !name.as_str().bytes().all(allowed) {
            return refuse("names on provider `env` are letters, digits and `/ - _ .`".into());
        }
        let variable = format!("{}{}", self.prefix, name.as_str().to_shouty_snake_case());
        if !variable.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            return refuse(format!(
                "`{variable}` is not a variable: it has to begin with a letter"
            ));
        }
        if variable.ends_with("_FILE") {
            return refuse(format!("`{variable}` is the path of another secret, not a secret"));
        }
        Ok(variable)
    }

    /// Notes which name a variable was read for.
    fn claim(&self, variable: &str, name: &SecretName) -> Result<()> {
        let mut claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        match claimed.get(variable) {
            Some(owner) if owner != name => {
                let message =
                    format!("`{owner}` is kept in the same variable {variable}; rename one");
                Err(Error::new(ErrorKind::Misconfigured, message).with_reason(Reason::Collision))
            }
            Some(_) => Ok(()),
            None => {
                claimed.insert(variable.to_owned(), name.clone());
                Ok(())
            }
        }
    }

    async fn read(&self, name: &SecretName, options: &GetOptions) -> Result<Secret> {
        if options.select != Select::Current || options.field.is_some() {
            let message = "provider `env` has no versions and no fields of its own";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let variable = self.variable(name)?;
        let (settings, asked) = (self.settings.clone(), variable.clone());
        // The variable may point to a file.
        let value = blocking(move || settings.variable(&asked)).await.map_err(as_secret)?;
        let Some(value) = value else {
            let message = format!("neither {variable} nor {variable}_FILE is set");
            return Err(Error::new(ErrorKind::NotFound, message).with_reason(Reason::Secret));
        };
        self.claim(&variable, name)?;
        bom::refuse(value.expose())?;
        Ok(Secret::new(value))
    }
}

/// A value that no setting may have is here a value that no secret may have.
fn as_secret(error: Error) -> Error {
    let as_kind = |kind, reason| Error::new(kind, error.to_string()).with_reason(reason);
    match error.reason() {
        Some(reason @ Reason::Empty) => as_kind(ErrorKind::InvalidValue, reason),
        Some(reason @ Reason::TooLarge) => as_kind(ErrorKind::Malformed, reason),
        _ => error,
    }
}

#[async_trait]
impl SecretStore for EnvStore {
    fn info(&self) -> &ProviderInfo {
        const INFO: ProviderInfo = ProviderInfo::new("env");
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        self.read(name, &options).await.map_err(|error| error.located("env", "get", Some(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(pairs: &[(&str, &str)]) -> EnvStore {
        let settings = Settings::from_pairs(pairs.iter().copied());
        EnvStore::new(settings, "APP_").unwrap()
    }

    async fn get(store: &EnvStore, name: &str) -> Result<Secret> {
        store.get(&SecretName::new(name)?, GetOptions::default()).await
    }

    #[tokio::test]
    async fn names_become_upper_snake_case_variables() {
        let store = store(&[
            ("APP_BILLING_DATABASE_URL", "canary-1"),
            ("APP_CONNECTION_STRINGS_PRIMARY", "canary-2"),
        ]);
        let value = async |name| get(&store, name).await.unwrap().value().expose().to_vec();
        assert_eq!(value("billing/database-url").await, b"canary-1");
        assert_eq!(value("connectionStrings/primary").await, b"canary-2");
    }

    #[tokio::test]
    async fn what_is_not_set_names_the_variables_that_would_do() {
        let error = get(&store(&[]), "billing/key").await.unwrap_err();
        assert_eq!((error.kind(), error.reason()), (ErrorKind::NotFound, Some(Reason::Secret)));
        let text = error.to_string();
        assert!(text.contains("APP_BILLING_KEY nor APP_BILLING_KEY_FILE"), "{text}");
    }

    #[tokio::test]
    async fn case_103_a_variable_and_its_file_together_are_an_error() {
        let store = store(&[("APP_KEY", "canary"), ("APP_KEY_FILE", "/canary")]);
        let error = get(&store, "key").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[tokio::test]
    async fn names_that_share_a_variable_collide() {
        let store = store(&[("APP_A_B", "canary")]);
        get(&store, "a/b").await.unwrap();
        let error = get(&store, "a-b").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.reason()),
            (ErrorKind::Misconfigured, Some(Reason::Collision))
        );
        assert!(error.to_string().contains("`a/b`"), "{error}");
    }

    #[tokio::test]
    async fn names_and_prefixes_that_are_no_variables_are_refused() {
        for name in ["é", "a b", "a%b"] {
            assert_eq!(get(&store(&[]), name).await.unwrap_err().kind(), ErrorKind::Misconfigured);
        }
        let unprefixed = EnvStore::new(Settings::from_pairs([("X", "1")]), "").unwrap();
        let error = get(&unprefixed, "1st").await.unwrap_err();
        assert!(error.to_string().contains("begin with a letter"), "{error}");
        let error = EnvStore::new(Settings::from_pairs([("X", "1")]), "A-").unwrap_err();
        assert_eq!(error.key(), Some("SECRETS_ENV_PREFIX"));
    }

    #[tokio::test]
    async fn a_name_cannot_stand_for_the_path_of_another_secret() {
        let store = store(&[("APP_TLS_KEY_FILE", "/canary/tls")]);
        let error = get(&store, "tls/key-file").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    #[tokio::test]
    async fn b059_b060_values_that_no_provider_hands_out_are_refused_as_values() {
        let long = "x".repeat(65_537);
        for (value, kind, reason) in [
            ("", ErrorKind::InvalidValue, Reason::Empty),
            (long.as_str(), ErrorKind::Malformed, Reason::TooLarge),
            ("\u{feff}canary", ErrorKind::InvalidValue, Reason::Encoding),
        ] {
            let error = get(&store(&[("APP_KEY", value)]), "key").await.unwrap_err();
            assert_eq!((error.kind(), error.reason()), (kind, Some(reason)));
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[tokio::test]
    async fn is_read_only_and_has_no_versions() {
        let store = store(&[("APP_KEY", "canary")]);
        let name = SecretName::new("key").unwrap();
        let put = store.put(&name, "canary".into(), Default::default()).await.unwrap_err();
        let previous = GetOptions::default().select(Select::Previous);
        let get = store.get(&name, previous).await.unwrap_err();
        assert_eq!([put.kind(), get.kind()], [ErrorKind::Unsupported; 2]);
    }
}
