//! Making secrets, versions, and moving labels.

use jiff::Timestamp;
use serde_json::json;

use crate::aws::account::Account;
use crate::aws::ask::Ask;
use crate::aws::fields::{Fields, within};
use crate::aws::read::{ID, STAGE, VERSION};
use crate::aws::reply::{Outcome, Refusal};
use crate::aws::secret::Secret;
use crate::aws::version::Content;
use crate::aws::{id, replica};

/// `CreateSecret`
pub(super) fn create(account: &mut Account, ask: &Ask, now: Timestamp) -> Outcome {
    let name = ask.fields.required("Name", 1..=512)?;
    id::check(name)?;
    ask.authorise(name)?;
    let token = token(ask)?;
    let content = ask.fields.content()?;
    if let Some(found) = account.named(&ask.region, name) {
        return again(found, ask, token, content.as_ref());
    }
    let mut secret = account.make(&ask.region, name, now);
    edit(&mut secret, ask)?;
    for tag in ask.fields.structures("Tags")?.unwrap_or_default() {
        let (key, value) = (tag.required("Key", 1..=128)?, tag.text("Value", 0..=256)?);
        secret.tags.insert(key.to_owned(), value.unwrap_or_default().to_owned());
    }
    let mut told = secret.named(&ask.region);
    if let Some(content) = content {
        secret.versions.add(token, content, None, now)?;
        told["VersionId"] = token.into();
    }
    secret.replicas.extend(replica::added(account, ask, name)?);
    if !secret.replicas.is_empty() {
        told["ReplicationStatus"] = secret.replication();
    }
    account.keep(secret);
    Ok(told)
}

/// What was made before under this name: by the same call, or by another.
fn again(found: &Secret, ask: &Ask, token: &str, content: Option<&Content>) -> Outcome {
    if found.deletion.is_some() {
        return Err(Refusal::request(
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        ));
    }
    let arn = found.arn(&ask.region);
    if content.is_some_and(|content| matches!(found.versions.has(token, content, &arn), Ok(true))) {
        let mut told = found.named(&ask.region);
        told["VersionId"] = token.into();
        return Ok(told);
    }
    let name = &found.name;
    let text = format!("The operation failed because the secret {name} already exists.");
    Err(Refusal::new("ResourceExistsException", text))
}

/// `PutSecretValue`
pub(super) fn put(account: &mut Account, ask: &Ask, now: Timestamp) -> Outcome {
    let id = ask.fields.required("SecretId", ID)?;
    let stages = ask.fields.texts("VersionStages", 1..=20)?;
    for stage in stages.iter().flatten() {
        within("VersionStages", stage.chars().count(), STAGE)?;
    }
    let token = token(ask)?;
    let content = ask.fields.content()?;
    let secret = account.find_mut(ask, id)?;
    secret.check()?;
    let content = content.ok_or_else(|| {
        Refusal::parameter("You must provide either SecretString or SecretBinary.")
    })?;
    if !secret.versions.has(token, &content, &secret.arn(&ask.region))? {
        secret.versions.add(token, content, stages.as_deref(), now)?;
        secret.changed = now;
    }
    let mut told = secret.named(&ask.region);
    told["VersionId"] = token.into();
    told["VersionStages"] = json!(secret.versions.find(Some(token), None)?.stages);
    Ok(told)
}

/// `UpdateSecret`
pub(super) fn update(account: &mut Account, ask: &Ask, now: Timestamp) -> Outcome {
    let id = ask.fields.required("SecretId", ID)?;
    let token = token(ask)?;
    let content = ask.fields.content()?;
    let secret = account.find_mut(ask, id)?;
    secret.check()?;
    let mut told = secret.named(&ask.region);
    if let Some(content) = content {
        if !secret.versions.has(token, &content, &secret.arn(&ask.region))? {
            secret.versions.add(token, content, None, now)?;
        }
        told["VersionId"] = token.into();
    }
    edit(secret, ask)?;
    secret.changed = now;
    Ok(told)
}

/// `UpdateSecretVersionStage`
pub(super) fn shift(account: &mut Account, ask: &Ask, now: Timestamp) -> Outcome {
    let id = ask.fields.required("SecretId", ID)?;
    let stage = ask.fields.required("VersionStage", STAGE)?;
    let to = ask.fields.text("MoveToVersionId", VERSION)?;
    let from = ask.fields.text("RemoveFromVersionId", VERSION)?;
    let secret = account.find_mut(ask, id)?;
    secret.check()?;
    secret.versions.shift(stage, to, from)?;
    secret.changed = now;
    Ok(secret.named(&ask.region))
}

fn edit(secret: &mut Secret, ask: &Ask) -> Result<(), Refusal> {
    let text = |fields: &Fields, member| -> Result<_, Refusal> {
        Ok(fields.text(member, 0..=2048)?.map(str::to_owned))
    };
    secret.description = text(&ask.fields, "Description")?.or(secret.description.take());
    secret.kms_key = text(&ask.fields, "KmsKeyId")?.or(secret.kms_key.take());
    Ok(())
}

/// The id of the version that a call makes, which clients make up.
fn token(ask: &Ask) -> Result<&str, Refusal> {
    let missing = || {
        let text = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";
        Refusal::request(text)
    };
    ask.fields.text("ClientRequestToken", VERSION)?.ok_or_else(missing)
}
