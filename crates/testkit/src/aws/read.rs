//! Values of secrets, and what is told about one and its versions.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::account::Account;
use crate::aws::ask::Ask;
use crate::aws::fields::within;
use crate::aws::filter::Filters;
use crate::aws::page::{Page, with_next};
use crate::aws::reply::{Outcome, Refusal, time};

/// `GetSecretValue`
pub(super) fn get(account: &mut Account, ask: &Ask, now: Timestamp) -> Outcome {
    let id = ask.fields.required("SecretId", ID)?;
    let version = ask.fields.text("VersionId", VERSION)?;
    let stage = ask.fields.text("VersionStage", STAGE)?;
    account.find(ask, id)?.read(&ask.region, version, stage, now)
}

/// `BatchGetSecretValue`
pub(super) fn batch(account: &mut Account, ask: &Ask, now: Timestamp) -> Outcome {
    ask.authorise("*")?;
    let page = Page::read(ask, 1..=20)?;
    let ids = ask.fields.texts("SecretIdList", 1..=20)?;
    let (ids, next) = match (ids, Filters::read(ask)?) {
        (Some(_), None) if ask.fields.number("MaxResults")?.is_some() => {
            return Err(Refusal::parameter("You can't use MaxResults without Filters."));
        }
        (Some(ids), None) => (ids.into_iter().map(str::to_owned).collect(), None),
        (None, Some(filters)) => {
            ask.part("ListSecrets").authorise("*")?;
            let secrets = account.of(&ask.region).filter(|secret| secret.deletion.is_none());
            let found = secrets.filter(|secret| filters.match_all(secret));
            page.cut(found.map(|secret| (secret.number, secret.name.clone())), false)
        }
        _ => {
            return Err(Refusal::parameter(
                "You must provide either SecretIdList or Filters, and not both.",
            ));
        }
    };
    let (mut values, mut errors): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for id in ids {
        match one(account, ask, &id, now) {
            Ok(value) => values.push(value),
            Err(refusal) => errors.push(refusal.of(&id)),
        }
    }
    let mut told = json!({ "SecretValues": values });
    if !errors.is_empty() {
        told["Errors"] = errors.into();
    }
    Ok(with_next(told, next))
}

/// One secret of a batch, which needs the right to read it by itself.
fn one(account: &mut Account, ask: &Ask, id: &str, now: Timestamp) -> Outcome {
    within("SecretId", id.chars().count(), ID)?;
    let single = ask.part("GetSecretValue");
    account.find(&single, id)?.read(&ask.region, None, None, now)
}

/// `DescribeSecret`
pub(super) fn describe(account: &mut Account, ask: &Ask) -> Outcome {
    let secret = account.find(ask, ask.fields.required("SecretId", ID)?)?;
    let mut told = secret.described(&ask.region, "VersionIdsToStages");
    if !secret.replicas.is_empty() {
        told["ReplicationStatus"] = secret.replication();
    }
    Ok(told)
}

/// `ListSecretVersionIds`
pub(super) fn versions(account: &mut Account, ask: &Ask) -> Outcome {
    let page = Page::read(ask, 1..=100)?;
    let deprecated = ask.fields.flag("IncludeDeprecated")?;
    let secret = account.find(ask, ask.fields.required("SecretId", ID)?)?;
    let key = secret.kms_key.as_deref().unwrap_or("DefaultEncryptionKey");
    let found = secret.versions.iter();
    let found = found.filter(|version| deprecated || !version.stages.is_empty());
    let told = found.map(|version| {
        let mut told = json!({
            "VersionId": version.id, "CreatedDate": time(version.created), "KmsKeyIds": [key],
        });
        if !version.stages.is_empty() {
            told["VersionStages"] = json!(version.stages);
        }
        if let Some(accessed) = version.accessed {
            told["LastAccessedDate"] = time(accessed);
        }
        (version.number, told)
    });
    let (versions, next) = page.cut(told, false);
    let mut told = secret.named(&ask.region);
    told["Versions"] = versions.into();
    Ok(with_next(told, next))
}

// The lengths that the model of the service allows.
pub(super) const ID: RangeInclusive<usize> = 1..=2048;
pub(super) const VERSION: RangeInclusive<usize> = 32..=64;
pub(super) const STAGE: RangeInclusive<usize> = 1..=256;
