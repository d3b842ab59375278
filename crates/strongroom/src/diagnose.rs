//! What is wrong with a set-up, check by check, for people and for `doctor`.

use std::time::Duration;

use strongroom_core::{Check, Error, ErrorKind, Form, Outcome, Result, SecretName, VersionInfo};
use strongroom_signing::KeyEncoding;

use crate::{Secrets, Signer};

/// The checks, in the order in which they are told. A provider makes those from `network` to `files`, and may add
/// to a later one.
const ORDER: [&str; 11] = [
    "config",
    "network",
    "tls",
    "credential",
    "clock",
    "files",
    "read",
    "list",
    "version",
    "sign",
    "verification",
];

/// What is read where nobody says which secret the service reads. It need not be there.
const MADE_UP: &str = "strongroom-doctor";

/// What [`Secrets::diagnose`] found: one [`Check`] for each thing that can be wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Diagnosis {
    /// `config`, `network`, `tls`, `credential`, `clock`, `files`, `read`, `list`, `version`, `sign`,
    /// `verification`: all of them, in this order.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    /// What can be said of settings that cannot be opened.
    pub fn of_error(error: &Error) -> Self {
        let name = if error.provider() == Some("file") { "files" } else { "config" };
        let mut found = vec![Check::new(name, Outcome::Fail, text(error)).critical()];
        if name != "config" {
            found.push(Check::new("config", Outcome::Pass, "the settings can be read"));
        }
        Self::of(found, "not checked, as the provider could not be opened")
    }

    /// All checks in their order; those that nobody made are skipped for this reason.
    fn of(mut found: Vec<Check>, reason: &str) -> Self {
        let mut checks = Vec::with_capacity(ORDER.len());
        for name in ORDER {
            let made = found.iter().position(|check| check.name == name);
            let check = made.map(|at| found.swap_remove(at));
            checks.push(check.unwrap_or_else(|| Check::new(name, Outcome::Skip, reason)));
        }
        for more in found {
            match checks.iter_mut().find(|check| check.name == more.name) {
                // The provider has something to add.
                Some(check) => check.add(more.outcome, &more.detail),
                None => checks.push(more),
            }
        }
        Self { checks }
    }

    /// `not_ready` if something critical fails; `degraded` if anything else does; `ready` otherwise, whatever
    /// there is to look at.
    pub fn status(&self) -> &'static str {
        let failed = || self.checks.iter().filter(|check| check.outcome == Outcome::Fail);
        match (failed().any(|check| check.critical), failed().next()) {
            (true, _) => "not_ready",
            (false, Some(_)) => "degraded",
            (false, None) => "ready",
        }
    }
}

impl Secrets {
    /// Checks the whole set-up for a person: settings, network, TLS, credential, clocks, files, and whether
    /// secrets can be read, listed, and signed with. Names are secrets that the service reads; with those that
    /// were declared, each of them is read. Reads past the cache, signs a message of its own, and changes
    /// nothing.
    ///
    /// Never fails: what goes wrong is what is told.
    pub async fn diagnose(&self, names: &[&str]) -> Diagnosis {
        let mut found = match &self.inner.examine {
            Some(provider) => provider.examine().await,
            None => vec![self.answers().await],
        };
        let config = self.settings_check(&found);
        if !found.iter().any(|check| check.name == "files") {
            found.push(self.credential_files_check());
        }
        let is_down = found.iter().any(|check| check.critical && check.outcome == Outcome::Fail);
        found.push(config);
        found.push(self.verification_check());
        if is_down {
            return Diagnosis::of(found, "not checked, as the provider cannot be asked");
        }
        let listed = self.timed(|this| async { this.inner.list(None).await }).await;
        let wanted = self.wanted(names, listed.0.as_ref().ok());
        found.push(listed_check(listed));
        let (read, first) = self.read_check(&wanted).await;
        found.push(read);
        let mut version = self.version_check(&wanted, first).await;
        if let Some((outcome, words)) = self.overlap().await {
            version.add(outcome, &words);
        }
        found.push(version);
        found.push(self.sign_check().await);
        Diagnosis::of(found, "nothing to check with this provider")
    }

    /// What a provider that brings no checks of its own can be asked.
    async fn answers(&self) -> Check {
        let (probed, took) = self.timed(|this| async { this.inner.store.probe().await }).await;
        match probed {
            Ok(_) => Check::new("network", Outcome::Pass, "the provider says that it serves"),
            Err(error) => Check::new("network", Outcome::Fail, text(&error)).critical(),
        }
        .took(took)
    }

    fn settings_check(&self, found: &[Check]) -> Check {
        let detail = format!(
            "provider `{}`; TTL {}",
            self.provider(),
            seconds(self.inner.common.limits.ttl)
        );
        let mut check = Check::new("config", Outcome::Pass, detail).critical();
        let stale = self.inner.common.limits.max_stale;
        check.add(Outcome::Pass, &format!("served stale for {} more", seconds(stale)));
        // What was loose among its files when the provider was opened, it tells as it is now.
        let is_told = found.iter().any(|check| check.name == "files");
        let told = if is_told { self.inner.of_settings } else { self.warnings().len() };
        for warning in self.warnings().iter().take(told) {
            check.add(Outcome::Warn, warning);
        }
        if let Err(error) = self.inner.check_process() {
            check.add(Outcome::Fail, &text(&error));
        }
        check
    }

    /// Credentials in files, where secrets are not.
    fn credential_files_check(&self) -> Check {
        let secret = self.inner.of_provider.iter().filter(|key| key.form == Form::Secret);
        let in_files: Vec<_> = secret
            .filter_map(|key| Some((key, self.inner.settings.is_in_open_file(key)?)))
            .collect();
        let mut check = match in_files.len() {
            0 => return Check::new("files", Outcome::Skip, "no credential is in a file"),
            count => {
                let detail = format!("{} in files", counted(count, "credential"));
                Check::new("files", Outcome::Pass, detail)
            }
        };
        for (key, _) in in_files.iter().filter(|(_, is_open)| *is_open) {
            let finding = format!(
                "{}_FILE: every user of this machine may read it; make its mode 0640 or less",
                key.name
            );
            check.add(Outcome::Warn, &finding);
        }
        check
    }

    fn verification_check(&self) -> Check {
        match self.inner.common.verify {
            true => Check::new("verification", Outcome::Pass, "`enforce` verifies"),
            false => {
                let detail = "VAULT_VERIFY_ENABLED=false: `enforce` accepts every message as signed; set it to true";
                Check::new("verification", Outcome::Fail, detail)
            }
        }
        .critical()
    }

    /// What to read: what was named or declared, else the signing key, else the first secret there is.
    fn wanted(&self, names: &[&str], listed: Option<&Vec<SecretName>>) -> Vec<Wanted> {
        let declared = self.inner.declared.iter();
        let declared =
            declared.filter(|one| self.inner.remote.is_none() || !self.inner.is_signing_key(one));
        let mut wanted: Vec<_> = names
            .iter()
            .map(|name| (*name).to_owned())
            .chain(declared.map(|one| one.text.clone()))
            .map(Wanted::Named)
            .collect();
        if let (true, None, true, Ok(key)) = (
            wanted.is_empty(),
            &self.inner.remote,
            self.inner.signing_key.expected,
            &self.inner.signing_key.name,
        ) {
            wanted.push(Wanted::Named(key.to_string()));
        }
        if wanted.is_empty() {
            wanted.push(match listed.and_then(|names| names.first()) {
                Some(first) => Wanted::Found(first.to_string()),
                None => Wanted::MadeUp,
            });
        }
        wanted
    }

    /// Reads them, and says which of them has versions to ask about.
    async fn read_check(&self, wanted: &[Wanted]) -> (Check, Option<SecretName>) {
        let mut check = Check::new("read", Outcome::Pass, "");
        let mut first = None;
        let mut total = Duration::ZERO;
        for one in wanted {
            let (read, took) = self
                .timed(|this| async {
                    let reference = this.inner.resolve(one.name())?;
                    this.inner.current(&reference).await.map(|secret| (reference, secret))
                })
                .await;
            total += took;
            match read {
                Ok((reference, secret)) => {
                    let version = secret.version().map(|version| format!(" (version {version})"));
                    let detail = format!("read `{}`{}", one.name(), version.unwrap_or_default());
                    check.add(Outcome::Pass, &detail);
                    first.get_or_insert(reference.name().clone());
                }
                Err(error) if one.may_be_missing() && error.kind() == ErrorKind::NotFound => {
                    check.add(Outcome::Pass, "secrets may be read; none was named to read");
                }
                Err(error) => {
                    check.critical |= matches!(one, Wanted::Named(_));
                    check.add(Outcome::Fail, &text(&error));
                    if matches!(one, Wanted::MadeUp) {
                        check.add(
                            Outcome::Fail,
                            "or name a secret that the service reads: `strongroom doctor NAME`",
                        );
                    }
                }
            }
        }
        (check.took(total), first)
    }

    async fn version_check(&self, wanted: &[Wanted], name: Option<SecretName>) -> Check {
        if !self.inner.store.capabilities().versions {
            return Check::new("version", Outcome::Skip, "this provider lists no versions here");
        }
        let Some(name) = name else {
            let nothing = wanted.iter().all(Wanted::may_be_missing);
            let detail = if nothing {
                "there is no secret whose versions could be listed"
            } else {
                "not checked, as no secret could be read"
            };
            return Check::new("version", Outcome::Skip, detail);
        };
        let (listed, took): (Result<Vec<VersionInfo>>, _) =
            self.timed(|this| async { this.inner.store.versions(&name).await }).await;
        match listed {
            Ok(versions) => {
                let detail = format!("{} of `{name}`", counted(versions.len(), "version"));
                Check::new("version", Outcome::Pass, detail)
            }
            Err(error) => of_right("version", &error),
        }
        .took(took)
    }

    /// How a signing key that was current before is found, where that is not by what it is written in.
    async fn overlap(&self) -> Option<(Outcome, String)> {
        let (examine, key) = (self.inner.examine.as_ref()?, &self.inner.signing_key);
        if !key.expected || self.inner.common.encoding == KeyEncoding::Jwks {
            return None;
        }
        let name = self.inner.full_name(key.name.as_ref().ok()?).ok()?;
        examine.overlap(&name).await
    }

    async fn sign_check(&self) -> Check {
        let name = match self.signing_key() {
            Ok(name) => name,
            Err(error) => return Check::new("sign", Outcome::Skip, text(&error)),
        };
        let (signed, took) = self
            .timed(|this| async {
                let key = this.inner.key_name(name)?;
                let signer = Signer::open(this.inner.clone(), key).await?.for_purpose(MADE_UP)?;
                let signature = signer.sign(MADE_UP.as_bytes()).await?;
                signer.verify(MADE_UP.as_bytes(), &signature).await
            })
            .await;
        match signed {
            Ok(verified) => {
                let detail = format!("`{name}` signs and verifies, key {}", verified.key());
                Check::new("sign", Outcome::Pass, detail)
            }
            Err(error)
                if error.kind() == ErrorKind::NotFound && !self.inner.signing_key.expected =>
            {
                let detail = format!("there is no signing key `{name}`, and none is configured");
                Check::new("sign", Outcome::Skip, detail)
            }
            Err(error) => Check::new("sign", Outcome::Fail, text(&error)).critical(),
        }
        .took(took)
    }

    async fn timed<'a, T, F: Future<Output = Result<T>>>(
        &'a self,
        ask: impl FnOnce(&'a Self) -> F,
    ) -> (Result<T>, Duration) {
        let start = self.inner.clock.monotonic();
        let answer = ask(self).await;
        (answer, self.inner.clock.monotonic().saturating_duration_since(start))
    }
}

/// A secret that is read.
enum Wanted {
    /// The service reads it.
    Named(String),
    /// It was there when the names were listed.
    Found(String),
    /// Nobody knows of it.
    MadeUp,
}

impl Wanted {
    fn name(&self) -> &str {
        match self {
            Self::Named(name) | Self::Found(name) => name,
            Self::MadeUp => MADE_UP,
        }
    }

    fn may_be_missing(&self) -> bool {
        !matches!(self, Self::Named(_))
    }
}

fn listed_check((listed, took): (Result<Vec<SecretName>>, Duration)) -> Check {
    match listed {
        Ok(names) => Check::new("list", Outcome::Pass, counted(names.len(), "name")),
        Err(error) => of_right("list", &error),
    }
    .took(took)
}

/// A right that a service may do without.
fn of_right(name: &'static str, error: &Error) -> Check {
    match error.kind() {
        ErrorKind::Unsupported => Check::new(name, Outcome::Skip, error.message().to_owned()),
        _ => Check::new(name, Outcome::Fail, text(error)),
    }
}

fn text(error: &Error) -> String {
    error.to_string()
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs())
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    #[tokio::test]
    async fn f023_another_process_is_told_to_open_its_own() {
        let store = MemoryStore::new().with("db", "canary-value").unwrap();
        let secrets = Secrets::builder().store(store).build().await.unwrap();
        let inner = std::sync::Arc::try_unwrap(secrets.inner);
        let Ok(mut inner) = inner else { unreachable!("nobody else has it") };
        inner.process += 1;
        let forked = Secrets::new(inner);
        let error = forked.get("db").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "in debug builds, on use");
        let diagnosis = forked.diagnose(&[]).await;
        assert_eq!(diagnosis.status(), "not_ready");
        assert!(diagnosis.checks.iter().any(|check| check.detail.contains("after `fork`")));
    }
}
