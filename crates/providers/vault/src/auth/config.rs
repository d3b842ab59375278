//! The settings of logging in.

use strongroom_core::{Error, ErrorKind, Key, Result, SecretName, Settings};

pub(crate) const METHOD: Key = Key::choice(
    "VAULT_AUTH_METHOD",
    &["token", "approle", "kubernetes", "jwt", "agent"],
    "how to log in; `agent`: a Vault Agent or Proxy at `VAULT_ADDR` does, and no token is sent",
)
.with_default("token");
pub(crate) const MOUNT: Key = Key::text(
    "VAULT_AUTH_MOUNT",
    "where the method is mounted, below `auth/`; the default is its name",
);
pub(crate) const TOKEN: Key = Key::secret(
    "VAULT_TOKEN",
    "for `token`: the token; `VAULT_TOKEN_FILE` is read again when the server refuses the token",
);
pub(crate) const ROLE_ID: Key = Key::text("VAULT_ROLE_ID", "for `approle`: the role id");
pub(crate) const SECRET_ID: Key = Key::secret(
    "VAULT_SECRET_ID",
    "for `approle`: the secret id; `VAULT_SECRET_ID_FILE` is read at each login",
);
pub(crate) const SECRET_ID_WRAPPED: Key = Key::boolean(
    "VAULT_SECRET_ID_WRAPPED",
    "for `approle`: `VAULT_SECRET_ID` is a wrapping token, which is unwrapped once",
)
.with_default("false");
pub(crate) const ROLE: Key =
    Key::text("VAULT_ROLE", "for `kubernetes`, `jwt`: the role to log in as");
pub(crate) const JWT_FILE: Key = Key::path(
    "VAULT_JWT_FILE",
    "for `kubernetes`, `jwt`: file with the JWT, read at each login; for `kubernetes` the default is the service account's",
);
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// How to log in.
#[derive(Debug)]
pub(crate) enum Auth {
    /// A token that somebody else made.
    Token { refuses_dev_tokens: bool },
    /// A role id and a secret id.
    AppRole { mount: SecretName, is_wrapped: bool },
    /// A JWT that somebody else signed: `kubernetes` and `jwt` differ in who that is.
    Jwt { mount: SecretName, role: String, file: Key },
    /// An agent on the way logs in.
    Agent,
}

impl Auth {
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(settings: &Settings, refuses_dev_tokens: bool) -> Result<Self> {
        let method = settings.choice(&METHOD)?.unwrap_or_default();
        match method {
            "approle" => Ok(Self::AppRole {
                mount: mount(settings, method)?,
                is_wrapped: settings.boolean(&SECRET_ID_WRAPPED)?.unwrap_or(false),
            }),
            "kubernetes" => Self::jwt(settings, method, JWT_FILE.with_default(SERVICE_ACCOUNT)),
            "jwt" => Self::jwt(settings, method, JWT_FILE),
            "agent" => Ok(Self::Agent),
            _ if settings.is_set(&TOKEN) => Ok(Self::Token { refuses_dev_tokens }),
            _ => Err(no_token(settings)),
        }
    }

    fn jwt(settings: &Settings, method: &str, file: Key) -> Result<Self> {
        let role = settings.text(&ROLE)?.ok_or_else(|| Settings::missing(&ROLE))?;
        Ok(Self::Jwt { mount: mount(settings, method)?, role, file })
    }

    /// The setting that a person has to look at when the server does not know us.
    pub(crate) fn credential(&self) -> &'static str {
        match self {
            Self::Token { .. } => TOKEN.name,
            Self::AppRole { .. } => SECRET_ID.name,
            Self::Jwt { .. } => JWT_FILE.name,
            Self::Agent => METHOD.name,
        }
    }

    /// Settings of other methods, which are not read: one sentence each.
    pub(crate) fn unread(&self, settings: &Settings) -> Vec<String> {
        let read: &[Key] = match self {
            Self::Token { .. } => &[TOKEN],
            Self::AppRole { .. } => &[MOUNT, ROLE_ID, SECRET_ID, SECRET_ID_WRAPPED],
            Self::Jwt { .. } => &[MOUNT, ROLE, JWT_FILE],
            Self::Agent => &[],
        };
        let all = [MOUNT, TOKEN, ROLE_ID, SECRET_ID, SECRET_ID_WRAPPED, ROLE, JWT_FILE];
        let others = all.iter().filter(|key| !read.contains(key) && settings.is_set(key));
        let word = settings.choice(&METHOD).ok().flatten().unwrap_or_default();
        others
            .map(|key| format!("{} is not read with VAULT_AUTH_METHOD={word}", key.name))
            .collect()
    }
}

fn mount(settings: &Settings, method: &str) -> Result<SecretName> {
    let text = settings.text(&MOUNT)?;
    SecretName::new(text.as_deref().unwrap_or(method)).map_err(|_| {
        let message = "must be a path below `auth/` such as `approle` or `team/approle`, without slashes at its ends, `.` or `..`";
        Error::new(ErrorKind::Misconfigured, message).with_key(MOUNT.name)
    })
}

fn no_token(settings: &Settings) -> Error {
    let other = [(ROLE_ID, "approle"), (SECRET_ID, "approle"), (ROLE, "kubernetes` or `jwt")];
    match other.iter().find(|(key, _)| settings.is_set(key)) {
        Some((key, method)) => {
            let message = format!(
                "is not set, and {} is; did you mean VAULT_AUTH_METHOD `{method}`?",
                key.name
            );
            Error::new(ErrorKind::Misconfigured, message).with_key(TOKEN.name)
        }
        None => Settings::missing(&TOKEN),
    }
}
