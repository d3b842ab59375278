//! What can be wrong with the way to the service, and with the credentials.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretError;
use aws_sdk_secretsmanager::primitives::{DateTime, DateTimeFormat};
use aws_sdk_secretsmanager::types::SecretVersionsListEntry;
use strongroom_core::{Check, Clock, Error, ErrorKind, Examine, Outcome, Result};

use crate::classify;
use crate::config::Config;
use crate::store::quiet;
use crate::wire::{CURRENT, PENDING, time};

/// A secret that nobody has: what the service says of it tells whether it knows us.
const MADE_UP: &str = "strongroom-doctor";

/// What a clock that is off breaks.
const SIGNATURES: &str = "AWS refuses signatures that are older than 5 minutes, or of the future";

/// Asks the service about nothing in particular, for `doctor`.
#[derive(Debug)]
pub(crate) struct Examination {
    pub(crate) client: Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: Config,
}

/// How long a rotation may take.
const LEFT_OVER: Duration = Duration::from_secs(86_400);

type Asked = SdkError<DescribeSecretError, HttpResponse>;

/// Whether the service serves and knows us.
///
/// # Errors
/// If it does not.
pub(crate) async fn ask(client: &Client) -> Result<()> {
    let asked = client.describe_secret().secret_id(MADE_UP).send().await;
    asked.map_or_else(|error| judge(&error), |_| Ok(()))
}

/// Whoever may not see a secret is known all the same.
fn judge(error: &Asked) -> Result<()> {
    match classify::error(error) {
        error if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            Ok(())
        }
        error => Err(error),
    }
}

#[async_trait]
impl Examine for Examination {
    async fn examine(&self) -> Vec<Check> {
        let start = self.clock.monotonic();
        let asked = quiet(self.client.describe_secret().secret_id(MADE_UP).send()).await;
        let took = self.clock.monotonic().saturating_duration_since(start);
        let (known, date) = match &asked {
            Ok(_) => (Ok(()), None),
            Err(error) => (judge(error), error.raw_response().and_then(date)),
        };
        let fault = known.as_ref().err().filter(|error| !answered(error));
        let is_plain = self.config.endpoint.as_ref().is_some_and(|(one, _)| !one.is_https());
        let [network, tls] = Check::way(&self.place(), fault, is_plain);
        let mut checks = vec![network.took(took), tls];
        if fault.is_none() {
            checks.push(self.credential(&known));
        }
        checks.extend(date.map(|theirs| Check::clock(self.clock.now(), theirs, SIGNATURES)));
        if known.is_ok() {
            checks.extend(self.leftover().await);
        }
        checks
    }
}

/// Whether an error is one that the service itself has sent.
fn answered(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::TlsRejected | ErrorKind::Malformed)
}

impl Examination {
    fn place(&self) -> String {
        let region = self.config.region.as_deref().unwrap_or("the profile's region");
        match &self.config.endpoint {
            Some((endpoint, setting)) => format!("{endpoint} ({setting}), {region}"),
            None => format!("Secrets Manager in {region}"),
        }
    }

    fn credential(&self, known: &Result<()>) -> Check {
        let mut check = match known {
            Ok(()) => Check::new("credential", Outcome::Pass, "accepted"),
            Err(error) => Check::new("credential", Outcome::Fail, error.to_string()),
        }
        .critical();
        match &self.config.keys {
            Some(keys) if keys.session.is_some() => {
                check.add(Outcome::Pass, "temporary static keys of AWS_ACCESS_KEY_ID");
            }
            Some(_) if self.config.endpoint.is_none() => check.add(
                Outcome::Warn,
                "a static key works for whoever finds it, and does not end; run with a role",
            ),
            Some(_) => check.add(Outcome::Pass, "the static key of AWS_ACCESS_KEY_ID"),
            None => check.add(Outcome::Pass, "found by AWS's chain"),
        }
        check
    }

    /// A version of the signing key that has been pending for long: somebody's rotation has stopped halfway.
    async fn leftover(&self) -> Option<Check> {
        let name = self.config.signing_secret.as_ref()?;
        let call = self.client.list_secret_version_ids().secret_id(name.as_str());
        let listed = quiet(call.send()).await.ok()?;
        let is_pending = |version: &&SecretVersionsListEntry| {
            let has = |stage| version.version_stages().iter().any(|one| one == stage);
            has(PENDING) && !has(CURRENT)
        };
        let pending = listed.versions().iter().find(is_pending)?;
        let since = time(pending.created_date()?)?;
        let age = self.clock.now().duration_since(since).unwrap_or_default();
        let detail = format!(
            "AWSPENDING of `{name}` is {} h old: a rotation was left halfway; finish it, or take the label away",
            age.as_secs() / 3_600
        );
        (age > LEFT_OVER).then(|| Check::new("version", Outcome::Warn, detail))
    }
}

fn date(answer: &HttpResponse) -> Option<SystemTime> {
    let text = answer.headers().get("date")?;
    time(&DateTime::from_str(text, DateTimeFormat::HttpDate).ok()?)
}
