//! What a vault's refusals mean ("Key Vault REST API error codes"): the one table. Codes decide.

use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason, escaped};
use strongroom_http::Response;

use ErrorKind::{Conflict, Deleted, Disabled, Internal, InvalidValue, NotFound, PermissionDenied};

/// An answer that is an error.
#[derive(Deserialize)]
struct Body {
    error: Told,
}

#[derive(Deserialize)]
struct Told {
    code: String,
    /// Vaults have both spellings.
    #[serde(default, alias = "innerError")]
    innererror: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    code: Option<String>,
}

/// The error for an answer that is one.
pub(crate) fn error(response: &Response) -> Error {
    let Ok(Body { error: told }) = response.json() else { return without_code(response) };
    let inner = told.innererror.and_then(|inner| inner.code).unwrap_or_default();
    let has =
        |codes: &[&str]| codes.contains(&inner.as_str()) || codes.contains(&told.code.as_str());
    let row = TABLE.iter().find(|(status, codes, ..)| *status == response.status() && has(codes));
    match (row, response.status()) {
        (Some((.., NotFound, words)), _) => {
            Error::new(NotFound, *words).with_reason(Reason::Secret)
        }
        (Some((.., kind, words)), _) => Error::new(*kind, *words),
        (None, 400 | 404 | 409 | 422) => {
            let words = "the vault refused the request";
            Error::new(Internal, format!("{words} with `{}`", escaped(&told.code)))
        }
        (None, _) => response.error(),
    }
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
    (403, &["ForbiddenByFirewall"], PermissionDenied, "the vault's firewall does not let this address in"),
    (403, &["ForbiddenByConnection"], PermissionDenied, "the vault can be reached through its private endpoint only"),
    (404, &["SecretNotFound"], NotFound, "there is no such secret or version"),
    (409, &["ObjectIsDeletedButRecoverable"], Deleted, "the secret is deleted and holds its name; restore it, or purge it"),
    (409, &["ObjectIsBeingDeleted"], Deleted, "the secret is being deleted, and can be restored once it is"),
    (409, &["ObjectIsBeingRecovered"], Conflict, "the secret is being restored; try again in some seconds"),
    (400, &["BadParameter"], InvalidValue, "the vault does not take what was sent"),
];
