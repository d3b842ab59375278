//! Changing secrets (`createSecret`, `updateSecret`, `deleteSecret` and those for many).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::infisical::bundle::Bundle;
use crate::infisical::caller::Caller;
use crate::infisical::place::Spot;
use crate::infisical::project::{Folder, Project};
use crate::infisical::reply::Refusal;
use crate::infisical::secret::{Change, Kind, Secret};

/// A project under the hand of somebody.
pub(super) struct Writer<'a> {
    pub(super) project: &'a mut Project,
    pub(super) caller: &'a Caller,
    pub(super) spot: &'a Spot,
    pub(super) now: Timestamp,
}

type Outcome = Result<Value, Refusal>;

impl Writer<'_> {
    /// # Errors
    /// In this order: no such folder, `BadRequest` for an override or a name that is taken, `PermissionDenied`.
    pub(super) fn create(&mut self, kind: Kind, key: &str, change: Change) -> Outcome {
        let folder = self.folder("CreateSecret")?;
        not_personal(kind, "create")?;
        if folder.secrets.contains_key(key) {
            return Err(Refusal::bad_request("Secret already exists"));
        }
        self.allow("create")?;
        let id = self.project.next_id();
        let secret = Secret::new(id, Kind::Shared, key, change, self.now);
        let folder = self.folder("CreateSecret")?;
        folder.secrets.insert(key.to_owned(), secret.clone());
        // Whoever made it knows the value.
        Ok(Bundle { is_hidden: false, ..self.bundle(&secret) }.made())
    }

    /// # Errors
    /// In this order: no such folder, `BadRequest` for an override, `NotFound`, `PermissionDenied`, `BadRequest` for a
    /// new name that is taken.
    pub(super) fn update(&mut self, kind: Kind, key: &str, change: Change) -> Outcome {
        let folder = self.folder("UpdateSecret")?;
        not_personal(kind, "create")?;
        if !folder.secrets.contains_key(key) {
            return Err(Refusal::not_found(format!("Secret with name {key} not found")));
        }
        let is_taken = change.key.as_ref().is_some_and(|new| folder.secrets.contains_key(new));
        self.allow("edit")?;
        if is_taken {
            return Err(Refusal::bad_request("Secret with the new name already exists"));
        }
        // The answer has what was sent, and not what is kept.
        let (value, comment) = (change.value.clone(), change.comment.clone());
        let now = self.now;
        let folder = self.folder("UpdateSecret")?;
        let Some(secret) = folder.update(key, change, now).cloned() else {
            return Err(Refusal::not_found("Secret not found"));
        };
        let bundle = Bundle { value: Some(value.unwrap_or_default()), ..self.bundle(&secret) };
        let mut told = bundle.changed();
        told["secretComment"] = comment.unwrap_or_default().into();
        Ok(told)
    }

    /// # Errors
    /// In this order: no such folder, `BadRequest` for an override, `NotFound`, `PermissionDenied`.
    pub(super) fn delete(&mut self, kind: Kind, key: &str) -> Outcome {
        let folder = self.folder("DeleteSecret")?;
        not_personal(kind, "delete")?;
        if !folder.secrets.contains_key(key) {
            return Err(Refusal::not_found("Secret not found"));
        }
        self.allow("delete")?;
        let folder = self.folder("DeleteSecret")?;
        let secret = folder.delete(key).ok_or_else(|| Refusal::not_found("Secret not found"))?;
        Ok(self.bundle(&secret).changed())
    }

    /// A request for an approval in place of a change, if the folder has a policy. Some versions
    /// ask for one only where users write; the fake asks everybody.
    ///
    /// # Errors
    /// `BadRequest` for service tokens, `PermissionDenied` for who may not read values.
    pub(super) fn approval(&self) -> Result<Option<Value>, Refusal> {
        let Spot { environment, path } = self.spot;
        let folder = self.project.folder(environment, path);
        let Some(folder) = folder.filter(|folder| folder.has_policy) else { return Ok(None) };
        if self.caller.service().is_some() {
            return Err(Refusal::bad_request("Cannot use service token"));
        }
        self.allow("readValue")?;
        Ok(Some(json!({ "approval": request(folder, self.now) })))
    }

    fn folder(&mut self, during: &str) -> Result<&mut Folder, Refusal> {
        let Spot { environment, path } = self.spot;
        self.project.folder_mut(environment, path).ok_or_else(|| self.spot.missing(during))
    }

    fn allow(&self, action: &str) -> Result<(), Refusal> {
        let Spot { environment, path } = self.spot;
        match self.caller.rights().allow(action, environment, path) {
            true => Ok(()),
            false => Err(Refusal::denied(action, "secrets")),
        }
    }

    fn bundle<'b>(&'b self, secret: &'b Secret) -> Bundle<'b> {
        let Spot { environment, path } = self.spot;
        let may_read = self.caller.rights().allow("readValue", environment, path);
        let version = secret.latest();
        Bundle {
            secret,
            version,
            environment,
            path,
            value: None,
            is_hidden: !may_read,
            by_number: false,
        }
    }
}

fn not_personal(kind: Kind, verb: &str) -> Result<(), Refusal> {
    match kind {
        Kind::Shared => Ok(()),
        Kind::Personal => {
            Err(Refusal::bad_request(format!("Must be user to {verb} personal secret")))
        }
    }
}

/// `SecretApprovalRequestsSchema`
fn request(folder: &Folder, now: Timestamp) -> Value {
    let now = super::bundle::time(now);
    let id = &folder.id;
    json!({
        "id": id, "policyId": id, "hasMerged": false, "status": "open", "conflicts": null,
        "slug": "canary-approval", "folderId": id, "statusChangedByUserId": null, "committerUserId": id,
        "createdAt": now, "updatedAt": now, "isReplicated": null, "bypassReason": null,
    })
}
