//! The client.

use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Resolve;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, WWW_AUTHENTICATE};
use reqwest::{Url, redirect, retry, tls};
use strongroom_core::{Clock, Error, ErrorKind, Reason, Result, escaped};
use zeroize::{Zeroize, Zeroizing};

use crate::gate::Gate;
use crate::request::Target;
use crate::resolver::{BoundedResolver, SystemResolver};
use crate::response::Redirect;
use crate::retry_after::retry_after;
use crate::{CaBundle, Endpoint, Method, Proxy, Request, Response, transport};

/// Whom to talk to, and how long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The server.
    pub endpoint: Endpoint,
    /// The authorities to trust instead of those of the operating system.
    pub roots: Option<CaBundle>,
    /// The proxy, for servers that are not on loopback.
    pub proxy: Option<Proxy>,
    /// Longest time for a connection: resolving, TCP and TLS. Default: 3 s. A name that takes three quarters
    /// of it to resolve counts as one that cannot be resolved.
    pub connect: Duration,
    /// Longest time for one attempt, from connecting to the last byte. Default: 5 s.
    pub attempt: Duration,
}

impl Config {
    /// This server, with the defaults.
    pub fn new(endpoint: Endpoint) -> Self {
        let (connect, attempt) = (Duration::from_secs(3), Duration::from_secs(5));
        Self { endpoint, roots: None, proxy: None, connect, attempt }
    }

    /// The proxy on the way: none to loopback.
    pub(crate) fn used_proxy(&self) -> Option<&Endpoint> {
        let proxy = self.proxy.as_ref().filter(|_| !self.endpoint.is_loopback());
        proxy.map(Proxy::endpoint)
    }
}

/// Longest time that a connection is kept for the next request. After it the name is resolved anew, so this
/// is how long a server that has moved is still asked at its old address.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// Longest answer that is read, in bytes: a batch of a few thousand signatures, or of names.
const MAX_BODY: usize = 1 << 20;

/// An HTTP client for one server and one identity.
///
/// Makes one attempt of each request. After an answer of 429 with `Retry-After` it makes none until that
/// time has passed, and says `Throttled` instead.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    config: Config,
    gate: Gate,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// Builds a client. Opens no connection.
    ///
    /// # Errors
    /// `Misconfigured` if TLS cannot be set up, for example because the system's roots cannot be read.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::with_resolver(config, clock, Arc::new(SystemResolver))
    }

    pub(crate) fn with_resolver(
        config: Config,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self> {
        // Everything is said, defaults included: features that another crate of the program switches on
        // change what reqwest does by default.
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("strongroom/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .no_proxy()
            .dns_resolver(BoundedResolver { inner: resolver, limit: config.connect / 4 * 3 })
            .pool_idle_timeout(MAX_IDLE)
            .connect_timeout(config.connect)
            .timeout(config.attempt)
            .tls_backend_rustls()
            .tls_version_min(tls::Version::TLS_1_2)
            .tls_sslkeylogfile(false)
            .https_only(config.endpoint.is_https());
        let refuse = |message| {
            move |cause: reqwest::Error| {
                Error::new(ErrorKind::Misconfigured, message).with_source(cause.without_url())
            }
        };
        if let Some(proxy) = config.used_proxy() {
            let proxy = reqwest::Proxy::all(proxy.url().clone());
            builder = builder.proxy(proxy.map_err(refuse("the proxy cannot be used"))?);
        }
        let is_plain = |endpoint: &Endpoint| !endpoint.is_https();
        if let Some(roots) = &config.roots {
            builder = builder.tls_certs_only(roots.certificates());
        } else if is_plain(&config.endpoint) && config.used_proxy().is_none_or(is_plain) {
            // Nothing will be checked against the system's roots, so they are not read.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(refuse("the HTTP client cannot be set up"))?;
        Ok(Self { http, config, gate: Gate::new(clock.clone()), clock })
    }

    /// The server.
    pub fn endpoint(&self) -> &Endpoint {
        &self.config.endpoint
    }

    /// Sends a request and reads the answer, whatever its status.
    ///
    /// # Errors
    /// `Malformed` before anything is sent if a [whole](Request::whole) URL is one of another server; `Throttled`
    /// before anything is sent while the server has asked for a pause; `Unavailable` if there is
    /// no connection or no answer in time, with reason `dns` or `timeout` if it is that; `TlsRejected` if the
    /// server's certificate is; `Malformed` if the answer is no HTTP, broke off (reason `truncated`) or is
    /// longer than 1 MiB (reason `too_large`).
    pub async fn send(&self, request: Request) -> Result<Response> {
        let is_probe = request.is_probe;
        if let Some(left) = self.gate.remaining().filter(|_| !is_probe) {
            let message = format!("{} asked for a pause", self.config.endpoint);
            return Err(Error::new(ErrorKind::Throttled, message).with_retry_after(left));
        }
        let request = self.build(request)?;
        let asked = request.url().clone();
        let answer = self.http.execute(request).await.map_err(|cause| self.lost(cause))?;
        let response = self.read(answer, &asked).await?;
        if let (429, Some(wait), false) = (response.status, response.retry_after, is_probe) {
            self.gate.close(wait);
        }
        Ok(response)
    }

    fn build(&self, request: Request) -> Result<reqwest::Request> {
        let endpoint = &self.config.endpoint;
        let url = match &request.target {
            Target::Path(path) => endpoint.join(path.iter().map(String::as_str), &request.query)?,
            Target::Url(url) if endpoint.covers(url) => url.clone(),
            Target::Url(url) => {
                let message = format!(
                    "a request led to {} and not to {endpoint}; it is not made",
                    escaped(&url.origin().ascii_serialization())
                );
                return Err(Error::new(ErrorKind::Malformed, message));
            }
        };
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut built = reqwest::Request::new(method, url);
        let headers = built.headers_mut();
        for header in request.headers {
            headers.insert(header.name, header.value);
        }
        *built.body_mut() = request.body.map(Into::into);
        Ok(built)
    }

    async fn read(&self, answer: reqwest::Response, asked: &Url) -> Result<Response> {
        let headers = answer.headers();
        let content_type = text(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
        let mut response = Response {
            status: answer.status().as_u16(),
            origin: self.config.endpoint.origin(),
            content_type: content_type.split(';').next().unwrap_or_default().trim().to_owned(),
            redirect: answer.status().is_redirection().then(|| redirect_of(headers, asked)),
            retry_after: retry_after(headers, self.clock.now()),
            challenge: text(headers, WWW_AUTHENTICATE.as_str()),
            // A date has whole seconds only.
            date: text(headers, DATE.as_str())
                .and_then(|date| httpdate::parse_http_date(&date).ok())
                .and_then(|date| date.checked_add(Duration::from_secs(1))),
            body: Zeroizing::default(),
        };
        match self.body(answer).await {
            Ok(body) => response.body = body,
            // The status says enough. Not so 400 and 404: a provider tells in the body what is missing.
            Err(_) if response.status >= 300 && !matches!(response.status, 400 | 404) => {}
            Err(error) => return Err(error),
        }
        Ok(response)
    }

    async fn body(&self, mut answer: reqwest::Response) -> Result<Zeroizing<Vec<u8>>> {
        let too_large = || {
            let message =
                format!("the answer of {} is longer than {MAX_BODY} bytes", self.config.endpoint);
            Error::new(ErrorKind::Malformed, message).with_reason(Reason::TooLarge)
        };
        let announced = answer.content_length().unwrap_or(0);
        let room = usize::try_from(announced).ok().filter(|length| *length <= MAX_BODY);
        // A buffer that grows leaves copies behind; an announced length needs no growing.
        let mut body = Zeroizing::new(Vec::with_capacity(room.ok_or_else(too_large)?));
        while let Some(chunk) = answer.chunk().await.map_err(|cause| self.lost(cause))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(too_large());
            }
            extend(&mut body, &chunk);
            // What the connection still holds is out of reach.
            if let Ok(mut chunk) = chunk.try_into_mut() {
                chunk.as_mut().zeroize();
            }
        }
        Ok(body)
    }

    fn lost(&self, cause: reqwest::Error) -> Error {
        transport::error(cause, &self.config)
    }
}

/// Appends, and wipes the old buffer if there was no room.
fn extend(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    let needed = body.len() + chunk.len();
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.next_power_of_two()));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(chunk);
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn redirect_of(headers: &HeaderMap, asked: &Url) -> Redirect {
    let target = text(headers, LOCATION.as_str()).and_then(|to| asked.join(&to).ok());
    let is_same_origin = target
        .as_ref()
        .is_some_and(|target| target.origin() == asked.origin() && target.path() != asked.path());
    let origin = target.map(|target| target.origin().ascii_serialization());
    Redirect { origin, is_same_origin }
}

#[cfg(test)]
mod tests {
    use strongroom_core::{SecretValue, SystemClock};

    use super::*;
    use crate::{Header, Plaintext};

    #[test]
    fn s12_a_built_request_does_not_show_its_header() {
        let endpoint = Endpoint::parse("VAULT_ADDR", "http://127.0.0.1", Plaintext::Loopback);
        let client = Client::new(Config::new(endpoint.unwrap()), Arc::new(SystemClock)).unwrap();
        let token = Header::secret("x-vault-token", &SecretValue::from("canary-token")).unwrap();
        let built = client.build(Request::new(Method::Get, ["v1"]).header(token)).unwrap();
        assert!(built.headers()["x-vault-token"].is_sensitive());
        assert!(!format!("{built:?} {client:?}").contains("canary"), "{built:?}");
    }
}
