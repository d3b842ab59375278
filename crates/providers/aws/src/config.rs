//! The settings.

use strongroom_core::{Error, ErrorKind, Key, PROXY, Result, SecretName, Settings, escaped};

use crate::auth::{self, StaticKeys};
use crate::endpoint::Endpoint;
use crate::name;

pub(crate) const REGION: Key =
    Key::text("AWS_REGION", "the region, as in `eu-west-1`; if it is not set, that of the profile")
        .without_twin();
pub(crate) const ENDPOINT: Key =
    Key::text("AWS_ENDPOINT_URL", "another endpoint than AWS's own: https, or http to loopback")
        .without_twin();
const ENDPOINT_OF_SERVICE: Key =
    Key::text("AWS_ENDPOINT_URL_SECRETS_MANAGER", "the same, for Secrets Manager alone; wins")
        .without_twin();
pub(crate) const CA_BUNDLE: Key =
    Key::path("AWS_CA_BUNDLE", "PEM bundle of authorities, which replaces those of the system")
        .without_twin();
const SIGNING_SECRET: Key = Key::text(
    "AWS_SM_SIGNING_SECRET_ARN",
    "ARN or name of the secret that holds the signing key, as AWS knows it: `SECRETS_PREFIX` is not put before it",
)
.without_twin();
const REPLICA_REGIONS: Key = Key::text(
    "AWS_SM_REPLICA_REGIONS",
    "regions, separated by commas, that the secrets are replicated to: read in this order while the first one cannot answer",
)
.without_twin();
const CACHE_TTL: Key = Key::cache_ttl("AWS_SM_CACHE_TTL_SECONDS");

/// In the order in which documents list them.
pub(crate) const KEYS: [Key; 12] = [
    REGION,
    auth::PROFILE,
    auth::ACCESS_KEY_ID,
    auth::SECRET_ACCESS_KEY,
    auth::SESSION_TOKEN,
    ENDPOINT,
    ENDPOINT_OF_SERVICE,
    CA_BUNDLE,
    SIGNING_SECRET,
    REPLICA_REGIONS,
    CACHE_TTL,
    PROXY,
];

/// What the settings say.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// `None`: that of the profile.
    pub(crate) region: Option<String>,
    pub(crate) replica_regions: Vec<String>,
    pub(crate) profile: Option<String>,
    pub(crate) keys: Option<StaticKeys>,
    /// Another endpoint than AWS's own, and the setting that says so.
    pub(crate) endpoint: Option<(Endpoint, &'static str)>,
    pub(crate) proxy: Option<Endpoint>,
    pub(crate) signing_secret: Option<SecretName>,
}

impl Config {
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let region = settings.text(&REGION)?;
        if region.as_deref().is_some_and(|region| !is_region(region)) {
            return Err(fault(
                &REGION,
                "must be lower-case letters, digits and `-`, as in `eu-west-1`",
            ));
        }
        let endpoint = endpoint(settings)?;
        let signing_secret = settings.text(&SIGNING_SECRET)?;
        let signing_secret = signing_secret.as_deref().map(|text| signing(text, region.as_deref()));
        Ok(Self {
            keys: StaticKeys::read(settings)?,
            profile: settings.text(&auth::PROFILE)?,
            proxy: proxy(settings)?,
            signing_secret: signing_secret.transpose()?,
            replica_regions: replica_regions(settings, region.as_deref(), endpoint.as_ref())?,
            endpoint,
            region,
        })
    }

    /// What a person should look at.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some((endpoint, setting)) = &self.endpoint {
            warnings.push(format!("{setting} sends all calls to {endpoint} and not to AWS"));
        }
        if let Some(name) = &self.signing_secret
            && name::looks_like_partial_arn(name.as_str())
        {
            warnings.push(format!(
                "{} ends in `-` and six characters, which AWS may take for the end of an ARN",
                SIGNING_SECRET.name
            ));
        }
        warnings
    }
}

fn replica_regions(
    settings: &Settings,
    first: Option<&str>,
    endpoint: Option<&(Endpoint, &'static str)>,
) -> Result<Vec<String>> {
    let text = settings.text(&REPLICA_REGIONS)?.unwrap_or_default();
    let regions: Vec<_> =
        text.split(',').map(str::trim).filter(|region| !region.is_empty()).collect();
    if !regions.is_empty() && endpoint.is_some_and(|(endpoint, _)| !endpoint.is_loopback()) {
        // An endpoint is one of one region; an emulator here has them all.
        return Err(fault(&REPLICA_REGIONS, "does not go with another endpoint than AWS's own"));
    }
    for (index, region) in regions.iter().enumerate() {
        if !is_region(region) {
            return Err(fault(&REPLICA_REGIONS, "must be regions, as in `eu-central-1,eu-west-3`"));
        }
        if Some(*region) == first || regions.iter().skip(index + 1).any(|other| other == region) {
            return Err(fault(&REPLICA_REGIONS, "names a region twice, or that of AWS_REGION"));
        }
    }
    Ok(regions.into_iter().map(str::to_owned).collect())
}

fn endpoint(settings: &Settings) -> Result<Option<(Endpoint, &'static str)>> {
    for key in [ENDPOINT_OF_SERVICE, ENDPOINT] {
        if let Some(text) = settings.text(&key)? {
            let endpoint = Endpoint::parse(&text).map_err(|error| error.with_key(key.name))?;
            return Ok(Some((endpoint, key.name)));
        }
    }
    Ok(None)
}

fn proxy(settings: &Settings) -> Result<Option<Endpoint>> {
    let text = settings.text(&PROXY)?;
    let proxy = text.map(|text| Endpoint::of_proxy(&text)).transpose();
    proxy.map_err(|error| error.with_key(PROXY.name))
}

/// The secret of the signing key: an ARN of this region, or a name.
fn signing(text: &str, region: Option<&str>) -> Result<SecretName> {
    name::check(text).map_err(|error| error.with_key(SIGNING_SECRET.name))?;
    if let (Some(arn), Some(region)) = (name::Arn::parse(text), region)
        && arn.region != region
    {
        return Err(fault(
            &SIGNING_SECRET,
            format!("is of region `{}`, and AWS_REGION is `{region}`", escaped(arn.region)),
        ));
    }
    SecretName::new(text).map_err(|error| error.with_key(SIGNING_SECRET.name))
}

/// It becomes part of a host name.
fn is_region(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=32).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

pub(crate) fn fault(key: &Key, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Misconfigured, message).with_key(key.name)
}
