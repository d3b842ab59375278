//! What goes back to the client.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use crate::server::Answer;

/// An answer on its way; one that refuses says so.
pub(super) struct Reply {
    pub(super) status: u16,
    /// Nothing where it is null.
    body: Value,
    challenge: Option<String>,
    /// The most exact code that the body has, if it is an error.
    pub(super) error: Option<String>,
}

/// Why the vault does not do something. Holds no value, so that a test may see it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    text: String,
    inner: Option<String>,
    challenge: Option<String>,
}

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: 200, body, challenge: None, error: None }
    }

    pub(super) fn no_content() -> Self {
        Self { status: 204, ..Self::ok(Value::Null) }
    }

    /// An error of Entra or of an identity endpoint, whose bodies have forms of their own.
    pub(super) fn error(status: u16, error: &str, body: Value) -> Self {
        Self { status, body, challenge: None, error: Some(error.to_owned()) }
    }

    /// The answer on the wire, to the request of this number, at this time.
    pub(super) fn into_response(self, request: usize, now: Timestamp) -> Answer {
        let id = format!("00000000-0000-4000-8000-{request:012x}");
        let mut response = Answer::new(self.status).header("x-ms-request-id", id);
        // The clock of the fake ends tokens, so that is the one that it shows.
        if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&now) {
            response = response.header("date", date);
        }
        if let Some(challenge) = self.challenge {
            response = response.header("www-authenticate", challenge);
        }
        match self.body {
            Value::Null => response,
            body => response
                .body(body.to_string())
                .header("content-type", "application/json; charset=utf-8"),
        }
    }
}

/// The most exact code.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.inner.as_deref().unwrap_or(self.code))
    }
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into(), inner: None, challenge: None }
    }

    pub(super) fn parameter(text: impl Into<String>) -> Self {
        Self::new(400, "BadParameter", text)
    }

    /// No such secret, or no such version: the service makes no difference.
    pub(super) fn not_found(what: &str) -> Self {
        let text = format!("A secret with (name/id) {what} was not found in this key vault.");
        Self::new(404, "SecretNotFound", text)
    }

    /// There is nothing at this path.
    pub(super) fn no_path() -> Self {
        Self::new(404, "NotFound", "The fake has nothing at this path.")
    }

    pub(super) fn unauthorized(text: &str, challenge: String) -> Self {
        Self { challenge: Some(challenge), ..Self::new(401, "Unauthorized", text) }
    }

    #[must_use]
    pub(super) fn with_inner(mut self, inner: impl Into<String>) -> Self {
        self.inner = Some(inner.into());
        self
    }

    /// The answer. The inner error is the member of this name.
    pub(super) fn into_reply(self, inner_member: &str) -> Reply {
        Reply {
            status: self.status,
            body: body(self.code, &self.text, self.inner.as_deref(), inner_member),
            challenge: self.challenge,
            error: Some(self.inner.unwrap_or_else(|| self.code.to_owned())),
        }
    }
}

/// The body of an error of the vault.
pub(super) fn body(code: &str, text: &str, inner: Option<&str>, inner_member: &str) -> Value {
    let mut error = json!({ "code": code, "message": text });
    if let Some(inner) = inner {
        error[inner_member] = json!({ "code": inner });
    }
    json!({ "error": error })
}

/// How the service spells the member with the inner error now.
pub(super) const INNER: &str = "innererror";
/// How it did before.
pub(super) const OLD_INNER: &str = "innerError";
