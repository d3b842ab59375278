//! Which secrets are read.

use strongroom_core::SecretName;

use crate::Secrets;

/// What is read where nobody says which secret the service reads. It need not be there.
pub(super) const MADE_UP: &str = "strongroom-doctor";

/// A secret that is read.
pub(super) enum Wanted {
    /// The service reads it.
    Named(String),
    /// It was there when the names were listed.
    Found(String),
    /// Nobody knows of it.
    MadeUp,
}

impl Wanted {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Named(name) | Self::Found(name) => name,
            Self::MadeUp => MADE_UP,
        }
    }

    pub(super) fn may_be_missing(&self) -> bool {
        !matches!(self, Self::Named(_))
    }
}

impl Secrets {
    /// What to read: what was named or declared, else the signing key, else the first secret there is.
    pub(super) fn wanted(&self, names: &[&str], listed: Option<&Vec<SecretName>>) -> Vec<Wanted> {
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
}
