//! Listing the secrets of folders (`getSecrets` of `secret-v2-bridge-service.ts`).

use serde_json::{Value, json};

use crate::infisical::FakeInfisical;
use crate::infisical::ask::Ask;
use crate::infisical::bundle::Bundle;
use crate::infisical::caller::Caller;
use crate::infisical::imports::imports;
use crate::infisical::params::Params;
use crate::infisical::place::Spot;
use crate::infisical::project::Folder;
use crate::infisical::read::View;
use crate::infisical::reply::Refusal;
use crate::infisical::secret::{Kind, Secret};
use crate::infisical::state::State;

impl State {
    /// `GET /api/v4/secrets`
    ///
    /// # Errors
    /// In this order: `ValidationFailure`, `BadRequest`, `PermissionDenied` for who may describe nothing at all, no
    /// such folder, `PermissionDenied` for a value that may not be read, and `ForbiddenError` for a reference to one.
    pub(super) fn list(&self, ask: &Ask<'_>, caller: &Caller) -> Result<Value, Refusal> {
        let mut params = Params::new(ask);
        let place = params.place("secretPath");
        let (view, recursive) = (View::read(&mut params), params.flag("recursive", false));
        params.finish()?;
        let spot = place.find(ask, caller)?;
        if !caller.rights().allow_anywhere("describeSecret") {
            return Err(Refusal::denied("describeSecret", "secrets"));
        }
        let folders = self.folders_of(&spot, recursive)?;
        let mut shown = Vec::new();
        for (path, folder) in &folders {
            let is_below = path != &spot.path;
            for secret in folder.secrets.values().chain(folder.personal.values()) {
                if is_shown(&spot.environment, path, is_below, &view, caller)? {
                    shown.push((path, secret));
                }
            }
        }
        let (mut secrets, mut refused) = (Vec::new(), Vec::new());
        for (path, secret) in shown {
            match self.listed(&spot.environment, path, secret, &view, caller) {
                Ok(told) => secrets.push(told),
                Err(refusal) => refused.push(refusal.message().clone()),
            }
        }
        if !refused.is_empty() {
            let text = "Failed to expand one or more secret references";
            return Err(Refusal::forbidden(text).with_details(refused.into()));
        }
        let imports: Vec<_> = match view.with_imports {
            true => folders
                .iter()
                .flat_map(|(_, folder)| self.imported(folder, &view, caller))
                .collect(),
            false => Vec::new(),
        };
        Ok(json!({ "secrets": secrets, "imports": imports }))
    }

    fn folders_of(&self, spot: &Spot, recursive: bool) -> Result<Vec<(String, &Folder)>, Refusal> {
        let Spot { environment, path } = spot;
        if recursive && !self.project.has_environment(environment) {
            return Err(Refusal::not_found(format!(
                "Environment with slug '{environment}' in project with ID {} not found",
                FakeInfisical::PROJECT_ID
            )));
        }
        let folders: Vec<_> = match recursive {
            true => {
                let tree = self.project.tree(environment, path).into_iter();
                tree.map(|(path, folder)| (path.to_owned(), folder)).collect()
            }
            false => {
                let folder = self.project.folder(environment, path);
                folder.into_iter().map(|folder| (path.clone(), folder)).collect()
            }
        };
        match folders.is_empty() {
            false => Ok(folders),
            true => Err(Refusal::new(
                404,
                "SecretPathNotFound",
                format!(
                    "Folder with path '{path}' in environment '{environment}' was not found. Please ensure the \
                     environment slug and secret path is correct."
                ),
            )),
        }
    }

    /// # Errors
    /// `ForbiddenError` for a reference to a value that may not be read.
    fn listed(
        &self,
        environment: &str,
        path: &str,
        secret: &Secret,
        view: &View,
        caller: &Caller,
    ) -> Result<Value, Refusal> {
        let version = secret.latest();
        let is_hidden = !view.with_value && secret.kind == Kind::Shared;
        let value = match view.expand && !is_hidden {
            true => {
                let resolver = self.resolver(caller);
                resolver.expand(environment, path, &version.key, &version.value)?
            }
            false => version.value.clone(),
        };
        let bundle = Bundle {
            secret,
            version,
            environment,
            path,
            value: Some(value),
            is_hidden,
            by_number: false,
        };
        Ok(bundle.whole())
    }

    fn imported(&self, folder: &Folder, view: &View, caller: &Caller) -> Vec<Value> {
        let actions: &[&str] = match view.with_value {
            true => &["describeSecret", "readValue"],
            false => &["describeSecret"],
        };
        let all = imports(&self.project, folder, caller.rights(), actions).into_iter();
        let tell = all.map(|import| {
            let secrets = import.secrets.iter().map(|one| {
                let value = match view.expand && view.with_value {
                    true => {
                        let (environment, path) = (import.environment, import.path);
                        self.expand_imported(caller, environment, path, one.secret)
                    }
                    false => one.secret.latest().value.clone(),
                };
                let bundle = Bundle {
                    secret: one.secret,
                    version: one.secret.latest(),
                    environment: one.environment,
                    path: one.path,
                    value: Some(value),
                    is_hidden: !view.with_value,
                    by_number: false,
                };
                bundle.imported()
            });
            json!({
                "secretPath": import.path,
                "environment": import.environment,
                "folderId": import.folder_id,
                "secrets": secrets.collect::<Vec<_>>(),
            })
        });
        tell.collect()
    }

    /// The value of an imported secret: its references are looked up where the import is. It stays as it is where one
    /// may not be followed.
    pub(super) fn expand_imported(
        &self,
        caller: &Caller,
        environment: &str,
        path: &str,
        secret: &Secret,
    ) -> String {
        let version = secret.latest();
        let expanded =
            self.resolver(caller).expand(environment, path, &version.key, &version.value);
        expanded.unwrap_or_else(|_| version.value.clone())
    }
}

/// Whether a secret of a folder is in the list. It is left out where it may not be described, or is below and may
/// not be read.
///
/// # Errors
/// `PermissionDenied` where it is not below.
fn is_shown(
    environment: &str,
    path: &str,
    is_below: bool,
    view: &View,
    caller: &Caller,
) -> Result<bool, Refusal> {
    let rights = caller.rights();
    let may_read = !view.with_value || rights.allow("readValue", environment, path);
    match rights.allow("describeSecret", environment, path) {
        true if !may_read && !is_below => Err(Refusal::denied("readValue", "secrets")),
        may_describe => Ok(may_describe && may_read),
    }
}
