//! A JWT that somebody else has signed: that of a Kubernetes service account, or of any issuer.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::Serialize;
use strongroom_core::{Error, ErrorKind, Key, Result, SecretName, SecretValue, Settings};
use strongroom_http::{Login, Token};

use super::{credential_fault, wire};
use crate::server::Server;

/// Logs in with the JWT in a file, which its issuer replaces before it expires: it is read at each login.
#[derive(Debug)]
pub(super) struct Jwt {
    server: Arc<Server>,
    settings: Settings,
    mount: SecretName,
    role: String,
    file: Key,
    last: Mutex<Option<SecretValue>>,
}

impl Jwt {
    /// # Errors
    /// `Misconfigured` if the file cannot be read or holds no JWT.
    pub(super) fn new(
        server: Arc<Server>,
        settings: Settings,
        mount: SecretName,
        role: String,
        file: Key,
    ) -> Result<Self> {
        let jwt = Self { server, settings, mount, role, file, last: Mutex::default() };
        jwt.read()?;
        Ok(jwt)
    }

    fn read(&self) -> Result<SecretValue> {
        let file = self.settings.secret_file(&self.file)?;
        let jwt = file.ok_or_else(|| Settings::missing(&self.file))?;
        let refuse =
            |fault| Err(Error::new(ErrorKind::Misconfigured, fault).with_key(self.file.name));
        match credential_fault(jwt.expose()) {
            Some(fault) => refuse(fault),
            // RFC 7515, section 3.1: header, payload and signature.
            None if jwt.expose().split(|byte| *byte == b'.').count() != 3 => {
                refuse("holds no JWT: expected three parts with dots between them")
            }
            None => Ok(jwt),
        }
    }

    async fn log_in(&self) -> Result<Token> {
        let jwt = self.read()?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(jwt.clone());
        let body = LoginRequest { role: &self.role, jwt: jwt.expose_str()? };
        let refused = "the server does not accept the JWT for the role of VAULT_ROLE: it is expired, of another issuer or audience, or the role is not there or not for it";
        wire::log_in(&self.server, &self.mount, &body, refused).await
    }
}

#[async_trait]
impl Login for Jwt {
    async fn login(&self) -> Result<Token> {
        self.log_in()
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Unauthenticated => error.with_key(self.file.name),
                _ => error,
            })
            .map_err(self.server.located("login"))
    }

    async fn renew(&self, token: &Token) -> Result<Token> {
        wire::renew(&self.server, token).await
    }

    async fn is_alive(&self, token: &Token) -> Result<bool> {
        wire::is_alive(&self.server, token).await
    }

    fn has_new_credentials(&self) -> bool {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (self.read(), last) {
            (Ok(now), Some(last)) => !now.ct_eq(&last),
            _ => false,
        }
    }
}

#[derive(Serialize)]
struct LoginRequest<'a> {
    role: &'a str,
    jwt: &'a str,
}
