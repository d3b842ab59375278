//! What goes back to the client.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use crate::aws::ErrorForm;
use crate::server::Answer;

/// The members of an answer, or why there is none.
pub(super) type Outcome = Result<Value, Refusal>;

/// An error as the service names it.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    text: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    pub(super) fn parameter(text: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", text)
    }

    pub(super) fn request(text: impl Into<String>) -> Self {
        Self::new("InvalidRequestException", text)
    }

    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", text)
    }

    pub(super) fn no_secret() -> Self {
        Self::not_found("Secrets Manager can't find the specified secret.")
    }

    /// A member breaks a constraint of the model. Its value is not repeated.
    pub(super) fn constraint(member: &str, text: &str) -> Self {
        let member = lowered(member);
        let heading = "1 validation error detected: Value at";
        Self::new(
            "ValidationException",
            format!("{heading} '{member}' failed to satisfy constraint: Member must {text}"),
        )
    }

    /// A member has another JSON type than the model says.
    pub(super) fn mistyped() -> Self {
        Self::new("SerializationException", "")
    }

    /// One entry of `Errors` in a batch.
    pub(super) fn of(&self, id: &str) -> Value {
        json!({ "SecretId": id, "ErrorCode": self.code, "Message": self.text })
    }

    pub(super) fn status(&self) -> u16 {
        status(self.code)
    }

    fn body(&self, form: ErrorForm) -> Value {
        body(self.code, &self.text, form)
    }
}

/// Every fault of a client is 400, throttling and what is absent included.
pub(super) fn status(code: &str) -> u16 {
    match code {
        "InternalServiceError" | "InternalFailure" => 500,
        "ServiceUnavailableException" => 503,
        _ => 400,
    }
}

/// The body of an error.
pub(super) fn body(code: &str, text: &str, form: ErrorForm) -> Value {
    // The service itself writes `Message`, what stands in front of it `message`.
    let member = if MODELLED.contains(&code) { "Message" } else { "message" };
    let mut body = match text {
        "" => json!({}),
        text => json!({ member: text }),
    };
    match form {
        ErrorForm::Body => body["__type"] = code.into(),
        ErrorForm::Namespaced => {
            body["__type"] = format!("com.amazonaws.secretsmanager#{code}").into();
        }
        ErrorForm::Header => {}
    }
    body
}

/// The answer on the wire, to the request of this number, at this time.
pub(super) fn respond(
    outcome: &Outcome,
    form: ErrorForm,
    request: usize,
    now: Timestamp,
) -> Answer {
    let (status, body) = match outcome {
        Ok(body) => (200, body.to_string()),
        Err(refusal) => (refusal.status(), refusal.body(form).to_string()),
    };
    let id = format!("00000000-0000-4000-8000-{request:012x}");
    let mut response = Answer::new(status)
        .body(body)
        .header("content-type", CONTENT_TYPE)
        .header("x-amzn-requestid", id);
    // A client that was refused for its clock learns the right time here.
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&now) {
        response = response.header("date", date);
    }
    match outcome {
        Err(refusal) if form == ErrorForm::Header => response.header(
            "x-amzn-errortype",
            format!(
                "{}:http://internal.amazon.com/coral/com.amazonaws.secretsmanager/",
                refusal.code
            ),
        ),
        _ => response,
    }
}

/// A time as the service writes it: seconds since 1970 with three decimals.
pub(super) fn time(at: Timestamp) -> Value {
    let seconds = at.as_duration().as_secs_f64();
    json!((seconds * 1_000.0).round() / 1_000.0)
}

/// Errors name members as `secretId`.
fn lowered(member: &str) -> String {
    let mut letters = member.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

pub(super) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// The errors that the model of the service lists.
const MODELLED: &[&str] = &[
    "DecryptionFailure",
    "EncryptionFailure",
    "InternalServiceError",
    "InvalidNextTokenException",
    "InvalidParameterException",
    "InvalidRequestException",
    "LimitExceededException",
    "MalformedPolicyDocumentException",
    "PreconditionNotMetException",
    "PublicPolicyException",
    "ResourceExistsException",
    "ResourceNotFoundException",
];
