//! One request.

use std::fmt;

use bytes::Bytes;
use reqwest::header::{HeaderName, HeaderValue};
use strongroom_core::{Error, ErrorKind, Result, SecretValue};
use zeroize::Zeroizing;

/// What is done. Providers need no others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes, or asks with a body.
    Post,
    /// Removes.
    Delete,
}

/// A request below the base URL of a [`Client`](crate::Client).
///
/// `Debug` shows method and path; nothing secret belongs into a path or query.
#[must_use]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
    pub(crate) is_probe: bool,
}

impl Request {
    /// A request to a path, segment by segment. Each is percent-encoded as one.
    pub fn new<S: Into<String>>(method: Method, segments: impl IntoIterator<Item = S>) -> Self {
        Self {
            method,
            segments: segments.into_iter().map(Into::into).collect(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            is_probe: false,
        }
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

    /// Sends this JSON text. Wiped once it was sent.
    pub fn json(mut self, body: Zeroizing<Vec<u8>>) -> Self {
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
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.segments)
            .finish_non_exhaustive()
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
}
