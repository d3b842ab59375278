//! The settings.

use strongroom_core::{Error, ErrorKind, Key, PROXY, Result, SecretName, Settings};
use strongroom_http::{CaBundle, Config as HttpConfig, Endpoint, Plaintext, Proxy};

use crate::auth::{self, Credential};
use crate::cloud::Cloud;
use crate::name::to_vault;

pub(crate) const VAULT_URL: Key =
    Key::text("AZURE_KEY_VAULT_URL", "URL of the vault, as in `https://NAME.vault.azure.net`")
        .required();
pub(crate) const AUTHORITY_HOST: Key = Key::text(
    "AZURE_AUTHORITY_HOST",
    "https URL of the Entra authority; that of the vault's cloud if it is not set",
);
const CA_BUNDLE: Key = Key::path(
    "AZURE_KV_CA_BUNDLE_PATH",
    "PEM bundle of authorities, which replaces those of the system for the vault and for Entra",
);
pub(crate) const VERIFY: Key = Key::boolean(
    "AZURE_KV_VERIFY_CHALLENGE_RESOURCE",
    "`false` acknowledges a vault whose host has no suffix of Key Vault, as behind a private link of one's own",
)
.with_default("true");
const SIGNING_SECRET: Key = Key::text(
    "AZURE_KV_SIGNING_SECRET_NAME",
    "logical name of the secret that holds the signing key, without `SECRETS_PREFIX`",
);
const CACHE_TTL: Key = Key::cache_ttl("AZURE_KV_CACHE_TTL_SECONDS");

/// In the order in which documents list them.
pub(crate) const KEYS: [Key; 16] = [
    VAULT_URL,
    auth::METHOD,
    auth::TENANT_ID,
    auth::CLIENT_ID,
    auth::CLIENT_SECRET,
    auth::FEDERATED_TOKEN_FILE,
    auth::MANAGED_IDENTITY_CLIENT_ID,
    auth::POD_IDENTITY_HOST,
    auth::IDENTITY_ENDPOINT,
    auth::IDENTITY_HEADER,
    AUTHORITY_HOST,
    CA_BUNDLE,
    VERIFY,
    SIGNING_SECRET,
    CACHE_TTL,
    PROXY,
];

/// What the settings say.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) vault: Endpoint,
    /// What tokens are asked for.
    pub(crate) cloud: Cloud,
    pub(crate) authority: Endpoint,
    pub(crate) roots: Option<CaBundle>,
    pub(crate) proxy: Option<Proxy>,
    /// Whether the challenge has to name the vault's own domain.
    pub(crate) is_verified: bool,
    pub(crate) credential: Credential,
    pub(crate) signing_secret: Option<SecretName>,
    pub(crate) warnings: Vec<String>,
}

impl Config {
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let is_verified = settings.boolean(&VERIFY)?.unwrap_or(true);
        let text = settings.text(&VAULT_URL)?.ok_or_else(|| Settings::missing(&VAULT_URL))?;
        let vault = https(&VAULT_URL, &text)?;
        let authority = settings.text(&AUTHORITY_HOST)?;
        let authority = authority.map(|text| https(&AUTHORITY_HOST, &text)).transpose()?;
        let found =
            Cloud::of_vault(vault.host()).map_err(|error| error.with_key(VAULT_URL.name))?;
        let cloud = match found {
            Some(cloud) => cloud,
            None if is_verified => {
                let message = format!(
                    "is not the URL of a vault, whose host would be a name and {}; if it is a private link of your own, set {}=false",
                    Cloud::suffixes(),
                    VERIFY.name
                );
                return Err(Error::new(ErrorKind::Misconfigured, message).with_key(VAULT_URL.name));
            }
            None => Cloud::of_authority(authority.as_ref().map(Endpoint::origin).as_deref()),
        };
        let authority = match authority {
            Some(authority) => authority,
            None => https(&AUTHORITY_HOST, cloud.authority)?,
        };
        let credential = Credential::read(settings)?;
        let mut warnings = credential.unread(settings);
        if !is_verified {
            warnings.push(format!(
                "{} is false: the vault may be anybody's whose certificate is trusted",
                VERIFY.name
            ));
        }
        Ok(Self {
            vault,
            cloud,
            authority,
            roots: CaBundle::read(settings, &CA_BUNDLE)?,
            proxy: Proxy::read(settings)?,
            is_verified,
            credential,
            signing_secret: signing(settings)?,
            warnings,
        })
    }

    /// How to talk to a server of the cloud.
    pub(crate) fn http(&self, endpoint: Endpoint) -> HttpConfig {
        let mut http = HttpConfig::new(endpoint);
        (http.roots, http.proxy) = (self.roots.clone(), self.proxy.clone());
        http
    }
}

/// An https URL without a path. Tokens travel there.
fn https(key: &Key, text: &str) -> Result<Endpoint> {
    let endpoint = Endpoint::parse(key.name, text, Plaintext::Loopback)?;
    let fault = if !endpoint.is_https() {
        "must be https, on loopback too: the token travels there"
    } else if endpoint.is_link_local() {
        "is a link-local address, where clouds keep their metadata services"
    } else if endpoint.prefix().next().is_some() {
        "must have no path; names and tenants have settings of their own"
    } else {
        return Ok(endpoint);
    };
    Err(Error::new(ErrorKind::Misconfigured, fault).with_key(key.name))
}

fn signing(settings: &Settings) -> Result<Option<SecretName>> {
    let checked = |name: SecretName| to_vault(&name).map(|_| name);
    let name = settings.name(&SIGNING_SECRET)?.map(checked).transpose();
    name.map_err(|error| error.with_key(SIGNING_SECRET.name))
}
