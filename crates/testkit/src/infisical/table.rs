//! Settings that lead to the fake, and name a file without a file.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;

use strongroom_core::{Environment, Settings};

use crate::infisical::FakeInfisical;

/// The variables that a program would have, and a file that is not on any disk.
struct Table {
    variables: BTreeMap<&'static str, String>,
    ca_pem: String,
}

impl FakeInfisical {
    /// What a program needs to use this server: the provider `infisical_self_host`, the address without TLS, the
    /// project, the environment, and universal auth as the identity that may do everything.
    pub fn settings(&self) -> Settings {
        self.table(&[
            ("SECRETS_PROVIDER", "infisical_self_host"),
            ("INFISICAL_BASE_URL", &self.address()),
            ("INFISICAL_CLIENT_ID", Self::CLIENT_ID),
            ("INFISICAL_CLIENT_SECRET", Self::CLIENT_SECRET),
        ])
    }

    /// As [`settings`](Self::settings), with an access token in place of universal auth, such as one of
    /// [`add_token`](Self::add_token).
    pub fn token_settings(&self, token: &str) -> Settings {
        self.table(&[
            ("SECRETS_PROVIDER", "infisical_self_host"),
            ("INFISICAL_BASE_URL", &self.address()),
            ("INFISICAL_TOKEN", token),
        ])
    }

    /// As [`settings`](Self::settings), with a service token in place of universal auth; see
    /// [`add_service_token`](Self::add_service_token).
    pub fn service_token_settings(&self, token: &str) -> Settings {
        self.table(&[
            ("SECRETS_PROVIDER", "infisical_self_host"),
            ("INFISICAL_BASE_URL", &self.address()),
            ("INFISICAL_SERVICE_TOKEN", token),
        ])
    }

    /// As [`settings`](Self::settings), over TLS and with the authority of the certificate. No file is on a disk: who
    /// reads `INFISICAL_CA_BUNDLE_PATH` through the settings finds it.
    pub fn tls_settings(&self) -> Settings {
        self.table(&[
            ("SECRETS_PROVIDER", "infisical_self_host"),
            ("INFISICAL_BASE_URL", &self.tls_address()),
            ("INFISICAL_CLIENT_ID", Self::CLIENT_ID),
            ("INFISICAL_CLIENT_SECRET", Self::CLIENT_SECRET),
            ("INFISICAL_CA_BUNDLE_PATH", CA_FILE),
        ])
    }

    /// As [`tls_settings`](Self::tls_settings), for the provider `infisical_cloud`: without a base URL, so that the
    /// one of the provider is used. That is the fake, behind its [proxy](Self::proxy_address).
    pub fn cloud_settings(&self) -> Settings {
        self.table(&[
            ("SECRETS_PROVIDER", "infisical_cloud"),
            ("INFISICAL_CLIENT_ID", Self::CLIENT_ID),
            ("INFISICAL_CLIENT_SECRET", Self::CLIENT_SECRET),
            ("INFISICAL_CA_BUNDLE_PATH", CA_FILE),
            ("SECRETS_PROXY", &self.proxy_address()),
        ])
    }

    fn table(&self, pairs: &[(&'static str, &str)]) -> Settings {
        let project = [
            ("INFISICAL_PROJECT_ID", Self::PROJECT_ID),
            ("INFISICAL_ENVIRONMENT", Self::ENVIRONMENT),
        ];
        let all = pairs.iter().copied().chain(project);
        let variables = all.map(|(name, value)| (name, value.to_owned())).collect();
        Settings::new(Table { variables, ca_pem: self.ca_pem().to_owned() })
    }
}

impl Environment for Table {
    fn var(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).map(OsString::from)
    }

    fn names(&self) -> Vec<String> {
        self.variables.keys().map(ToString::to_string).collect()
    }

    fn read_file(&self, path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
        match path.to_str() {
            Some(CA_FILE) if self.ca_pem.len() <= max_bytes => Ok(self.ca_pem.clone().into_bytes()),
            Some(CA_FILE) => Err(io::ErrorKind::FileTooLarge.into()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Names, no values.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

const CA_FILE: &str = "/fake-infisical/ca.pem";
