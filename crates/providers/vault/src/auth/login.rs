//! What all methods share: renewing, asking about a token, and who is told to look at what.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_core::{ErrorKind, Moment, Result};
use strongroom_http::{Lease, Login, Token};

use super::wire;
use crate::server::Server;

/// A way to log in.
#[async_trait]
pub(super) trait Method: Debug + Send + Sync + 'static {
    /// The setting that a person has to look at when the server does not know us.
    const SETTING: &'static str;
    /// Whether the server locks the account after a few refused logins: of the methods here, AppRole alone ("User
    /// lockout").
    const LOCKS_OUT: bool = false;

    /// As [`Login::login`].
    async fn log_in(&self, server: &Server) -> Result<Token>;

    /// As [`Login::has_new_credentials`].
    fn has_new_credentials(&self) -> bool;
}

/// Logs in by a method, on a server.
#[derive(Debug)]
pub(super) struct VaultLogin<M> {
    pub(super) server: Arc<Server>,
    pub(super) method: M,
}

#[async_trait]
impl<M: Method> Login for VaultLogin<M> {
    async fn login(&self) -> Result<Token> {
        let token = self.method.log_in(&self.server).await;
        let named = token.map_err(|error| match (error.kind(), error.key()) {
            (ErrorKind::Unauthenticated, None) => error.with_key(M::SETTING),
            _ => error,
        });
        named.map_err(self.server.located("login"))
    }

    async fn renew(&self, token: &Token) -> Result<Token> {
        if !matches!(token.lease(), Lease::Unknown) {
            return wire::renew(&self.server, token).await;
        }
        let since = Moment::now(&*self.server.clock);
        let about = wire::look_up(&self.server, Some(token)).await?;
        Ok(wire::known(token.value(), since, &about))
    }

    async fn is_alive(&self, token: &Token) -> Result<bool> {
        wire::is_alive(&self.server, token).await
    }

    fn has_new_credentials(&self) -> bool {
        self.method.has_new_credentials()
    }

    fn locks_out(&self) -> bool {
        M::LOCKS_OUT
    }
}
