//! The settings.

use strongroom_core::{Error, ErrorKind, Key, PROXY, Result, SecretName, Settings};
use strongroom_http::{CaBundle, Config as HttpConfig, Endpoint, Plaintext, Proxy};

use crate::auth::{self, Credential};
use crate::name::Folder;

pub(crate) const CLOUD: &str = "infisical_cloud";

pub(crate) const BASE_URL: Key = Key::text(
    "INFISICAL_BASE_URL",
    "URL of the server; that of the cloud in the United States if it is not set for `infisical_cloud`, whose other one is `https://eu.infisical.com`",
);
pub(crate) const PROJECT_ID: Key =
    Key::text("INFISICAL_PROJECT_ID", "id of the project").required();
pub(crate) const ENVIRONMENT: Key =
    Key::text("INFISICAL_ENVIRONMENT", "slug of the environment, as in `prod`").required();
pub(crate) const SECRET_PATH: Key = Key::text(
    "INFISICAL_SECRET_PATH",
    "folder that stands before every name, as in `/app/backend`",
)
.with_default("/");
const INCLUDE_IMPORTS: Key = Key::boolean(
    "INFISICAL_INCLUDE_IMPORTS",
    "whether secrets that a folder imports are read as well; its own ones win, and a name that two imports have is an error",
)
.with_default("false");
const EXPAND_REFERENCES: Key = Key::boolean(
    "INFISICAL_EXPAND_REFERENCES",
    "whether the server puts other secrets in the place of `${..}`; what stays unresolved is an error. Not in signing keys, but for `jwks`",
)
.with_default("false");
const CA_BUNDLE: Key = Key::path(
    "INFISICAL_CA_BUNDLE_PATH",
    "PEM bundle of authorities, which replaces those of the system",
);
const SIGNING_SECRET: Key = Key::text(
    "INFISICAL_SIGNING_SECRET_NAME",
    "logical name of the secret that holds the signing key, without `SECRETS_PREFIX`",
);
const CACHE_TTL: Key = Key::cache_ttl("INFISICAL_CACHE_TTL_SECONDS");

/// Infisical Cloud in the United States ("Regions").
const CLOUD_URL: &str = "https://us.infisical.com";

/// In the order in which documents list them.
pub(crate) const KEYS: [Key; 14] = [
    BASE_URL,
    auth::CLIENT_ID,
    auth::CLIENT_SECRET,
    auth::TOKEN,
    auth::SERVICE_TOKEN,
    PROJECT_ID,
    ENVIRONMENT,
    SECRET_PATH,
    INCLUDE_IMPORTS,
    EXPAND_REFERENCES,
    CA_BUNDLE,
    SIGNING_SECRET,
    CACHE_TTL,
    PROXY,
];

/// What the settings say.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) http: HttpConfig,
    pub(crate) credential: Credential,
    pub(crate) project: String,
    pub(crate) environment: String,
    /// The folder before every name.
    pub(crate) root: Folder,
    pub(crate) with_imports: bool,
    pub(crate) expands: bool,
    pub(crate) signing_secret: Option<SecretName>,
}

impl Config {
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(id: &str, settings: &Settings) -> Result<Self> {
        let mut http = HttpConfig::new(server(id, settings)?);
        http.roots = CaBundle::read(settings, &CA_BUNDLE)?;
        http.proxy = Proxy::read(settings)?;
        let path = settings.text(&SECRET_PATH)?.unwrap_or_default();
        let root = Folder::read(&path).map_err(|error| error.with_key(SECRET_PATH.name))?;
        Ok(Self {
            http,
            credential: Credential::read(settings)?,
            project: slug(settings, &PROJECT_ID, "as in `00000000-0000-0000-0000-000000000000`")?,
            environment: slug(settings, &ENVIRONMENT, "as in `prod`")?,
            with_imports: settings.boolean(&INCLUDE_IMPORTS)?.unwrap_or(false),
            expands: settings.boolean(&EXPAND_REFERENCES)?.unwrap_or(false),
            signing_secret: signing(settings, &root)?,
            root,
        })
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        match self.credential {
            Credential::ServiceToken => vec![format!(
                "{} is deprecated by Infisical; use a machine identity ({}, {})",
                auth::SERVICE_TOKEN.name,
                auth::CLIENT_ID.name,
                auth::CLIENT_SECRET.name
            )],
            _ => Vec::new(),
        }
    }
}

fn server(id: &str, settings: &Settings) -> Result<Endpoint> {
    let refuse = |fault| Err(Error::new(ErrorKind::Misconfigured, fault).with_key(BASE_URL.name));
    let url = match settings.text(&BASE_URL)? {
        Some(url) => url,
        None if id == CLOUD => CLOUD_URL.to_owned(),
        None => return Err(Settings::missing(&BASE_URL)),
    };
    let endpoint = Endpoint::parse(BASE_URL.name, &url, Plaintext::Loopback)?;
    if endpoint.is_link_local() {
        return refuse("is a link-local address, where clouds keep their metadata services");
    }
    if id == CLOUD && !endpoint.is_https() {
        return refuse("must be https for `infisical_cloud`");
    }
    if endpoint.prefix().last() == Some("api") {
        return refuse("must not end in `/api`, which is put behind it");
    }
    Ok(endpoint)
}

/// An id or slug of Infisical's: it travels in queries, and is compared with what comes back.
fn slug(settings: &Settings, key: &Key, example: &str) -> Result<String> {
    let text = settings.text(key)?.ok_or_else(|| Settings::missing(key))?;
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match text.bytes().all(is_good) {
        true => Ok(text),
        false => {
            let message = format!("must be letters, digits, `-` and `_`, {example}");
            Err(Error::new(ErrorKind::Misconfigured, message).with_key(key.name))
        }
    }
}

fn signing(settings: &Settings, root: &Folder) -> Result<Option<SecretName>> {
    let checked = |name: SecretName| root.below(&name).map(|_| name);
    let name = settings.name(&SIGNING_SECRET)?.map(checked).transpose();
    name.map_err(|error| error.with_key(SIGNING_SECRET.name))
}
