//! What an operator does beside the client under test. Nothing here is counted, and no fault hits it.

use jiff::Timestamp;

use crate::infisical::FakeInfisical;
use crate::infisical::project::Folder;
use crate::infisical::secret::{Change, Kind, Secret};
use crate::infisical::state::State;

/// All but those that name one are about the environment [`ENVIRONMENT`](FakeInfisical::ENVIRONMENT).
impl FakeInfisical {
    /// Makes a secret with this value in a folder, such as `/` or `/app/db`, which is made if there is none; or gives
    /// the one that is there a new version. Gives the number of the version. Values are kept as they are, and not
    /// trimmed. As everything that a test does by a method, it is not among the [calls](Self::calls), and no fault
    /// hits it.
    pub fn put(&self, path: &str, name: &str, value: &str) -> u64 {
        self.put_in(Self::ENVIRONMENT, path, name, value)
    }

    /// As [`put`](Self::put), in an environment, which is made if there is none.
    pub fn put_in(&self, environment: &str, path: &str, name: &str, value: &str) -> u64 {
        self.act(|state, now| {
            state.project.add_environment(environment, now);
            let id = state.project.next_id();
            let folder = folder_of(state, environment, path, now);
            let change = Change::value(value);
            if folder.update(name, change.clone(), now).is_none() {
                let secret = Secret::new(id, Kind::Shared, name, change, now);
                folder.secrets.insert(name.to_owned(), secret);
            }
            folder.secrets.get(name).map_or(0, |secret| secret.latest().number)
        })
    }

    /// Makes an override of a secret that belongs to whoever asks: lists have it besides the shared one, and
    /// `type=personal` gets it. At the server only users have overrides, and no other user sees them.
    pub fn put_personal(&self, path: &str, name: &str, value: &str) {
        self.act(|state, now| {
            let id = state.project.next_id();
            let folder = folder_of(state, Self::ENVIRONMENT, path, now);
            let secret = Secret::new(id, Kind::Personal, name, Change::value(value), now);
            folder.personal.insert(name.to_owned(), secret);
        });
    }

    /// Changes something of a secret that makes no version, as upgrades of the server do: only its `updatedAt` tells.
    pub fn touch(&self, path: &str, name: &str) {
        self.act(|state, now| {
            let folder = folder_of(state, Self::ENVIRONMENT, path, now);
            if let Some(secret) = folder.secrets.get_mut(name) {
                secret.touched = Some(now);
            }
        });
    }

    /// Deletes a secret. Its versions can still be read by their numbers. Whether there was one.
    pub fn delete(&self, path: &str, name: &str) -> bool {
        self.act(|state, now| folder_of(state, Self::ENVIRONMENT, path, now).delete(name).is_some())
    }

    /// Makes a folder and those above it, in an environment, which is made if there is none.
    pub fn add_folder(&self, environment: &str, path: &str) {
        self.act(|state, now| {
            state.project.add_environment(environment, now);
            folder_of(state, environment, path, now);
        });
    }

    /// Adds an import behind the others of a folder: of the folder `from` in an environment. The last one wins.
    pub fn add_import(&self, path: &str, environment: &str, from: &str) {
        self.act(|state, now| {
            let folder = folder_of(state, Self::ENVIRONMENT, path, now);
            folder.imports.push((environment.to_owned(), from.to_owned()));
        });
    }

    /// Masks the value of a secret for everybody, or shows it again. Rights without `readValue` refuse instead, as the
    /// server does where a value is asked for.
    ///
    /// # Panics
    /// If there is no such secret.
    pub fn set_hidden(&self, path: &str, name: &str, is_hidden: bool) {
        let is_there = self.act(|state, now| {
            let folder = folder_of(state, Self::ENVIRONMENT, path, now);
            let secret = folder.secrets.get_mut(name);
            secret.map(|secret| secret.is_hidden = is_hidden).is_some()
        });
        assert!(is_there, "there is no such secret");
    }

    /// Whether writes to a folder are answered with a request for an approval, and change nothing.
    pub fn set_approval(&self, path: &str, is_needed: bool) {
        self.act(|state, now| {
            folder_of(state, Self::ENVIRONMENT, path, now).has_policy = is_needed;
        });
    }

    /// The number of the latest version; `None` if there is no such secret.
    pub fn version_of(&self, path: &str, name: &str) -> Option<u64> {
        self.look(path, name, |secret| secret.latest().number)
    }

    /// The latest value as it is kept; `None` if there is no such secret.
    pub fn value_of(&self, path: &str, name: &str) -> Option<String> {
        self.look(path, name, |secret| secret.latest().value.clone())
    }

    /// The comment of the latest version; `None` if there is no such secret.
    pub fn comment_of(&self, path: &str, name: &str) -> Option<String> {
        self.look(path, name, |secret| secret.latest().comment.clone())
    }

    fn look<T>(&self, path: &str, name: &str, look: impl FnOnce(&Secret) -> T) -> Option<T> {
        let state = self.lock();
        let folder = state.project.folder(Self::ENVIRONMENT, path)?;
        folder.secrets.get(name).map(look)
    }

    pub(super) fn act<T>(&self, act: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let mut state = self.lock();
        let now = state.now();
        act(&mut state, now)
    }
}

fn folder_of<'a>(
    state: &'a mut State,
    environment: &str,
    path: &str,
    now: Timestamp,
) -> &'a mut Folder {
    let folder = state.project.add_folder(environment, path, now);
    folder.expect("the environment is there")
}
