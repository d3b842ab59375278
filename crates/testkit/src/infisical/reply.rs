//! What goes back to the client.

use serde_json::{Value, json};

use crate::server::Answer;

/// An answer on its way; one that refuses says so.
pub(super) struct Reply {
    pub(super) status: u16,
    body: Value,
    /// The member `error` of the body, if it is an error.
    pub(super) error: Option<String>,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// Why the server does not do something. Holds no value, so that a test may see it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    error: String,
    message: Value,
    details: Option<Value>,
    /// Whether it comes from Infisical's error handler, and not from the web framework.
    is_numbered: bool,
    retry_after: Option<u64>,
}

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: 200, body, error: None, headers: Vec::new() }
    }

    /// The answer on the wire.
    pub(super) fn into_response(self) -> Answer {
        let mut response = Answer::new(self.status)
            .body(self.body.to_string())
            .header("content-type", "application/json; charset=utf-8");
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response
    }
}

/// Names and texts are those of `backend/src/lib/errors` and of `server/plugins/error-handler.ts`.
impl Refusal {
    pub(super) fn new(status: u16, error: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            message: message.into().into(),
            details: None,
            is_numbered: true,
            retry_after: None,
        }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(401, "UnauthorizedError", message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "ForbiddenError", message)
    }

    /// A token of an identity that is no token, or that ended.
    pub(super) fn token(message: &str) -> Self {
        Self::new(403, "TokenError", message)
    }

    /// What no rule of the identity's roles allows.
    pub(super) fn denied(action: &str, subject: &str) -> Self {
        let message = format!("You are not allowed to {action} on {subject}");
        Self::new(403, "PermissionDenied", message).with_details(json!([]))
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "NotFound", message)
    }

    /// A route that the server does not have. The web framework answers, with the whole target.
    pub(super) fn no_route(method: &str, target: &str) -> Self {
        let message = format!("Route {method}:{target} not found");
        Self { is_numbered: false, ..Self::new(404, "Not Found", message) }
    }

    /// Parameters that do not fit: the issues that zod finds.
    pub(super) fn invalid(issues: Vec<Value>) -> Self {
        Self { message: issues.into(), ..Self::new(422, "ValidationFailure", "") }
    }

    /// What the error handler has no name for, such as a body that is not JSON.
    pub(super) fn internal() -> Self {
        Self::new(500, "InternalServerError", "Something went wrong")
    }

    pub(super) fn rate(seconds: u64) -> Self {
        let message = format!("Rate limit exceeded. Please try again in {seconds} seconds");
        Self { retry_after: Some(seconds), ..Self::new(429, "RateLimitExceeded", message) }
    }

    #[must_use]
    pub(super) fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    pub(super) fn message(&self) -> &Value {
        &self.message
    }

    /// The answer to the request of this number.
    pub(super) fn into_reply(self, request: usize) -> Reply {
        let mut body = body(self.status, &self.error, self.message);
        if self.is_numbered {
            body["reqId"] = format!("req-canary-{request}").into();
        }
        if let Some(details) = self.details {
            body["details"] = details;
        }
        let retry_after = self.retry_after.map(|seconds| ("retry-after", seconds.to_string()));
        Reply {
            status: self.status,
            body,
            error: Some(self.error),
            headers: retry_after.into_iter().collect(),
        }
    }
}

/// The body of an error.
pub(super) fn body(status: u16, error: &str, message: Value) -> Value {
    json!({ "statusCode": status, "message": message, "error": error })
}
