//! A token that somebody else made: `VAULT_TOKEN`, or the file that an agent keeps up to date.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use strongroom_core::{Error, ErrorKind, Result, SecretValue, Settings};
use strongroom_http::{Lease, Token};

use super::config::TOKEN;
use super::login::Method;
use crate::server::Server;

/// The token of `VAULT_TOKEN` or `VAULT_TOKEN_FILE`. Logging in is reading it.
#[derive(Debug)]
pub(super) struct GivenToken {
    settings: Settings,
    refuses_dev_tokens: bool,
    /// The one that was read last.
    last: Mutex<SecretValue>,
}

impl GivenToken {
    /// # Errors
    /// `Misconfigured` if it is not set or cannot be one.
    pub(super) fn new(settings: Settings, refuses_dev_tokens: bool) -> Result<Self> {
        let last = Mutex::new(read(&settings, refuses_dev_tokens)?);
        Ok(Self { settings, refuses_dev_tokens, last })
    }

    fn read(&self) -> Result<SecretValue> {
        read(&self.settings, self.refuses_dev_tokens)
    }
}

#[async_trait]
impl Method for GivenToken {
    const SETTING: &'static str = TOKEN.name;

    async fn log_in(&self, _: &Server) -> Result<Token> {
        let value = self.read()?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = value.clone();
        Ok(Token::new(value, Lease::Unknown))
    }

    /// A file that cannot be read holds none.
    fn has_new_credentials(&self) -> bool {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        self.read().is_ok_and(|found| !found.ct_eq(&last))
    }
}

fn read(settings: &Settings, refuses_dev_tokens: bool) -> Result<SecretValue> {
    let value = settings.secret(&TOKEN)?.ok_or_else(|| Settings::missing(&TOKEN))?;
    match fault(value.expose(), refuses_dev_tokens) {
        Some(fault) => Err(Error::new(ErrorKind::Misconfigured, fault).with_key(TOKEN.name)),
        None => Ok(value),
    }
}

/// Tokens that tutorials start development servers with.
const DEV_TOKENS: [&[u8]; 6] =
    [b"root", b"dev", b"dev-token", b"dev-only-token", b"dev-root-token", b"myroot"];

fn fault(token: &[u8], refuses_dev_tokens: bool) -> Option<&'static str> {
    if let Some(fault) = super::credential_fault(token) {
        return Some(fault);
    }
    (refuses_dev_tokens && DEV_TOKENS.contains(&token)).then_some(
        "is a token that everybody knows, for a server that is not on loopback; use SECRETS_PROVIDER=vault_dev if it is a development server",
    )
}
