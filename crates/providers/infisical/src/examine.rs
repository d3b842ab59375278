//! What can be wrong with the way to the server, and with the credential.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use strongroom_core::{Check, Clock, Error, ErrorKind, Examine, Outcome, Result, SecretName};

use crate::api::{Api, Call, View};
use crate::auth::Credential;
use crate::classify;
use crate::store::InfisicalStore;

/// A secret that nobody has: what the server says of it tells whether it knows us.
const MADE_UP: &str = "strongroom-doctor";

/// What a clock that is off breaks.
const TIMES: &str = "leases of tokens and times of rotations go by it";

/// Asks the server about nothing in particular, for `doctor`.
#[derive(Debug)]
pub(crate) struct Examination {
    pub(crate) store: Arc<InfisicalStore>,
    pub(crate) api: Arc<Api>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Whether the server serves and knows us, and the project and the environment are there.
///
/// # Errors
/// If it does not, or they are not.
pub(crate) async fn ask(api: &Api) -> Result<()> {
    let view = View { is_blind: true, ..View::default() };
    let call = Call::Get { folder: &api.config.root, key: MADE_UP, version: None, view };
    let response = api.ask(call).await?;
    match response.status() {
        200 => Ok(()),
        _ => match classify::error(&response, false) {
            error if classify::is_of_stranger(&error) => Err(error),
            // Whoever may not see a secret is known all the same.
            error if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
                Ok(())
            }
            error => Err(error),
        },
    }
}

#[async_trait]
impl Examine for Examination {
    async fn examine(&self) -> Vec<Check> {
        *self.api.date.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let start = self.clock.monotonic();
        let known = ask(&self.api).await;
        let took = self.clock.monotonic().saturating_duration_since(start);
        let theirs = *self.api.date.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoint = &self.api.config.http.endpoint;
        let fault = known.as_ref().err().filter(|error| is_of_the_way(error));
        let [network, tls] = Check::way(&endpoint.origin(), fault, !endpoint.is_https());
        let mut checks = vec![network.took(took), tls];
        if fault.is_none() {
            checks.push(self.credential(&known));
        }
        checks.extend(theirs.map(|theirs| Check::clock(self.clock.now(), theirs, TIMES)));
        checks
    }

    /// Tries which of the two ways it is.
    async fn overlap(&self, key: &SecretName) -> Option<(Outcome, String)> {
        let (outcome, words) = match self.store.may_read_older(key).await {
            Ok(()) => (
                Outcome::Pass,
                "its older versions may be read, so keys that were current before verify during the grace, after a restart too",
            ),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => (
                Outcome::Warn,
                "its older versions may not be read, so a key that was current before verifies only in processes that have seen it so; keep keys as `jwks`",
            ),
            Err(error) => return Some((Outcome::Fail, error.to_string())),
        };
        Some((outcome, format!("`{key}`: {words}")))
    }
}

/// Whether an error is one of the server and of the way to it.
fn is_of_the_way(error: &Error) -> bool {
    use ErrorKind::{Malformed, Throttled, TlsRejected, Unavailable};
    matches!(error.kind(), Unavailable | TlsRejected | Malformed | Throttled)
}

impl Examination {
    fn credential(&self, known: &Result<()>) -> Check {
        let credential = self.api.config.credential;
        let mut check = match known {
            Ok(()) => Check::new(
                "credential",
                Outcome::Pass,
                format!("{}, accepted", credential.setting()),
            ),
            Err(error) => Check::new("credential", Outcome::Fail, error.to_string()),
        }
        .critical();
        match credential {
            Credential::UniversalAuth => {}
            Credential::Token => check.add(
                Outcome::Warn,
                "nobody here renews a token of INFISICAL_TOKEN; use a client id and secret",
            ),
            Credential::ServiceToken => {
                check.add(Outcome::Warn, "service tokens are deprecated; use a machine identity");
            }
        }
        check
    }
}
