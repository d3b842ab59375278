//! Secrets as answers show them.

use serde_json::{Value, json};

use crate::azure::secret::{Secret, Version};
use crate::azure::vault::{Deleted, RECOVERABLE_DAYS};

/// A version with its value.
pub(super) fn with_value(host: &str, secret: &Secret, version: &Version) -> Value {
    let mut bundle = of_version(host, secret, version);
    bundle["value"] = version.value.as_str().into();
    bundle
}

/// A version without its value.
pub(super) fn of_version(host: &str, secret: &Secret, version: &Version) -> Value {
    bundle(format!("https://{host}/secrets/{}/{}", secret.name, version.id), version)
}

/// A secret in a list: no version, and what the latest says.
pub(super) fn of_secret(host: &str, secret: &Secret) -> Value {
    bundle(format!("https://{host}/secrets/{}", secret.name), secret.latest())
}

/// Adds when a secret was deleted, and until when it can come back.
pub(super) fn deleted(host: &str, deleted: &Deleted, mut bundle: Value) -> Value {
    bundle["recoveryId"] = format!("https://{host}/deletedsecrets/{}", deleted.secret.name).into();
    bundle["deletedDate"] = deleted.at.into();
    bundle["scheduledPurgeDate"] = deleted.purged.into();
    bundle
}

fn bundle(id: String, version: &Version) -> Value {
    let mut attributes = json!({
        "enabled": version.enabled, "created": version.created, "updated": version.updated,
        "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": RECOVERABLE_DAYS,
    });
    for (member, time) in [("nbf", version.not_before), ("exp", version.expires)] {
        if let Some(time) = time {
            attributes[member] = time.into();
        }
    }
    let mut bundle = json!({ "id": id, "attributes": attributes });
    if let Some(content_type) = &version.content_type {
        bundle["contentType"] = content_type.as_str().into();
    }
    if let Some(tags) = &version.tags {
        bundle["tags"] = json!(tags);
    }
    bundle
}
