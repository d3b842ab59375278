//! Whether a service can do its work, as far as secrets are concerned.

use std::time::Duration;

use strongroom_core::{Error, ErrorKind, Freshness, Reason, Result, Secret, SecretName};
use strongroom_layers::Status;

use crate::declared::One;
use crate::inner::{Asked, Inner, Remote};
use crate::published::PublicKeys;
use crate::reads::Read;
use crate::rings::{Ring, ring};

/// Whether everything that was declared, or is in use, can be used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Health {
    /// All of it, as new as it should be.
    Ready,
    /// The service works: something is served stale, or something that is not critical cannot be used.
    Degraded {
        /// What is wrong.
        problems: Vec<Problem>,
    },
    /// Something critical cannot be used, or verification is switched off.
    NotReady {
        /// What is wrong, the critical first.
        problems: Vec<Problem>,
    },
}

impl Health {
    /// The word of it: `ready`, `degraded`, `not_ready`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded { .. } => "degraded",
            Self::NotReady { .. } => "not_ready",
        }
    }

    /// What is wrong; nothing if it is ready.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Ready => &[],
            Self::Degraded { problems } | Self::NotReady { problems } => problems,
        }
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// The secret or key, by its logical name; `VAULT_VERIFY_ENABLED` for verification.
    pub name: String,
    /// Whether the service cannot do its work with it.
    pub critical: bool,
    /// What it is.
    pub what: Trouble,
    /// The kind of the last failed read, if one failed.
    pub kind: Option<ErrorKind>,
    /// The closed word below the kind, if there is one.
    pub reason: Option<Reason>,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Trouble {
    /// The last good value serves on, asked for so long ago.
    Stale(Duration),
    /// There is no value that may be used.
    Unusable,
    /// It was declared and not read yet: call `ready`.
    NotRead,
    /// The provider signs, and did not answer when it was last asked. Unless it publishes its keys, nothing can
    /// be verified without it either.
    SignerUnreachable,
    /// The provider signs, and refused when it was last asked: it does not know us, we may not use the key, or the
    /// key is not there or cannot be used. Keys that it publishes may verify in this process for a while yet.
    SignerRefuses,
    /// `VAULT_VERIFY_ENABLED=false`: `enforce` accepts everything.
    VerificationOff,
}

impl Trouble {
    /// The word of it, in snake case: `stale`, `unusable`, `not_read`, `signer_unreachable`, `signer_refuses`,
    /// `verification_off`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Stale(_) => "stale",
            Self::Unusable => "unusable",
            Self::NotRead => "not_read",
            Self::SignerUnreachable => "signer_unreachable",
            Self::SignerRefuses => "signer_refuses",
            Self::VerificationOff => "verification_off",
        }
    }
}

impl Inner {
    pub(crate) fn health(&self) -> Health {
        let mut problems = Vec::new();
        if !self.common.verify {
            let name = "VAULT_VERIFY_ENABLED".to_owned();
            let what = Trouble::VerificationOff;
            problems.push(Problem { name, critical: true, what, kind: None, reason: None });
        }
        let (reads, rings) = (self.reads.status(), self.rings.status());
        for one in self.declared.iter() {
            if !self.was_read(one, &reads, &rings) {
                let (name, critical) = (one.text.clone(), one.critical);
                let what = Trouble::NotRead;
                problems.push(Problem { name, critical, what, kind: None, reason: None });
            }
        }
        for status in &reads {
            let name = self.logical(&status.key.name);
            let name = match &status.key.field {
                Some(field) => format!("{name}#{}", field.as_str()),
                None => name,
            };
            problems.extend(self.problem(name, status));
        }
        for status in &rings {
            problems.extend(self.problem(self.logical(&status.key), status));
        }
        if let Some(remote) = &self.remote {
            for status in remote.published.status() {
                // Of a key that is not published there is nothing to be stale.
                if status.value.as_ref().is_none_or(PublicKeys::are_published) {
                    problems.extend(self.problem(status.key.to_string(), &status));
                }
            }
            problems.extend(self.signer_problem(remote));
        }
        problems.sort_by_key(|problem| !problem.critical);
        match problems.first().map(|problem| problem.critical) {
            None => Health::Ready,
            Some(false) => Health::Degraded { problems },
            Some(true) => Health::NotReady { problems },
        }
    }

    /// A stale value degrades, however critical it is: it serves.
    fn problem<K, V>(&self, name: String, status: &Status<K, V>) -> Option<Problem> {
        let what = match (status.freshness, status.age) {
            (Some(Freshness::Fresh), _) => return None,
            (Some(Freshness::Stale), age) => Trouble::Stale(age.unwrap_or_default()),
            (None, _) => Trouble::Unusable,
        };
        let critical = what == Trouble::Unusable && self.is_critical(&name);
        let kind = status.error.as_ref().map(Error::kind);
        let reason = status.error.as_ref().and_then(Error::reason);
        Some(Problem { name, critical, what, kind, reason })
    }

    fn signer_problem(&self, remote: &Remote) -> Option<Problem> {
        let (name, error) = remote.trouble()?;
        remote.ask_again();
        let name = name.to_string();
        let critical = self.is_critical(&name);
        let what = match error.kind().allows_stale() {
            true => Trouble::SignerUnreachable,
            false => Trouble::SignerRefuses,
        };
        let (kind, reason) = (Some(error.kind()), error.reason());
        Some(Problem { name, critical, what, kind, reason })
    }

    fn is_critical(&self, name: &str) -> bool {
        self.declared.iter().any(|one| one.critical && one.text == name)
    }

    fn was_read(
        &self,
        one: &One,
        reads: &[Status<Read, Secret>],
        rings: &[Status<SecretName, Ring>],
    ) -> bool {
        if self.remote.is_some() && self.is_signing_key(one) {
            return true;
        }
        let Ok(full) = self.resolve(&one.text) else { return false };
        let read = Read::current(&full);
        reads.iter().any(|status| status.key == read)
            || rings.iter().any(|status| status.key == *full.name())
    }

    /// Whether a declared name is that of the configured signing key.
    pub(crate) fn is_signing_key(&self, one: &One) -> bool {
        let key = self.signing_key.name.as_ref().ok();
        one.reference.field().is_none() && key == Some(one.reference.name())
    }

    /// A name as the user knows it.
    fn logical(&self, name: &SecretName) -> String {
        let below = self.common.prefix.as_ref().and_then(|prefix| name.strip_prefix(prefix));
        below.as_ref().unwrap_or(name).to_string()
    }

    /// Reads everything that was declared.
    pub(crate) async fn ready(&self) -> Result<()> {
        let mut failed: Option<Error> = None;
        let (keys, secrets): (Vec<&One>, Vec<&One>) =
            self.declared.iter().partition(|one| self.is_signing_key(one));
        let mut reads = Vec::with_capacity(secrets.len());
        for one in &secrets {
            reads.push((Read::current(&self.resolve(&one.text)?), Some(one.text.as_str())));
        }
        // In one call where the provider can. Kept in use whether or not they can be read.
        let results = self.reads.get_many(&reads, None).await;
        reads.iter().for_each(|(read, text)| self.reads.keep(read, *text));
        failed = failed.or(results.into_iter().find_map(Result::err));
        for one in keys {
            let name = self.key_name(one.reference.name())?;
            let checked = match &self.remote {
                Some(remote) => remote.note(&name, Asked::Check, remote.signer.check(&name).await),
                None => {
                    let read = ring(&self.rings, &name).await.map(drop);
                    self.rings.keep(&name, Some(name.as_str()));
                    read
                }
            };
            failed = failed.or(checked.err());
        }
        failed.map_or(Ok(()), Err)
    }
}
