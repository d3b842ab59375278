//! Azure Key Vault as one of several providers.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use crate::azure::operation::Door;
use crate::azure::state::State;
use crate::azure::{HOSTS, Servers, server};
use crate::fake::{Opening, as_fields};
use crate::server::lock;
use crate::{Fake, FakeAzure, Fault, On, Script, TlsFront, Variables, script, tunnel};

impl Fake for FakeAzure {
    fn variables(&self) -> Variables {
        self.own_variables()
            .with("AZURE_TENANT_ID", Self::TENANT_ID)
            .with("AZURE_CLIENT_ID", Self::CLIENT_ID)
            .with("AZURE_CLIENT_SECRET", Self::CLIENT_SECRET)
    }

    fn try_delete(&self, name: &str) -> Result<(), String> {
        self.try_to_delete(&native(name)?).map_err(|refusal| refusal.to_string())
    }

    fn fault(&self, fault: Fault) {
        Self::fault(self, fault);
    }

    fn play(&self, script: Script) {
        let host = self.address();
        let challenge = self.lock().challenge(host.trim_start_matches("https://"));
        // Whoever is refused is told where tokens come from.
        Self::fault(
            self,
            script.fault(|on, why| match refusal(on, why) {
                fault if why == script::Refusal::Token => {
                    fault.header("www-authenticate", &challenge)
                }
                fault => fault,
            }),
        );
    }

    fn clear_faults(&self) {
        Self::clear_faults(self);
    }

    fn requests(&self) -> usize {
        self.lock().calls.len()
    }

    fn open(opening: Opening) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::new(opening.clock)));
        let (vault, identity) = (server(&state, Door::Tls)?, server(&state, Door::Plain)?);
        let front =
            TlsFront::start_for(&HOSTS, opening.port, vault.address(), opening.certificate)?;
        lock(&state).authority = front.url();
        let proxy = tunnel::start(&HOSTS, front.address())?;
        Ok(Self { state, servers: Arc::new(Servers { front, identity, proxy, _vault: vault }) })
    }

    fn set_signing_key(&self, name: &str) {
        self.lock().signing_key = Some(name.to_owned());
    }

    fn put_value(&self, name: &str, value: &str) -> Result<(), String> {
        let put = self.try_put(&native(name)?, value);
        put.map(drop).map_err(|refusal| refusal.to_string())
    }

    fn fields(&self, name: &str) -> Map<String, Value> {
        let Ok(name) = native(name) else { return Map::new() };
        let state = self.lock();
        let found = state.vault.get(&name, None).ok();
        as_fields(found.map(|(_, version)| version.value.clone()))
    }
}

impl FakeAzure {
    /// As [`settings`](Self::settings), with the identity of a machine in place of an application. They name the
    /// authority all the same, as the vault's challenge does.
    pub fn managed_identity_variables(&self) -> Variables {
        self.own_variables()
            .with("AZURE_AUTH_METHOD", "managed_identity")
            .with("AZURE_POD_IDENTITY_AUTHORITY_HOST", &self.identity_address())
    }

    /// As [`settings`](Self::settings), with an assertion in place of a client secret. It is in the file
    /// `/fake/token` of the variables, which always holds what [`set_assertion`](Self::set_assertion) or
    /// [`set_token_file`](Self::set_token_file) said last.
    pub fn workload_identity_variables(&self) -> Variables {
        let state = Arc::clone(&self.state);
        let token = move || lock(&state).token_file.clone();
        self.own_variables()
            .with("AZURE_TENANT_ID", Self::TENANT_ID)
            .with("AZURE_CLIENT_ID", Self::CLIENT_ID)
            .with_file("AZURE_FEDERATED_TOKEN_FILE", "/fake/token", token)
    }

    /// As [`settings`](Self::settings), with the URLs of Azure: the vault has a name of Key Vault's, which its
    /// challenge is verified against, and tokens come from Microsoft's authority. Both are the fake, behind its
    /// [proxy](Self::proxy_address).
    pub fn cloud_variables(&self) -> Variables {
        self.trusting(Variables::new([
            ("SECRETS_PROVIDER", "azure_kv"),
            ("AZURE_KEY_VAULT_URL", &format!("https://{}", Self::VAULT_HOST)),
            ("AZURE_TENANT_ID", Self::TENANT_ID),
            ("AZURE_CLIENT_ID", Self::CLIENT_ID),
            ("AZURE_CLIENT_SECRET", Self::CLIENT_SECRET),
            ("SECRETS_PROXY", &self.proxy_address()),
        ]))
    }

    /// All but the credential.
    fn own_variables(&self) -> Variables {
        self.trusting(Variables::new([
            ("SECRETS_PROVIDER", "azure_kv"),
            ("AZURE_KEY_VAULT_URL", &self.address()),
            ("AZURE_AUTHORITY_HOST", &self.address()),
            // No vault's host is on loopback.
            ("AZURE_KV_VERIFY_CHALLENGE_RESOURCE", "false"),
        ]))
    }

    fn trusting(&self, variables: Variables) -> Variables {
        let ca = self.ca_pem().to_owned();
        variables
            .with_file("AZURE_KV_CA_BUNDLE_PATH", "/fake/ca.pem", move || ca.clone())
            .with_some("AZURE_KV_SIGNING_SECRET_NAME", self.lock().signing_key.as_deref())
    }
}

/// The name that Key Vault knows a secret by, where it can know it by one, and by one that is no other's.
///
/// # Errors
/// If not, with what would be right.
fn native(name: &str) -> Result<String, String> {
    let is_allowed = |segment: &str| {
        let letters = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        letters && !segment.contains("--") && !segment.starts_with('-') && !segment.ends_with('-')
    };
    match name.split('/').all(is_allowed) {
        true => Ok(name.replace('/', "--")),
        false => {
            Err("Key Vault has letters, digits and `-` in names, and `--` is for `/`".to_owned())
        }
    }
}

fn refusal(on: On, refusal: script::Refusal) -> Fault {
    let (status, code, inner) = match refusal {
        script::Refusal::Token => (401, "Unauthorized", None),
        script::Refusal::Rate => (429, "Throttled", None),
        script::Refusal::Outage => (503, "ServiceUnavailable", None),
        script::Refusal::Rights => (403, "Forbidden", Some("ForbiddenByRbac")),
    };
    FakeAzure::error(on, status, code, inner)
}
