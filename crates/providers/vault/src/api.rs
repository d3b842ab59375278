//! Calls of the server by one identity: its token, and what a refusal means.

use std::sync::Arc;

use strongroom_core::{Clock, Error, ErrorKind, ProviderInfo, Result, Settings};
use strongroom_http::{Response, Token, TokenCache};

use crate::auth::{self, About, Auth};
use crate::classify;
use crate::config::ServerConfig;
pub(crate) use crate::server::{Call, path};
use crate::server::{Server, words};

/// The server, as one identity sees it.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) server: Arc<Server>,
    /// `None` behind an agent, which adds a token of its own.
    tokens: Option<TokenCache>,
    /// The setting that a person has to look at when the token is not accepted.
    credential: &'static str,
}

impl Api {
    /// Opens no connection.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn new(
        id: &'static str,
        server: ServerConfig,
        auth: Auth,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self> {
        let server = Arc::new(Server::new(id, server, clock)?);
        let credential = auth.credential();
        let tokens = auth.open(&server, settings)?;
        Ok(Self { server, tokens, credential })
    }

    pub(crate) fn info(&self) -> &ProviderInfo {
        &self.server.info
    }

    /// Calls, and answers with 200, 204, 400 or 404: what those mean depends on the call.
    ///
    /// # Errors
    /// Every other status by its kind; of a refusal, as [`ask`](Self::ask).
    pub(crate) async fn call(&self, call: Call) -> Result<Response> {
        let response = self.ask(&call).await?;
        match response.status() {
            200 | 204 | 400 | 404 => Ok(response),
            _ => Err(classify::error(&response)),
        }
    }

    /// Asks for the health of the server, whatever the status.
    pub(crate) async fn health(&self) -> Result<Response> {
        self.server.health().await
    }

    /// Whether the token is accepted: logs in if there is none yet. One for a number of uses is not asked about.
    ///
    /// # Errors
    /// Those of the login; `Unauthenticated` if the token is not accepted.
    pub(crate) async fn check_token(&self) -> Result<()> {
        if self.token().await?.is_some_and(|token| token.uses().is_some()) {
            return Ok(());
        }
        match self.ask(&Call::get(words(&["auth", "token", "lookup-self"]))).await {
            Ok(response) if response.status() == 200 => Ok(()),
            Ok(response) => Err(classify::error(&response)),
            // It is accepted, and not even allowed to ask about itself.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What the server says of the token in use. Takes one of its uses.
    ///
    /// # Errors
    /// `Unauthenticated` if it is not accepted, after another login; `PermissionDenied` if it may not ask.
    pub(crate) async fn look_up(&self) -> Result<About> {
        match auth::look_up(&self.server, self.token().await?.as_ref()).await {
            // Through the door that logs in again.
            Err(error) if error.kind() == ErrorKind::Unauthenticated => {
                self.check_token().await?;
                auth::look_up(&self.server, self.token().await?.as_ref()).await
            }
            looked_up => looked_up,
        }
    }

    /// Whether somebody else made the token.
    pub(crate) fn is_given(&self) -> bool {
        self.credential == auth::TOKEN.name
    }

    /// The token to send, once.
    ///
    /// # Errors
    /// Those of the login.
    pub(crate) async fn token(&self) -> Result<Option<Token>> {
        match &self.tokens {
            Some(tokens) => tokens.current().await.map(Some).map_err(|error| self.named(error)),
            None => Ok(None),
        }
    }

    /// Calls, and answers whatever comes back, except for a refusal, which is told apart: a token that is not
    /// accepted any more is replaced by another login, and the call is made once more.
    ///
    /// # Errors
    /// `PermissionDenied` if the policies of the token do not allow this; `Unauthenticated` if no token is
    /// accepted.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Response> {
        let Some(tokens) = &self.tokens else {
            let response = self.server.send(call, None).await?;
            return match classify::is_of_token(&response) {
                true => Err(self.refused_by_agent(call).await),
                false => Ok(response),
            };
        };
        let answer = tokens
            .call(
                |token| async move { self.server.send(call, Some(&token)).await },
                |response| {
                    classify::is_of_token(response).then(|| classify::knows_the_token(response))
                },
            )
            .await;
        answer.map_err(|error| self.named(error))?.ok_or_else(|| denied(call))
    }

    /// The token belongs to the agent, which has to be asked about it.
    async fn refused_by_agent(&self, call: &Call) -> Error {
        let lookup = Call::get(words(&["auth", "token", "lookup-self"]));
        match self.server.send(&lookup, None).await {
            Ok(response) if response.status() == 200 || classify::knows_the_token(&response) => {
                denied(call)
            }
            Ok(response) if classify::is_of_token(&response) => {
                let message = "the agent sends no token that the server accepts; check its auto-auth, and that it listens at VAULT_ADDR";
                Error::new(ErrorKind::Unauthenticated, message).with_key(self.credential)
            }
            Ok(response) => classify::error(&response),
            Err(error) => error,
        }
    }

    fn named(&self, error: Error) -> Error {
        match (error.kind(), error.key()) {
            (ErrorKind::Unauthenticated, None) => error.with_key(self.credential),
            _ => error,
        }
    }
}

fn denied(call: &Call) -> Error {
    let message = format!(
        "the token is accepted, and its policies do not allow `{}` on `{}`",
        call.capability(),
        call.place(),
    );
    Error::new(ErrorKind::PermissionDenied, message)
}
