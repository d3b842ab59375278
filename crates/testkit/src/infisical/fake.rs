//! Infisical as one of several providers.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use crate::fake::{Opening, as_fields};
use crate::infisical::state::State;
use crate::infisical::{HOSTS, Servers};
use crate::server::{Server, lock};
use crate::{Fake, FakeInfisical, Fault, On, Script, TlsFront, Variables, script, tunnel};

impl Fake for FakeInfisical {
    fn variables(&self) -> Variables {
        let variables = match self.servers.is_tls {
            true => self.trusting().with("INFISICAL_BASE_URL", &self.tls_address()),
            false => self.common().with("INFISICAL_BASE_URL", &self.address()),
        };
        universal(variables)
    }

    fn try_delete(&self, name: &str) -> Result<(), String> {
        let (path, key) = native(name);
        match self.delete(&path, key) {
            true => Ok(()),
            false => Err("there is no such secret".to_owned()),
        }
    }

    fn fault(&self, fault: Fault) {
        Self::fault(self, fault);
    }

    fn play(&self, script: Script) {
        Self::fault(self, script.fault(refusal));
    }

    fn clear_faults(&self) {
        Self::clear_faults(self);
    }

    fn requests(&self) -> usize {
        self.lock().calls.len()
    }

    fn open(opening: Opening) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::new(opening.clock)));
        let shared = Arc::clone(&state);
        let (tls_port, port) = if opening.tls { (opening.port, 0) } else { (0, opening.port) };
        let plain = Server::start(port, move |request| lock(&shared).respond(request))?;
        let front = TlsFront::start_for(&HOSTS, tls_port, plain.address(), opening.certificate)?;
        let proxy = tunnel::start(&HOSTS, front.address())?;
        let is_tls = opening.tls;
        Ok(Self { state, servers: Arc::new(Servers { plain, front, proxy, is_tls }) })
    }

    fn set_signing_key(&self, name: &str) {
        self.lock().signing_key = Some(name.to_owned());
    }

    fn put_value(&self, name: &str, value: &str) -> Result<(), String> {
        let (path, key) = native(name);
        self.put(&path, key, value);
        Ok(())
    }

    fn fields(&self, name: &str) -> Map<String, Value> {
        let (path, key) = native(name);
        as_fields(self.value_of(&path, key))
    }
}

impl FakeInfisical {
    /// As [`settings`](Self::settings), with an access token in place of universal auth, such as one of
    /// [`add_token`](Self::add_token).
    pub fn token_variables(&self, token: &str) -> Variables {
        self.common().with("INFISICAL_BASE_URL", &self.address()).with("INFISICAL_TOKEN", token)
    }

    /// As [`settings`](Self::settings), with a service token in place of universal auth; see
    /// [`add_service_token`](Self::add_service_token).
    pub fn service_token_variables(&self, token: &str) -> Variables {
        let address = self.address();
        self.common().with("INFISICAL_BASE_URL", &address).with("INFISICAL_SERVICE_TOKEN", token)
    }

    /// As [`settings`](Self::settings), over TLS and with the authority of the certificate.
    pub fn tls_variables(&self) -> Variables {
        universal(self.trusting().with("INFISICAL_BASE_URL", &self.tls_address()))
    }

    /// As [`tls_variables`](Self::tls_variables), for the provider `infisical_cloud`: without a base URL, so that the
    /// one of the provider is used. That is the fake, behind its [proxy](Self::proxy_address).
    pub fn cloud_variables(&self) -> Variables {
        let variables = self.trusting().with("SECRETS_PROVIDER", "infisical_cloud");
        universal(variables.with("SECRETS_PROXY", &self.proxy_address()))
    }

    /// All but the way there and the credential.
    fn common(&self) -> Variables {
        let variables = Variables::new([
            ("SECRETS_PROVIDER", "infisical_self_host"),
            ("INFISICAL_PROJECT_ID", Self::PROJECT_ID),
            ("INFISICAL_ENVIRONMENT", Self::ENVIRONMENT),
        ]);
        variables.with_some("INFISICAL_SIGNING_SECRET_NAME", self.lock().signing_key.as_deref())
    }

    fn trusting(&self) -> Variables {
        let ca = self.ca_pem().to_owned();
        self.common().with_file("INFISICAL_CA_BUNDLE_PATH", "/fake/ca.pem", move || ca.clone())
    }
}

fn universal(variables: Variables) -> Variables {
    variables
        .with("INFISICAL_CLIENT_ID", FakeInfisical::CLIENT_ID)
        .with("INFISICAL_CLIENT_SECRET", FakeInfisical::CLIENT_SECRET)
}

/// The folder and the key that Infisical knows a secret by.
fn native(name: &str) -> (String, &str) {
    match name.rsplit_once('/') {
        Some((folder, key)) => (format!("/{folder}"), key),
        None => ("/".to_owned(), name),
    }
}

fn refusal(on: On, refusal: script::Refusal) -> Fault {
    let (status, name, text) = match refusal {
        script::Refusal::Token => (401, "UnauthorizedError", "Token missing"),
        script::Refusal::Rate => (429, "RateLimitExceeded", "Rate limit exceeded."),
        script::Refusal::Outage => (503, "DatabaseError", "Failed to execute db ops"),
        script::Refusal::Rights => {
            (403, "PermissionDenied", "You are not allowed to readValue on secrets")
        }
    };
    FakeInfisical::error(on, status, name, text)
}
