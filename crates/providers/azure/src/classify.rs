//! What a vault's refusals mean ("Key Vault REST API error codes"): the one table. Codes decide.

use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason, code_word};
use strongroom_http::Response;

use crate::transport::API_VERSION;

use ErrorKind::{Conflict, Deleted, Disabled, Internal, InvalidValue, NotFound, PermissionDenied};

/// An answer that is an error.
#[derive(Deserialize)]
struct Body {
    error: Told,
}

#[derive(Deserialize)]
struct Told {
    code: String,
    message: Option<String>,
    /// Vaults have both spellings.
    #[serde(default, alias = "innerError")]
    innererror: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    code: Option<String>,
}

/// The error for an answer that is one. `is_write`: whether something of ours was sent, which may be at fault.
pub(crate) fn error(response: &Response, is_write: bool) -> Error {
    let Ok(Body { error: told }) = response.json() else { return without_code(response) };
    let inner = told.innererror.and_then(|inner| inner.code).unwrap_or_default();
    let has =
        |codes: &[&str]| codes.contains(&inner.as_str()) || codes.contains(&told.code.as_str());
    let row = TABLE.iter().find(|(status, codes, ..)| *status == response.status() && has(codes));
    match (row, response.status()) {
        (Some((.., NotFound, words)), _) => {
            Error::new(NotFound, *words).with_reason(Reason::Secret)
        }
        (Some((.., InvalidValue, _)), _) if !is_write => refused(&told.code),
        (Some((.., kind, words)), _) => Error::new(*kind, *words),
        (None, 400 | 404 | 409 | 422) => refused(&told.code),
        (None, _) => response.error(),
    }
}

/// A mistake of ours, or a vault that does not know the version of the interface that we speak.
fn refused(code: &str) -> Error {
    let code = code_word(code);
    Error::new(
        Internal,
        format!("the vault refused the request with `{code}` (api-version {API_VERSION})"),
    )
}

/// Whether a right was not even looked at, as the request came from the wrong place.
pub(crate) fn is_of_the_network(error: &Error) -> bool {
    [FIREWALL, CONNECTION].contains(&error.message())
}

/// What the body of an answer of 401 says of the token: `AKV` and five digits; `None` if it says nothing.
pub(crate) fn token_code(response: &Response) -> Option<String> {
    let Body { error: told } = response.json().ok()?;
    let code = told.message.as_deref()?.get(..8)?;
    let is_code = code.strip_prefix("AKV")?.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| code.to_owned())
}

/// For an answer that no vault has sent, unless it is too busy to say more. A proxy's 404 is no absence.
fn without_code(response: &Response) -> Error {
    match response.status() {
        404 | 409 | 410 => response.malformed(),
        _ => response.error(),
    }
}

/// Status, codes of either level, kind, words. The first row that matches counts.
#[rustfmt::skip]
const TABLE: &[(u16, &[&str], ErrorKind, &str)] = &[
    (403, &["SecretDisabled"], Disabled, "the version is disabled; enable it, or put another one"),
    (403, &["ForbiddenByRbac"], PermissionDenied, "the identity has no role in the vault that allows it; it takes `Key Vault Secrets User` to read, `Key Vault Secrets Officer` to write"),
    (403, &["AccessDenied", "ForbiddenByPolicy"], PermissionDenied, "no access policy of the vault allows the identity to do it"),
    (403, &["ForbiddenByFirewall"], PermissionDenied, FIREWALL),
    (403, &["ForbiddenByConnection"], PermissionDenied, CONNECTION),
    (404, &["SecretNotFound"], NotFound, "there is no such secret or version"),
    (409, &["ObjectIsDeletedButRecoverable"], Deleted, "the secret is deleted and holds its name; restore it, or purge it"),
    (409, &["ObjectIsBeingDeleted"], Deleted, "the secret is being deleted, and can be restored once it is"),
    (409, &["ObjectIsBeingRecovered"], Conflict, "the secret is being restored; try again in some seconds"),
    (409, &["Conflict", "ConflictError"], Conflict, "somebody else is changing the secret; try again"),
    (400, &["BadParameter"], InvalidValue, "the vault does not take what was sent"),
];

const FIREWALL: &str = "the vault's firewall does not let this address in";
const CONNECTION: &str = "the vault can be reached through its private endpoint only";
