//! Logins, renewals and lookups on the wire.

use std::time::Duration;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use strongroom_core::{Error, ErrorKind, Moment, Result, SecretName, SecretValue};
use strongroom_http::{Lease, Response, Token, json_body};

use crate::classify;
use crate::server::{Call, Server, path, words};

/// Logs in at a mount with a body, and reads the token.
///
/// Vault API: `POST /v1/auth/{mount}/login`.
///
/// # Errors
/// `Unauthenticated` with `refused` if the credentials are not taken.
pub(super) async fn log_in(
    server: &Server,
    mount: &SecretName,
    body: &impl Serialize,
    refused: &'static str,
) -> Result<Token> {
    let mut place = words(&["auth"]);
    place.extend(path(mount, &["login"], None));
    let since = Moment::now(&*server.clock);
    let response = server.send(&Call::post(place, json_body(body)?), None).await?;
    match response.status() {
        200 => token(&response, since),
        400 | 401 | 403 if classify::is_ours(&response) => Err(match classify::said(&response) {
            Some(said) => said,
            None if response.status() == 403 => {
                let message = format!(
                    "logins at `auth/{mount}` are refused: nothing is mounted there (VAULT_AUTH_MOUNT, VAULT_NAMESPACE), the credentials are not accepted from here, or the account is locked after refused logins (`sys/locked-users`)"
                );
                Error::new(ErrorKind::Unauthenticated, message)
            }
            None => Error::new(ErrorKind::Unauthenticated, refused),
        }),
        _ => Err(classify::of_login(&response)),
    }
}

/// Makes a token live longer by its own period or as long as its role allows.
///
/// Vault API: `POST /v1/auth/token/renew-self`.
///
/// # Errors
/// `Unsupported` if it cannot be renewed; `Unauthenticated` if it is not accepted.
pub(super) async fn renew(server: &Server, held: &Token) -> Result<Token> {
    let call = Call::post(words(&["auth", "token", "renew-self"]), b"{}".to_vec().into());
    let since = Moment::now(&*server.clock);
    let response = server.send(&call, Some(held)).await?;
    match response.status() {
        200 => {
            let Granted { lease_duration, renewable, .. } = granted(&response)?;
            let lease = lease(since, lease_duration, renewable);
            Ok(Token::new(held.value().clone(), lease))
        }
        400 if classify::is_ours(&response) => {
            Err(Error::new(ErrorKind::Unsupported, "the token cannot be renewed"))
        }
        403 if classify::is_ours(&response) => {
            Err(Error::new(ErrorKind::Unauthenticated, "the token is not accepted any more"))
        }
        // In the last second before its role's limit.
        500 if classify::is_past_its_limit(&response) => {
            Err(Error::new(ErrorKind::Unsupported, "the token cannot be renewed any more"))
        }
        _ => Err(classify::of_login(&response)),
    }
}

/// What the server says of a token. Takes one of its uses.
///
/// Vault API: `GET /v1/auth/token/lookup-self`.
///
/// # Errors
/// `Unauthenticated` if it is not accepted; `PermissionDenied` if it may not ask.
pub(crate) async fn look_up(server: &Server, token: Option<&Token>) -> Result<About> {
    let call = Call::get(words(&["auth", "token", "lookup-self"]));
    let response = server.send(&call, token).await?;
    match response.status() {
        200 => Ok(response.json::<LookUp>()?.data),
        403 if classify::knows_the_token(&response) => {
            let message = "the token is accepted, and may not ask about itself";
            Err(Error::new(ErrorKind::PermissionDenied, message))
        }
        403 if classify::is_ours(&response) => {
            Err(Error::new(ErrorKind::Unauthenticated, "the token is not accepted"))
        }
        _ => Err(classify::of_login(&response)),
    }
}

/// Whether a token is accepted.
pub(super) async fn is_alive(server: &Server, token: &Token) -> Result<bool> {
    match look_up(server, Some(token)).await {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            ErrorKind::PermissionDenied => Ok(true),
            ErrorKind::Unauthenticated => Ok(false),
            _ => Err(error),
        },
    }
}

/// A token with what a lookup says of its lease.
pub(super) fn known(value: &SecretValue, since: Moment, about: &About) -> Token {
    let lease = match about.is_endless() {
        true => Lease::Endless,
        false => lease(since, about.left().as_secs(), about.renewable),
    };
    let token = Token::new(value.clone(), lease);
    with_uses(token, about.num_uses)
}

fn lease(since: Moment, seconds: u64, renewable: bool) -> Lease {
    match seconds {
        0 => Lease::Endless,
        _ => Lease::Ends { since, length: Duration::from_secs(seconds), renewable },
    }
}

fn token(response: &Response, since: Moment) -> Result<Token> {
    let Granted { client_token, lease_duration, renewable, num_uses, mfa_requirement } =
        granted(response)?;
    if mfa_requirement.is_some() {
        let message = "the login asks for a second factor, which a service cannot give; use a role without one";
        return Err(Error::new(ErrorKind::Misconfigured, message));
    }
    let Some(value) = client_token.filter(|token| !token.is_empty()) else {
        return Err(response.malformed());
    };
    let token = Token::new(value, lease(since, lease_duration, renewable));
    Ok(with_uses(token, num_uses.unwrap_or_default()))
}

/// Of one that is used up, the server says -1.
fn with_uses(token: Token, uses: i64) -> Token {
    match uses {
        0 => token,
        uses => token.limited(uses.try_into().unwrap_or_default()),
    }
}

fn granted(response: &Response) -> Result<Granted> {
    response.json::<LoginResponse>()?.auth.ok_or_else(|| response.malformed())
}

#[derive(Deserialize)]
struct LoginResponse {
    auth: Option<Granted>,
}

#[derive(Deserialize)]
struct Granted {
    client_token: Option<SecretValue>,
    lease_duration: u64,
    renewable: bool,
    num_uses: Option<i64>,
    mfa_requirement: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct LookUp {
    data: About,
}

/// What a server says of a token. Its id and accessor are not read.
#[derive(Debug, Deserialize)]
pub(crate) struct About {
    /// Seconds that are left; 0 and no `expire_time`: it does not end.
    pub(crate) ttl: i64,
    pub(crate) expire_time: Option<String>,
    #[serde(default)]
    pub(crate) renewable: bool,
    #[serde(default)]
    pub(crate) num_uses: i64,
    pub(crate) policies: Vec<String>,
    #[serde(default, rename = "type")]
    pub(crate) kind: String,
}

impl About {
    /// How long it lives from when this was said.
    pub(crate) fn left(&self) -> Duration {
        Duration::from_secs(self.ttl.try_into().unwrap_or_default())
    }

    pub(crate) fn is_endless(&self) -> bool {
        self.ttl == 0 && self.expire_time.is_none()
    }
}
