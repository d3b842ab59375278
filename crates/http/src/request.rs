//! One request.

use std::fmt;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use strongroom_core::{Error, ErrorKind, Result, SecretValue};
use zeroize::Zeroizing;

/// What is done. Providers need no others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes, or asks with a body.
    Post,
    /// Writes what is at the path from then on.
    Put,
    /// Changes parts of what is at the path.
    Patch,
    /// Removes.
    Delete,
}

/// A request below the base URL of a [`Client`](crate::Client).
///
/// `Debug` shows method and path; nothing secret belongs into a path or query.
#[must_use]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Option<Bytes>,
    pub(crate) is_probe: bool,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Target {
    /// A path below the base URL.
    Path(Vec<String>),
    /// A URL that somebody else built.
    Url(Url),
}

impl Request {
    /// A request to a path, segment by segment. Each is percent-encoded as one.
    pub fn new<S: Into<String>>(method: Method, segments: impl IntoIterator<Item = S>) -> Self {
        let segments = segments.into_iter().map(Into::into).collect();
        Self::with_target(method, Target::Path(segments))
    }

    /// A request to a URL that the client of a vendor built. It is sent as it is, if it is one of the server that
    /// the [`Client`](crate::Client) talks to.
    pub fn whole(method: Method, url: Url) -> Self {
        Self::with_target(method, Target::Url(url))
    }

    fn with_target(method: Method, target: Target) -> Self {
        let (query, headers) = Default::default();
        Self { method, target, query, headers, body: None, is_probe: false }
    }

    /// Adds a parameter to the query.
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a header.
    pub fn header(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }

    /// Sends this JSON text, as of [`json_body`](crate::json_body). Wiped once it was sent.
    pub fn json(self, body: Zeroizing<Vec<u8>>) -> Self {
        let json = HeaderValue::from_static("application/json");
        self.header(Header { name: CONTENT_TYPE, value: json }).body(Bytes::from_owner(body))
    }

    /// Sends these bytes, of whatever type a header says.
    pub fn body(mut self, body: Bytes) -> Self {
        self.body = Some(body);
        self
    }

    /// Asks how the server is: goes out while the server has asked for a pause, and a status of 429 asks
    /// for none.
    pub fn probe(mut self) -> Self {
        self.is_probe = true;
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Request");
        shown.field("method", &self.method);
        match &self.target {
            Target::Path(segments) => shown.field("path", segments),
            Target::Url(url) => shown.field("path", &url.path()),
        };
        shown.finish_non_exhaustive()
    }
}

/// A header of a request.
#[derive(Clone, Debug)]
pub struct Header {
    pub(crate) name: HeaderName,
    pub(crate) value: HeaderValue,
}

impl Header {
    /// A header that may be shown.
    ///
    /// # Errors
    /// `Misconfigured` if the value has characters that no header may have.
    ///
    /// # Panics
    /// If the name is not in lower case.
    pub fn plain(name: &'static str, value: &str) -> Result<Self> {
        Self::new(name, value.as_bytes())
    }

    /// A header that holds a secret: marked sensitive, so that it prints as `Sensitive` and no HTTP/2 table keeps
    /// it, and wiped with the last clone of the secret. What the connection copies is out of reach.
    ///
    /// # Errors
    /// As [`plain`](Self::plain), panics included.
    pub fn secret(name: &'static str, value: &SecretValue) -> Result<Self> {
        let shared = Bytes::from_owner(Shared(value.clone()));
        let value = HeaderValue::from_maybe_shared(shared).map_err(|_| unprintable(name))?;
        let mut header = Self { name: HeaderName::from_static(name), value };
        header.value.set_sensitive(true);
        Ok(header)
    }

    /// `authorization: Bearer ..`, held as [`secret`](Self::secret) holds one.
    ///
    /// # Errors
    /// As [`secret`](Self::secret).
    pub fn bearer(token: &SecretValue) -> Result<Self> {
        const SCHEME: &[u8] = b"Bearer ";
        // A buffer that grows would leave a part of it behind.
        let mut text = Vec::with_capacity(SCHEME.len() + token.len());
        text.extend_from_slice(SCHEME);
        text.extend_from_slice(token.expose());
        Self::secret("authorization", &SecretValue::from(text))
    }

    fn new(name: &'static str, value: &[u8]) -> Result<Self> {
        let value = HeaderValue::from_bytes(value).map_err(|_| unprintable(name))?;
        Ok(Self { name: HeaderName::from_static(name), value })
    }
}

/// Lets a header use the bytes of a secret where they are.
struct Shared(SecretValue);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

fn unprintable(name: &str) -> Error {
    let message = format!("what header `{name}` would hold has non-printable characters");
    Error::new(ErrorKind::Misconfigured, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s12_a_header_with_a_secret_is_not_shown() {
        let secret = |text: &str| Header::secret("x-vault-token", &SecretValue::from(text));
        let header = secret("canary-token").unwrap();
        let request = Request::new(Method::Get, ["v1"]).header(header.clone());
        for shown in [format!("{header:?}"), format!("{request:?}")] {
            assert!(!shown.contains("canary"), "{shown}");
        }
        assert!(secret("canary\n").is_err());
    }

    #[test]
    fn a_bearer_is_not_shown_either() {
        let header = Header::bearer(&SecretValue::from("canary-token")).unwrap();
        assert_eq!(
            (header.name.as_str(), header.value.as_bytes()),
            ("authorization", &b"Bearer canary-token"[..])
        );
        assert!(!format!("{header:?}").contains("canary"));
        assert!(Header::bearer(&SecretValue::from("canary\n")).is_err());
    }
}
