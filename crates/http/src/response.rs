//! One answer, read whole.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason, Result, escaped};
use zeroize::Zeroizing;

use crate::classify;

/// An answer with any status. Its body is wiped when it is dropped; `Debug` does not show it.
pub struct Response {
    pub(crate) status: u16,
    pub(crate) origin: String,
    pub(crate) content_type: String,
    pub(crate) redirect: Option<Redirect>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) challenge: Option<String>,
    pub(crate) date: Option<SystemTime>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Where an answer with status 3xx points. It is never followed.
pub(crate) struct Redirect {
    /// The origin; `None` if there is no location, or none that can be read.
    pub(crate) origin: Option<String>,
    /// Whether it is another path of the same server.
    pub(crate) is_same_origin: bool,
}

impl Response {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body. May hold secrets.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, wiped with the last clone. May hold secrets.
    pub fn into_body(self) -> Bytes {
        Bytes::from_owner(self.body)
    }

    /// How the server wants to be asked: `WWW-Authenticate` (RFC 9110, 11.6.1).
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// The end of the second in which the server says it answered, by its own clock; `None` if it does not.
    pub fn date(&self) -> Option<SystemTime> {
        self.date
    }

    /// The body as JSON, strictly: UTF-8, no byte order mark, nothing after it; in what the type reads, no
    /// member of a struct twice and at most 128 levels.
    ///
    /// # Errors
    /// `Malformed`, with status and content type. What the parser says is dropped: it may quote the body.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        let text = std::str::from_utf8(&self.body).ok();
        text.and_then(|text| serde_json::from_str(text).ok()).ok_or_else(|| self.malformed())
    }

    /// The error for an answer that is not what was asked for.
    pub fn malformed(&self) -> Error {
        let content_type = match self.content_type.as_str() {
            "" => "no content type".to_owned(),
            text => format!("content type `{}`", escaped(text)),
        };
        let message = format!(
            "{} answered {} and not in the expected form ({content_type}, {} bytes); is this the right server?",
            self.origin,
            self.status,
            self.body.len()
        );
        Error::new(ErrorKind::Malformed, message)
    }

    /// The error that the status stands for, with what the server said about trying again. A status of
    /// success that was not expected is `Malformed`.
    pub fn error(&self) -> Error {
        if let Some(redirect) = &self.redirect {
            return self.redirected(redirect);
        }
        let (kind, words) = classify::status(self.status);
        let message = format!("{} answered {}: {words}", self.origin, self.status);
        let error = match kind {
            ErrorKind::Malformed if self.status < 400 => self.malformed(),
            _ => Error::new(kind, message),
        };
        match self.retry_after {
            Some(wait) if matches!(kind, ErrorKind::Throttled | ErrorKind::Unavailable) => {
                error.with_retry_after(wait)
            }
            _ => error,
        }
    }

    fn redirected(&self, redirect: &Redirect) -> Error {
        let (kind, to) = match redirect {
            Redirect { is_same_origin: true, .. } => {
                (ErrorKind::Misconfigured, "another path of the same server".to_owned())
            }
            Redirect { origin: Some(origin), .. } => (ErrorKind::Malformed, escaped(origin)),
            Redirect { origin: None, .. } => (ErrorKind::Malformed, "nowhere".to_owned()),
        };
        let message = format!(
            "{} answered {}, a redirect to {to}; redirects are not followed",
            self.origin, self.status
        );
        Error::new(kind, message).with_reason(Reason::Redirect)
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
