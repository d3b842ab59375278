//! Bodies of requests that change something.

use serde_json::{Value, json};

use crate::infisical::FakeInfisical;
use crate::infisical::ask::Ask;
use crate::infisical::bundle::time;
use crate::infisical::caller::Caller;
use crate::infisical::operation::Operation;
use crate::infisical::params::{Params, trim, trimmed_value};
use crate::infisical::place::Spot;
use crate::infisical::project::normal;
use crate::infisical::reply::Refusal;
use crate::infisical::secret::{Change, Kind};
use crate::infisical::state::State;
use crate::infisical::write::Writer;

impl State {
    /// `POST`, `PATCH` and `DELETE /api/v4/secrets/{name}`
    pub(super) fn change(&mut self, ask: &Ask<'_>, caller: &Caller) -> Result<Value, Refusal> {
        let mut params = Params::new(ask);
        let operation = ask.operation();
        let key = trim(ask.name());
        if operation == Operation::Create {
            params.check_name(key, &["secretName"]);
            if ask.text("secretValue").is_none() {
                params.mismatch("secretValue", "string", "undefined");
            }
        }
        let (place, kind) = (params.place("secretPath"), params.kind());
        let change = Change {
            key: params.text("newSecretName"),
            value: ask.text("secretValue").as_deref().map(trimmed_value),
            comment: ask.text("secretComment"),
            metadata: ask.parameter("secretMetadata"),
            skip_multiline_encoding: flag(ask.parameter("skipMultilineEncoding")),
        };
        if let Some(key) = &change.key {
            params.check_name(key, &["newSecretName"]);
        }
        params.finish()?;
        let spot = place.find(ask, caller)?;
        let now = self.now();
        let mut writer = Writer { project: &mut self.project, caller, spot: &spot, now };
        if let Some(approval) = writer.approval()? {
            return Ok(approval);
        }
        let told = match operation {
            Operation::Create => writer.create(kind, key, change),
            Operation::Update => writer.update(kind, key, change),
            _ => writer.delete(kind, key),
        };
        Ok(json!({ "secret": told? }))
    }

    /// `POST`, `PATCH` and `DELETE /api/v4/secrets/batch`: all or nothing.
    pub(super) fn change_many(&mut self, ask: &Ask<'_>, caller: &Caller) -> Result<Value, Refusal> {
        let mut params = Params::new(ask);
        let place = params.place("secretPath");
        let items = ask.parameter("secrets").and_then(|items| items.as_array().cloned());
        let items = items.filter(|items| !items.is_empty()).unwrap_or_else(|| {
            params.mismatch("secrets", "array", "undefined");
            Vec::new()
        });
        for item in &items {
            let key = item["secretKey"].as_str().unwrap_or_default();
            params.check_name(trim(key), &["secrets", "secretKey"]);
            if ask.operation() == Operation::CreateMany && !item["secretValue"].is_string() {
                params.mismatch("secretValue", "string", "undefined");
            }
        }
        params.finish()?;
        let spot = place.find(ask, caller)?;
        let now = self.now();
        let mut project = self.project.clone();
        let mut told = Vec::new();
        for item in &items {
            let mut writer = Writer { project: &mut project, caller, spot: &spot, now };
            if let Some(approval) = writer.approval()? {
                return Ok(approval);
            }
            let key = trim(item["secretKey"].as_str().unwrap_or_default());
            told.push(match ask.operation() {
                Operation::CreateMany => writer.create(Kind::Shared, key, of_item(item))?,
                Operation::UpdateMany => match ask.text("mode").as_deref() {
                    Some("upsert") if writer.is_missing(key) => {
                        writer.create(Kind::Shared, key, of_item(item))?
                    }
                    Some("ignore") if writer.is_missing(key) => continue,
                    _ => writer.update(Kind::Shared, key, of_item(item))?,
                },
                _ => writer.delete(Kind::Shared, key)?,
            });
        }
        self.project = project;
        Ok(json!({ "secrets": told }))
    }

    /// `GET /api/v2/folders`: the folders in a folder; none where there is no such folder. It needs no right but to be
    /// a member.
    pub(super) fn folders(&self, ask: &Ask<'_>, caller: &Caller) -> Result<Value, Refusal> {
        let mut params = Params::new(ask);
        let place = params.place("path");
        params.finish()?;
        let spot = place.find(ask, caller)?;
        let tree = self.project.tree(&spot.environment, &spot.path).into_iter();
        let parent = normal(&spot.path);
        let inside = tree.filter(|(path, _)| {
            let (above, name) = path.rsplit_once('/').unwrap_or_default();
            !name.is_empty() && normal(above) == parent
        });
        let folders = inside.map(|(path, folder)| describe(path, &folder.id, time(folder.created)));
        Ok(json!({ "folders": folders.collect::<Vec<_>>() }))
    }

    /// `POST /api/v2/folders`: makes a folder and those above it. One that is there is told as it is.
    pub(super) fn create_folder(
        &mut self,
        ask: &Ask<'_>,
        caller: &Caller,
    ) -> Result<Value, Refusal> {
        let mut params = Params::new(ask);
        let (place, name) = (params.place("path"), params.required("name"));
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(is_part) {
            let text = "Invalid folder name. Only alphanumeric characters, dashes, and underscores are allowed.";
            params.issue(json!({ "code": "custom", "message": text, "path": ["name"] }));
        }
        params.finish()?;
        let Spot { environment, path } = place.find(ask, caller)?;
        let path = normal(&path);
        if !caller.rights().allow("create", &environment, &path) {
            return Err(Refusal::denied("create", "secret-folders"));
        }
        let (now, whole) = (self.now(), normal(&format!("{path}/{name}")));
        let Some(folder) = self.project.add_folder(&environment, &whole, now) else {
            return Err(Refusal::not_found(format!(
                "Environment with slug '{environment}' in project with ID '{}' not found",
                FakeInfisical::PROJECT_ID
            )));
        };
        let told = describe(&whole, &folder.id, time(folder.created));
        Ok(json!({ "folder": told }))
    }
}

impl Writer<'_> {
    fn is_missing(&self, key: &str) -> bool {
        let Spot { environment, path } = self.spot;
        let folder = self.project.folder(environment, path);
        folder.is_some_and(|folder| !folder.secrets.contains_key(key))
    }
}

fn of_item(item: &Value) -> Change {
    let text = |name: &str| item[name].as_str().map(str::to_owned);
    Change {
        key: text("newSecretName"),
        value: text("secretValue").as_deref().map(trimmed_value),
        comment: text("secretComment"),
        metadata: item.get("secretMetadata").cloned(),
        skip_multiline_encoding: flag(item.get("skipMultilineEncoding").cloned()),
    }
}

fn flag(value: Option<Value>) -> Option<bool> {
    value.and_then(|value| value.as_bool())
}

fn describe(path: &str, id: &str, created: String) -> Value {
    let name = path.rsplit('/').next().unwrap_or_default();
    json!({
        "id": id, "name": name, "path": path, "version": 1, "createdAt": created, "updatedAt": created,
        "envId": super::project::id(0),
    })
}
