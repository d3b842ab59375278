//! What can be wrong with the way to the vault, and with the credential.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use azure_security_keyvault_secrets::SecretClient;
use strongroom_core::{Check, Clock, Error, ErrorKind, Examine, Outcome, Result, SecretName};

use crate::classify;
use crate::config::Config;
use crate::sdk::call;
use crate::store::AzureStore;
use crate::transport::Vault;

/// A secret that nobody has: what the vault says of it tells whether it knows us.
const MADE_UP: &str = "strongroom-doctor";

/// What a clock that is off breaks.
const TIMES: &str = "`exp`, `nbf` and tokens go by it";

/// Asks the vault about nothing in particular, for `doctor`.
#[derive(Debug)]
pub(crate) struct Examination {
    pub(crate) store: Arc<AzureStore>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Config,
}

/// Whether the vault serves and knows us.
///
/// # Errors
/// If it does not.
pub(crate) async fn ask(client: &SecretClient) -> Result<()> {
    match call(client.get_secret(MADE_UP, None)).await {
        // Whoever may not see a secret is known all the same.
        Err(error) if is_of_a_known_identity(&error) => Ok(()),
        asked => asked.map(drop),
    }
}

fn is_of_a_known_identity(error: &Error) -> bool {
    let is_about_rights = matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::Disabled
    );
    // A firewall looks at nobody's identity, and lets nobody read.
    is_about_rights && !classify::is_of_the_network(error)
}

#[async_trait]
impl Examine for Examination {
    async fn examine(&self) -> Vec<Check> {
        *self.vault.date.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let start = self.clock.monotonic();
        let known = ask(&self.store.client).await;
        let took = self.clock.monotonic().saturating_duration_since(start);
        let theirs = *self.vault.date.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = known.as_ref().err().filter(|error| is_of_the_way(error));
        let [network, tls] = Check::way(&self.config.vault.origin(), fault, false);
        let mut checks = vec![network.took(took), tls];
        if fault.is_none() {
            checks.push(self.credential(&known));
        }
        checks.extend(theirs.map(|theirs| Check::clock(self.clock.now(), theirs, TIMES)));
        checks
    }

    /// Tries which of the two ways it is.
    async fn overlap(&self, key: &SecretName) -> Option<(Outcome, String)> {
        let listed = match self.store.place(key) {
            Ok(place) => self.store.listed(&place).await,
            Err(error) => Err(error),
        };
        let (outcome, words) = match listed {
            Ok(_) => (
                Outcome::Pass,
                "its versions may be listed, so keys that were current before verify during the grace, after a restart too",
            ),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => (
                Outcome::Warn,
                "its versions may not be listed, so a key that was current before verifies only in processes that have seen it so; give the `list` permission, or keep keys as `jwks`",
            ),
            Err(error) => return Some((Outcome::Fail, error.to_string())),
        };
        Some((outcome, format!("`{key}`: {words}")))
    }
}

/// Whether an error is one of the vault and of the way to it. What a login says is about the credential.
fn is_of_the_way(error: &Error) -> bool {
    use ErrorKind::{Malformed, Throttled, TlsRejected, Unavailable};
    let is_login = error.operation() == Some("login");
    let is_way = matches!(error.kind(), Unavailable | TlsRejected | Malformed | Throttled);
    !is_login && (is_way || classify::is_of_the_network(error))
}

impl Examination {
    fn credential(&self, known: &Result<()>) -> Check {
        let method = self.config.credential.method();
        let mut check = match known {
            Ok(()) => Check::new("credential", Outcome::Pass, format!("`{method}`, accepted")),
            Err(error) => Check::new("credential", Outcome::Fail, error.to_string()),
        }
        .critical();
        match method {
            "client_secret" if !self.config.vault.is_loopback() => check.add(
                Outcome::Warn,
                "a client secret works for whoever finds it; run with a managed or a workload identity",
            ),
            "azure_cli" => {
                check.add(Outcome::Warn, "the login of a person is for machines of developers");
            }
            _ => {}
        }
        check
    }
}
