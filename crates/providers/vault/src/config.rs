//! The settings.

use strongroom_core::{Error, ErrorKind, Key, PROXY, Result, SecretName, Settings};
use strongroom_http::{CaBundle, Endpoint, Plaintext, Proxy};

use crate::auth::{self, Auth};
use crate::kv::{self, KvConfig};
use crate::transit::{self, TransitConfig};

const ADDR: Key = Key::text(
    "VAULT_ADDR",
    "base URL, without `/v1`; a path prefix is kept. Required, but for `vault_dev`: `http://127.0.0.1:18200`",
);
const BAO_ADDR: Key =
    Key::text("BAO_ADDR", "the same under OpenBao's name; a differing pair is an error");
const DEV_ADDR: &str = "http://127.0.0.1:18200";
const ALLOW_PLAINTEXT: Key = Key::boolean(
    "VAULT_ALLOW_PLAINTEXT",
    "`vault_dev` only: http to hosts that are not loopback, as in compose networks",
)
.with_default("false");
const SKIP_VERIFY: Key = Key::boolean(
    "VAULT_SKIP_VERIFY",
    "known to other clients; `true` is refused, as certificates are always verified",
)
.with_default("false");
const CACERT: Key =
    Key::path("VAULT_CACERT", "PEM bundle of authorities, which replaces those of the system");
const NAMESPACE: Key = Key::text(
    "VAULT_NAMESPACE",
    "namespace, as in `admin/team`; for `vault_hcp` the default is `admin`",
);
const SIGNING_SECRET_NAME: Key = Key::text(
    "VAULT_SIGNING_SECRET_NAME",
    "logical name of a signing key kept in KV; next to `VAULT_TRANSIT_KEY` it still verifies",
);
const CACHE_TTL: Key = Key::cache_ttl("VAULT_CACHE_TTL_SECONDS");

/// In the order in which documents list them.
pub(crate) const KEYS: [Key; 24] = [
    ADDR,
    BAO_ADDR,
    ALLOW_PLAINTEXT,
    SKIP_VERIFY,
    CACERT,
    NAMESPACE,
    auth::METHOD,
    auth::MOUNT,
    auth::TOKEN,
    auth::ROLE_ID,
    auth::SECRET_ID,
    auth::SECRET_ID_WRAPPED,
    auth::ROLE,
    auth::JWT_FILE,
    kv::MOUNT,
    kv::VERSION,
    kv::PREFIX,
    transit::KEY,
    transit::MOUNT,
    transit::KEY_TYPE,
    transit::PREVIOUS_KEYS,
    SIGNING_SECRET_NAME,
    CACHE_TTL,
    PROXY,
];

/// What the settings say.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) server: ServerConfig,
    pub(crate) auth: Auth,
    pub(crate) kv: KvConfig,
    pub(crate) transit: Option<TransitConfig>,
    pub(crate) signing_secret: Option<SecretName>,
}

/// How to reach the server.
#[derive(Debug)]
pub(crate) struct ServerConfig {
    pub(crate) endpoint: Endpoint,
    pub(crate) roots: Option<CaBundle>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) namespace: Option<String>,
}

impl Config {
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(id: &str, settings: &Settings) -> Result<Self> {
        if settings.boolean(&SKIP_VERIFY)? == Some(true) {
            let message = "certificates are always verified; give the authority in VAULT_CACERT";
            return Err(fault(&SKIP_VERIFY, message));
        }
        let server = ServerConfig::read(id, settings)?;
        let refuses_dev_tokens = id != "vault_dev" && !server.endpoint.is_loopback();
        Ok(Self {
            auth: Auth::read(settings, refuses_dev_tokens)?,
            server,
            kv: KvConfig::read(settings)?,
            transit: TransitConfig::read(settings)?,
            signing_secret: settings.name(&SIGNING_SECRET_NAME)?,
        })
    }
}

impl ServerConfig {
    fn read(id: &str, settings: &Settings) -> Result<Self> {
        let plaintext = match (id, settings.boolean(&ALLOW_PLAINTEXT)?) {
            ("vault_dev", Some(true)) => Plaintext::AnyHost,
            (_, Some(true)) => {
                let message = "is for SECRETS_PROVIDER=vault_dev only; use an https address";
                return Err(fault(&ALLOW_PLAINTEXT, message));
            }
            _ => Plaintext::Loopback,
        };
        let endpoint = address(id, settings, plaintext)?;
        Ok(Self {
            endpoint,
            roots: CaBundle::read(settings, &CACERT)?,
            proxy: Proxy::read(settings)?,
            namespace: namespace(id, settings)?,
        })
    }
}

fn address(id: &str, settings: &Settings, plaintext: Plaintext) -> Result<Endpoint> {
    let parse = |key: &Key| -> Result<Option<Endpoint>> {
        let text = settings.text(key)?;
        text.map(|text| Endpoint::parse(key.name, &text, plaintext)).transpose()
    };
    let endpoint = match (parse(&ADDR)?, parse(&BAO_ADDR)?) {
        (Some(one), Some(other)) if one != other => {
            let message = "say two different addresses; keep one";
            return Err(Error::new(ErrorKind::Misconfigured, message)
                .with_key(format!("{} and {}", ADDR.name, BAO_ADDR.name)));
        }
        (Some(one), _) | (None, Some(one)) => one,
        (None, None) if id == "vault_dev" => Endpoint::parse(ADDR.name, DEV_ADDR, plaintext)?,
        (None, None) => return Err(Settings::missing(&ADDR)),
    };
    match endpoint.prefix().last() {
        Some("v1") => Err(fault(&ADDR, "ends in `/v1`, which is added here; leave it out")),
        _ => Ok(endpoint),
    }
}

/// Several spellings of one namespace have led to policies that were passed by (GHSA-mwr2-wmgp-crj6), so
/// only the canonical one is taken.
fn namespace(id: &str, settings: &Settings) -> Result<Option<String>> {
    let Some(namespace) = settings.text(&NAMESPACE)? else {
        return Ok((id == "vault_hcp").then(|| "admin".to_owned()));
    };
    let good = |segment: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
    };
    if namespace == "root" {
        return Err(fault(&NAMESPACE, "is the root namespace, which is meant when it is not set"));
    }
    match namespace.split('/').all(good) {
        true => Ok(Some(namespace)),
        false => Err(fault(
            &NAMESPACE,
            "must be written as `admin/team`: segments of letters, digits, `-`, `_`, `.`, `~`, and no slash at either end",
        )),
    }
}

/// Where an engine is mounted.
pub(crate) fn mount(settings: &Settings, key: &Key) -> Result<SecretName> {
    place(settings, key)?.ok_or_else(|| Settings::missing(key))
}

/// Segments of a path of the server.
pub(crate) fn place(settings: &Settings, key: &Key) -> Result<Option<SecretName>> {
    settings.name(key).map_err(|_| {
        fault(key, "must be a path such as `secret` or `team/kv`, without slashes at its ends, `.` or `..`")
    })
}

pub(crate) fn fault(key: &Key, message: &'static str) -> Error {
    Error::new(ErrorKind::Misconfigured, message).with_key(key.name)
}
