//! Calls of the server: token, namespace, and what a refusal means.

use std::sync::Arc;

use strongroom_core::{Clock, Error, ErrorKind, ProviderInfo, Result, SecretName, Settings};
use strongroom_http::{Client, Config, Header, Method, Request, Response};
use zeroize::Zeroizing;

use crate::config::ServerConfig;
use crate::refusal;
use crate::token::Token;

/// The server, as one identity sees it.
#[derive(Debug)]
pub(crate) struct Api {
    info: ProviderInfo,
    client: Client,
    token: Token,
    headers: Vec<Header>,
}

/// What is asked, in words of the wire.
pub(crate) struct Call {
    method: Method,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    body: Option<Zeroizing<Vec<u8>>>,
}

impl Call {
    /// Reads a path.
    pub(crate) fn get(path: Vec<String>) -> Self {
        Self { method: Method::Get, path, query: Vec::new(), body: None }
    }

    /// Writes to a path. Secrets may be in the body, and nowhere else.
    pub(crate) fn post(path: Vec<String>, body: Zeroizing<Vec<u8>>) -> Self {
        Self { method: Method::Post, path, query: Vec::new(), body: Some(body) }
    }

    /// Deletes a path.
    pub(crate) fn delete(path: Vec<String>) -> Self {
        Self { method: Method::Delete, path, query: Vec::new(), body: None }
    }

    /// Adds a parameter.
    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    fn request(&self) -> Request {
        let path = ["v1"].into_iter().chain(self.path.iter().map(String::as_str));
        let mut request = Request::new(self.method, path);
        for (name, value) in &self.query {
            request = request.query(name, value.clone());
        }
        match &self.body {
            Some(body) => request.json(body.clone()),
            None => request,
        }
    }
}

/// A path from a mount, words of the API and a name, segment by segment.
pub(crate) fn path(mount: &SecretName, words: &[&str], name: Option<&SecretName>) -> Vec<String> {
    let name = name.into_iter().flat_map(SecretName::segments);
    mount.segments().chain(words.iter().copied()).chain(name).map(str::to_owned).collect()
}

impl Api {
    /// Opens no connection.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn new(
        id: &'static str,
        server: ServerConfig,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self> {
        let token = Token::read(settings, server.refuses_dev_tokens)?;
        // Asks an Agent or Proxy on the way for nothing, and shows it that no browser was tricked into this.
        let mut headers = vec![Header::plain("x-vault-request", "true")?];
        if let Some(namespace) = &server.namespace {
            headers.push(Header::plain("x-vault-namespace", namespace)?);
        }
        let mut config = Config::new(server.endpoint);
        config.roots = server.roots;
        config.proxy = server.proxy;
        let client = Client::new(config, clock.clone())?;
        Ok(Self { info: ProviderInfo::new(id), client, token, headers })
    }

    pub(crate) fn info(&self) -> &ProviderInfo {
        &self.info
    }

    /// Calls, and answers with 200, 204, 400 or 404: what those mean depends on the call.
    ///
    /// # Errors
    /// Every other status by its kind. A refused token is read again first, and a refusal is told apart:
    /// `Unauthenticated` if the token is not accepted at all, `PermissionDenied` if its policies do not allow
    /// this.
    pub(crate) async fn call(&self, call: Call) -> Result<Response> {
        let response = self.send_as_current(&call).await?;
        match response.status() {
            200 | 204 | 400 | 404 => Ok(response),
            403 => Err(self.refused().await),
            _ => Err(refusal::error(&response)),
        }
    }

    /// Calls, and answers whatever comes back.
    pub(crate) async fn ask(&self, call: Call) -> Result<Response> {
        self.send_as_current(&call).await
    }

    /// Asks for the health of the server: no token, no namespace, whatever the status.
    pub(crate) async fn health(&self) -> Result<Response> {
        self.client.send(Request::new(Method::Get, ["v1", "sys", "health"]).probe()).await
    }

    /// Whether the token is accepted. Every token may ask about itself (policy `default`).
    ///
    /// # Errors
    /// `Unauthenticated` if it is not.
    pub(crate) async fn check_token(&self) -> Result<()> {
        let response = self.send_as_current(&lookup_self()).await?;
        match response.status() {
            200 => Ok(()),
            403 => Err(unauthenticated()),
            _ => Err(refusal::error(&response)),
        }
    }

    async fn send_as_current(&self, call: &Call) -> Result<Response> {
        let token = self.token.current();
        let response = self.client.send(self.with_headers(call, token.header.clone())).await?;
        if response.status() == 403 && self.token.has_another(&token) {
            let header = self.token.current().header;
            return self.client.send(self.with_headers(call, header)).await;
        }
        Ok(response)
    }

    fn with_headers(&self, call: &Call, token: Header) -> Request {
        let request = call.request().header(token);
        self.headers.iter().cloned().fold(request, Request::header)
    }

    /// A bad token and a missing right look the same, and their texts differ between versions; asking about
    /// the token tells.
    async fn refused(&self) -> Error {
        match self.check_token().await {
            Err(error) if error.kind() == ErrorKind::Unauthenticated => error,
            _ => {
                let message = "the token is accepted and its policies do not allow this";
                Error::new(ErrorKind::PermissionDenied, message)
            }
        }
    }
}

fn lookup_self() -> Call {
    Call::get(["auth", "token", "lookup-self"].map(str::to_owned).into())
}

fn unauthenticated() -> Error {
    let message = "the token is not accepted: it is unknown here, expired or revoked";
    Error::new(ErrorKind::Unauthenticated, message).with_key(crate::config::TOKEN.name)
}
