//! What a provider brings: how one logs in there.

use std::fmt::Debug;

use async_trait::async_trait;
use strongroom_core::Result;

use crate::Token;

/// How a provider hands out tokens. For implementors of providers; [`TokenCache`](crate::TokenCache) decides
/// when each of these is called, and never calls two at the same time.
///
/// Each call is one attempt: no retry, no waiting.
#[async_trait]
pub trait Login: Debug + Send + Sync + 'static {
    /// Logs in, with credentials as they are now: files are read again.
    ///
    /// # Errors
    /// `Unauthenticated` if the server does not take the credentials; `Unavailable` and the like if it cannot
    /// answer; `Misconfigured` if there are none to send.
    async fn login(&self) -> Result<Token>;

    /// Makes a token live longer, or asks how long one lives of which that is not known yet.
    ///
    /// # Errors
    /// Kinds that [allow stale values](strongroom_core::ErrorKind::allows_stale) if it may work later; every
    /// other kind means that this token cannot be renewed.
    async fn renew(&self, token: &Token) -> Result<Token>;

    /// Whether the server still accepts a token of which it has refused a call: then the call was refused for
    /// another reason.
    ///
    /// # Errors
    /// If that could not be told.
    async fn is_alive(&self, token: &Token) -> Result<bool>;

    /// Whether there are other credentials now than those of the last login: a file was replaced. Reads, and
    /// asks nobody.
    fn has_new_credentials(&self) -> bool;

    /// Whether the server locks an account after a few refused logins. Default: no.
    fn locks_out(&self) -> bool {
        false
    }

    /// Whether a token may be for a number of uses that the server does not tell: then one that was of use, and is
    /// refused soon after, is no reason to doubt logins. Default: no.
    fn hides_uses(&self) -> bool {
        false
    }
}
