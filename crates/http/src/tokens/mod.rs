//! Logging in once for all callers, and staying logged in.

mod gate;
mod held;
mod login;
mod renew;
mod shared;
#[cfg(test)]
mod tests;
mod token;

use std::future::Future;
use std::sync::Arc;

use strongroom_core::{Clock, Error, ErrorKind, Result};
use tokio::runtime::Handle;

pub use login::Login;
pub use token::{Lease, Token};

use crate::Response;
use crate::tokens::shared::Shared;

/// The token of one identity, for all who call.
///
/// - **One login** at a time, however many ask, and it goes on when whoever asked is gone: a credential that
///   can be used once is not lost.
/// - **Renewed in the background** after about two thirds of the lease that was granted, and then as often as it
///   takes until the token really ends. One that cannot be renewed, or is granted less than half of its first
///   lease, is replaced by another login in time.
/// - **A refused token** is asked about before anything else: if the server still accepts it, the call was
///   refused for what it wanted and nobody logs in. Otherwise there is one login, and the call is made again.
///   Callers that were refused before the question share its answer.
/// - **A token for a number of uses** is handed out so often, never asked about and never renewed.
/// - **Failed logins** are spaced: 30 s after refused ones; where the server locks accounts
///   ([`Login::locks_out`]) so far apart that this process never causes it; at once, if the credentials have
///   changed meanwhile. Others are tried again after 1 s, doubled up to 30 s. Until then all get the last error.
///
/// Dropping it ends the renewal. A runtime that ends takes the renewal with it, and the next call starts it again;
/// one that is kept and not driven holds it up, and tokens are then replaced when they end.
#[derive(Debug)]
pub struct TokenCache {
    shared: Arc<Shared>,
}

/// What became of a refused token.
#[derive(Debug)]
pub(crate) enum Refused {
    /// There is another token now, to make the call again with.
    Replaced {
        /// The token.
        token: Token,
        /// Whether there was a login for it, so that a second refusal is no reason for another one.
        is_fresh: bool,
    },
    /// The server accepts the token, and does not allow the call.
    Denied,
}

impl TokenCache {
    /// Nothing is done before the first call.
    pub fn new(login: impl Login, clock: Arc<dyn Clock>) -> Self {
        Self { shared: Arc::new(Shared::new(Box::new(login), clock)) }
    }

    /// The token to send now, once. Logs in, or waits for who does, if there is none.
    ///
    /// # Errors
    /// Those of the login, with `retry_after` if it may work later by itself; `Misconfigured` outside of a tokio
    /// runtime.
    pub async fn current(&self) -> Result<Token> {
        let runtime = runtime()?;
        if let Some(token) = self.shared.take() {
            self.shared.attend(&runtime);
            return Ok(token);
        }
        let shared = self.shared.clone();
        finished(runtime.spawn(async move { attended(&shared, shared.log_in().await) })).await
    }

    /// Makes a call with the token. If it is refused in a way that may be about the token, finds out whether it is,
    /// and makes the call again with another one; a second login is not made for it.
    ///
    /// `refusal` looks at an answer: `None` if it is none of these, else whether it says itself that the server knows
    /// the token, for tokens of which one may not ask. `None` is given back if the token is accepted, and what was
    /// asked is not allowed.
    ///
    /// # Errors
    /// Those of the call and of [`current`](Self::current); `Unauthenticated` if the token is not accepted and there
    /// is no other one; those of asking about the token, if that could not be told.
    pub async fn call<F: Future<Output = Result<Response>> + Send>(
        &self,
        send: impl Fn(Token) -> F + Send + Sync,
        refusal: impl Fn(&Response) -> Option<bool> + Send + Sync,
    ) -> Result<Option<Response>> {
        let mut token = self.current().await?;
        let mut may_log_in = true;
        loop {
            let response = send(token.clone()).await?;
            let Some(is_known) = refusal(&response) else {
                self.shared.was_of_use(&token);
                return Ok(Some(response));
            };
            match self.refused(&token, is_known, may_log_in).await? {
                // Another one may have logged in while we called: as often as that happens.
                Refused::Replaced { token: next, is_fresh } => {
                    token = next;
                    may_log_in &= !is_fresh;
                }
                Refused::Denied => return Ok(None),
            }
        }
    }

    /// A call with this token was refused in a way that may be about the token. `is_known` is what the refusal
    /// itself says of it, for tokens of which one may not ask. `may_log_in`: whether another login may be made; if
    /// not, a token that is not accepted is an error.
    ///
    /// # Errors
    /// `Unauthenticated` if the token is not accepted and there is no other one; those of the login; or of asking
    /// about the token, if that could not be told.
    pub(crate) async fn refused(
        &self,
        token: &Token,
        is_known: bool,
        may_log_in: bool,
    ) -> Result<Refused> {
        let runtime = runtime()?;
        let (shared, token) = (self.shared.clone(), token.clone());
        let asked = shared.asked();
        let task = async move {
            attended(&shared, shared.settle(&token, asked, is_known, may_log_in).await)
        };
        finished(runtime.spawn(task)).await
    }
}

/// Starts the renewal from within the task, as its caller may be gone.
fn attended<T>(shared: &Arc<Shared>, result: Result<T>) -> Result<T> {
    shared.attend(&Handle::current());
    result
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
