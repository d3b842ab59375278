//! Reading one secret (`getSecretByName` and `getSecretById` of `secret-v2-bridge-service.ts`).

use serde_json::{Value, json};

use crate::infisical::ask::Ask;
use crate::infisical::bundle::Bundle;
use crate::infisical::caller::Caller;
use crate::infisical::imports::imports;
use crate::infisical::params::{Params, trim};
use crate::infisical::place::Spot;
use crate::infisical::references::Resolver;
use crate::infisical::reply::Refusal;
use crate::infisical::secret::Kind;
use crate::infisical::state::State;

/// How a read wants what it reads.
pub(super) struct View {
    pub(super) with_value: bool,
    pub(super) expand: bool,
    pub(super) with_imports: bool,
}

impl View {
    pub(super) fn read(params: &mut Params<'_>) -> Self {
        Self {
            with_value: params.flag("viewSecretValue", true),
            expand: params.flag("expandSecretReferences", false),
            with_imports: params.flag("include_imports", false),
        }
    }
}

impl State {
    /// `GET /api/v4/secrets/{name}`
    ///
    /// # Errors
    /// In this order: `ValidationFailure`, `BadRequest`, no such folder, `PermissionDenied` for who may not describe
    /// it, `NotFound`, and `ForbiddenReadSecretError` for who may not read its value.
    pub(super) fn get(&self, ask: &Ask<'_>, caller: &Caller) -> Result<Value, Refusal> {
        let mut params = Params::new(ask);
        let place = params.place("secretPath");
        let (number, view) = (params.version(), View::read(&mut params));
        let asked = params.kind();
        params.finish()?;
        let spot = place.find(ask, caller)?;
        let Spot { environment, path } = &spot;
        let key = trim(ask.name());
        let kind = if caller.service().is_some() { Kind::Shared } else { asked };
        let folder = self.project.folder(environment, path);
        let folder = folder.ok_or_else(|| spot.missing("GetSecretByName"))?;
        let found = match number {
            None => folder.secret(kind, key).map(|secret| (secret, secret.latest())),
            Some(number) => folder.version(kind, key, number),
        };
        let rights = caller.rights();
        let is_denied = number.is_some() && self.denies_versions;
        if is_denied || !rights.allow("describeSecret", environment, path) {
            return Err(Refusal::denied("describeSecret", "secrets"));
        }
        let Some((secret, version)) = found else {
            return match view.with_imports {
                true => self.get_imported(&spot, key, &view, caller),
                false => Err(missing(key)),
            };
        };
        let value = match view.expand && view.with_value {
            true => self.resolver(caller).expand(environment, path, key, &version.value)?,
            false => version.value.clone(),
        };
        let may_read = rights.allow("readValue", environment, path) || kind == Kind::Personal;
        if view.with_value && !may_read {
            return Err(unreadable("secret value", key));
        }
        let is_hidden = !view.with_value;
        let by_number = number.is_some();
        let value = Some(value);
        let bundle = Bundle { secret, version, environment, path, value, is_hidden, by_number };
        Ok(json!({ "secret": bundle.whole() }))
    }

    /// The secret of a name that the folder only imports. The last import that has it wins.
    fn get_imported(
        &self,
        spot: &Spot,
        key: &str,
        view: &View,
        caller: &Caller,
    ) -> Result<Value, Refusal> {
        let Some(folder) = self.project.folder(&spot.environment, &spot.path) else {
            return Err(spot.missing("GetSecretByName"));
        };
        let rights = caller.rights();
        let all = imports(&self.project, folder, rights, &["describeSecret"]);
        let found = all.iter().rev().find_map(|import| {
            let one = import.secrets.iter().find(|one| one.secret.latest().key == key)?;
            Some((import, one))
        });
        let Some((import, one)) = found else { return Err(missing(key)) };
        if view.with_value && !rights.allow("readValue", import.environment, import.path) {
            return Err(unreadable("secret import value", key));
        }
        let version = one.secret.latest();
        let value = match view.expand && view.with_value {
            true => self.expand_imported(caller, import.environment, import.path, one.secret),
            false => version.value.clone(),
        };
        let bundle = Bundle {
            secret: one.secret,
            version,
            environment: import.environment,
            path: import.path,
            value: Some(value),
            is_hidden: !view.with_value,
            by_number: false,
        };
        Ok(json!({ "secret": bundle.whole() }))
    }

    /// `GET /api/v4/secrets/id/{id}`
    pub(super) fn get_by_id(&self, ask: &Ask<'_>, caller: &Caller) -> Result<Value, Refusal> {
        let id = ask.name();
        let Some((environment, path, secret)) = self.project.by_id(id) else {
            let text = format!("Secret with ID '{id}' not found");
            return Err(Refusal::new(404, "GetSecretById", text));
        };
        if !caller.rights().allow("readValue", environment, path) {
            return Err(Refusal::denied("readValue", "secrets"));
        }
        let version = secret.latest();
        let bundle = Bundle {
            secret,
            version,
            environment,
            path,
            value: None,
            is_hidden: false,
            by_number: false,
        };
        Ok(json!({ "secret": bundle.whole() }))
    }

    pub(super) fn resolver<'a>(&'a self, caller: &'a Caller) -> Resolver<'a> {
        let (project, rights) = (&self.project, caller.rights());
        Resolver { project, rights, is_old: self.drops_missing_references }
    }
}

fn missing(key: &str) -> Refusal {
    Refusal::not_found(format!("Secret with name '{key}' not found"))
}

fn unreadable(what: &str, key: &str) -> Refusal {
    let text = format!("You do not have permission to view {what} on secret with name '{key}'");
    Refusal::new(403, "ForbiddenReadSecretError", text)
}
