//! Access keys: who may sign requests.

use std::collections::BTreeMap;

use crate::aws::policy::Policy;
use crate::aws::reply::Refusal;

/// The access keys by their ids.
#[derive(Default)]
pub(super) struct Keys(BTreeMap<String, Key>);

pub(super) struct Key {
    pub(super) secret: String,
    /// Requests that are signed with a temporary key bring this along.
    pub(super) session: Option<String>,
    pub(super) expired: bool,
    pub(super) policy: Policy,
}

impl Key {
    pub(super) fn new(secret: &str, session: Option<&str>, policy: Policy) -> Self {
        let session = session.map(str::to_owned);
        Self { secret: secret.to_owned(), session, expired: false, policy }
    }
}

impl Keys {
    pub(super) fn add(&mut self, id: &str, key: Key) {
        self.0.insert(id.to_owned(), key);
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.0.remove(id);
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Key> {
        self.0.get_mut(id)
    }

    /// The key of this id, which came with this session token.
    pub(super) fn find(&self, id: &str, session: Option<&str>) -> Result<&Key, Refusal> {
        let key = self.0.get(id).filter(|key| key.session.as_deref() == session);
        let key = key.ok_or_else(|| {
            Refusal::new(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        })?;
        match key.expired {
            false => Ok(key),
            true => Err(Refusal::new(
                "ExpiredTokenException",
                "The security token included in the request is expired",
            )),
        }
    }
}
