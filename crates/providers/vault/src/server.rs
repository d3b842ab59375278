//! The server, before anybody has logged in.

use std::sync::Arc;

use strongroom_core::{Clock, Error, ProviderInfo, Result, SecretName};
use strongroom_http::{Client, Config, Header, Method, Request, Response, Token};
use zeroize::Zeroizing;

use crate::config::ServerConfig;

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) info: ProviderInfo,
    pub(crate) clock: Arc<dyn Clock>,
    client: Client,
    /// Those that say where on the server.
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
    pub(crate) fn capability(&self) -> &'static str {
        match self.method {
            Method::Get if self.query.iter().any(|(name, _)| *name == "list") => "list",
            Method::Get => "read",
            Method::Post | Method::Put | Method::Patch => "update",
            Method::Delete => "delete",
        }
    }

    /// The path, escaped, as policies spell it.
    pub(crate) fn place(&self) -> String {
        strongroom_core::escaped(&self.path.join("/"))
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

/// A path of fixed words.
pub(crate) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Server {
    /// Opens no connection.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting.
    pub(crate) fn new(
        id: &'static str,
        server: ServerConfig,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self> {
        let mut headers = Vec::new();
        if let Some(namespace) = &server.namespace {
            headers.push(Header::plain("x-vault-namespace", namespace)?);
        }
        let mut config = Config::new(server.endpoint);
        config.roots = server.roots;
        config.proxy = server.proxy;
        let client = Client::new(config, clock.clone())?;
        Ok(Self { info: ProviderInfo::new(id), clock: clock.clone(), client, headers })
    }

    /// Calls once, with this token or without one, and answers whatever comes back.
    pub(crate) async fn send(&self, call: &Call, token: Option<&Token>) -> Result<Response> {
        let mut request = call.request();
        if let Some(token) = token {
            request = request.header(Header::secret("x-vault-token", token.value())?);
        }
        let request = self.headers.iter().cloned().fold(request, Request::header);
        self.client.send(request.header(for_agents()?)).await
    }

    /// Asks for the health of the server: no token, no namespace, whatever the status.
    pub(crate) async fn health(&self) -> Result<Response> {
        let request = Request::new(Method::Get, ["v1", "sys", "health"]).header(for_agents()?);
        self.client.send(request.probe()).await
    }

    /// Its address, as people know it.
    pub(crate) fn origin(&self) -> String {
        self.client.endpoint().to_string()
    }

    /// Whether it is asked over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.client.endpoint().is_https()
    }

    /// Whether it is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.client.endpoint().is_loopback()
    }

    /// Says what was done when an error came.
    pub(crate) fn located(&self, operation: &'static str) -> impl Fn(Error) -> Error + '_ {
        move |error| error.with_operation(self.info.id(), operation)
    }
}

/// A Vault Agent or Proxy on the way may insist on it: no browser can be tricked into sending it.
fn for_agents() -> Result<Header> {
    Header::plain("x-vault-request", "true")
}
