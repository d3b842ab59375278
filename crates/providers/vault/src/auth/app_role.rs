//! AppRole: a role id and a secret id, which may come wrapped.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use strongroom_core::{Error, ErrorKind, Key, Result, SecretName, SecretValue, Settings};
use strongroom_http::{Lease, Token, json_body};
use zeroize::Zeroizing;

use super::config::{ROLE_ID, SECRET_ID};
use super::login::Method;
use super::{credential_fault, wire};
use crate::classify;
use crate::server::{Call, Server, words};

/// Logs in with AppRole.
#[derive(Debug)]
pub(super) struct AppRole {
    settings: Settings,
    mount: SecretName,
    is_wrapped: bool,
    last: Mutex<Option<Credentials>>,
    /// What a wrapping token held: it gives that once.
    unwrapped: Mutex<Option<Unwrapped>>,
    /// The wrapping token that was sent to be unwrapped last.
    sent: Mutex<Option<SecretValue>>,
}

/// What the settings say. The secret id may be a wrapping token.
#[derive(Clone, Debug)]
struct Credentials {
    role_id: SecretValue,
    secret_id: SecretValue,
}

#[derive(Clone, Debug)]
struct Unwrapped {
    wrapping: SecretValue,
    secret_id: SecretValue,
}

impl AppRole {
    /// # Errors
    /// `Misconfigured` if role id or secret id are not set or cannot be such.
    pub(super) fn new(settings: Settings, mount: SecretName, is_wrapped: bool) -> Result<Self> {
        Credentials::read(&settings)?;
        let (last, unwrapped, sent) = Default::default();
        Ok(Self { settings, mount, is_wrapped, last, unwrapped, sent })
    }

    /// The secret id in a wrapping token: asked for once, and then remembered.
    async fn unwrap(&self, server: &Server, wrapping: &SecretValue) -> Result<SecretValue> {
        let known = lock(&self.unwrapped).clone();
        if let Some(known) = known.filter(|known| known.wrapping.ct_eq(wrapping)) {
            return Ok(known.secret_id);
        }
        let was_sent = lock(&self.sent).as_ref().is_some_and(|sent| sent.ct_eq(wrapping));
        let used_up = || if was_sent { lost() } else { used_up() };
        self.check_origin(server, wrapping, used_up).await?;
        let token = Token::new(wrapping.clone(), Lease::Unknown);
        let call = Call::post(words(&["sys", "wrapping", "unwrap"]), Zeroizing::default());
        *lock(&self.sent) = Some(wrapping.clone());
        let response = server.send(&call, Some(&token)).await?;
        match response.status() {
            200 => {
                let Unwrap { data: Wrapped { secret_id } } = response.json()?;
                let unwrapped = Unwrapped { wrapping: wrapping.clone(), secret_id };
                *lock(&self.unwrapped) = Some(unwrapped.clone());
                Ok(unwrapped.secret_id)
            }
            400 | 403 if classify::is_ours(&response) => {
                Err(classify::said(&response).unwrap_or_else(used_up))
            }
            _ => Err(classify::of_login(&response)),
        }
    }

    /// A wrapping token that was made for something else has been slipped in: what it holds is not used, and
    /// stays in it as evidence.
    ///
    /// Vault API: `POST /v1/sys/wrapping/lookup`, which takes no token.
    async fn check_origin(
        &self,
        server: &Server,
        wrapping: &SecretValue,
        used_up: impl FnOnce() -> Error,
    ) -> Result<()> {
        let body = json_body(&LookupRequest { token: wrapping.expose_str()? })?;
        let call = Call::post(words(&["sys", "wrapping", "lookup"]), body);
        let response = server.send(&call, None).await?;
        match response.status() {
            200 => {}
            400 | 403 if classify::is_ours(&response) => {
                return Err(classify::said(&response).unwrap_or_else(used_up));
            }
            _ => return Err(classify::of_login(&response)),
        }
        let Lookup { data: Origin { creation_path } } = response.json()?;
        let role =
            creation_path.strip_prefix(&format!("auth/{}/role/", self.mount)).and_then(|rest| {
                rest.strip_suffix("/secret-id").or_else(|| rest.strip_suffix("/custom-secret-id"))
            });
        match role {
            Some(role) if !role.is_empty() && !role.contains('/') => Ok(()),
            _ => {
                let message = format!(
                    "the wrapping token was not made by `auth/{}/role/ROLE/secret-id`; somebody may have replaced it, and it was not unwrapped",
                    self.mount
                );
                Err(Error::new(ErrorKind::Unauthenticated, message))
            }
        }
    }
}

#[async_trait]
impl Method for AppRole {
    const SETTING: &'static str = SECRET_ID.name;
    const LOCKS_OUT: bool = true;

    async fn log_in(&self, server: &Server) -> Result<Token> {
        let credentials = Credentials::read(&self.settings)?;
        *lock(&self.last) = Some(credentials.clone());
        let secret_id = match self.is_wrapped {
            true => self.unwrap(server, &credentials.secret_id).await?,
            false => credentials.secret_id,
        };
        let body = LoginRequest {
            role_id: credentials.role_id.expose_str()?,
            secret_id: secret_id.expose_str()?,
        };
        let refused = "the server does not accept the role id with this secret id: one of them is wrong, used up or expired";
        wire::log_in(server, &self.mount, &body, refused).await
    }

    fn has_new_credentials(&self) -> bool {
        let last = lock(&self.last).clone();
        match (Credentials::read(&self.settings), last) {
            (Ok(now), Some(last)) => {
                !(now.role_id.ct_eq(&last.role_id) && now.secret_id.ct_eq(&last.secret_id))
            }
            _ => false,
        }
    }
}

impl Credentials {
    fn read(settings: &Settings) -> Result<Self> {
        let read = |key: &Key| {
            let value = settings.secret(key)?.ok_or_else(|| Settings::missing(key))?;
            match credential_fault(value.expose()) {
                Some(fault) => Err(Error::new(ErrorKind::Misconfigured, fault).with_key(key.name)),
                None => Ok(value),
            }
        };
        Ok(Self { role_id: read(&ROLE_ID)?, secret_id: read(&SECRET_ID)? })
    }
}

fn used_up() -> Error {
    let message = "the wrapping token is used up, expired or unknown: it can be unwrapped once. If nobody of yours has done so, somebody else may have the secret id; have a new one wrapped";
    Error::new(ErrorKind::Unauthenticated, message)
}

fn lost() -> Error {
    let message = "the wrapping token was unwrapped by this process, and the answer was lost on its way; have a new one wrapped";
    Error::new(ErrorKind::Unauthenticated, message)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Serialize)]
struct LoginRequest<'a> {
    role_id: &'a str,
    secret_id: &'a str,
}

#[derive(Serialize)]
struct LookupRequest<'a> {
    token: &'a str,
}

#[derive(Deserialize)]
struct Lookup {
    data: Origin,
}

#[derive(Deserialize)]
struct Origin {
    creation_path: String,
}

#[derive(Deserialize)]
struct Unwrap {
    data: Wrapped,
}

#[derive(Deserialize)]
struct Wrapped {
    secret_id: SecretValue,
}
