//! The checks that the handle makes, on every provider alike.

use std::time::Duration;

use strongroom_core::{Check, Error, ErrorKind, Form, Outcome, Result, SecretName, VersionInfo};
use strongroom_signing::KeyEncoding;

use super::wanted::{MADE_UP, Wanted};
use crate::{Secrets, Signer};

impl Secrets {
    /// What a provider that brings no checks of its own can be asked.
    pub(super) async fn answers(&self) -> Check {
        let (probed, took) = self.timed(|this| async { this.inner.store.probe().await }).await;
        match probed {
            Ok(_) => Check::new("network", Outcome::Pass, "the provider says that it serves"),
            Err(error) => Check::new("network", Outcome::Fail, text(&error)).critical(),
        }
        .took(took)
    }

    pub(super) fn settings_check(&self, found: &[Check]) -> Check {
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
    pub(super) fn credential_files_check(&self) -> Check {
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

    pub(super) fn verification_check(&self) -> Check {
        match self.inner.common.verify {
            true => Check::new("verification", Outcome::Pass, "`enforce` verifies"),
            false => {
                let detail = "VAULT_VERIFY_ENABLED=false: `enforce` accepts every message as signed; set it to true";
                Check::new("verification", Outcome::Fail, detail)
            }
        }
        .critical()
    }

    /// Reads them, and says which of them has versions to ask about.
    pub(super) async fn read_check(&self, wanted: &[Wanted]) -> (Check, Option<SecretName>) {
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

    pub(super) async fn version_check(&self, wanted: &[Wanted], name: Option<SecretName>) -> Check {
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
    pub(super) async fn overlap(&self) -> Option<(Outcome, String)> {
        let (examine, key) = (self.inner.examine.as_ref()?, &self.inner.signing_key);
        if !key.expected || self.inner.common.encoding == KeyEncoding::Jwks {
            return None;
        }
        let name = self.inner.full_name(key.name.as_ref().ok()?).ok()?;
        examine.overlap(&name).await
    }

    pub(super) async fn sign_check(&self) -> Check {
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

    pub(super) async fn timed<'a, T, F: Future<Output = Result<T>>>(
        &'a self,
        ask: impl FnOnce(&'a Self) -> F,
    ) -> (Result<T>, Duration) {
        let start = self.inner.clock.monotonic();
        let answer = ask(self).await;
        (answer, self.inner.clock.monotonic().saturating_duration_since(start))
    }
}

pub(super) fn listed_check((listed, took): (Result<Vec<SecretName>>, Duration)) -> Check {
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

pub(super) fn text(error: &Error) -> String {
    error.to_string()
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs())
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
