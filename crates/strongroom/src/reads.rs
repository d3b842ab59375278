//! The secrets of a store, as the cache asks for them.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_core::{
    Error, ErrorKind, Field, GetOptions, Result, Secret, SecretName, SecretRef, SecretStore, Select,
};
use strongroom_layers::Source;

/// Everything that tells one read from another. Provider, address, account and namespace are those of the
/// store, which has a cache of its own.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Read {
    /// With all prefixes that are ours.
    pub(crate) name: SecretName,
    pub(crate) field: Option<Field>,
    pub(crate) select: Select,
}

impl Read {
    pub(crate) fn current(reference: &SecretRef) -> Self {
        Self::of(reference, Select::Current)
    }

    pub(crate) fn of(reference: &SecretRef, select: Select) -> Self {
        Self { name: reference.name().clone(), field: reference.field().cloned(), select }
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        if let Some(field) = &self.field {
            write!(f, "#{}", field.as_str())?;
        }
        match &self.select {
            Select::Current => Ok(()),
            Select::Exact(version) => write!(f, " version {version}"),
            other => write!(f, " {other:?}"),
        }
    }
}

/// The secrets of a store.
#[derive(Debug)]
pub(crate) struct Reads {
    pub(crate) store: Arc<dyn SecretStore>,
}

impl Reads {
    fn picks(&self) -> bool {
        self.store.capabilities().fields
    }

    /// What the store is asked for a read: without the field, where the store picks none.
    fn options(&self, read: &Read) -> GetOptions {
        let field = read.field.clone().filter(|_| self.picks());
        GetOptions::default().select(read.select.clone()).field(field)
    }

    /// The field that was asked for, where the store picks none.
    fn pick(&self, read: &Read, secret: Secret) -> Result<Secret> {
        let Some(field) = read.field.as_ref().filter(|_| !self.picks()) else { return Ok(secret) };
        let picked = field
            .pick(secret.value())
            .map_err(|error| error.located(self.store.info().id(), "get", Some(&read.name)));
        Ok(secret.with_value(picked?))
    }

    /// Reads that one call of the store answers: those that differ by their names, or by the fields that we
    /// pick.
    async fn together(&self, reads: &[(usize, &Read)]) -> Vec<(usize, Result<Secret>)> {
        let Some((_, first)) = reads.first() else { return Vec::new() };
        let mut names: Vec<SecretName> = Vec::new();
        for (_, read) in reads {
            if !names.contains(&read.name) {
                names.push(read.name.clone());
            }
        }
        let secrets = self.store.get_many(&names, self.options(first)).await;
        let of = |name: &SecretName| {
            let at = names.iter().position(|one| one == name)?;
            secrets.get(at).cloned()
        };
        let answer = |(at, read): &(usize, &Read)| {
            let secret = of(&read.name).unwrap_or_else(|| Err(left_out(&read.name)));
            (*at, secret.and_then(|secret| self.pick(read, secret)))
        };
        reads.iter().map(answer).collect()
    }
}

#[async_trait]
impl Source for Reads {
    type Key = Read;
    type Value = Secret;

    fn provider(&self) -> &'static str {
        self.store.info().id()
    }

    fn batches(&self) -> bool {
        let can = self.store.capabilities();
        can.snapshot || can.batch
    }

    async fn load(&self, reads: &[Read]) -> Vec<Result<Secret>> {
        if let [read] = reads {
            let secret = self.store.get(&read.name, self.options(read)).await;
            return vec![secret.and_then(|secret| self.pick(read, secret))];
        }
        let mut left: Vec<(usize, &Read)> = reads.iter().enumerate().collect();
        let mut answers = Vec::with_capacity(reads.len());
        while let Some(&(_, first)) = left.first() {
            let alike = |read: &Read| {
                read.select == first.select && (!self.picks() || read.field == first.field)
            };
            let (now, later): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|(_, read)| alike(read));
            answers.extend(self.together(&now).await);
            left = later;
        }
        answers.sort_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }
}

fn left_out(name: &SecretName) -> Error {
    Error::new(ErrorKind::Internal, "a store left out a name of a batch").with_name(name.as_str())
}
