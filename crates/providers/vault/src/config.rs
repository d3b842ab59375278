//! The settings.

use strongroom_core::{Error, ErrorKind, Key, PROXY, Result, SecretName, Settings};
use strongroom_http::{CaBundle, Endpoint, Plaintext, Proxy};

use crate::auth::{self, Auth};

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
const KV_MOUNT: Key =
    Key::text("VAULT_KV_MOUNT", "where the KV engine is mounted").with_default("secret");
const KV_VERSION: Key = Key::choice(
    "VAULT_KV_VERSION",
    &["auto", "1", "2"],
    "version of the KV engine; `auto` asks the server. Where the token may not ask, set it: without, version 2 is read, and what is not there is an error",
)
.with_default("auto");
const KV_PREFIX: Key =
    Key::text("VAULT_KV_PREFIX", "put before every name, below the mount").with_default("");
const TRANSIT_KEY: Key = Key::text(
    "VAULT_TRANSIT_KEY",
    "name of the Transit key that signs; its bytes never leave the server",
);
const TRANSIT_MOUNT: Key =
    Key::text("VAULT_TRANSIT_MOUNT", "where Transit is mounted").with_default("transit");
const TRANSIT_KEY_TYPE: Key = Key::choice(
    "VAULT_TRANSIT_KEY_TYPE",
    &["hmac", "ed25519"],
    "type of the keys; needed only where the policy denies reading `transit/keys/KEY`",
);
const TRANSIT_PREVIOUS_KEYS: Key = Key::text(
    "VAULT_TRANSIT_PREVIOUS_KEYS",
    "names, separated by commas, of keys that still verify after a key was renamed",
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
    KV_MOUNT,
    KV_VERSION,
    KV_PREFIX,
    TRANSIT_KEY,
    TRANSIT_MOUNT,
    TRANSIT_KEY_TYPE,
    TRANSIT_PREVIOUS_KEYS,
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

/// Where the secrets are.
#[derive(Debug)]
pub(crate) struct KvConfig {
    pub(crate) mount: SecretName,
    pub(crate) prefix: Option<SecretName>,
    /// `None`: the server is asked.
    pub(crate) version: Option<KvVersion>,
}

/// Version of the KV engine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KvVersion {
    One,
    Two,
}

/// Which keys of Transit sign and verify.
#[derive(Debug)]
pub(crate) struct TransitConfig {
    pub(crate) mount: SecretName,
    pub(crate) key: SecretName,
    pub(crate) previous: Vec<SecretName>,
    pub(crate) key_type: Option<KeyType>,
}

/// The types of Transit keys that sign here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyType {
    Hmac,
    Ed25519,
}

impl KeyType {
    /// Reads the server's, and our, spelling.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "hmac" => Some(Self::Hmac),
            "ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

impl Config {
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(id: &str, settings: &Settings) -> Result<Self> {
        if settings.boolean(&SKIP_VERIFY)? == Some(true) {
            let message = "certificates are always verified; give the authority in VAULT_CACERT";
            return Err(fault(&SKIP_VERIFY, message));
        }
        let version = match settings.choice(&KV_VERSION)? {
            Some("1") => Some(KvVersion::One),
            Some("2") => Some(KvVersion::Two),
            _ => None,
        };
        let mount = |key: &Key| place(settings, key)?.ok_or_else(|| Settings::missing(key));
        let server = ServerConfig::read(id, settings)?;
        let refuses_dev_tokens = id != "vault_dev" && !server.endpoint.is_loopback();
        Ok(Self {
            auth: Auth::read(settings, refuses_dev_tokens)?,
            server,
            kv: KvConfig { mount: mount(&KV_MOUNT)?, prefix: prefix(settings)?, version },
            transit: transit(settings, mount(&TRANSIT_MOUNT)?)?,
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

fn transit(settings: &Settings, mount: SecretName) -> Result<Option<TransitConfig>> {
    let previous = settings.text(&TRANSIT_PREVIOUS_KEYS)?;
    let word = settings.choice(&TRANSIT_KEY_TYPE)?;
    let Some(key) = settings.text(&TRANSIT_KEY)? else {
        for (key, set) in
            [(TRANSIT_PREVIOUS_KEYS, previous.is_some()), (TRANSIT_KEY_TYPE, word.is_some())]
        {
            if set {
                return Err(fault(&key, "is set without VAULT_TRANSIT_KEY"));
            }
        }
        return Ok(None);
    };
    let key = transit_key(&TRANSIT_KEY, &key)?;
    let previous = previous.as_deref().unwrap_or_default();
    let previous = previous.split(',').map(str::trim).filter(|name| !name.is_empty());
    let previous = previous
        .map(|name| transit_key(&TRANSIT_PREVIOUS_KEYS, name))
        .collect::<Result<Vec<_>>>()?;
    if previous.contains(&key) {
        return Err(fault(&TRANSIT_PREVIOUS_KEYS, "names the key that signs; leave it out"));
    }
    Ok(Some(TransitConfig { mount, key, previous, key_type: word.and_then(KeyType::from_word) }))
}

fn transit_key(setting: &Key, name: &str) -> Result<SecretName> {
    let name = SecretName::new(name).map_err(|error| error.with_key(setting.name))?;
    check_transit_key(&name).map_err(|error| error.with_key(setting.name))?;
    Ok(name)
}

/// Longest name of a Transit key that is taken here. The vendor documents none.
const MAX_KEY_NAME: usize = 128;

/// The server's own rule for names in a path: letters, digits and `_`, inside also `-` and `.`.
///
/// # Errors
/// `Misconfigured` with the rule.
pub(crate) fn check_transit_key(name: &SecretName) -> Result<()> {
    let text = name.as_str();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let good = text.len() <= MAX_KEY_NAME
        && text.bytes().all(|byte| word(byte) || b"-.".contains(&byte))
        && text.bytes().next().is_some_and(word)
        && text.bytes().last().is_some_and(word);
    match good {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Misconfigured,
            "a Transit key has a name of at most 128 letters, digits, `_`, and inside also `-` and `.`",
        )),
    }
}

/// Segments of a path of the server.
fn place(settings: &Settings, key: &Key) -> Result<Option<SecretName>> {
    settings.name(key).map_err(|_| {
        fault(key, "must be a path such as `secret` or `team/kv`, without slashes at its ends, `.` or `..`")
    })
}

fn prefix(settings: &Settings) -> Result<Option<SecretName>> {
    let prefix = place(settings, &KV_PREFIX)?;
    match prefix.as_ref().and_then(|prefix| prefix.segments().next()) {
        Some("data" | "metadata") => {
            Err(fault(&KV_PREFIX, "begins with `data` or `metadata`, which are added here"))
        }
        _ => Ok(prefix),
    }
}

fn fault(key: &Key, message: &'static str) -> Error {
    Error::new(ErrorKind::Misconfigured, message).with_key(key.name)
}
