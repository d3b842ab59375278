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

    /// The capability that a policy has to give for this, as policies spell it.
    fn capability(&self) -> &'static str {
        match self.method {
            Method::Get if self.query.iter().any(|(name, _)| *name == "list") => "list",
            Method::Get => "read",
            Method::Post => "update",
            Method::Delete => "delete",
        }
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
        // A Vault Agent or Proxy on the way may insist on it: no browser can be tricked into sending it.
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
        let response = self.ask(&call).await?;
        match response.status() {
            200 | 204 | 400 | 404 => Ok(response),
            403 if refusal::is_ours(&response) => Err(self.refused(&call).await),
            _ => Err(refusal::error(&response)),
        }
    }

    /// Asks for the health of the server: no token, no namespace, whatever the status.
    pub(crate) async fn health(&self) -> Result<Response> {
        self.client.send(Request::new(Method::Get, ["v1", "sys", "health"]).probe()).await
    }

    /// Whether the token is accepted. Policy `default` lets every token ask about itself; one without that
    /// policy is told so in words that only a known token hears.
    ///
    /// # Errors
    /// `Unauthenticated` if it is not.
    pub(crate) async fn check_token(&self) -> Result<()> {
        let lookup = Call::get(["auth", "token", "lookup-self"].map(str::to_owned).into());
        let response = self.ask(&lookup).await?;
        match response.status() {
            200 => Ok(()),
            403 if refusal::knows_the_token(&response) => Ok(()),
            403 if refusal::is_ours(&response) => Err(unauthenticated()),
            _ => Err(refusal::error(&response)),
        }
    }

    /// Calls, and answers whatever comes back. A token that is refused is read again, and if there is another
    /// one now, the call is made once more.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Response> {
        let token = self.token.current();
        let response = self.client.send(self.with_headers(call, token.header.clone())).await?;
        let is_refused = response.status() == 403 && refusal::is_ours(&response);
        if is_refused && self.token.has_another(&token) {
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
    async fn refused(&self, call: &Call) -> Error {
        match self.check_token().await {
            // Neither of the two, if the server cannot say.
            Err(error) => error,
            Ok(()) => {
                let message = format!(
                    "the token is accepted, and its policies do not allow `{}` on `{}`",
                    call.capability(),
                    strongroom_core::escaped(&call.path.join("/")),
                );
                Error::new(ErrorKind::PermissionDenied, message)
            }
        }
    }
}

fn unauthenticated() -> Error {
    let message = "the token is not accepted: it is unknown here, expired or revoked";
    Error::new(ErrorKind::Unauthenticated, message).with_key(crate::config::TOKEN.name)
}
