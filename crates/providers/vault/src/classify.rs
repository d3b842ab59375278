//! What the server's own words mean. Statuses alone do not tell: one 400 is a lost race, another a missing
//! key. The words are matched and never shown.

use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason};
use strongroom_http::Response;

/// The error for an answer that is no success.
pub(crate) fn error(response: &Response) -> Error {
    read(response, &[GENERAL])
}

/// The error for an answer to a login, a renewal or a lookup. None of them says anything about a secret.
pub(crate) fn of_login(response: &Response) -> Error {
    match error(response) {
        error if error.kind().is_authoritative() => {
            let message = format!(
                "{}; that is no answer to a login: check VAULT_ADDR and VAULT_AUTH_MOUNT",
                error.message()
            );
            Error::new(Misconfigured, message)
        }
        error => error,
    }
}

/// The error for an answer about a Transit key.
pub(crate) fn of_key(response: &Response) -> Error {
    read(response, &[GENERAL, KEYS])
}

/// The error for an answer to signing or verifying.
pub(crate) fn of_signing(response: &Response, asked: Asked) -> Error {
    read(response, asked.tables())
}

/// The error for one item of a batch.
pub(crate) fn of_item(text: &str, asked: Asked) -> Error {
    known(text, asked.tables()).unwrap_or_else(|| {
        Error::new(ErrorKind::Internal, "the server refused this item of the batch")
    })
}

/// What Transit was asked: only a verification can find a signature wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asked {
    Sign,
    Verify,
}

impl Asked {
    fn tables(self) -> &'static [Table] {
        match self {
            Self::Sign => &[GENERAL, KEYS],
            Self::Verify => &[GENERAL, KEYS, SIGNATURES],
        }
    }
}

/// Whether the server itself answered, in its own form, and no gateway or portal on the way.
pub(crate) fn is_ours(response: &Response) -> bool {
    Body::of(response).is_ours()
}

/// Whether a refusal says that the token is known and only its policies do not allow it. A token that is not
/// known has no policies to find errors in.
pub(crate) fn knows_the_token(response: &Response) -> bool {
    Body::of(response).errors.iter().flatten().any(|text| text.starts_with("1 error occurred"))
}

/// Whether a refusal may be about the token. One about the right to ask for a mount is not.
pub(crate) fn is_of_token(response: &Response) -> bool {
    if response.status() != 403 {
        return false;
    }
    let body = Body::of(response);
    let is_preflight = |text: &String| text.starts_with("preflight capability check");
    body.is_ours() && !body.errors.iter().flatten().any(is_preflight)
}

/// Whether a renewal was refused because the token has lived as long as it may.
pub(crate) fn is_past_its_limit(response: &Response) -> bool {
    Body::of(response).errors.iter().flatten().any(|text| text.contains("past the max TTL"))
}

/// What the server says of itself or of the path in a refusal, if it says something that is known here.
pub(crate) fn said(response: &Response) -> Option<Error> {
    let body = Body::of(response);
    body.errors.iter().flatten().find_map(|text| known(text, &[GENERAL]))
}

/// For an answer about something that may simply not be there: `missing` if it is not, else the error.
pub(crate) fn or_missing(response: &Response, missing: Error) -> Error {
    match error(response) {
        error if error.kind() == ErrorKind::NotFound => missing,
        error => error,
    }
}

fn read(response: &Response, tables: &[Table]) -> Error {
    let (status, body) = (response.status(), Body::of(response));
    // A 404 of something else must not pass for a missing secret, nor its 403 for a refused token.
    if matches!(status, 400 | 401 | 403 | 404) && !body.is_ours() {
        return response.malformed();
    }
    let mut texts = body.errors.iter().chain(&body.warnings).flatten();
    let said = texts.find_map(|text| known(text, tables));
    let error = response.error();
    match said {
        // An outage may mention anything; only what it says of itself counts.
        Some(said) if status >= 500 && said.kind() != Unavailable => error,
        Some(said) => match error.retry_after() {
            Some(wait) if said.kind() == Unavailable => said.with_retry_after(wait),
            _ => said,
        },
        None => error,
    }
}

fn known(text: &str, tables: &[Table]) -> Option<Error> {
    let mut rows = tables.iter().copied().flatten();
    let (_, meaning) = rows.find(|(words, _)| text.contains(words))?;
    Some(match meaning {
        Signature(reason) => Error::signature(*reason),
        Plain(kind, message) => Error::new(*kind, *message),
        Because(kind, reason, message) => Error::new(*kind, *message).with_reason(*reason),
    })
}

/// Parts of the server's text, and their meaning. The first that matches counts.
type Table = &'static [(&'static str, Meaning)];

enum Meaning {
    Signature(Reason),
    Plain(ErrorKind, &'static str),
    Because(ErrorKind, Reason, &'static str),
}

use ErrorKind::{Conflict, Misconfigured, Unavailable, Unsupported};
use Meaning::{Because, Plain, Signature};

#[rustfmt::skip]
const GENERAL: Table = &[
    ("Vault is sealed",                       Because(Unavailable, Reason::Sealed, "the server is sealed; an operator has to unseal it")),
    ("active cluster node not found",         Because(Unavailable, Reason::Inactive, "the cluster has no active server at the moment")),
    ("Upgrading from non-versioned",          Plain(Unavailable, "the KV engine is being upgraded to version 2")),
    ("no handler for route",                  Because(Misconfigured, Reason::Mount, "nothing is mounted there; check VAULT_KV_MOUNT, VAULT_TRANSIT_MOUNT and VAULT_NAMESPACE")),
    ("namespace not found",                   Because(Misconfigured, Reason::Namespace, "the server knows no namespace of that name; check VAULT_NAMESPACE")),
    ("Invalid path for a versioned K/V",      Because(Misconfigured, Reason::Mount, "a KV engine of version 2 is mounted there, and version 1 was asked for; check VAULT_KV_VERSION")),
    ("relative paths not supported",          Plain(Misconfigured, "this server takes no name with `..` in it, not even inside a segment")),
    ("parent references",                     Plain(Misconfigured, "this server takes no name with `..` in it, not even inside a segment")),
    ("check-and-set parameter did not match", Plain(Conflict, "the current version is not the expected one")),
];

#[rustfmt::skip]
const KEYS: Table = &[
    ("key not found",            Plain(Misconfigured, "there is no such Transit key")),
    ("does not support signing", Plain(Unsupported, "the Transit key is of a type that does not sign")),
];

#[rustfmt::skip]
const SIGNATURES: Table = &[
    ("disallowed by policy", Signature(Reason::Retired)),
    ("version is too new",   Signature(Reason::UnknownKey)),
    ("invalid signature",    Signature(Reason::Malformed)),
    ("invalid HMAC",         Signature(Reason::Malformed)),
    ("invalid base64",       Signature(Reason::Malformed)),
];

/// What a refusal says. Every answer of the server's own has one of the two.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    errors: Option<Vec<String>>,
    warnings: Option<Vec<String>>,
}

impl Body {
    fn of(response: &Response) -> Self {
        response.json().unwrap_or_default()
    }

    fn is_ours(&self) -> bool {
        self.errors.is_some() || self.warnings.is_some()
    }
}
