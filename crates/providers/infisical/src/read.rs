//! Reading one secret, and several of a folder in one call.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use strongroom_core::{
    Error, ErrorKind, Reason, Result, Secret, SecretName, SecretVersion, Select,
};

use crate::api::{Call, View};
use crate::classify;
use crate::name::Folder;
use crate::store::InfisicalStore;
use crate::wire::{Answer, Asked, Listed, Told, no_version};

/// After how many reads of several secrets it is tried again in one call, if that was denied: somebody may have given
/// us the right.
const ALONE: u32 = 20;

impl InfisicalStore {
    /// # Errors
    /// `NotFound`, reason `secret` or `version`; `InvalidValue` for what is masked or unresolved.
    pub(crate) async fn read(&self, name: &SecretName, select: &Select) -> Result<Secret> {
        let (folder, key) = self.api.config.root.below(name)?;
        match select {
            Select::Current if self.api.config.with_imports => {
                match self.list_folder(&folder).await {
                    Ok(listed) => self.pick(&listed, &folder, &key).await,
                    // Too long.
                    Err(error) if error.kind() == ErrorKind::Malformed => {
                        self.by_name(&folder, &key).await
                    }
                    Err(error) => Err(error),
                }
            }
            Select::Current => self.by_name(&folder, &key).await,
            Select::Exact(version) => {
                let current = self.current(&folder, &key).await?;
                let number = number(version).ok_or_else(no_version)?;
                self.older(&folder, &key, &current, number).await?.into_secret(false)
            }
            Select::Previous => {
                let current = self.current(&folder, &key).await?;
                let number = current.version.checked_sub(1).filter(|number| *number > 0);
                let number = number.ok_or_else(no_version)?;
                self.older(&folder, &key, &current, number).await?.into_secret(false)
            }
            _ => {
                let message = "Infisical holds no pending version";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    /// As the server finds it by its name.
    async fn by_name(&self, folder: &Folder, key: &str) -> Result<Secret> {
        let view = self.view();
        self.told(folder, key, None, view).await?.into_secret(view.expands)
    }

    fn view(&self) -> View {
        let config = &self.api.config;
        View { is_blind: false, expands: config.expands, with_imports: config.with_imports }
    }

    /// What the server says of the current version, but for its value.
    pub(crate) async fn current(&self, folder: &Folder, key: &str) -> Result<Told> {
        let view = View { is_blind: true, ..View::default() };
        self.told(folder, key, None, view).await
    }

    /// An older version of a secret. Those of one that was deleted stay readable by its name, and are none of it.
    ///
    /// # Errors
    /// `NotFound`, reason `version`, if it has no such version.
    pub(crate) async fn older(
        &self,
        folder: &Folder,
        key: &str,
        current: &Told,
        number: u64,
    ) -> Result<Told> {
        match self.told(folder, key, Some(number), View::default()).await {
            Ok(told) if told.id == current.id && told.version == number => Ok(told),
            Ok(_) => Err(no_version()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(no_version()),
            Err(error) => Err(error),
        }
    }

    /// Infisical API: `GET /api/v4/secrets/{name}`, or that of v3.
    pub(crate) async fn told(
        &self,
        folder: &Folder,
        key: &str,
        version: Option<u64>,
        view: View,
    ) -> Result<Told> {
        let response = self.api.ask(Call::Get { folder, key, version, view }).await?;
        match response.status() {
            200 => {
                let answer: Answer = response.json()?;
                let told = answer.secret.ok_or_else(|| response.malformed())?;
                told.check(self.asked(folder, key), view.with_imports)?;
                Ok(told)
            }
            _ => Err(classify::error(&response, false)),
        }
    }

    fn asked<'a>(&'a self, folder: &'a Folder, key: &'a str) -> Asked<'a> {
        let config = &self.api.config;
        Asked { project: &config.project, environment: &config.environment, folder, key }
    }

    /// Infisical API: `GET /api/v4/secrets`, or that of v3: all secrets of a folder, of which several are wanted.
    async fn list_folder(&self, folder: &Folder) -> Result<Listed> {
        let view = self.view();
        let response = self.api.ask(Call::List { folder, is_recursive: false, view }).await?;
        match response.status() {
            200 => response.json(),
            _ => Err(classify::error(&response, false)),
        }
    }

    /// One secret of a list. The folder's own wins over what it imports. What is not in it is asked for by its name: a
    /// list leaves out what may not be seen, and is empty for a folder that is not there.
    ///
    /// # Errors
    /// `InvalidValue`, reason `collision`, if two imports have it.
    async fn pick(&self, listed: &Listed, folder: &Folder, key: &str) -> Result<Secret> {
        let is_it = |told: &&Told| told.secret_key == key && told.sort == "shared";
        let expands = self.api.config.expands;
        let own = listed.secrets.iter().find(is_it);
        if let Some(own) = own {
            own.check(self.asked(folder, key), false)?;
            return own.clone().into_secret(expands);
        }
        let mut imported = listed.imports.iter().flat_map(|import| &import.secrets).filter(is_it);
        match (imported.next(), imported.next()) {
            (Some(told), None) => told.clone().into_secret(expands),
            (Some(_), Some(_)) => {
                let message = "two imports of the folder have it; take one away, or put it into the folder itself";
                Err(Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Collision))
            }
            (None, _) => self.by_name(folder, key).await,
        }
    }

    /// Each folder of which several secrets are wanted is one call.
    pub(crate) async fn read_many(&self, names: &[SecretName]) -> Vec<Result<Secret>> {
        let mut folders: HashMap<Folder, usize> = HashMap::new();
        let places: Vec<_> = names.iter().map(|name| self.api.config.root.below(name)).collect();
        for (folder, _) in places.iter().flatten() {
            *folders.entry(folder.clone()).or_default() += 1;
        }
        let is_alone = |left: u32| left.checked_sub(1);
        let alone = self.alone.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_alone).is_ok();
        let mut listed: HashMap<Folder, Result<Listed>> = HashMap::new();
        let mut down = None;
        let wanted = folders.into_iter().filter(|(_, count)| *count > 1 && !alone);
        for (folder, _) in wanted {
            match self.list_folder(&folder).await {
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    self.alone.store(ALONE, Ordering::Relaxed);
                    break;
                }
                Err(error) if is_of_the_server(&error) => {
                    down = Some(error);
                    break;
                }
                // Too long: each by itself is not.
                Err(error) if error.kind() == ErrorKind::Malformed => {
                    self.alone.store(ALONE, Ordering::Relaxed);
                }
                answer => drop(listed.insert(folder, answer)),
            }
        }
        let mut results = Vec::with_capacity(names.len());
        for (name, place) in names.iter().zip(places) {
            let result = match (place, &down) {
                (Err(error), _) => Err(error),
                (Ok((folder, key)), _) if listed.contains_key(&folder) => match &listed[&folder] {
                    Ok(list) => self.pick(list, &folder, &key).await,
                    Err(error) => Err(error.clone()),
                },
                // Others are asked in time only if nobody is waited for twice.
                (Ok(_), Some(error)) => Err(error.clone()),
                (Ok(_), None) => self.read(name, &Select::Current).await,
            };
            if let Err(error) = &result
                && error.kind() == ErrorKind::Unavailable
            {
                down.get_or_insert(error.clone());
            }
            results.push(result);
        }
        results
    }
}

/// Whether an error is about the server, and so about every name.
fn is_of_the_server(error: &Error) -> bool {
    let is_down = error.kind().allows_stale() && error.kind() != ErrorKind::Malformed;
    is_down || matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Misconfigured)
}

/// The number of a version, as the server writes it.
fn number(version: &SecretVersion) -> Option<u64> {
    let number: u64 = version.as_str().parse().ok()?;
    (number > 0 && number.to_string() == version.as_str()).then_some(number)
}
