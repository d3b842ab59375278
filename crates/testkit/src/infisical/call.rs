//! What the fake remembers of a request.

use std::collections::BTreeMap;

use crate::infisical::ask::Ask;
use crate::infisical::operation::{Api, Operation};
use crate::infisical::tokens::Tokens;

/// One request that came, and how it was answered. Has no value and no token.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct InfisicalCall {
    /// Of secrets `get`, `get_by_id`, `list`, `create`, `update`, `delete`, `create_many`, `update_many` or
    /// `delete_many`; of folders `folders` or `create_folder`; of logins `login`, `renew`, `revoke` or
    /// `service_token`; else `status`. Empty for everything that the fake does not know.
    pub operation: &'static str,
    /// The method, such as `GET`.
    pub method: String,
    /// The path without the query, as it was sent.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The name of the secret in the path, decoded.
    pub name: Option<String>,
    /// The environment that was asked for, in the query or the body.
    pub environment: Option<String>,
    /// The folder that was asked for, in the query or the body.
    pub secret_path: Option<String>,
    /// Whether a token came along, good or bad.
    pub has_token: bool,
    /// Of a login the client id that was sent, else whom the token was issued to, if the fake issued it to an identity.
    pub client_id: Option<String>,
    /// The status of the answer, which a [`Fault`](crate::Fault) may have set.
    pub status: u16,
    /// The member `error` of an error's body, such as `NotFound` or `TokenError`. Nothing if a fault answered.
    pub error: Option<String>,
}

impl InfisicalCall {
    /// What can be said before there is an answer.
    pub(super) fn read(ask: &Ask<'_>, tokens: &Tokens) -> Self {
        let client_id = match ask.operation() {
            Operation::Login => ask.text("clientId"),
            _ => ask.token().and_then(|token| tokens.client(token)).map(str::to_owned),
        };
        let is_placed = ask.route.api != Api::None;
        let placed = |name| if is_placed { ask.text(name) } else { None };
        Self {
            operation: ask.operation().name(),
            method: ask.method().to_owned(),
            path: ask.path().to_owned(),
            query: ask.queries().map(|(name, value)| (name.into(), value.into())).collect(),
            name: ask.route.name.clone(),
            environment: placed("environment"),
            secret_path: placed("secretPath").or_else(|| placed("path")),
            has_token: ask.token().is_some(),
            client_id,
            status: 200,
            error: None,
        }
    }

    /// Whether it is the one that a test means: by its operation, or by method and path.
    pub(super) fn is(&self, what: &str) -> bool {
        match what.split_once(' ') {
            Some((method, path)) => self.method == method && trimmed(&self.path) == trimmed(path),
            None => self.operation == what,
        }
    }
}

fn trimmed(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}
