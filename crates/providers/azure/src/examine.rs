//! What can be wrong with the way to the vault, and with the credential.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use azure_security_keyvault_secrets::SecretClient;
use strongroom_core::{Check, Clock, Error, ErrorKind, Examine, Outcome, Result, SecretName};

use crate::config::Config;
use crate::store::{AzureStore, call};
use crate::vault::Vault;

/// A secret that nobody has: what the vault says of it tells whether it knows us.
const MADE_UP: &str = "strongroom-doctor";

/// What tokens of a workload forgive; what rotations allow for.
const SKEW: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(5));

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
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::Disabled)
}

#[async_trait]
impl Examine for Examination {
    async fn examine(&self) -> Vec<Check> {
        let start = self.clock.monotonic();
        let known = ask(&self.store.client).await;
        let took = self.clock.monotonic().saturating_duration_since(start);
        let theirs = *self.vault.date.lock().unwrap_or_else(PoisonError::into_inner);
        let has_answered = theirs.is_some() || known.is_ok();
        let mut checks = vec![self.network(&known, has_answered).took(took)];
        checks.push(self.tls(&known, has_answered));
        if has_answered {
            checks.push(self.credential(&known));
        }
        checks.extend(theirs.map(|theirs| self.clock(theirs)));
        if let (true, Some(name)) = (known.is_ok(), &self.config.signing_secret) {
            checks.push(self.overlap(name).await);
        }
        checks
    }
}

impl Examination {
    fn network(&self, known: &Result<()>, has_answered: bool) -> Check {
        let vault = &self.config.vault;
        match known {
            Err(error) if !has_answered && error.kind() != ErrorKind::TlsRejected => {
                Check::new("network", Outcome::Fail, error.to_string())
            }
            _ => Check::new("network", Outcome::Pass, format!("{vault} answers")),
        }
        .critical()
    }

    fn tls(&self, known: &Result<()>, has_answered: bool) -> Check {
        match known {
            Err(error) if !has_answered && error.kind() == ErrorKind::TlsRejected => {
                Check::new("tls", Outcome::Fail, error.to_string()).critical()
            }
            Err(_) if !has_answered => {
                Check::new("tls", Outcome::Skip, "not checked, as nothing answers")
            }
            _ => Check::new("tls", Outcome::Pass, "the certificate is trusted").critical(),
        }
    }

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

    /// Which of the two ways finds the keys that were current before.
    async fn overlap(&self, name: &SecretName) -> Check {
        let listed = match self.store.place(name) {
            Ok(place) => self.store.listed(&place).await,
            Err(error) => Err(error),
        };
        match listed {
            Ok(_) => Check::new(
                "version",
                Outcome::Pass,
                "may list versions: keys that were current before verify during the grace, after a restart too",
            ),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Check::new(
                "version",
                Outcome::Warn,
                "may not list versions: a key that was current before verifies only in processes that have seen it so; give the `list` permission, or keep keys as `jwks`",
            ),
            Err(error) => Check::new("version", Outcome::Fail, error.to_string()),
        }
    }

    fn clock(&self, theirs: SystemTime) -> Check {
        let ours = self.clock.now();
        let skew = ours.duration_since(theirs).unwrap_or_else(|earlier| earlier.duration());
        let side = if ours > theirs { "ahead of" } else { "behind" };
        let detail = format!("clock skew {} s: {side} the vault's", skew.as_secs());
        let mut check = Check::new("clock", Outcome::Pass, detail);
        if skew > SKEW.0 {
            check.add(
                Outcome::Fail,
                "set the clock of this machine: `exp`, `nbf` and tokens go by it",
            );
        } else if skew > SKEW.1 {
            check.add(Outcome::Warn, "let the machine keep the time (NTP)");
        }
        check
    }
}
