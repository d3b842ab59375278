//! The project: its environments, their folders, and what is in them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::infisical::secret::{Change, Kind, Secret, Version};

/// The one project that the fake has.
#[derive(Clone)]
pub(super) struct Project {
    environments: BTreeMap<String, Environment>,
    made: u64,
}

/// Folders by their paths, such as `/` and `/app/db`.
type Environment = BTreeMap<String, Folder>;

/// A folder, without those in it.
#[derive(Clone)]
pub(super) struct Folder {
    pub(super) id: String,
    pub(super) secrets: BTreeMap<String, Secret>,
    /// Overrides of the caller's own.
    pub(super) personal: BTreeMap<String, Secret>,
    /// Deleted secrets: their versions can still be read by number.
    gone: Vec<Secret>,
    /// Environments and paths, in the order in which they were added.
    pub(super) imports: Vec<(String, String)>,
    /// Whether writes need an approval.
    pub(super) has_policy: bool,
    pub(super) created: Timestamp,
}

impl Project {
    /// With the three environments that a new project has.
    pub(super) fn new(now: Timestamp) -> Self {
        let mut project = Self { environments: BTreeMap::new(), made: 0 };
        for environment in ["dev", "staging", "prod"] {
            project.add_environment(environment, now);
        }
        project
    }

    pub(super) fn add_environment(&mut self, slug: &str, now: Timestamp) {
        if !self.environments.contains_key(slug) {
            let root = Folder::new(self.next_id(), now);
            self.environments.insert(slug.to_owned(), BTreeMap::from([("/".to_owned(), root)]));
        }
    }

    pub(super) fn has_environment(&self, slug: &str) -> bool {
        self.environments.contains_key(slug)
    }

    /// Makes a folder and those above it; one that is there stays as it is. Nothing without the environment.
    pub(super) fn add_folder(
        &mut self,
        environment: &str,
        path: &str,
        now: Timestamp,
    ) -> Option<&mut Folder> {
        if !self.has_environment(environment) {
            return None;
        }
        let path = normal(path);
        let ends = path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            let part = path.get(..end).unwrap_or_default().to_owned();
            let id = self.next_id();
            let folders = self.environments.get_mut(environment)?;
            folders.entry(part).or_insert_with(|| Folder::new(id, now));
        }
        self.environments.get_mut(environment)?.get_mut(&path)
    }

    /// The folder at a path, with or without slashes around it.
    pub(super) fn folder(&self, environment: &str, path: &str) -> Option<&Folder> {
        self.environments.get(environment)?.get(&normal(path))
    }

    pub(super) fn folder_mut(&mut self, environment: &str, path: &str) -> Option<&mut Folder> {
        self.environments.get_mut(environment)?.get_mut(&normal(path))
    }

    /// The folder at a path and those below it, in the order of their paths.
    pub(super) fn tree(&self, environment: &str, path: &str) -> Vec<(&str, &Folder)> {
        let root = normal(path);
        let below = if root == "/" { root.clone() } else { format!("{root}/") };
        let folders = self.environments.get(environment).into_iter().flatten();
        let is_in = |(path, _): &(&String, &Folder)| **path == root || path.starts_with(&below);
        folders.filter(is_in).map(|(path, folder)| (path.as_str(), folder)).collect()
    }

    /// The secret of this id, with its environment and path.
    pub(super) fn by_id(&self, id: &str) -> Option<(&str, &str, &Secret)> {
        self.environments.iter().find_map(|(environment, folders)| {
            folders.iter().find_map(|(path, folder)| {
                let secret = folder.secrets.values().find(|secret| secret.id == id)?;
                Some((environment.as_str(), path.as_str(), secret))
            })
        })
    }

    pub(super) fn next_id(&mut self) -> String {
        self.made += 1;
        id(self.made)
    }
}

impl Folder {
    fn new(id: String, created: Timestamp) -> Self {
        Self {
            id,
            secrets: BTreeMap::new(),
            personal: BTreeMap::new(),
            gone: Vec::new(),
            imports: Vec::new(),
            has_policy: false,
            created,
        }
    }

    pub(super) fn secret(&self, kind: Kind, key: &str) -> Option<&Secret> {
        match kind {
            Kind::Shared => self.secrets.get(key),
            Kind::Personal => self.personal.get(key),
        }
    }

    /// The version that had this name and number, of a secret that is there or was.
    pub(super) fn version(
        &self,
        kind: Kind,
        key: &str,
        number: u64,
    ) -> Option<(&Secret, &Version)> {
        let current = match kind {
            Kind::Shared => self.secrets.values(),
            Kind::Personal => self.personal.values(),
        };
        let known = current.chain(self.gone.iter().rev()).filter(|secret| secret.kind == kind);
        let mut versions = known.filter_map(|secret| Some((secret, secret.version(key, number)?)));
        versions.next()
    }

    /// Changes a shared secret. Nothing if there is none.
    pub(super) fn update(&mut self, key: &str, change: Change, now: Timestamp) -> Option<&Secret> {
        let mut secret = self.secrets.remove(key)?;
        secret.update(change, now);
        let key = secret.latest().key.clone();
        self.secrets.insert(key.clone(), secret);
        self.secrets.get(&key)
    }

    /// Deletes a shared secret and the override of it.
    pub(super) fn delete(&mut self, key: &str) -> Option<Secret> {
        let secret = self.secrets.remove(key)?;
        self.gone.extend(self.personal.remove(key));
        self.gone.push(secret.clone());
        Some(secret)
    }
}

/// An id: its number, in the form that ids have.
pub(super) fn id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// With one slash before each name, and none at its end.
pub(super) fn normal(path: &str) -> String {
    let names = path.split('/').filter(|name| !name.is_empty());
    let path = names.fold(String::new(), |path, name| path + "/" + name);
    if path.is_empty() { "/".to_owned() } else { path }
}
