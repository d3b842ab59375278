//! Logging in once for all callers, and staying logged in.

mod gate;
mod login;
mod renew;
mod shared;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use strongroom_core::{Clock, Error, ErrorKind, Result};
use tokio::runtime::Handle;

pub use login::Login;
pub use token::{Lease, Token};

use crate::tokens::shared::Shared;

/// The token of one identity, for all who call.
///
/// - **One login** at a time, however many ask, and it goes on when whoever asked is gone: a credential that
///   can be used once is not lost.
/// - **Renewed in the background** after two thirds of the lease that was granted, and then as often as it
///   takes until the token really ends. One that cannot be renewed, or is granted less than half of its first
///   lease, is replaced by another login in time.
/// - **A refused token** is asked about before anything else: if the server still accepts it, the call was
///   refused for what it wanted and nobody logs in. Otherwise there is one login, and the call is made again.
/// - **Refused logins** are spaced so that no account is locked out: the next comes after 30 s, then every
///   5 minutes; at once, if the credentials have changed meanwhile. Others are tried again after 1 s, doubled
///   up to 30 s. Until then all get the last error.
///
/// Dropping it ends the renewal. A runtime that ends takes the renewal with it; the next call starts it again.
#[derive(Debug)]
pub struct TokenCache {
    shared: Arc<Shared>,
}

/// What became of a refused token.
#[derive(Debug)]
pub enum Refused {
    /// There is another token now, to make the call again with. `true`: it is fresh from a login, so that
    /// another refusal is about the call.
    Replaced(Token, bool),
    /// The server accepts the token, and does not allow the call.
    Denied,
}

impl TokenCache {
    /// Nothing is done before the first call.
    pub fn new(login: impl Login, clock: Arc<dyn Clock>) -> Self {
        Self { shared: Arc::new(Shared::new(Box::new(login), clock)) }
    }

    /// The token to send now. Logs in, or waits for who does, if there is none.
    ///
    /// # Errors
    /// Those of the login, with `retry_after` if it may work later by itself; `Misconfigured` outside of a tokio
    /// runtime.
    pub async fn current(&self) -> Result<Token> {
        let runtime = runtime()?;
        if let Some(token) = self.shared.usable() {
            self.shared.attend(&runtime);
            return Ok(token);
        }
        let shared = self.shared.clone();
        let token = finished(runtime.spawn(async move { shared.log_in().await })).await?;
        self.shared.attend(&runtime);
        Ok(token)
    }

    /// A call with this token was refused in a way that may be about the token. `is_known` is what the refusal
    /// itself says of it, for tokens of which one may not ask.
    ///
    /// # Errors
    /// Those of the login; or of asking about the token, if that could not be told.
    pub async fn refused(&self, token: &Token, is_known: bool) -> Result<Refused> {
        let runtime = runtime()?;
        let (shared, token) = (self.shared.clone(), token.clone());
        let asked = shared.asked();
        let settled = runtime.spawn(async move { shared.settle(&token, asked, is_known).await });
        let refused = finished(settled).await?;
        self.shared.attend(&runtime);
        Ok(refused)
    }

    /// The token that is held, if there is one. Asks nobody.
    pub fn held(&self) -> Option<Token> {
        self.shared.usable()
    }
}

impl Drop for TokenCache {
    fn drop(&mut self) {
        self.shared.end();
    }
}

fn runtime() -> Result<Handle> {
    Handle::try_current().map_err(|_| {
        Error::new(ErrorKind::Misconfigured, "providers are called within a tokio runtime only")
    })
}

async fn finished<T>(task: tokio::task::JoinHandle<Result<T>>) -> Result<T> {
    task.await.unwrap_or_else(|cause| {
        let kind = if cause.is_panic() { ErrorKind::Internal } else { ErrorKind::Unavailable };
        Err(Error::new(kind, "the login did not come to its end"))
    })
}
