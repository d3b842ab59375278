//! Copies in other regions.

use serde_json::json;

use crate::aws::account::Account;
use crate::aws::ask::Ask;
use crate::aws::read::ID;
use crate::aws::reply::{Outcome, Refusal};

/// `ReplicateSecretToRegions`
pub(super) fn replicate(account: &mut Account, ask: &Ask) -> Outcome {
    let id = ask.fields.required("SecretId", ID)?;
    let secret = account.find_mut(ask, id)?;
    secret.check()?;
    let name = secret.name.clone();
    let regions = added(account, ask, &name)?;
    if regions.is_empty() {
        return Err(Refusal::constraint("AddReplicaRegions", "not be null"));
    }
    let secret = account.find_mut(ask, id)?;
    secret.replicas.extend(regions);
    Ok(json!({ "ARN": secret.arn(&ask.region), "ReplicationStatus": secret.replication() }))
}

/// `RemoveRegionsFromReplication`
pub(super) fn remove(account: &mut Account, ask: &Ask) -> Outcome {
    let id = ask.fields.required("SecretId", ID)?;
    let regions = ask.fields.texts("RemoveReplicaRegions", 1..=64)?;
    let regions =
        regions.ok_or_else(|| Refusal::constraint("RemoveReplicaRegions", "not be null"))?;
    let secret = account.find_mut(ask, id)?;
    secret.check()?;
    secret.replicas.retain(|replica| !regions.contains(&replica.as_str()));
    Ok(json!({ "ARN": secret.arn(&ask.region), "ReplicationStatus": secret.replication() }))
}

/// The regions that a request wants copies in, which have no secret of this name.
pub(super) fn added(account: &Account, ask: &Ask, name: &str) -> Result<Vec<String>, Refusal> {
    let found = ask.fields.structures("AddReplicaRegions")?.unwrap_or_default();
    let regions = found.iter().map(|fields| {
        let region = fields.required("Region", 1..=128)?;
        if region == ask.region || !account.regions.contains(region) {
            return Err(Refusal::parameter(format!("Invalid replica region {region}.")));
        }
        match account.of(region).any(|secret| secret.name == name) {
            false => Ok(region.to_owned()),
            true => Err(Refusal::new(
                "ResourceExistsException",
                format!("A secret {name} already exists in region {region}."),
            )),
        }
    });
    regions.collect()
}
