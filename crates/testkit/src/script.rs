//! What goes wrong with a provider, by name.

use std::time::Duration;

use strongroom_core::{Clock, SystemClock};

use crate::{Fault, On};

/// What goes wrong with a fake, in the words of its provider; see [`Fake::play`](crate::Fake::play).
///
/// What a script says is what the provider's documentation, its source or a recorded answer has; for anything else
/// there is [`Fault`]. A server with the wrong certificate is [`Builder::certificate`](crate::Builder::certificate).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Script {
    /// The token or the signature of the next call is refused, and all is well after that. A client that can log in
    /// again does; one that has nothing but the token cannot.
    RefusedOnce,
    /// Too many requests, without a word about when to come back.
    Throttled,
    /// Too many requests, and `Retry-After` says when to come back, in whole seconds. AWS sends no such header, and
    /// its clients look at none.
    ThrottledFor(Duration),
    /// An outage that the provider tells.
    Unavailable,
    /// No answer, and the connection stays open.
    Hang,
    /// The connection is reset.
    Reset,
    /// Answers break off in the middle. Calls are carried out.
    Truncated,
    /// Answers of 16 MiB, more than any client should read.
    Oversized,
    /// A page in HTML with status 502, as load balancers and login walls send it.
    Html,
    /// Whoever asks is known and may do nothing.
    Denied,
    /// The clock of the server is ahead of that of the machine by this much. Elsewhere than on AWS, which judges
    /// signatures by it, it stands still from then on, and only the header `Date` shows it.
    ClockSkew(Duration),
}

/// What a provider says in its own words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    Token,
    Rate,
    Outage,
    Rights,
}

impl Script {
    /// One of each, for tests that go through all of them.
    pub const ALL: [Self; 11] = [
        Self::RefusedOnce,
        Self::Throttled,
        Self::ThrottledFor(Duration::from_secs(1)),
        Self::Unavailable,
        Self::Hang,
        Self::Reset,
        Self::Truncated,
        Self::Oversized,
        Self::Html,
        Self::Denied,
        Self::ClockSkew(Duration::from_secs(3_600)),
    ];

    /// The fault that plays it, where the provider refuses so.
    pub(crate) fn fault(self, refuse: impl Fn(On, Refusal) -> Fault) -> Fault {
        match self {
            Self::RefusedOnce => refuse(On::Secrets, Refusal::Token).times(1),
            Self::Throttled => refuse(On::Any, Refusal::Rate),
            Self::ThrottledFor(after) => {
                refuse(On::Any, Refusal::Rate).header("retry-after", &after.as_secs().to_string())
            }
            Self::Unavailable => refuse(On::Any, Refusal::Outage),
            Self::Hang => Fault::new(On::Any).hang(),
            Self::Reset => Fault::new(On::Any).reset(),
            Self::Truncated => Fault::new(On::Any).truncate(),
            Self::Oversized => Fault::new(On::Any).status(200).body(oversized()),
            Self::Html => Fault::new(On::Any)
                .status(502)
                .body(HTML)
                .header("content-type", "text/html; charset=utf-8"),
            Self::Denied => refuse(On::Secrets, Refusal::Rights),
            Self::ClockSkew(by) => {
                let at = jiff::Timestamp::try_from(SystemClock.now() + by).unwrap_or_default();
                let date = jiff::fmt::rfc2822::DateTimePrinter::new();
                let date = date.timestamp_to_rfc9110_string(&at).unwrap_or_default();
                Fault::new(On::Any).header("date", &date)
            }
        }
    }
}

/// JSON, so that only its size is wrong.
fn oversized() -> String {
    format!("{{\"data\":\"{}\"}}", "x".repeat(16 << 20))
}

const HTML: &str = "<!doctype html><title>502</title><h1>Bad gateway</h1>";
