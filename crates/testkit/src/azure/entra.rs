//! Microsoft Entra ID: tokens for applications that know a secret, or bring an assertion.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use crate::azure::ask::Ask;
use crate::azure::reply::Reply;
use crate::azure::tokens::Tokens;
use crate::azure::{AzureFlow, FakeAzure};

/// What the tenant knows.
pub(super) struct Entra {
    /// Client ids and their secrets.
    pub(super) applications: BTreeMap<String, String>,
    /// The assertion that every application may bring.
    pub(super) assertion: String,
}

impl Entra {
    /// `POST /{tenant}/oauth2/v2.0/token`
    pub(super) fn token(&self, ask: &Ask<'_>, tokens: &mut Tokens, now: Timestamp) -> Reply {
        let client = match self.authenticate(ask) {
            Ok(client) => client,
            Err(problem) => return problem.into_reply(now),
        };
        let lifetime = tokens.lifetime.as_secs();
        let token = tokens.issue(&client, FakeAzure::RESOURCE, now);
        Reply::ok(json!({
            "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime,
            "access_token": token,
        }))
    }

    /// `GET /{tenant}/v2.0/.well-known/openid-configuration`
    pub(super) fn discovery(&self, ask: &Ask<'_>, now: Timestamp) -> Reply {
        if let Err(problem) = check_tenant(ask) {
            return problem.into_reply(now);
        }
        let tenant = format!("https://{}/{}", ask.host(), FakeAzure::TENANT_ID);
        Reply::ok(json!({
            "issuer": format!("{tenant}/v2.0"),
            "authorization_endpoint": format!("{tenant}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{tenant}/oauth2/v2.0/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["code"], "subject_types_supported": ["pairwise"],
        }))
    }

    /// The client that a request proves to be.
    fn authenticate(&self, ask: &Ask<'_>) -> Result<String, Problem> {
        check_tenant(ask)?;
        let field = |name| ask.field(name).ok_or(MISSING);
        if field("grant_type")? != "client_credentials" {
            return Err(GRANT);
        }
        let client = field("client_id")?;
        let secret = self.applications.get(&client).ok_or(CLIENT)?;
        match flow(ask) {
            Some(AzureFlow::WorkloadIdentity) => {
                if field("client_assertion_type")? != JWT_BEARER {
                    return Err(MISSING);
                }
                if field("client_assertion")? != self.assertion {
                    return Err(ASSERTION);
                }
            }
            _ if field("client_secret")? != *secret => return Err(SECRET),
            _ => {}
        }
        match field("scope")?.strip_suffix("/.default") {
            Some(FakeAzure::RESOURCE) => Ok(client),
            _ => Err(SCOPE),
        }
    }
}

/// How a request proves who asks, if it does.
pub(super) fn flow(ask: &Ask<'_>) -> Option<AzureFlow> {
    match (ask.field("client_assertion"), ask.field("client_secret")) {
        (Some(_), _) => Some(AzureFlow::WorkloadIdentity),
        (None, Some(_)) => Some(AzureFlow::ClientSecret),
        (None, None) => None,
    }
}

fn check_tenant(ask: &Ask<'_>) -> Result<(), Problem> {
    match ask.route.name {
        Some(tenant) if tenant.eq_ignore_ascii_case(FakeAzure::TENANT_ID) => Ok(()),
        _ => Err(TENANT),
    }
}

/// Why there is no token: status, error, number, text. Nothing of the request is repeated.
struct Problem(u16, &'static str, u32, &'static str);

impl Problem {
    fn into_reply(self, now: Timestamp) -> Reply {
        let Self(status, error, number, text) = self;
        let time = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let body = json!({
            "error": error, "error_codes": [number], "timestamp": time,
            "error_description": format!("AADSTS{number}: {text} Timestamp: {time}"),
            "trace_id": ID, "correlation_id": ID,
        });
        Reply::error(status, error, body)
    }
}

const TENANT: Problem = Problem(400, "invalid_request", 90002, "Tenant not found.");
const GRANT: Problem =
    Problem(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
const MISSING: Problem =
    Problem(400, "invalid_request", 900_144, "The request body lacks a parameter.");
const CLIENT: Problem = Problem(
    400,
    "unauthorized_client",
    700_016,
    "The application was not found in the directory. It may not be installed by the administrator.",
);
const SECRET: Problem =
    Problem(401, "invalid_client", 7_000_215, "Invalid client secret provided.");
const ASSERTION: Problem = Problem(
    401,
    "invalid_client",
    700_213,
    "No matching federated identity record found for presented assertion.",
);
const SCOPE: Problem = Problem(
    400,
    "invalid_scope",
    1_002_012,
    "The provided value for scope is not valid. Client credential flows must have a scope value with \
     /.default suffixed to the resource identifier (application ID URI).",
);

const ID: &str = "00000000-0000-4000-8000-000000000000";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
