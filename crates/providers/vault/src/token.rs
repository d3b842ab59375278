//! The token: checked when it is read, and read again when it is refused.

use std::sync::{Mutex, MutexGuard, PoisonError};

use strongroom_core::{Error, ErrorKind, Result, SecretValue, Settings};
use strongroom_http::Header;

use crate::config::TOKEN;

/// The token of `VAULT_TOKEN` or `VAULT_TOKEN_FILE`.
#[derive(Debug)]
pub(crate) struct Token {
    settings: Settings,
    refuses_dev_tokens: bool,
    current: Mutex<Current>,
}

/// One token, as a header that is ready to send.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    value: SecretValue,
    pub(crate) header: Header,
}

impl Token {
    /// # Errors
    /// `Misconfigured` if it is not set or cannot be one.
    pub(crate) fn read(settings: &Settings, refuses_dev_tokens: bool) -> Result<Self> {
        let current = Current::read(settings, refuses_dev_tokens)?;
        Ok(Self { settings: settings.clone(), refuses_dev_tokens, current: Mutex::new(current) })
    }

    /// The token to send now.
    pub(crate) fn current(&self) -> Current {
        self.lock().clone()
    }

    /// Whether there is another token than the one that was refused: somebody else has read it already, or
    /// the file holds it now. A file that cannot be read holds none.
    pub(crate) fn has_another(&self, refused: &Current) -> bool {
        if !self.lock().value.ct_eq(&refused.value) {
            return true;
        }
        match Current::read(&self.settings, self.refuses_dev_tokens) {
            Ok(found) if !found.value.ct_eq(&refused.value) => {
                *self.lock() = found;
                true
            }
            _ => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn read(settings: &Settings, refuses_dev_tokens: bool) -> Result<Self> {
        let value = settings.secret(&TOKEN)?.ok_or_else(|| Settings::missing(&TOKEN))?;
        if let Some(fault) = fault(value.expose(), refuses_dev_tokens) {
            return Err(Error::new(ErrorKind::Misconfigured, fault).with_key(TOKEN.name));
        }
        let header = Header::sensitive("x-vault-token", value.expose())?;
        Ok(Self { value, header })
    }
}

/// Tokens that tutorials start development servers with.
const DEV_TOKENS: [&[u8]; 6] =
    [b"root", b"dev", b"dev-token", b"dev-only-token", b"dev-root-token", b"myroot"];

fn fault(token: &[u8], refuses_dev_tokens: bool) -> Option<&'static str> {
    if token.iter().any(|byte| !byte.is_ascii_graphic()) {
        return Some("has blanks or non-printable characters; expected the token alone");
    }
    if token.first().is_some_and(|first| b"\"'`".contains(first)) {
        return Some(
            "begins with a quotation mark, which a shell would have removed; leave it out",
        );
    }
    (refuses_dev_tokens && DEV_TOKENS.contains(&token)).then_some(
        "is a token that everybody knows, for a server that is not on loopback; use SECRETS_PROVIDER=vault_dev if it is a development server",
    )
}
