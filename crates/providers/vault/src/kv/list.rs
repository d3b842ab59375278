//! Listing names, folder by folder.

use strongroom_core::{ErrorKind, Result, SecretName};

use super::KvStore;
use super::config::KvVersion;
use super::wire::Listed;
use crate::api::{Call, path};
use crate::classify;

impl KvStore {
    /// The logical names at and below a prefix, sorted. Names of others that are no logical names, with a
    /// `#` or blanks at an end, are left out: nothing here could ask for them.
    pub(super) async fn list_below(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let words: &[&str] = match self.version().await? {
            KvVersion::One => &[],
            KvVersion::Two => &["metadata"],
        };
        let top = match prefix {
            Some(prefix) => Some(self.place(prefix)?),
            None => self.prefix.clone(),
        };
        let mut found = Vec::new();
        if let (Some(prefix), Some(place)) = (prefix, &top)
            && self.exists(words, place).await?
        {
            found.push(prefix.clone());
        }
        let mut folders = vec![top];
        while let Some(folder) = folders.pop() {
            for key in self.keys(words, folder.as_ref()).await? {
                let (key, is_folder) = match key.strip_suffix('/') {
                    Some(folder) => (folder, true),
                    None => (key.as_str(), false),
                };
                let Ok(name) = SecretName::new(key) else { continue };
                let place = match &folder {
                    Some(folder) => name.below(folder),
                    None => Ok(name),
                };
                match (place, is_folder) {
                    (Ok(place), true) => folders.push(Some(place)),
                    (Ok(place), false) => found.extend(self.logical(&place)),
                    (Err(_), _) => {}
                }
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Vault API: `LIST /v1/{mount}/metadata/{path}`, as a GET because gateways know no `LIST`.
    async fn keys(&self, words: &[&str], folder: Option<&SecretName>) -> Result<Vec<String>> {
        let call = Call::get(path(&self.mount, words, folder)).query("list", "true");
        let response = self.api.call(call).await?;
        match response.status() {
            200 => Ok(response.json::<Listed>()?.data.keys),
            // An empty folder is a 404, like one that does not exist.
            404 => match classify::error(&response) {
                error if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
                error => Err(error),
            },
            _ => Err(classify::error(&response)),
        }
    }

    /// Whether there is a secret of exactly this name, by the list that it would be in: reading it would bring
    /// its value. A rule for what is below it need not allow that list.
    async fn exists(&self, words: &[&str], place: &SecretName) -> Result<bool> {
        let (folder, last) = match place.as_str().rsplit_once('/') {
            Some((folder, last)) => (Some(SecretName::new(folder)?), last),
            None => (None, place.as_str()),
        };
        match self.keys(words, folder.as_ref()).await {
            Ok(keys) => Ok(keys.iter().any(|key| key == last)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn logical(&self, place: &SecretName) -> Option<SecretName> {
        match &self.prefix {
            Some(prefix) => place.strip_prefix(prefix),
            None => Some(place.clone()),
        }
    }
}
