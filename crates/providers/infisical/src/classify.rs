//! What Infisical's refusals mean (`server/plugins/error-handler.ts` of its backend): names decide, and where these say
//! too little, the beginnings of the texts.

use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason, code_word};
use strongroom_http::Response;

use ErrorKind::{
    Conflict, Internal, InvalidValue, Misconfigured, NotFound, PermissionDenied, Unauthenticated,
    Unsupported,
};

use crate::auth::CLIENT_ID;
use crate::config::{ENVIRONMENT, PROJECT_ID};

/// An answer that is an error.
#[derive(Deserialize)]
struct Body {
    error: String,
    /// A list where a request is not what the schema wants.
    message: serde_json::Value,
    #[serde(rename = "reqId")]
    request: Option<String>,
}

/// Whether a refusal is about the token, and not about what it may do. A token of an identity that has ended is refused
/// with 403; a service token that has ended, and is forgotten with that, with 403 and then with 404.
pub(crate) fn is_of_token(response: &Response) -> bool {
    match response.status() {
        401 => true,
        // Versions of the server differ in what they say of a token that was used as often as it may be.
        400 | 403 | 404 => response.json::<Body>().is_ok_and(|body| {
            let text = body.message.as_str().unwrap_or_default();
            let begins = |one: &&str| text.starts_with(one);
            body.error == "TokenError" || OF_TOKEN.iter().any(begins)
        }),
        _ => false,
    }
}

/// How texts about the token begin, in refusals that have no name of their own.
const OF_TOKEN: [&str; 5] = [
    "Service token has expired",
    "Service token with ID",
    "Unable to renew because access token number of uses",
    "Access token number of uses",
    "Identity does not belong to",
];

/// Whether a refusal says that the identity may do nothing here at all.
pub(crate) fn is_of_stranger(error: &Error) -> bool {
    OF_STRANGER.contains(&error.message())
}

const OF_STRANGER: [&str; 2] = [NO_MEMBER, OTHER_ADDRESS];
const NO_MEMBER: &str = "the identity is not a member of the project; add it, with a role";
const OTHER_ADDRESS: &str = "the identity is not allowed to come from this address";

/// Whether there is no such route, and so this is no server of that generation. The web framework answers then, or a
/// page for people: no answer of Infisical's own.
pub(crate) fn is_of_route(response: &Response) -> bool {
    let is_ours =
        |body: Body| body.request.is_some() || !body.error.eq_ignore_ascii_case("not found");
    response.status() == 404 && !response.json::<Body>().is_ok_and(is_ours)
}

/// The error for an answer about a secret that is one. `is_write`: whether something of ours was sent.
pub(crate) fn error(response: &Response, is_write: bool) -> Error {
    let Ok(body) = response.json::<Body>() else { return without_name(response) };
    let text = body.message.as_str().unwrap_or_default();
    let begins = |one: &str| text.starts_with(one);
    let missing = |message| Error::new(NotFound, message).with_reason(Reason::Secret);
    match (response.status(), body.error.as_str()) {
        (400, _) if begins("Secret already exist") => {
            Error::new(Conflict, "the secret exists already")
        }
        (403, "ForbiddenReadSecretError") => Error::new(
            PermissionDenied,
            "the identity may see that the secret is there, and not read its value",
        ),
        (403, "You are not member of this project" | "ProjectMembershipNotFound") => {
            Error::new(PermissionDenied, NO_MEMBER)
        }
        (403, "PermissionDenied") => {
            Error::new(PermissionDenied, "no role of the identity in the project allows it")
        }
        (403, _) if text.contains("current IP address") => {
            Error::new(PermissionDenied, OTHER_ADDRESS)
        }
        (403, name) => {
            let message = format!("the server does not allow it (`{}`)", code_word(name));
            Error::new(PermissionDenied, message)
        }
        (404, _) if begins("Project with ") => {
            let message = "there is no such project, or the identity is of another organisation";
            Error::new(Misconfigured, message).with_key(PROJECT_ID.name)
        }
        (404, _) if begins("Environment with ") => {
            Error::new(Misconfigured, "the project has no such environment")
                .with_key(ENVIRONMENT.name)
        }
        // Every environment has that folder.
        (404, _) if begins("Folder with path '/' ") => {
            Error::new(Misconfigured, "the project has no such environment")
                .with_key(ENVIRONMENT.name)
        }
        (404, _) if begins("Folder with ") => {
            missing("no such secret: its folder is not there, or the environment is not")
        }
        (404, _) if begins("Secret ") => missing("no such secret"),
        // A key of its KMS, a role, an organisation: nothing is known of the secret then.
        (404, _) => response.malformed(),
        (400, _) if begins("The project is of type") => {
            let message = "the project is not one for secrets";
            Error::new(Misconfigured, message).with_key(PROJECT_ID.name)
        }
        (400, _) if text.contains("rotated secret") => Error::new(
            Unsupported,
            "Infisical itself rotates the secret, and lets nobody else change it",
        ),
        (422, _) if is_write => {
            let message = "the server does not take the name or the value; it wants names without white space, `:` and `/`";
            Error::new(InvalidValue, message)
        }
        (400 | 409 | 410 | 422, name) => Error::new(
            Internal,
            format!("the server refused the request with `{}`", code_word(name)),
        ),
        _ => response.error(),
    }
}

/// For an answer that is not Infisical's. A proxy's 404 is no absence.
fn without_name(response: &Response) -> Error {
    match response.status() {
        404 | 409 | 410 => response.malformed(),
        _ => response.error(),
    }
}

/// The error for a login or a renewal that was refused.
pub(crate) fn of_login(response: &Response) -> Error {
    let body = response.json::<Body>().ok();
    let is_infisical = body.is_some();
    let text = body.as_ref().and_then(|body| body.message.as_str()).unwrap_or_default();
    match response.status() {
        401 if text.contains("temporarily locked") => {
            let message = "the identity is locked after too many failed logins; an administrator can unlock it, or wait five minutes";
            Error::new(Unauthenticated, message)
        }
        401 if text.contains("expired client secret") => {
            Error::new(Unauthenticated, "the client secret has expired")
        }
        401 if text.contains("limit reached") => {
            Error::new(Unauthenticated, "the client secret was used as often as it may be")
        }
        403 if text.contains("current IP address") => {
            Error::new(Unauthenticated, "the identity is not allowed to log in from this address")
        }
        404 if text.starts_with("No identity with") => {
            Error::new(Unauthenticated, "there is no such client id").with_key(CLIENT_ID.name)
        }
        401 | 403 if !text.is_empty() => Error::new(
            Unauthenticated,
            "the server does not accept the client id with this client secret",
        ),
        400 | 422 if is_infisical => Error::new(
            Unauthenticated,
            "the server does not take the client id or the client secret as such",
        ),
        300..=399 => response.error(),
        408 | 429 | 500.. => response.error(),
        _ => response.malformed(),
    }
}
