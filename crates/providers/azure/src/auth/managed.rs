//! What hands out tokens of managed identities ("How to use managed identities to acquire an access token").

use std::fmt;

use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Request, StatusCode, Url};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, de};
use strongroom_core::{Error, ErrorKind, Result, SecretValue};
use strongroom_http::{Endpoint, Response, json_body};

use super::config::{MANAGED_IDENTITY_CLIENT_ID, METHOD};
use super::transport::of_login;

/// The metadata service of a machine.
const HOST: &str = "169.254.169.254";

/// What the official credential wants of an answer, each time as a text: services send numbers, too.
#[derive(Deserialize)]
struct Answer {
    access_token: SecretValue,
    #[serde(deserialize_with = "number_or_text")]
    expires_on: String,
}

#[derive(Serialize)]
struct Expected<'a> {
    access_token: &'a str,
    expires_on: &'a str,
    token_type: &'static str,
    resource: &'static str,
}

/// The token, as the official credential expects it.
pub(super) fn token(response: &Response) -> Result<AsyncRawResponse> {
    let answer: Answer = response.json()?;
    let expected = Expected {
        access_token: answer.access_token.expose_str()?,
        expires_on: &answer.expires_on,
        token_type: "Bearer",
        resource: "",
    };
    let body = Bytes::from_owner(json_body(&expected)?);
    Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), body))
}

/// The same request to what stands in for the metadata service.
pub(super) fn at(theirs: &Request, endpoint: &Endpoint) -> Result<Request> {
    let mut request = theirs.clone();
    let moved =
        Url::parse(&endpoint.origin()).ok().filter(|_| theirs.url().host_str() == Some(HOST));
    let Some(mut moved) = moved else {
        let message = "the environment of this process names another source of managed identities than the settings do";
        return Err(Error::new(ErrorKind::Misconfigured, message).with_key(METHOD.name));
    };
    moved.set_path(theirs.url().path());
    moved.set_query(theirs.url().query());
    *request.url_mut() = moved;
    Ok(request)
}

/// There is no answer: as likely as not there is no such service either.
pub(super) fn absent(error: Error, endpoint: &Endpoint) -> Error {
    if error.kind() != ErrorKind::Unavailable {
        return error;
    }
    let message = format!(
        "{}; managed identities exist on machines of Azure alone, where {endpoint} hands out their tokens",
        error.message()
    );
    let told = Error::new(ErrorKind::Unavailable, message).with_key(METHOD.name);
    match error.reason() {
        Some(reason) => told.with_reason(reason),
        None => told,
    }
}

/// The error for an answer that is no token. `is_named`: whether the identity was.
pub(super) fn refusal(response: &Response, is_named: bool) -> Error {
    match response.status() {
        400 if is_of_the_resource(response) => {
            let message = "Key Vault is not known in the tenant of the managed identity";
            Error::new(ErrorKind::Misconfigured, message).with_key(METHOD.name)
        }
        400 => {
            let message = match is_named {
                true => {
                    "no such managed identity is assigned to this machine; assign it, or name another one"
                }
                false => {
                    "this machine has no managed identity of its own, or several that were assigned to it; assign one, or say which"
                }
            };
            let setting = MANAGED_IDENTITY_CLIENT_ID.name;
            Error::new(ErrorKind::Unauthenticated, message).with_key(setting)
        }
        401 | 403 => {
            let message =
                "the service that hands out tokens of managed identities refuses this process";
            Error::new(ErrorKind::Unauthenticated, message).with_key(METHOD.name)
        }
        // So the metadata service says that it is being updated.
        404 | 410 => {
            let message = format!(
                "the service that hands out tokens of managed identities answered {}: it is not ready, or there is none",
                response.status()
            );
            Error::new(ErrorKind::Unavailable, message).with_key(METHOD.name)
        }
        _ => of_login(response),
    }
}

/// Whether a refusal is about what the token is for, and not about who asks.
fn is_of_the_resource(response: &Response) -> bool {
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }
    response.json::<Refused>().is_ok_and(|refused| refused.error == "invalid_resource")
}

fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct NumberOrText;

    impl de::Visitor<'_> for NumberOrText {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("seconds since 1970, as a number or as text")
        }

        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<String, E> {
            Ok(seconds.to_string())
        }

        fn visit_str<E: de::Error>(self, seconds: &str) -> Result<String, E> {
            Ok(seconds.to_owned())
        }
    }

    deserializer.deserialize_any(NumberOrText)
}
