//! Why there is no answer.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;
use strongroom_core::{Error, ErrorKind, Reason};

use crate::client::Config;
use crate::resolver::Unresolved;

/// The error for a request that got no answer, or an answer that broke off.
///
/// What reqwest says is the source only if nothing was sent: then nothing of the request can be in it.
pub(crate) fn error(cause: reqwest::Error, config: &Config) -> Error {
    let unsent = cause.is_connect();
    let origin = match config.used_proxy().filter(|_| unsent) {
        Some(proxy) => format!("{} through the proxy {proxy}", config.endpoint),
        None => config.endpoint.origin(),
    };
    let error = if let Some(refused) = find::<rustls::Error>(&cause) {
        let message = format!("no TLS with {origin}: {}", refusal(refused));
        Error::new(ErrorKind::TlsRejected, message)
    } else if let Some(unresolved) = find::<Unresolved>(&cause) {
        let message = format!("no connection to {origin}: {unresolved}");
        Error::new(ErrorKind::Unavailable, message).with_reason(Reason::Dns)
    } else if cause.is_timeout() {
        let message = match unsent {
            true => format!("no connection to {origin} within {:?}", config.connect),
            false => format!("no complete answer of {origin} within {:?}", config.attempt),
        };
        Error::new(ErrorKind::Unavailable, message).with_reason(Reason::Timeout)
    } else if unsent {
        let why = find::<io::Error>(&cause).map(|error| format!(": {}", error.kind()));
        let message = format!("cannot connect to {origin}{}", why.unwrap_or_default());
        Error::new(ErrorKind::Unavailable, message)
    } else {
        broken(&cause, &origin)
    };
    match unsent {
        true => error.with_source(cause.without_url()),
        false => error,
    }
}

/// An answer that began, or should have.
fn broken(cause: &reqwest::Error, origin: &str) -> Error {
    let in_body = cause.is_body() || cause.is_decode();
    let fault = find::<io::Error>(cause).map(io::Error::kind).filter(|_| in_body);
    match fault {
        // So hyper says it of chunks that are none.
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => unreadable(origin),
        _ if find::<hyper::Error>(cause).is_some_and(hyper::Error::is_parse) => unreadable(origin),
        Some(io::ErrorKind::UnexpectedEof) => {
            let message = format!("the answer of {origin} ended before it was complete");
            Error::new(ErrorKind::Malformed, message).with_reason(Reason::Truncated)
        }
        _ => {
            let message = format!("{origin} closed the connection before the answer was complete");
            Error::new(ErrorKind::Unavailable, message)
        }
    }
}

fn unreadable(origin: &str) -> Error {
    let message = format!("what {origin} answers is not HTTP, or has too many headers");
    Error::new(ErrorKind::Malformed, message)
}

fn refusal(error: &rustls::Error) -> &'static str {
    use CertificateError as Bad;
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => "its certificate has expired",
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => "its certificate is not valid yet",
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                "its certificate is for another name"
            }
            Bad::UnknownIssuer => "its certificate is not signed by an authority that is trusted",
            Bad::Revoked => "its certificate is revoked",
            _ => "its certificate cannot be accepted",
        },
        Tls::InvalidMessage(_) => "it does not speak TLS; does it speak plain http?",
        Tls::PeerIncompatible(_) => "it offers neither TLS 1.2 nor 1.3 as we speak them",
        Tls::AlertReceived(_) => "it refused the handshake",
        _ => "the handshake failed",
    }
}

/// Looks for an error of a type below another. Not by `source` alone: an `io::Error` hides what it wraps.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}
