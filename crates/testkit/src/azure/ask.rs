//! A request, read as far as it can be without a token.

use std::borrow::Cow;

use crate::azure::operation::{Door, Operation, Route};
use crate::azure::reply::Refusal;
use crate::server::Request;

/// A request, and what it asks for.
pub(super) struct Ask<'a> {
    pub(super) route: Route<'a>,
    request: &'a Request,
}

impl<'a> Ask<'a> {
    pub(super) fn read(door: Door, request: &'a Request) -> Self {
        let route = Route::read(door, request.method.as_str(), request.url.path());
        Self { route, request }
    }

    pub(super) fn operation(&self) -> Operation {
        self.route.operation
    }

    pub(super) fn method(&self) -> &'a str {
        self.request.method.as_str()
    }

    /// Without the query.
    pub(super) fn path(&self) -> &'a str {
        self.request.url.path()
    }

    pub(super) fn body(&self) -> &'a [u8] {
        &self.request.body
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.request.headers.get(name)?.to_str().ok()
    }

    /// The host that the client asked, with the port if it named one.
    pub(super) fn host(&self) -> &'a str {
        self.header("host").unwrap_or("localhost")
    }

    /// The token that it brings along.
    pub(super) fn token(&self) -> Option<&'a str> {
        self.header("authorization")?.strip_prefix("Bearer ").map(str::trim)
    }

    /// A parameter of the query, decoded.
    pub(super) fn query(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut pairs = self.request.url.query_pairs();
        pairs.find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// A field of a form in the body, decoded. The encoding of a form is that of a query.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let mut url = self.request.url.clone();
        url.set_query(Some(str::from_utf8(self.body()).ok()?));
        let mut pairs = url.query_pairs();
        pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    /// # Errors
    /// `BadParameter` for a version of the interface that the fake does not know.
    pub(super) fn check_version(&self) -> Result<(), Refusal> {
        match self.query("api-version") {
            Some(version) if VERSIONS.contains(&&*version) => Ok(()),
            Some(_) => Err(Refusal::parameter("The api-version is not supported.")),
            None => Err(Refusal::parameter("The parameter api-version is required.")),
        }
    }

    /// The name of the secret, or `*` for a request that is about none in particular.
    ///
    /// # Errors
    /// `BadParameter` for what can be no name.
    pub(super) fn name(&self) -> Result<&'a str, Refusal> {
        let Some(name) = self.route.name else { return Ok("*") };
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        match (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_allowed) {
            true => Ok(name),
            false => Err(Refusal::parameter("The request URI contains an invalid name.")),
        }
    }
}

/// Those that clients use now.
const VERSIONS: &[&str] = &["7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"];

/// "Azure Key Vault keys, secrets and certificates overview": an object name has at most 127 characters.
const MAX_NAME: usize = 127;
