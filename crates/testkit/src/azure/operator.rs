//! What an operator does beside the client under test. Nothing here is counted, and no fault hits it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use jiff::Timestamp;

use crate::azure::FakeAzure;
use crate::azure::change::Change;
use crate::azure::reply::Refusal;
use crate::azure::state::State;

impl FakeAzure {
    /// Makes a secret with this value, or gives the one that is there a new version, which is the latest. Gives
    /// the id of the version. As everything that a test does by a method, it is not among the
    /// [calls](Self::calls), and no fault hits it.
    ///
    /// # Panics
    /// If the name is deleted and can be recovered.
    pub fn put(&self, name: &str, value: &str) -> String {
        self.try_put(name, value).expect(ALLOWED)
    }

    pub(super) fn try_put(&self, name: &str, value: &str) -> Result<String, Refusal> {
        self.try_act(|state, now| {
            let secret = state.vault.set(name, Change::value(value), now)?;
            Ok(secret.latest().id.clone())
        })
    }

    pub(super) fn try_to_delete(&self, name: &str) -> Result<(), Refusal> {
        self.try_act(|state, now| state.vault.delete(name, now).map(drop))
    }

    /// Disables a version: reads of it are 403 from then on, and those of the latest if it is that.
    ///
    /// # Panics
    /// If there is no such secret or version.
    pub fn disable(&self, name: &str, version: &str) {
        self.change(name, version, Change { enabled: Some(false), ..Change::default() });
    }

    /// Enables a version again.
    ///
    /// # Panics
    /// If there is no such secret or version.
    pub fn enable(&self, name: &str, version: &str) {
        self.change(name, version, Change { enabled: Some(true), ..Change::default() });
    }

    /// Says when a version ends, in whole seconds. It is still read afterwards: the service leaves that to
    /// clients.
    ///
    /// # Panics
    /// If there is no such secret or version.
    pub fn set_expires(&self, name: &str, version: &str, at: SystemTime) {
        self.change(name, version, Change { expires: Some(seconds(at)), ..Change::default() });
    }

    /// Says when a version begins, in whole seconds. It is read before, too: the service leaves that to clients.
    ///
    /// # Panics
    /// If there is no such secret or version.
    pub fn set_not_before(&self, name: &str, version: &str, at: SystemTime) {
        self.change(name, version, Change { not_before: Some(seconds(at)), ..Change::default() });
    }

    /// Gives the latest version a content type and tags, in place of those that it has.
    ///
    /// # Panics
    /// If there is no such secret.
    pub fn describe(&self, name: &str, content_type: &str, tags: &[(&str, &str)]) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let change = Change {
            content_type: Some(content_type.to_owned()),
            tags: Some(tags.iter().map(owned).collect()),
            ..Change::default()
        };
        self.act(|state, now| state.vault.update(name, None, change, now).map(drop));
    }

    /// Deletes a secret. It can be recovered for 90 days by the clock of the fake.
    ///
    /// # Panics
    /// If there is no such secret.
    pub fn delete(&self, name: &str) {
        self.act(|state, now| state.vault.delete(name, now).map(drop));
    }

    /// Brings a deleted secret back, with all its versions.
    ///
    /// # Panics
    /// If no such secret is deleted.
    pub fn recover(&self, name: &str) {
        self.act(|state, _| state.vault.recover(name).map(drop));
    }

    /// The id of the latest version; `None` if there is no such secret, or it is deleted.
    pub fn version_of(&self, name: &str) -> Option<String> {
        let state = self.lock();
        state.vault.secret(name).ok().map(|secret| secret.latest().id.clone())
    }

    /// The tags of the latest version; none if there is no such secret, or it is deleted.
    pub fn tags(&self, name: &str) -> BTreeMap<String, String> {
        let state = self.lock();
        let secret = state.vault.secret(name).ok();
        secret.and_then(|secret| secret.latest().tags.clone()).unwrap_or_default()
    }

    /// The content type of the latest version; `None` if it has none, there is no such secret, or it is deleted.
    pub fn content_type(&self, name: &str) -> Option<String> {
        let state = self.lock();
        state.vault.secret(name).ok().and_then(|secret| secret.latest().content_type.clone())
    }

    fn change(&self, name: &str, version: &str, change: Change) {
        self.act(|state, now| state.vault.update(name, Some(version), change, now).map(drop));
    }

    fn act<T>(&self, act: impl FnOnce(&mut State, i64) -> Result<T, Refusal>) -> T {
        // Not under the lock, which a panic would poison.
        self.try_act(act).expect(ALLOWED)
    }

    fn try_act<T>(
        &self,
        act: impl FnOnce(&mut State, i64) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut state = self.lock();
        let now = state.now().as_second();
        state.vault.purge_due(now);
        act(&mut state, now)
    }
}

const ALLOWED: &str = "the service allows it";

fn seconds(at: SystemTime) -> i64 {
    Timestamp::try_from(at).expect("a time of these ages").as_second()
}
