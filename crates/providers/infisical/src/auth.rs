//! Who we are: a machine identity, or a token that somebody else made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use strongroom_core::{Clock, Error, ErrorKind, Key, Moment, Result, SecretValue, Settings};
use strongroom_http::{Client, Lease, Login, Method, Request, Response, Token, json_body};

use crate::classify;

pub(crate) const CLIENT_ID: Key =
    Key::text("INFISICAL_CLIENT_ID", "client id of a machine identity's universal auth");
pub(crate) const CLIENT_SECRET: Key = Key::secret(
    "INFISICAL_CLIENT_SECRET",
    "its client secret; `INFISICAL_CLIENT_SECRET_FILE` is read at each login",
);
pub(crate) const TOKEN: Key = Key::secret(
    "INFISICAL_TOKEN",
    "an access token of a machine identity; `INFISICAL_TOKEN_FILE` is read again when the server refuses it",
);
pub(crate) const SERVICE_TOKEN: Key =
    Key::secret("INFISICAL_SERVICE_TOKEN", "a service token, which Infisical has deprecated");

/// What a service token begins with.
const SERVICE: &[u8] = b"st.";

/// Which of the three it is. What it holds is read when it is needed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Credential {
    /// Client id and client secret.
    UniversalAuth,
    /// An access token.
    Token,
    /// A service token.
    ServiceToken,
}

impl Credential {
    /// # Errors
    /// `Misconfigured` unless it is exactly one, and can be such.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let is_client = settings.is_set(&CLIENT_ID) || settings.is_set(&CLIENT_SECRET);
        let set = [
            (is_client, CLIENT_SECRET, Self::UniversalAuth),
            (settings.is_set(&TOKEN), TOKEN, Self::Token),
            (settings.is_set(&SERVICE_TOKEN), SERVICE_TOKEN, Self::ServiceToken),
        ];
        let mut set = set.into_iter().filter_map(|(is_set, key, one)| is_set.then_some((key, one)));
        let credential = match (set.next(), set.next()) {
            (Some((_, credential)), None) => credential,
            (Some((one, _)), Some((other, _))) => {
                let message = format!("is set, and {} is, too; set one of them", one.name);
                return Err(Error::new(ErrorKind::Misconfigured, message).with_key(other.name));
            }
            (None, _) => {
                let message = format!(
                    "is not set, and neither {} nor {} is; it is {}",
                    TOKEN.name, SERVICE_TOKEN.name, CLIENT_ID.meaning
                );
                return Err(Error::new(ErrorKind::Misconfigured, message).with_key(CLIENT_ID.name));
            }
        };
        credential.parts(settings)?;
        Ok(credential)
    }

    /// The setting that a person has to look at when the server does not know us.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Self::UniversalAuth => CLIENT_SECRET.name,
            Self::Token => TOKEN.name,
            Self::ServiceToken => SERVICE_TOKEN.name,
        }
    }

    /// The client id, where there is one, and the secret, as they are now.
    fn parts(self, settings: &Settings) -> Result<(String, SecretValue)> {
        let secret = |key: &Key| {
            let value = settings.secret(key)?.ok_or_else(|| Settings::missing(key))?;
            let is_service = value.expose().starts_with(SERVICE);
            let fault = if value.expose().iter().any(|byte| !(b'!'..=b'~').contains(byte)) {
                "has white space or other characters that no credential has"
            } else if is_service && self != Self::ServiceToken {
                "is a service token; set INFISICAL_SERVICE_TOKEN to it"
            } else if !is_service && self == Self::ServiceToken {
                "is no service token, as in `st.ID.SECRET`"
            } else {
                return Ok(value);
            };
            Err(Error::new(ErrorKind::Misconfigured, fault).with_key(key.name))
        };
        match self {
            Self::UniversalAuth => {
                let id = settings.text(&CLIENT_ID)?.ok_or_else(|| Settings::missing(&CLIENT_ID))?;
                Ok((id, secret(&CLIENT_SECRET)?))
            }
            Self::Token => Ok((String::new(), secret(&TOKEN)?)),
            Self::ServiceToken => Ok((String::new(), secret(&SERVICE_TOKEN)?)),
        }
    }
}

/// Gets tokens with the credential that the settings name.
#[derive(Debug)]
pub(crate) struct InfisicalLogin {
    /// That of the provider, as it was selected.
    pub(crate) id: &'static str,
    pub(crate) settings: Settings,
    pub(crate) credential: Credential,
    pub(crate) client: Arc<Client>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What was sent last.
    pub(crate) last: Mutex<Option<(String, SecretValue)>>,
    /// When the last login was made.
    pub(crate) began: Mutex<Option<Moment>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoginRequest<'a> {
    client_id: &'a str,
    client_secret: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RenewRequest<'a> {
    access_token: &'a str,
}

/// What login and renewal answer; seconds, and 0 for no end.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Granted {
    access_token: SecretValue,
    expires_in: u64,
    #[serde(default, rename = "accessTokenMaxTTL")]
    max_ttl: u64,
}

impl InfisicalLogin {
    async fn send(&self, path: &[&str], body: &impl Serialize) -> Result<Response> {
        let request = Request::new(Method::Post, path.iter().copied());
        self.client.send(request.json(json_body(body)?)).await
    }

    /// The token that an answer grants. `began`: when its login was made.
    fn token(&self, since: Moment, began: Moment, response: &Response) -> Result<Token> {
        let granted: Granted = response.json()?;
        if granted.access_token.is_empty() {
            return Err(response.malformed());
        }
        let length = Duration::from_secs(granted.expires_in);
        let lease = match granted.expires_in {
            0 => Lease::Endless,
            // Some servers end a token whose renewal would last longer than its longest life. It is not asked for then.
            _ => {
                let longest = Duration::from_secs(granted.max_ttl);
                let renewable =
                    longest.is_zero() || began.age(&*self.clock) + 2 * length <= longest;
                Lease::Ends { since, length, renewable }
            }
        };
        Ok(Token::new(granted.access_token, lease))
    }

    fn last(&self) -> MutexGuard<'_, Option<(String, SecretValue)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn named(&self, error: Error) -> Error {
        let error = match (error.kind(), error.key()) {
            (ErrorKind::Unauthenticated, None) => error.with_key(self.credential.setting()),
            _ => error,
        };
        error.with_operation(self.id, "login")
    }
}

#[async_trait]
impl Login for InfisicalLogin {
    /// Infisical API: `POST /api/v1/auth/universal-auth/login`.
    async fn login(&self) -> Result<Token> {
        let logged_in = async {
            let (id, secret) = self.credential.parts(&self.settings)?;
            *self.last() = Some((id.clone(), secret.clone()));
            if self.credential != UniversalAuth {
                return Ok(Token::new(secret, Lease::Endless));
            }
            let body = LoginRequest { client_id: &id, client_secret: secret.expose_str()? };
            let since = Moment::now(&*self.clock);
            let path = ["api", "v1", "auth", "universal-auth", "login"];
            let response = self.send(&path, &body).await?;
            match response.status() {
                200 => {
                    *self.began.lock().unwrap_or_else(PoisonError::into_inner) = Some(since);
                    self.token(since, since, &response)
                }
                _ => Err(classify::of_login(&response)),
            }
        };
        logged_in.await.map_err(|error| self.named(error))
    }

    /// Infisical API: `POST /api/v1/auth/token/renew`, whose answer may be another token.
    async fn renew(&self, token: &Token) -> Result<Token> {
        let began = *self.began.lock().unwrap_or_else(PoisonError::into_inner);
        let (UniversalAuth, Some(began)) = (self.credential, began) else {
            return Err(Error::new(ErrorKind::Unsupported, "a token of somebody else's"));
        };
        let since = Moment::now(&*self.clock);
        let body = RenewRequest { access_token: token.value().expose_str()? };
        let path = ["api", "v1", "auth", "token", "renew"];
        let response = self.send(&path, &body).await?;
        match response.status() {
            200 => self.token(since, began, &response),
            _ => Err(classify::of_login(&response)),
        }
    }

    /// A refusal that is about the token says so, and nobody can be asked about it.
    async fn is_alive(&self, _: &Token) -> Result<bool> {
        Ok(false)
    }

    fn has_new_credentials(&self) -> bool {
        let last = self.last().clone();
        match (self.credential.parts(&self.settings), last) {
            (Ok((id, secret)), Some(last)) => id != last.0 || !secret.ct_eq(&last.1),
            _ => false,
        }
    }

    /// Three failures lock an identity for five minutes, unless somebody has turned that off ("Universal Auth").
    fn locks_out(&self) -> bool {
        self.credential == UniversalAuth
    }

    /// An identity may limit how often each of its tokens is used, and its login does not say so.
    fn hides_uses(&self) -> bool {
        self.credential == UniversalAuth
    }
}

use Credential::UniversalAuth;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Credential> {
        Credential::read(&Settings::from_pairs(pairs.iter().copied()))
    }

    const ID: (&str, &str) = ("INFISICAL_CLIENT_ID", "canary-id");
    const SECRET: (&str, &str) = ("INFISICAL_CLIENT_SECRET", "canary-secret");
    const TOKEN: (&str, &str) = ("INFISICAL_TOKEN", "canary-token");
    const SERVICE: (&str, &str) = ("INFISICAL_SERVICE_TOKEN", "st.canary.token");

    #[test]
    fn case_40_there_is_exactly_one_credential() {
        assert_eq!(read(&[ID, SECRET]).unwrap(), UniversalAuth);
        assert_eq!(read(&[TOKEN]).unwrap(), Credential::Token);
        assert_eq!(read(&[SERVICE]).unwrap(), Credential::ServiceToken);
        for (set, key, words) in [
            (&[][..], "INFISICAL_CLIENT_ID", "neither INFISICAL_TOKEN"),
            (&[ID], "INFISICAL_CLIENT_SECRET", "is not set"),
            (&[SECRET], "INFISICAL_CLIENT_ID", "is not set"),
            (&[ID, SECRET, TOKEN], "INFISICAL_TOKEN", "INFISICAL_CLIENT_SECRET is, too"),
            (&[TOKEN, SERVICE], "INFISICAL_SERVICE_TOKEN", "INFISICAL_TOKEN is, too"),
            (&[("INFISICAL_TOKEN", "st.canary.token")], "INFISICAL_TOKEN", "a service token"),
            (
                &[("INFISICAL_SERVICE_TOKEN", "canary")],
                "INFISICAL_SERVICE_TOKEN",
                "no service token",
            ),
            (&[("INFISICAL_TOKEN", "canary token")], "INFISICAL_TOKEN", "white space"),
        ] {
            let error = read(set).unwrap_err();
            assert_eq!(error.key(), Some(key), "{error}");
            assert!(error.to_string().contains(words), "{error}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
