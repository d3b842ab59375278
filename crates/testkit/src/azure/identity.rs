//! The endpoints where a machine gets tokens for its managed identities: IMDS, and that of App Service.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::azure::FakeAzure;
use crate::azure::ask::Ask;
use crate::azure::reply::Reply;
use crate::azure::tokens::Tokens;

/// Which identities the machine has.
pub(super) struct Identities {
    /// Whether there is one that belongs to the machine.
    pub(super) system: bool,
    /// Client ids of those that were assigned to it.
    pub(super) users: BTreeSet<String>,
    /// Whether `expires_on` is a number in place of a text.
    pub(super) is_number: bool,
}

impl Identities {
    /// `GET /metadata/identity/oauth2/token`
    pub(super) fn imds(&self, ask: &Ask<'_>, tokens: &mut Tokens, now: Timestamp) -> Reply {
        if ask.header("metadata") != Some("true") {
            return imds_error("Required metadata header not specified");
        }
        if !ask.query("api-version").is_some_and(|version| IMDS_VERSIONS.contains(&&*version)) {
            return imds_error("Required api-version not specified, or not known");
        }
        let Some(resource) = ask.query("resource") else {
            return imds_error("Required resource parameter not specified");
        };
        let Some(client) = self.asked(ask) else { return imds_error("Identity not found") };
        let lifetime = tokens.lifetime.as_secs().to_string();
        let mut body = self.answer(&client, &resource, tokens, now);
        body["expires_in"] = lifetime.as_str().into();
        body["ext_expires_in"] = lifetime.into();
        body["not_before"] = now.as_second().to_string().into();
        Reply::ok(body)
    }

    /// `GET /msi/token`
    pub(super) fn app_service(&self, ask: &Ask<'_>, tokens: &mut Tokens, now: Timestamp) -> Reply {
        if ask.header("x-identity-header") != Some(FakeAzure::IDENTITY_HEADER) {
            return app_service_error(401, "The identity header is missing or wrong.");
        }
        if ask.query("api-version").as_deref() != Some("2019-08-01") {
            return app_service_error(400, "The api-version is not supported.");
        }
        let Some(resource) = ask.query("resource") else {
            return app_service_error(400, "The parameter resource is required.");
        };
        match self.asked(ask) {
            Some(client) => Reply::ok(self.answer(&client, &resource, tokens, now)),
            None => app_service_error(
                400,
                "No User Assigned or Delegated Managed Identity found for specified \
                 ClientId/ResourceId/PrincipalId.",
            ),
        }
    }

    /// The client id of the identity that a request asks for, if the machine has it.
    fn asked(&self, ask: &Ask<'_>) -> Option<String> {
        let is_foreign = ["object_id", "principal_id", "msi_res_id", "mi_res_id"];
        if is_foreign.iter().any(|name| ask.query(name).is_some()) {
            return None;
        }
        match ask.query("client_id") {
            Some(id) => self.users.get(&*id).cloned(),
            None => self.system.then(|| FakeAzure::SYSTEM_IDENTITY.to_owned()),
        }
    }

    fn answer(&self, client: &str, resource: &str, tokens: &mut Tokens, now: Timestamp) -> Value {
        let token = tokens.issue(client, resource, now);
        let ends = (now + tokens.lifetime).as_second();
        json!({
            "access_token": token, "client_id": client, "resource": resource,
            "token_type": "Bearer",
            "expires_on": if self.is_number { json!(ends) } else { json!(ends.to_string()) },
        })
    }
}

/// Those that the official clients for Python and for Rust send.
const IMDS_VERSIONS: [&str; 2] = ["2018-02-01", "2019-08-01"];

fn imds_error(text: &str) -> Reply {
    let error = "invalid_request";
    Reply::error(400, error, json!({ "error": error, "error_description": text }))
}

fn app_service_error(status: u16, text: &str) -> Reply {
    Reply::error(status, "", json!({ "statusCode": status, "message": text }))
}
