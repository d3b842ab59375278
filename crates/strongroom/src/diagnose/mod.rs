//! What is wrong with a set-up, check by check, for people and for `doctor`.

mod checks;
mod wanted;

use strongroom_core::{Check, Error, Outcome};

use self::checks::{listed_check, text};
use crate::Secrets;

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
}

#[cfg(test)]
mod tests {
    use strongroom_core::ErrorKind;

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
