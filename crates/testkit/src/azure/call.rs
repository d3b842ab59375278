//! What the fake remembers of a request.

use crate::azure::ask::Ask;
use crate::azure::entra;
use crate::azure::operation::Operation;
use crate::azure::tokens::Tokens;

/// One request that came, and how it was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AzureCall {
    /// At the vault `get`, `versions`, `list`, `set`, `update`, `delete`, `get_deleted`, `list_deleted`, `recover`
    /// or `purge`; at Entra `token` or `discovery`; at an identity endpoint `identity`. Empty for everything
    /// else.
    pub operation: &'static str,
    /// The method, such as `GET`.
    pub method: String,
    /// The path without the query, as it was sent.
    pub path: String,
    /// The name in the path, if it is one of a secret.
    pub secret: Option<String>,
    /// The version in the path, if there is one.
    pub version: Option<String>,
    /// Whether a token came along, good or bad.
    pub has_token: bool,
    /// At the vault, whom the token was issued to, if the fake issued it; elsewhere, the client id that was sent.
    pub client_id: Option<String>,
    /// How a login proves who asks, if it does.
    pub flow: Option<AzureFlow>,
    /// The status of the answer, which a [`Fault`](crate::Fault) may have set.
    pub status: u16,
    /// The inner code of the error, or its code if there is none, such as `SecretDisabled`, `SecretNotFound` or
    /// `invalid_client`. Nothing if a fault answered.
    pub error: Option<String>,
}

/// How somebody gets a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AzureFlow {
    /// At Entra, with the secret of an application.
    ClientSecret,
    /// At Entra, with an assertion of somebody whom Entra trusts, such as a cluster.
    WorkloadIdentity,
    /// At the metadata service of a virtual machine.
    Imds,
    /// At the endpoint of App Service and of Container Apps.
    AppService,
}

impl AzureCall {
    /// What can be said before there is an answer.
    pub(super) fn read(ask: &Ask<'_>, tokens: &Tokens) -> Self {
        let operation = ask.operation();
        let known = ask.token().and_then(|token| tokens.find(token));
        let (client_id, flow) = match operation {
            Operation::Token => (ask.field("client_id"), entra::flow(ask)),
            Operation::Imds => (sent(ask), Some(AzureFlow::Imds)),
            Operation::AppService => (sent(ask), Some(AzureFlow::AppService)),
            _ => (known.map(|token| token.client_id.clone()), None),
        };
        let of_vault = operation.is_of_vault().then_some(ask.route);
        Self {
            operation: operation.name(),
            method: ask.method().to_owned(),
            path: ask.path().to_owned(),
            secret: of_vault.and_then(|route| route.name).map(str::to_owned),
            version: of_vault.and_then(|route| route.version).map(str::to_owned),
            has_token: ask.token().is_some(),
            client_id,
            flow,
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

fn sent(ask: &Ask<'_>) -> Option<String> {
    ask.query("client_id").map(|id| id.into_owned())
}

fn trimmed(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}
