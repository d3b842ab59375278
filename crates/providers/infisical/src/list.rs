//! The names below a folder.

use strongroom_core::{ErrorKind, Result, SecretName};

use crate::api::{Call, View};
use crate::classify;
use crate::name::Folder;
use crate::store::InfisicalStore;
use crate::wire::{Listed, Told};

impl InfisicalStore {
    /// The names below the folder of the settings, without values.
    pub(crate) async fn names(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        let root = &self.api.config.root;
        let Some(prefix) = prefix else { return self.tree(root).await };
        let (folder, key) = root.below(prefix)?;
        let mut names = match folder.child(&key) {
            Some(below) => self.tree(&below).await?,
            None => Vec::new(),
        };
        match self.current(&folder, &key).await {
            Ok(_) => names.insert(0, prefix.clone()),
            // Who may see what is below need not see this.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {}
            Err(error) => return Err(error),
        }
        Ok(names)
    }

    /// The names at and below a folder.
    async fn tree(&self, folder: &Folder) -> Result<Vec<SecretName>> {
        let view = View { is_blind: true, ..View::default() };
        let response = self.api.ask(Call::List { folder, is_recursive: true, view }).await?;
        let listed: Listed = match response.status() {
            200 => response.json()?,
            _ => match classify::error(&response, false) {
                // A folder is made with the first secret in it.
                error if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                error => return Err(error),
            },
        };
        let root = &self.api.config.root;
        let name = |told: &Told| root.name(told.secret_path.as_deref()?, &told.secret_key);
        let mut names: Vec<_> = listed.secrets.iter().filter_map(name).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }
}
