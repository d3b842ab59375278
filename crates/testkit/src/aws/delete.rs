//! Planned deletion, deletion at once, and the way back.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::aws::account::Account;
use crate::aws::ask::Ask;
use crate::aws::id::SecretId;
use crate::aws::read::ID;
use crate::aws::reply::{Outcome, Refusal, time};

/// `DeleteSecret`
pub(super) fn delete(account: &mut Account, ask: &Ask, now: Timestamp) -> Outcome {
    let id = ask.fields.required("SecretId", ID)?;
    let days = ask.fields.number("RecoveryWindowInDays")?;
    let force = ask.fields.flag("ForceDeleteWithoutRecovery")?;
    if force && days.is_some() {
        return Err(Refusal::parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    if days.is_some_and(|days| !(7..=30).contains(&days)) {
        return Err(Refusal::parameter(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    let secret = match account.find_mut(ask, id) {
        Ok(secret) => secret,
        // Who wants it gone without a way back has what they want.
        Err(refusal) if force && refusal.code == "ResourceNotFoundException" => {
            let name = SecretId::read(id)?.name();
            let absent = account.make(&ask.region, name, now);
            let mut told = absent.named(&ask.region);
            told["DeletionDate"] = time(now);
            return Ok(told);
        }
        Err(refusal) => return Err(refusal),
    };
    if !secret.replicas.is_empty() {
        let name = &secret.name;
        let text = format!("You can't delete secret {name} that still has replica regions.");
        return Err(Refusal::request(text));
    }
    let mut told = secret.named(&ask.region);
    if force {
        let number = secret.number;
        account.remove(number);
        told["DeletionDate"] = time(now);
        return Ok(told);
    }
    secret.check()?;
    let window = SignedDuration::from_hours(24 * days.unwrap_or(30));
    let deletion = now + window;
    secret.deletion = Some(deletion);
    told["DeletionDate"] = time(deletion);
    Ok(told)
}

/// `RestoreSecret`
pub(super) fn restore(account: &mut Account, ask: &Ask) -> Outcome {
    let secret = account.find_mut(ask, ask.fields.required("SecretId", ID)?)?;
    secret.deletion = None;
    Ok(json!(secret.named(&ask.region)))
}
