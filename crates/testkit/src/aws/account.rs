//! All secrets of the account, in every region.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::aws::ask::Ask;
use crate::aws::id::SecretId;
use crate::aws::reply::Refusal;
use crate::aws::secret::Secret;

/// What the service keeps, oldest first.
pub(super) struct Account {
    secrets: Vec<Secret>,
    made: u64,
    /// Regions that answer, and those that are lost now.
    pub(super) regions: BTreeSet<String>,
    pub(super) lost: BTreeSet<String>,
}

impl Account {
    pub(super) fn new(region: &str) -> Self {
        Self {
            secrets: Vec::new(),
            made: 0,
            regions: BTreeSet::from([region.to_owned()]),
            lost: BTreeSet::new(),
        }
    }

    /// Removes what came to the end of its recovery window.
    pub(super) fn purge(&mut self, now: Timestamp) {
        self.secrets.retain(|secret| secret.deletion.is_none_or(|deletion| deletion > now));
    }

    /// The secret that this member of a request names.
    ///
    /// # Errors
    /// In this order: `ValidationException`, `AccessDeniedException`, `ResourceNotFoundException`.
    pub(super) fn find(&mut self, ask: &Ask, id: &str) -> Result<&mut Secret, Refusal> {
        let id = SecretId::read(id)?;
        // Nothing here is shared with another account, so no policy of ours can allow it.
        if id.is_of_another_account() {
            return Err(ask.denied(id.name()));
        }
        ask.authorise(id.name())?;
        let region = ask.region.as_str();
        let mut found = self.secrets.iter_mut();
        let found = found.find(|secret| secret.is_in(region) && id.names(secret, region));
        found.ok_or_else(Refusal::no_secret)
    }

    /// As [`find`](Self::find), for a call that changes the secret, which a replica does not take.
    pub(super) fn find_mut(&mut self, ask: &Ask, id: &str) -> Result<&mut Secret, Refusal> {
        let secret = self.find(ask, id)?;
        match secret.region == ask.region {
            true => Ok(secret),
            false => Err(Refusal::request(
                "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
            )),
        }
    }

    /// The secret of this name that a region has.
    pub(super) fn named(&mut self, region: &str, name: &str) -> Option<&mut Secret> {
        self.secrets.iter_mut().find(|secret| secret.is_in(region) && secret.name == name)
    }

    /// The secrets that a region has, oldest first.
    pub(super) fn of(&self, region: &str) -> impl DoubleEndedIterator<Item = &Secret> {
        self.secrets.iter().filter(move |secret| secret.is_in(region))
    }

    /// Makes a secret without a version. The name is free.
    pub(super) fn make(&mut self, region: &str, name: &str, now: Timestamp) -> Secret {
        self.made += 1;
        Secret::new(self.made, name, region, now)
    }

    pub(super) fn keep(&mut self, secret: Secret) {
        self.secrets.push(secret);
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.secrets.retain(|secret| secret.number != number);
    }
}
