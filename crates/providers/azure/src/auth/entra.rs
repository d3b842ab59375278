//! What Entra's refusals mean ("Microsoft Entra authentication and authorization error codes").

use serde::Deserialize;
use strongroom_core::{Error, ErrorKind};
use strongroom_http::Response;

use super::config::{CLIENT_ID, TENANT_ID};
use super::transport::of_login;

/// An answer of the token endpoint that is no token (RFC 6749, 5.2, with Entra's numbers).
#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_codes: Vec<u32>,
}

/// The error for a login that was refused. `setting`: where the credential comes from. The text of the answer is
/// dropped: it names the application and the time, and more in some cases.
pub(super) fn refusal(response: &Response, setting: &'static str) -> Error {
    let refused = match (response.status(), response.json::<Refused>()) {
        (400 | 401 | 403, Ok(refused)) => refused,
        _ => return of_login(response),
    };
    if matches!(refused.error.as_str(), "temporarily_unavailable" | "server_error") {
        return Error::new(ErrorKind::Unavailable, "Entra cannot answer now");
    }
    let code = refused.error_codes.first().copied().unwrap_or_default();
    let row = TABLE.iter().find(|(codes, ..)| codes.contains(&code));
    let (kind, words, key) = match row {
        Some((_, Named::Nobody, words)) => {
            let message = format!("Entra cannot log in now (AADSTS{code}): {words}");
            return Error::new(ErrorKind::Unavailable, message);
        }
        Some((_, Named::Tenant, words)) => (ErrorKind::Misconfigured, *words, TENANT_ID.name),
        Some((_, Named::Client, words)) => (ErrorKind::Unauthenticated, *words, CLIENT_ID.name),
        Some((_, Named::Credential, words)) => (ErrorKind::Unauthenticated, *words, setting),
        None => (ErrorKind::Unauthenticated, "it does not accept the credential", setting),
    };
    let message = match code {
        0 => format!("Entra refused the login: {words}"),
        _ => format!("Entra refused the login (AADSTS{code}): {words}"),
    };
    Error::new(kind, message).with_key(key)
}

/// Which setting a refusal is about.
#[derive(Clone, Copy)]
enum Named {
    Tenant,
    Client,
    Credential,
    /// It is Entra that cannot go on.
    Nobody,
}

#[rustfmt::skip]
const TABLE: &[(&[u32], Named, &str)] = &[
    (&[90002, 900_023], Named::Tenant, "there is no such tenant in this cloud"),
    (&[700_016], Named::Client, "the tenant knows no such application"),
    (&[700_038, 90014], Named::Client, "that is no id of an application"),
    (&[7_000_112], Named::Client, "the application is disabled"),
    (&[7_000_215], Named::Credential, "the client secret is wrong; expected its value, which is not its id"),
    (&[7_000_222], Named::Credential, "the client secret has expired"),
    (&[700_024], Named::Credential, "the token of the workload has expired, or a clock is wrong"),
    (&[70021, 700_211, 700_212, 700_213, 700_214, 700_222, 700_223], Named::Credential, "the application trusts no such token of a workload: compare issuer, subject and audience with its federated credentials"),
    (&[50166, 501_661, 90061], Named::Nobody, "it does not reach the issuer of the workload's token"),
    (&[90033], Named::Nobody, "a passing error of its own"),
    (&[500_011, 650_057], Named::Tenant, "Key Vault is not known in that tenant"),
];
