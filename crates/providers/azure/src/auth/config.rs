//! The settings of logging in.

use strongroom_core::{Error, ErrorKind, Key, Result, Settings};
use strongroom_http::{Endpoint, Plaintext};

pub(crate) const METHOD: Key = Key::choice(
    "AZURE_AUTH_METHOD",
    &["client_secret", "workload_identity", "managed_identity", "azure_cli"],
    "how to log in; if it is not set, what else is set tells, and nothing else is tried",
);
pub(crate) const TENANT_ID: Key = Key::text(
    "AZURE_TENANT_ID",
    "for `client_secret`, `workload_identity`: the tenant of the vault",
);
pub(crate) const CLIENT_ID: Key = Key::text(
    "AZURE_CLIENT_ID",
    "for `client_secret`, `workload_identity`: the application to log in as",
);
pub(crate) const CLIENT_SECRET: Key = Key::secret(
    "AZURE_CLIENT_SECRET",
    "for `client_secret`: the secret; `AZURE_CLIENT_SECRET_FILE` is read at each login",
);
pub(crate) const FEDERATED_TOKEN_FILE: Key = Key::path(
    "AZURE_FEDERATED_TOKEN_FILE",
    "for `workload_identity`: file with the token of the workload, read at each login",
);
pub(crate) const MANAGED_IDENTITY_CLIENT_ID: Key = Key::text(
    "AZURE_MANAGED_IDENTITY_CLIENT_ID",
    "for `managed_identity`: which identity that is assigned to the machine; the machine's own if it is not set",
);
pub(crate) const POD_IDENTITY_HOST: Key = Key::text(
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "for `managed_identity`: URL of what stands in for the machine's metadata service",
);
/// Set by App Service, Functions and Container Apps themselves.
pub(crate) const IDENTITY_ENDPOINT: Key =
    Key::text("IDENTITY_ENDPOINT", "for `managed_identity`: set by App Service and Container Apps")
        .without_twin();

/// As above; the official credential reads it of the process.
pub(crate) const IDENTITY_HEADER: Key =
    Key::secret("IDENTITY_HEADER", "for `managed_identity`: set beside `IDENTITY_ENDPOINT`")
        .without_twin();

/// Where the metadata service of a machine is ("Azure Instance Metadata Service").
const METADATA: &str = "http://169.254.169.254";

/// Who we are, and who says so.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// An application with a secret.
    ClientSecret { tenant: String, client: String },
    /// An application that trusts the tokens of somebody else: of a Kubernetes cluster.
    WorkloadIdentity { tenant: String, client: String },
    /// What Azure knows the machine as.
    ManagedIdentity { client: Option<String>, host: IdentityHost },
    /// Whoever is logged in to the Azure CLI.
    AzureCli { tenant: Option<String> },
}

/// What hands out tokens of managed identities.
#[derive(Clone, Debug)]
pub(crate) enum IdentityHost {
    /// The metadata service of the machine, or what stands in for it.
    Metadata(Endpoint),
    /// That of App Service and Container Apps.
    AppService(Endpoint),
}

impl Credential {
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let method = match settings.choice(&METHOD)? {
            Some(method) => method,
            None => derived(settings)?,
        };
        let client = |key: &Key| id(settings, key)?.ok_or_else(|| Settings::missing(key));
        match method {
            "client_secret" => {
                if settings.secret(&CLIENT_SECRET)?.is_none() {
                    return Err(Settings::missing(&CLIENT_SECRET));
                }
                Ok(Self::ClientSecret { tenant: client(&TENANT_ID)?, client: client(&CLIENT_ID)? })
            }
            "workload_identity" => {
                if !settings.is_set(&FEDERATED_TOKEN_FILE) {
                    return Err(Settings::missing(&FEDERATED_TOKEN_FILE));
                }
                let (tenant, client) = (client(&TENANT_ID)?, client(&CLIENT_ID)?);
                Ok(Self::WorkloadIdentity { tenant, client })
            }
            "managed_identity" => Ok(Self::ManagedIdentity {
                client: id(settings, &MANAGED_IDENTITY_CLIENT_ID)?,
                host: IdentityHost::read(settings)?,
            }),
            _ => Ok(Self::AzureCli { tenant: id(settings, &TENANT_ID)? }),
        }
    }

    /// The tenant that has to be that of the vault.
    pub(crate) fn tenant(&self) -> Option<&str> {
        match self {
            Self::ClientSecret { tenant, .. } | Self::WorkloadIdentity { tenant, .. } => {
                Some(tenant)
            }
            Self::AzureCli { tenant } => tenant.as_deref(),
            Self::ManagedIdentity { .. } => None,
        }
    }

    /// The word for it, as `AZURE_AUTH_METHOD` has it.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::ClientSecret { .. } => "client_secret",
            Self::WorkloadIdentity { .. } => "workload_identity",
            Self::ManagedIdentity { .. } => "managed_identity",
            Self::AzureCli { .. } => "azure_cli",
        }
    }

    /// The setting that a person has to look at when it is not accepted.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            Self::ClientSecret { .. } => CLIENT_SECRET.name,
            Self::WorkloadIdentity { .. } => FEDERATED_TOKEN_FILE.name,
            Self::ManagedIdentity { .. } => MANAGED_IDENTITY_CLIENT_ID.name,
            Self::AzureCli { .. } => METHOD.name,
        }
    }

    /// Settings of other methods, which are not read: one sentence each.
    pub(crate) fn unread(&self, settings: &Settings) -> Vec<String> {
        let read: &[Key] = match self {
            Self::ClientSecret { .. } => &[TENANT_ID, CLIENT_ID, CLIENT_SECRET],
            Self::WorkloadIdentity { .. } => &[TENANT_ID, CLIENT_ID, FEDERATED_TOKEN_FILE],
            Self::ManagedIdentity { host: IdentityHost::AppService(_), .. } => {
                &[MANAGED_IDENTITY_CLIENT_ID]
            }
            Self::ManagedIdentity { .. } => &[MANAGED_IDENTITY_CLIENT_ID, POD_IDENTITY_HOST],
            Self::AzureCli { .. } => &[TENANT_ID],
        };
        let all = [
            TENANT_ID,
            CLIENT_ID,
            CLIENT_SECRET,
            FEDERATED_TOKEN_FILE,
            MANAGED_IDENTITY_CLIENT_ID,
            POD_IDENTITY_HOST,
        ];
        let others = all.iter().filter(|key| !read.contains(key) && settings.is_set(key));
        let told = |key: &Key| match (self, key.name == CLIENT_ID.name) {
            (Self::ManagedIdentity { .. }, true) => format!(
                "{} names no managed identity; {} does",
                key.name, MANAGED_IDENTITY_CLIENT_ID.name
            ),
            _ => format!("{} is not read with `{}`", key.name, self.method()),
        };
        others.map(told).collect()
    }
}

/// The method that what is set belongs to.
fn derived(settings: &Settings) -> Result<&'static str> {
    let marks = [
        (CLIENT_SECRET, "client_secret"),
        (FEDERATED_TOKEN_FILE, "workload_identity"),
        (MANAGED_IDENTITY_CLIENT_ID, "managed_identity"),
    ];
    let mut set = marks.iter().filter(|(key, _)| settings.is_set(key));
    let message = match (set.next(), set.next()) {
        (Some((_, method)), None) => return Ok(method),
        (Some((one, method)), Some((other, also))) => format!(
            "is not set, and both {} and {} are; set it to `{method}` or to `{also}`",
            one.name, other.name
        ),
        (None, _) if settings.is_set(&CLIENT_ID) => format!(
            "is not set, and {} does not tell; set {} (or its _FILE), or {}, or for a managed identity {}",
            CLIENT_ID.name, CLIENT_SECRET.name, FEDERATED_TOKEN_FILE.name, MANAGED_IDENTITY_CLIENT_ID.name
        ),
        // The platform has set it, so it counts only if nobody has set anything else.
        (None, _) if settings.is_set(&IDENTITY_ENDPOINT) => return Ok("managed_identity"),
        (None, _) => "is not set, and no credential is; set it to `managed_identity` on a machine of Azure, to `azure_cli` on your own, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET".to_owned(),
    };
    Err(Error::new(ErrorKind::Misconfigured, message).with_key(METHOD.name))
}

/// A tenant's or client's id: a GUID, or the domain of a tenant. It becomes part of a path.
fn id(settings: &Settings, key: &Key) -> Result<Option<String>> {
    let Some(text) = settings.text(key)? else { return Ok(None) };
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if text.bytes().all(is_good) && text.bytes().any(|byte| byte != b'.') {
        return Ok(Some(text));
    }
    let message = "must be an id of Entra, as in `00000000-0000-0000-0000-000000000000`";
    Err(Error::new(ErrorKind::Misconfigured, message).with_key(key.name))
}

impl IdentityHost {
    fn read(settings: &Settings) -> Result<Self> {
        let app_service = settings.text(&IDENTITY_ENDPOINT)?;
        if let Some(text) = app_service {
            if !settings.is_set(&IDENTITY_HEADER) {
                let message = "is set without IDENTITY_HEADER, so this is neither App Service nor Container Apps; managed identities of other hosts, as of Azure Arc, cannot be used";
                return Err(
                    Error::new(ErrorKind::Misconfigured, message).with_key(IDENTITY_ENDPOINT.name)
                );
            }
            return near(&IDENTITY_ENDPOINT, &text).map(Self::AppService);
        }
        let stand_in = settings.text(&POD_IDENTITY_HOST)?;
        let host = near(&POD_IDENTITY_HOST, stand_in.as_deref().unwrap_or(METADATA))?;
        let has_path = host.prefix().next().is_some();
        match has_path {
            false => Ok(Self::Metadata(host)),
            true => {
                let message = "must have no path";
                Err(Error::new(ErrorKind::Misconfigured, message).with_key(POD_IDENTITY_HOST.name))
            }
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Metadata(endpoint) | Self::AppService(endpoint) => endpoint,
        }
    }
}

/// A URL of this machine, or of its host. Tokens come from there in clear.
fn near(key: &Key, text: &str) -> Result<Endpoint> {
    let endpoint = Endpoint::parse(key.name, text, Plaintext::AnyHost)?;
    let is_near = endpoint.is_loopback() || endpoint.is_link_local();
    // So Container Apps say it.
    if is_near || endpoint.host() == "localhost" || endpoint.is_https() {
        return Ok(endpoint);
    }
    let message = "must be a loopback or link-local address, or https: tokens come from there";
    Err(Error::new(ErrorKind::Misconfigured, message).with_key(key.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Credential> {
        Credential::read(&Settings::from_pairs(pairs.iter().copied()))
    }

    const APPLICATION: [(&str, &str); 2] =
        [("AZURE_TENANT_ID", "canary.example"), ("AZURE_CLIENT_ID", "canary-client")];
    const SECRET: (&str, &str) = ("AZURE_CLIENT_SECRET", "canary-secret");
    const FILE: (&str, &str) = ("AZURE_FEDERATED_TOKEN_FILE", "/canary/token");
    const ASSIGNED: (&str, &str) = ("AZURE_MANAGED_IDENTITY_CLIENT_ID", "canary-identity");
    const APP_SERVICE: [(&str, &str); 2] = [
        ("IDENTITY_ENDPOINT", "http://169.254.129.3:8081/msi/token"),
        ("IDENTITY_HEADER", "canary-header"),
    ];

    #[test]
    fn the_method_is_derived_from_what_is_set() {
        let with = |more: &[(&'static str, &'static str)]| {
            let all: Vec<_> = APPLICATION.iter().chain(more).copied().collect();
            read(&all).map(|credential| credential.method())
        };
        assert_eq!(with(&[SECRET]).unwrap(), "client_secret");
        assert_eq!(with(&[FILE]).unwrap(), "workload_identity");
        assert_eq!(with(&[ASSIGNED]).unwrap(), "managed_identity");
        assert_eq!(with(&[SECRET, APP_SERVICE[0], APP_SERVICE[1]]).unwrap(), "client_secret");
        assert_eq!(read(&APP_SERVICE).unwrap().method(), "managed_identity");
        for (set, words) in [
            (&[SECRET, FILE][..], "both AZURE_CLIENT_SECRET and AZURE_FEDERATED_TOKEN_FILE"),
            (&[SECRET, ASSIGNED], "both AZURE_CLIENT_SECRET and AZURE_MANAGED_IDENTITY_CLIENT_ID"),
            (&[], "AZURE_CLIENT_ID does not tell"),
            (&APP_SERVICE, "AZURE_CLIENT_ID does not tell"),
        ] {
            let error = with(set).unwrap_err();
            assert_eq!(error.key(), Some("AZURE_AUTH_METHOD"));
            assert!(error.to_string().contains(words), "{error}");
        }
        let chosen = with(&[SECRET, FILE, ("AZURE_AUTH_METHOD", "workload_identity")]);
        assert_eq!(chosen.unwrap(), "workload_identity");
    }

    #[test]
    fn case_40_without_any_credential_the_error_says_what_to_set() {
        let error = read(&[]).unwrap_err().to_string();
        assert!(
            error.contains("`managed_identity`") && error.contains("AZURE_CLIENT_SECRET"),
            "{error}"
        );
    }

    #[test]
    fn b035_a_client_secret_without_tenant_names_the_tenant() {
        let error = read(&[SECRET, APPLICATION[1]]).unwrap_err();
        assert_eq!(error.key(), Some("AZURE_TENANT_ID"));
        let error = read(&[SECRET, APPLICATION[0]]).unwrap_err();
        assert_eq!(error.key(), Some("AZURE_CLIENT_ID"));
        for bad in ["a/b", "..", "a b", "a?b", "ä"] {
            let error = read(&[SECRET, ("AZURE_TENANT_ID", bad), APPLICATION[1]]).unwrap_err();
            assert_eq!(error.key(), Some("AZURE_TENANT_ID"), "{bad}");
        }
    }

    #[test]
    fn b049_tokens_of_managed_identities_come_from_this_machine_alone() {
        let method = ("AZURE_AUTH_METHOD", "managed_identity");
        let host = |name, url| read(&[method, APP_SERVICE[1], (name, url)]);
        for url in ["http://127.0.0.1:4000", "http://169.254.1.2", "https://stand-in.example"] {
            assert!(host("AZURE_POD_IDENTITY_AUTHORITY_HOST", url).is_ok(), "{url}");
        }
        assert!(host("IDENTITY_ENDPOINT", "http://localhost:42356/msi/token").is_ok());
        for (name, url) in [
            ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://stand-in.example"),
            ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1/path"),
            ("IDENTITY_ENDPOINT", "http://10.0.0.1/msi/token"),
        ] {
            assert_eq!(host(name, url).unwrap_err().key(), Some(name), "{url}");
        }
    }

    #[test]
    fn a_host_that_is_neither_app_service_nor_a_machine_is_told() {
        let error = read(&APP_SERVICE[..1]).unwrap_err();
        assert_eq!(error.key(), Some("IDENTITY_ENDPOINT"));
        assert!(error.to_string().contains("Azure Arc"), "{error}");
    }

    #[test]
    fn settings_of_other_methods_are_told() {
        let settings = Settings::from_pairs([
            ("AZURE_AUTH_METHOD", "managed_identity"),
            ("AZURE_CLIENT_ID", "canary-client"),
            ("AZURE_TENANT_ID", "canary-tenant"),
        ]);
        let told = Credential::read(&settings).unwrap().unread(&settings);
        assert_eq!(
            told,
            [
                "AZURE_TENANT_ID is not read with `managed_identity`",
                "AZURE_CLIENT_ID names no managed identity; AZURE_MANAGED_IDENTITY_CLIENT_ID does"
            ]
        );
    }
}
