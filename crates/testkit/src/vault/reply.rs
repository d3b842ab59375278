//! What goes back to the client.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Map, Value, json};

use crate::fault::JSON;
use crate::server::Answer;
use crate::vault::fields::{Fields, Invalid};

/// An answer; an error is one too.
pub(super) struct Reply {
    status: u16,
    body: Map<String, Value>,
    location: Option<String>,
}

pub(super) type Outcome = Result<Reply, Reply>;

impl Reply {
    /// No body at all.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, body: Map::new(), location: None }
    }

    /// A body of these fields, without the envelope.
    pub(super) fn plain(status: u16, body: Value) -> Self {
        let body = if let Value::Object(body) = body { body } else { Map::new() };
        Self { status, body, location: None }
    }

    /// The envelope of an answer, with this in `data`.
    pub(super) fn data(data: Value) -> Self {
        let envelope = json!({
            "request_id": "", "lease_id": "", "renewable": false, "lease_duration": 0, "data": data,
            "wrap_info": null, "warnings": null, "auth": null,
        });
        Self::plain(200, envelope)
    }

    /// A list of names. None at all is not found.
    pub(super) fn keys(keys: BTreeSet<String>) -> Outcome {
        match keys.is_empty() {
            true => Err(Self::not_found()),
            false => Ok(Self::data(json!({ "keys": keys }))),
        }
    }

    pub(super) fn error(status: u16, text: impl Into<String>) -> Self {
        Self::plain(status, json!({ "errors": [text.into()] }))
    }

    /// An error in the list form that the server gives to some.
    pub(super) fn listed(status: u16, text: &str) -> Self {
        Self::error(status, format!("1 error occurred:\n\t* {text}\n\n"))
    }

    /// A status whose error has no text.
    pub(super) fn silent(status: u16) -> Self {
        Self::plain(status, json!({ "errors": [] }))
    }

    pub(super) fn not_found() -> Self {
        Self::silent(404)
    }

    pub(super) fn unsupported_operation() -> Self {
        Self::listed(405, "unsupported operation")
    }

    pub(super) fn unsupported_path() -> Self {
        Self::listed(404, "unsupported path")
    }

    /// The answer of the path cleaner.
    pub(super) fn redirect(location: String) -> Self {
        Self { location: Some(location), ..Self::empty(307) }
    }

    pub(super) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets a field beside `data`.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn warn(mut self, text: impl Into<String>) -> Self {
        let text = Value::from(text.into());
        match self.body.get_mut("warnings") {
            Some(Value::Array(warnings)) => warnings.push(text),
            Some(warnings) => *warnings = Value::Array(vec![text]),
            None => {}
        }
        self
    }

    /// Warns of the fields that nobody asked for, as the server does where it answers with something.
    pub(super) fn warn_of(self, left: &Fields) -> Self {
        let says = |name| self.body.get(name).is_some_and(|found| !found.is_null());
        match left.names() {
            Some(names) if says("data") || says("auth") => {
                self.warn(format!("Endpoint ignored these unrecognized parameters: [{names}]"))
            }
            _ => self,
        }
    }

    /// What is in the envelope.
    pub(super) fn into_data(mut self) -> Option<Map<String, Value>> {
        match self.body.remove("data") {
            Some(Value::Object(data)) => Some(data),
            _ => None,
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// The answer on the wire, to the request of this number, at this time.
    pub(super) fn into_response(mut self, request: usize, now: Timestamp) -> Answer {
        if let Some(id) = self.body.get_mut("request_id") {
            *id = format!("00000000-0000-4000-8000-{request:012x}").into();
        }
        // The clock of the server tells when something is deleted, so that is the one that it shows.
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
        let response = Answer::new(self.status);
        let response = match date {
            Ok(date) => response.header("date", date),
            Err(_) => response,
        };
        match self.location {
            Some(location) => response.header("location", location),
            None if self.body.is_empty() => response,
            None => {
                response.body(Value::Object(self.body).to_string()).header("content-type", JSON)
            }
        }
    }
}

/// A field that does not have the type it should.
impl From<Invalid> for Reply {
    fn from(invalid: Invalid) -> Self {
        Self::error(400, format!("Field validation failed: {}", invalid.0))
    }
}
