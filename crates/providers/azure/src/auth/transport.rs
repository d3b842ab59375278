//! The transport below the official credentials: one server, and what its refusals mean.

use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_http::{Client, Response};

use super::{entra, managed};
use crate::sdk;

/// Sends the requests of one credential.
#[derive(Debug)]
pub(super) struct IdentityTransport {
    pub(super) client: Client,
    pub(super) server: Server,
}

/// Who hands out tokens there.
#[derive(Debug)]
pub(super) enum Server {
    /// Entra.
    Entra {
        /// The setting to look at if the credential is refused.
        setting: &'static str,
    },
    /// The metadata service of a machine.
    Metadata {
        /// Whether the identity was named.
        is_named: bool,
    },
    /// App Service or Container Apps.
    AppService {
        /// As above.
        is_named: bool,
    },
}

impl IdentityTransport {
    async fn send(&self, theirs: &Request) -> Result<AsyncRawResponse> {
        match &self.server {
            Server::Entra { setting } => {
                let response = self.client.send(sdk::request(theirs)?).await?;
                match response.status() {
                    200 => Ok(answer(response)),
                    _ => Err(entra::refusal(&response, setting)),
                }
            }
            Server::Metadata { is_named } => {
                let theirs = managed::at(theirs, self.client.endpoint())?;
                self.ask_host(&theirs, *is_named).await
            }
            Server::AppService { is_named } => self.ask_host(theirs, *is_named).await,
        }
    }

    async fn ask_host(&self, theirs: &Request, is_named: bool) -> Result<AsyncRawResponse> {
        let response = self.client.send(sdk::request(theirs)?).await;
        let response = response.map_err(|error| managed::absent(error, self.client.endpoint()))?;
        match response.status() {
            200 => managed::token(&response),
            _ => Err(managed::refusal(&response, is_named)),
        }
    }
}

#[async_trait]
impl HttpClient for IdentityTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        self.send(request).await.map_err(sdk::wrapped)
    }
}

fn answer(response: Response) -> AsyncRawResponse {
    let status = response.status().into();
    AsyncRawResponse::from_bytes(status, Headers::new(), response.into_body())
}

/// What is left of an error once it is about the login, whatever the status stood for elsewhere.
pub(super) fn of_login(response: &Response) -> Error {
    let error = response.error();
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Throttled | ErrorKind::Misconfigured => error,
        _ => response.malformed(),
    }
}
