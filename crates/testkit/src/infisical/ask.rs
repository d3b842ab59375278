//! A request, read as far as it can be without a token.

use std::borrow::Cow;

use serde_json::Value;

use crate::infisical::operation::{Operation, Route};
use crate::infisical::reply::Refusal;
use crate::server::Request;

/// A request, and what it asks for.
pub(super) struct Ask<'a> {
    pub(super) route: Route,
    /// Nothing where there is none, or where it is not JSON.
    body: Option<Value>,
    request: &'a Request,
}

impl<'a> Ask<'a> {
    pub(super) fn read(request: &'a Request) -> Self {
        let route = Route::read(request.method.as_str(), request.url.path());
        Self { route, body: serde_json::from_slice(&request.body).ok(), request }
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

    /// With the query.
    pub(super) fn target(&self) -> String {
        match self.request.url.query() {
            Some(query) => format!("{}?{query}", self.path()),
            None => self.path().to_owned(),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.request.headers.get(name)?.to_str().ok()
    }

    /// What follows the first seven characters of the header, whatever they are: the server looks no closer.
    pub(super) fn token(&self) -> Option<&'a str> {
        self.header("authorization").map(|header| header.get(7..).unwrap_or_default())
    }

    /// All parameters of the query, decoded.
    pub(super) fn queries(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        self.request.url.query_pairs()
    }

    /// A parameter: of the query, or a member of the body.
    pub(super) fn parameter(&self, name: &str) -> Option<Value> {
        match self.operation().is_read() {
            true => {
                let mut pairs = self.queries();
                pairs.find(|(found, _)| found == name).map(|(_, value)| Value::from(&*value))
            }
            false => self.body.as_ref()?.get(name).cloned(),
        }
    }

    /// A parameter that is a text, as it is.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.parameter(name)?.as_str().map(str::to_owned)
    }

    /// The name of the secret in the path; empty where the path has none.
    pub(super) fn name(&self) -> &str {
        self.route.name.as_deref().unwrap_or_default()
    }

    /// # Errors
    /// `InternalServerError` for a body that is not JSON, or does not say that it is: the server's handler has no
    /// better name for what the web framework then says.
    pub(super) fn check_body(&self) -> Result<(), Refusal> {
        if self.request.body.is_empty() {
            return Ok(());
        }
        let is_json =
            self.header("content-type").is_some_and(|kind| kind.starts_with(crate::fault::JSON));
        match is_json && self.body.is_some() {
            true => Ok(()),
            false => Err(Refusal::internal()),
        }
    }
}
