//! A JWT that somebody else has signed: that of a Kubernetes service account, or of any issuer.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::Serialize;
use strongroom_core::{Error, ErrorKind, Key, Result, SecretName, SecretValue, Settings};
use strongroom_http::Token;

use super::config::JWT_FILE;
use super::login::Method;
use super::{credential_fault, wire};
use crate::server::Server;

/// Logs in with the JWT in a file, which its issuer replaces before it expires: it is read at each login.
#[derive(Debug)]
pub(super) struct Jwt {
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
        settings: Settings,
        mount: SecretName,
        role: String,
        file: Key,
    ) -> Result<Self> {
        let jwt = Self { settings, mount, role, file, last: Mutex::default() };
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
}

#[async_trait]
impl Method for Jwt {
    const SETTING: &'static str = JWT_FILE.name;

    async fn log_in(&self, server: &Server) -> Result<Token> {
        let jwt = self.read()?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(jwt.clone());
        let body = LoginRequest { role: &self.role, jwt: jwt.expose_str()? };
        let refused = "the server does not accept the JWT for the role of VAULT_ROLE: it is expired, of another issuer or audience, or the role is not there or not for it";
        wire::log_in(server, &self.mount, &body, refused).await
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
