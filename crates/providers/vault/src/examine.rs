//! What can be wrong with the way to the server, and with the token.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use strongroom_core::{Check, Error, ErrorKind, Examine, Outcome, Probe, Result};
use strongroom_http::Response;

use crate::api::{Api, Call};
use crate::auth::About;
use crate::health;
use crate::kv::{KvConfig, KvVersion};
use crate::server::{path, words};
use crate::transit::TransitConfig;

/// Looks at the server and at the token, for `doctor`.
#[derive(Debug)]
pub(crate) struct Examination {
    api: Arc<Api>,
    /// What a service has no use for: a path, and rights on it.
    unwanted: Vec<(String, &'static [&'static str])>,
}

/// How far our clock and the server's may be apart: what rotations allow for, and what certificates and JWTs
/// usually forgive.
const SKEW: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// When a token that nothing renews is near its end.
const SOON: Duration = Duration::from_secs(7 * 86_400);

#[async_trait]
impl Examine for Examination {
    async fn examine(&self) -> Vec<Check> {
        let (answer, took) = self.timed(self.api.health()).await;
        let mut checks = vec![self.network(&answer).took(took), self.tls(&answer)];
        let Ok(answer) = answer else { return checks };
        checks.push(self.clock(&answer));
        if health::read(&answer).is_ok() {
            let (credential, took) = self.timed(self.credential()).await;
            checks.push(credential.took(took));
        }
        checks
    }
}

impl Examination {
    pub(crate) fn new(api: Arc<Api>, kv: &KvConfig, transit: Option<&TransitConfig>) -> Self {
        let mut unwanted = Vec::new();
        let mut add = |words: &[&str], rights| unwanted.push((words.join("/"), rights));
        add(&["sys", "policies", "acl", ANY], CHANGES);
        add(&["sys", "mounts", ANY], CHANGES);
        add(&["sys", "auth", ANY], CHANGES);
        add(&["auth", "token", "create"], CHANGES);
        let words = if kv.version == Some(KvVersion::One) { &[][..] } else { &["data"][..] };
        let below = path(&kv.mount, words, kv.prefix.as_ref()).join("/");
        add(&[&below, ANY], CHANGES);
        if let Some(TransitConfig { mount, key, .. }) = transit {
            let (mount, key) = (mount.as_str(), key.as_str());
            add(&[mount, "keys", key, "config"], CHANGES);
            add(&[mount, "keys", key], &["delete"]);
            add(&[mount, "export", "hmac-key", key], &["read"]);
            add(&[mount, "export", "signing-key", key], &["read"]);
            add(&[mount, "backup", key], &["read"]);
        }
        Self { api, unwanted }
    }

    async fn timed<T>(&self, work: impl Future<Output = T>) -> (T, Duration) {
        let clock = &self.api.server.clock;
        let start = clock.monotonic();
        let done = work.await;
        (done, clock.monotonic().saturating_duration_since(start))
    }

    fn network(&self, answer: &Result<Response>) -> Check {
        let origin = self.api.server.origin();
        let found = answer.as_ref().map(health::read);
        match found {
            Ok(Ok(probe)) => {
                let state =
                    if probe == Probe::Standby { "standby, which passes on" } else { "active" };
                let version = answer.as_ref().ok().and_then(health::version);
                let version = version.map(|version| format!(", version {version}"));
                let detail = format!("{origin} answers: {state}{}", version.unwrap_or_default());
                Check::new("network", Outcome::Pass, detail)
            }
            Ok(Err(error)) => fail("network", &error),
            // There is something at the other end.
            Err(error) if error.kind() == ErrorKind::TlsRejected => {
                Check::new("network", Outcome::Pass, format!("{origin} can be reached"))
            }
            Err(error) => fail("network", error),
        }
        .critical()
    }

    fn tls(&self, answer: &Result<Response>) -> Check {
        match answer {
            Err(error) if error.kind() == ErrorKind::TlsRejected => fail("tls", error).critical(),
            _ if !self.api.server.is_https() && self.api.server.is_loopback() => {
                Check::new("tls", Outcome::Skip, "plain http, to this machine only")
            }
            _ if !self.api.server.is_https() => {
                let detail = "plain http to another host (VAULT_ALLOW_PLAINTEXT): whoever listens sees tokens and secrets";
                Check::new("tls", Outcome::Warn, detail)
            }
            Ok(_) => {
                Check::new("tls", Outcome::Pass, "the server's certificate is trusted").critical()
            }
            Err(_) => Check::new("tls", Outcome::Skip, "not checked, as nothing answers"),
        }
    }

    fn clock(&self, answer: &Response) -> Check {
        let Some(theirs) = health::time(answer).or_else(|| answer.date()) else {
            return Check::new("clock", Outcome::Skip, "the server does not tell the time");
        };
        let ours = self.api.server.clock.now();
        let skew = apart(ours, theirs);
        let detail = match skew <= Duration::from_secs(1) {
            true => "as the server's, to the second".to_owned(),
            false => format!(
                "{} s {} the server's",
                skew.as_secs(),
                if ours > theirs { "ahead of" } else { "behind" }
            ),
        };
        let mut check = Check::new("clock", Outcome::Pass, detail);
        if skew > SKEW.1 {
            check.add(
                Outcome::Fail,
                "set the clock of this machine: JWTs, leases and rotation times depend on it",
            );
        } else if skew > SKEW.0 {
            check.add(Outcome::Warn, "let the machine keep the time (NTP)");
        }
        check
    }

    async fn credential(&self) -> Check {
        let token = match self.api.token().await {
            Ok(token) => token,
            Err(error) => return fail("credential", &error).critical(),
        };
        if token.is_some_and(|token| token.uses().is_some()) {
            let detail =
                "the token is for a number of uses; it is not asked about, as that would take one";
            return Check::new("credential", Outcome::Warn, detail).critical();
        }
        let about = match self.api.look_up().await {
            Ok(about) => about,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let detail = "accepted; it may not ask about itself, so neither its end nor its rights can be told (policy `default` allows it)";
                return Check::new("credential", Outcome::Pass, detail).critical();
            }
            Err(error) => return fail("credential", &error).critical(),
        };
        let mut check = Check::new("credential", Outcome::Pass, lifetime(&about)).critical();
        check.add(
            Outcome::Pass,
            &format!("policies: {}", strongroom_core::escaped(&about.policies.join(", "))),
        );
        if about.policies.iter().any(|policy| policy == "root") {
            check.add(Outcome::Warn, "a root token may do everything; give the service a policy of its own (docs/vault.md)");
            return check;
        }
        if about.is_endless() {
            check.add(Outcome::Warn, "a token that never ends works for whoever finds it; log in with approle, kubernetes or jwt");
        }
        if about.num_uses != 0 {
            let uses = about.num_uses.max(0);
            check.add(
                Outcome::Warn,
                &format!("for {uses} more uses, of which each check takes one"),
            );
            return check;
        }
        if self.api.is_given() && !about.is_endless() && !about.renewable && about.left() < SOON {
            check.add(Outcome::Warn, "nothing can renew it: have it replaced in time, or log in with approle, kubernetes or jwt");
        }
        match self.excess().await {
            Ok(excess) if excess.is_empty() => {}
            Ok(excess) => {
                let rights = excess.join(", ");
                check.add(
                    Outcome::Warn,
                    &format!("it may do more than a service that reads and signs needs: {rights}"),
                );
            }
            Err(_) => check.add(Outcome::Pass, "its rights could not be listed"),
        }
        check
    }

    /// Rights that a service has no use for, and whoever steals its token has.
    ///
    /// Vault API: `POST /v1/sys/capabilities-self`.
    async fn excess(&self) -> Result<Vec<String>> {
        let paths = self.unwanted.iter().map(|(path, _)| path.as_str()).collect();
        let body = serde_json::to_vec(&Paths { paths }).expect("texts are always JSON").into();
        let response =
            self.api.ask(&Call::post(words(&["sys", "capabilities-self"]), body)).await?;
        if response.status() != 200 {
            return Err(response.error());
        }
        let Capabilities { data } = response.json()?;
        let mut excess = Vec::new();
        for (path, unwanted) in &self.unwanted {
            let has = data.get(path).map(Vec::as_slice).unwrap_or_default();
            let found =
                has.iter().filter(|right| unwanted.contains(&right.as_str()) || *right == "sudo");
            let found: Vec<_> = found.map(String::as_str).collect();
            if !found.is_empty() {
                let path = path.replace(ANY, "*");
                excess.push(format!("`{}` on `{path}`", found.join(", ")));
            }
        }
        Ok(excess)
    }
}

/// Stands for any name in a path.
const ANY: &str = "strongroom-doctor";

const CHANGES: &[&str] = &["create", "update", "delete", "patch"];

fn fail(name: &'static str, error: &Error) -> Check {
    Check::new(name, Outcome::Fail, error.to_string())
}

fn lifetime(about: &About) -> String {
    let kind = if about.kind.is_empty() { "" } else { " " };
    let kind = format!("{kind}{}", strongroom_core::escaped(&about.kind));
    match about.is_endless() {
        true => format!("accepted; a{kind} token that never ends"),
        false => {
            let renewable = if about.renewable { "renewable" } else { "not renewable" };
            format!("accepted; a{kind} token, {renewable}, with {} left", duration(about.left()))
        }
    }
}

/// In the largest unit of which there are at least two.
fn duration(left: Duration) -> String {
    let seconds = left.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|earlier| earlier.duration())
}

#[derive(Serialize)]
struct Paths<'a> {
    paths: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Capabilities {
    data: BTreeMap<String, Vec<String>>,
}
