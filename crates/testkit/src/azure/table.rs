//! Settings that name files, without files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use strongroom_core::{Environment, Settings};

use crate::azure::state::State;
use crate::azure::{FakeAzure, lock};

/// The variables that a program would have, and two files that are not on any disk.
struct Table {
    variables: BTreeMap<&'static str, String>,
    ca_pem: String,
    state: Arc<Mutex<State>>,
}

impl FakeAzure {
    /// What a program needs to use this server: the provider `azure_kv`, the address, the authority of its
    /// certificate, and a client secret. No file is on a disk: who reads `AZURE_KV_CA_BUNDLE_PATH` through the
    /// settings finds it.
    pub fn settings(&self) -> Settings {
        self.table([
            ("AZURE_TENANT_ID", Self::TENANT_ID.to_owned()),
            ("AZURE_CLIENT_ID", Self::CLIENT_ID.to_owned()),
            ("AZURE_CLIENT_SECRET", Self::CLIENT_SECRET.to_owned()),
        ])
    }

    /// As [`settings`](Self::settings), with the identity of a machine in place of an application. They name the
    /// authority all the same, as the vault's challenge does.
    pub fn managed_identity_settings(&self) -> Settings {
        self.table([
            ("AZURE_AUTH_METHOD", "managed_identity".to_owned()),
            ("AZURE_POD_IDENTITY_AUTHORITY_HOST", self.identity_address()),
        ])
    }

    /// As [`settings`](Self::settings), with an assertion in place of a client secret. It is in the file
    /// `/fake-azure/token` of the settings, which always holds what [`set_assertion`](Self::set_assertion) or
    /// [`set_token_file`](Self::set_token_file) said last.
    pub fn workload_identity_settings(&self) -> Settings {
        self.table([
            ("AZURE_TENANT_ID", Self::TENANT_ID.to_owned()),
            ("AZURE_CLIENT_ID", Self::CLIENT_ID.to_owned()),
            ("AZURE_FEDERATED_TOKEN_FILE", TOKEN_FILE.to_owned()),
        ])
    }

    /// As [`settings`](Self::settings), with the URLs of Azure: the vault has a name of Key Vault's, which its
    /// challenge is verified against, and tokens come from Microsoft's authority. Both are the fake, behind its
    /// [proxy](Self::proxy_address).
    pub fn cloud_settings(&self) -> Settings {
        let (ca_pem, state) = (self.ca_pem().to_owned(), Arc::clone(&self.state));
        let variables = BTreeMap::from([
            ("SECRETS_PROVIDER", "azure_kv".to_owned()),
            ("AZURE_KEY_VAULT_URL", format!("https://{}", Self::VAULT_HOST)),
            ("AZURE_TENANT_ID", Self::TENANT_ID.to_owned()),
            ("AZURE_CLIENT_ID", Self::CLIENT_ID.to_owned()),
            ("AZURE_CLIENT_SECRET", Self::CLIENT_SECRET.to_owned()),
            ("AZURE_KV_CA_BUNDLE_PATH", CA_FILE.to_owned()),
            ("SECRETS_PROXY", self.proxy_address()),
        ]);
        Settings::new(Table { variables, ca_pem, state })
    }

    fn table<const N: usize>(&self, more: [(&'static str, String); N]) -> Settings {
        let mut variables = BTreeMap::from(more);
        variables.extend([
            ("SECRETS_PROVIDER", "azure_kv".to_owned()),
            ("AZURE_KEY_VAULT_URL", self.address()),
            ("AZURE_AUTHORITY_HOST", self.address()),
            ("AZURE_KV_CA_BUNDLE_PATH", CA_FILE.to_owned()),
            ("AZURE_KV_VERIFY_CHALLENGE_RESOURCE", "false".to_owned()),
        ]);
        let (ca_pem, state) = (self.ca_pem().to_owned(), Arc::clone(&self.state));
        Settings::new(Table { variables, ca_pem, state })
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
        let content = match path.to_str() {
            Some(CA_FILE) => self.ca_pem.clone(),
            Some(TOKEN_FILE) => lock(&self.state).token_file.clone(),
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        match content.len() <= max_bytes {
            true => Ok(content.into_bytes()),
            false => Err(io::ErrorKind::FileTooLarge.into()),
        }
    }
}

/// Names, no values.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

const CA_FILE: &str = "/fake-azure/ca.pem";
const TOKEN_FILE: &str = "/fake-azure/token";
