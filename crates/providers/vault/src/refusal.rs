//! What the server's own words mean. Statuses alone do not tell: one 400 is a lost race, another a missing
//! key. The words are matched and never shown.

use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason};
use strongroom_http::Response;

/// The error for an answer that is no success.
pub(crate) fn error(response: &Response) -> Error {
    let body: Body = response.json().unwrap_or_default();
    // A 404 of something else on the way, a gateway or a portal, must not pass for a missing secret.
    let is_ours = body.errors.is_some() || body.warnings.is_some();
    if matches!(response.status(), 400 | 404) && !is_ours {
        return response.malformed();
    }
    let texts = body.errors.iter().chain(&body.warnings).flatten();
    let known = texts.filter_map(|text| known(text)).next();
    let error = response.error();
    match known {
        // The status of an outage may also bring the time to wait.
        Some(said) if said.kind() == Unavailable => match error.retry_after() {
            Some(wait) => said.with_retry_after(wait),
            None => said,
        },
        Some(said) => said,
        None => error,
    }
}

/// The error for one item of a batch.
pub(crate) fn of_item(text: &str) -> Error {
    known(text).unwrap_or_else(|| {
        Error::new(ErrorKind::Internal, "the server refused this item of the batch")
    })
}

fn known(text: &str) -> Option<Error> {
    let (_, meaning) = TABLE.iter().find(|(words, _)| text.contains(words))?;
    Some(match meaning {
        Signature(reason) => Error::signature(*reason),
        Plain(kind, message) => Error::new(*kind, *message),
        Because(kind, reason, message) => Error::new(*kind, *message).with_reason(*reason),
    })
}

enum Meaning {
    Signature(Reason),
    Plain(ErrorKind, &'static str),
    Because(ErrorKind, Reason, &'static str),
}

use ErrorKind::{Conflict, Misconfigured, Unavailable, Unsupported};
use Meaning::{Because, Plain, Signature};

/// A part of the server's text, and its meaning. The first row that matches counts.
#[rustfmt::skip]
const TABLE: &[(&str, Meaning)] = &[
    ("Vault is sealed",                        Because(Unavailable, Reason::Sealed, "the server is sealed; an operator has to unseal it")),
    ("active cluster node not found",          Because(Unavailable, Reason::Inactive, "the cluster has no active server at the moment")),
    ("Upgrading from non-versioned",           Plain(Unavailable, "the KV engine is being upgraded to version 2")),
    ("no handler for route",                   Because(Misconfigured, Reason::Mount, "nothing is mounted there; check VAULT_KV_MOUNT, VAULT_TRANSIT_MOUNT and VAULT_NAMESPACE")),
    ("namespace not found",                    Because(Misconfigured, Reason::Namespace, "the server knows no namespace of that name; check VAULT_NAMESPACE")),
    ("Invalid path for a versioned K/V",       Because(Misconfigured, Reason::Mount, "a KV engine of version 2 is mounted there, and version 1 was asked for; check VAULT_KV_VERSION")),
    ("relative paths not supported",           Plain(Misconfigured, "the server does not take `..` in a name, not even inside a segment")),
    ("parent references",                      Plain(Misconfigured, "the server does not take `..` in a name, not even inside a segment")),
    ("check-and-set parameter did not match",  Plain(Conflict, "the current version is not the expected one")),
    ("key not found",                          Plain(Misconfigured, "there is no such Transit key")),
    ("does not support signing",               Plain(Unsupported, "the Transit key is of a type that does not sign")),
    ("disallowed by policy",                   Signature(Reason::Retired)),
    ("version is too new",                                Signature(Reason::UnknownKey)),
    ("invalid signature",                      Signature(Reason::Malformed)),
    ("invalid HMAC",                           Signature(Reason::Malformed)),
    ("invalid base64",                         Signature(Reason::Malformed)),
    ("unable to verify",                       Signature(Reason::Tag)),
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    errors: Option<Vec<String>>,
    warnings: Option<Vec<String>>,
}
