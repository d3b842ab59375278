//! One secret: its names, what is told of it, its versions.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::reply::{Refusal, time};
use crate::aws::version::Versions;

/// A secret of the account. It may have no version.
pub(super) struct Secret {
    /// Counts the secrets of the account, those that are gone included.
    pub(super) number: u64,
    pub(super) name: String,
    /// The six characters at the end of the ARN.
    pub(super) suffix: String,
    /// Where it may be changed.
    pub(super) region: String,
    /// Where else it may be read.
    pub(super) replicas: BTreeSet<String>,
    pub(super) description: Option<String>,
    pub(super) kms_key: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    /// The day on which a value was read last.
    pub(super) accessed: Option<Timestamp>,
    /// When it is gone, once that is planned.
    pub(super) deletion: Option<Timestamp>,
    /// Whether its key can be used.
    pub(super) decrypts: bool,
    pub(super) versions: Versions,
}

impl Secret {
    pub(super) fn new(number: u64, name: &str, region: &str, now: Timestamp) -> Self {
        Self {
            number,
            name: name.to_owned(),
            suffix: suffix(number, name),
            region: region.to_owned(),
            replicas: BTreeSet::new(),
            description: None,
            kms_key: None,
            tags: BTreeMap::new(),
            created: now,
            changed: now,
            accessed: None,
            deletion: None,
            decrypts: true,
            versions: Versions::default(),
        }
    }

    pub(super) fn is_in(&self, region: &str) -> bool {
        self.region == region || self.replicas.contains(region)
    }

    /// The ARN that it has in a region.
    pub(super) fn arn(&self, region: &str) -> String {
        format!("arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{}-{}", self.name, self.suffix)
    }

    /// What every answer about it begins with.
    pub(super) fn named(&self, region: &str) -> Value {
        json!({ "ARN": self.arn(region), "Name": self.name })
    }

    /// Refuses what cannot be done to a secret that is to be deleted.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match self.deletion {
            None => Ok(()),
            Some(_) => Err(Refusal::request(
                "You can't perform this operation on the secret because it was marked for deletion.",
            )),
        }
    }

    /// The value of one version. It counts as read.
    pub(super) fn read(
        &mut self,
        region: &str,
        id: Option<&str>,
        stage: Option<&str>,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        self.check()?;
        let mut told = self.named(region);
        let version = self.versions.find(id, stage)?;
        if !self.decrypts {
            return Err(Refusal::new(
                "DecryptionFailure",
                "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
            ));
        }
        merge(&mut told, version.told());
        let day = now.as_second() - now.as_second().rem_euclid(24 * 60 * 60);
        version.accessed = Timestamp::from_second(day).ok();
        self.accessed = version.accessed;
        Ok(told)
    }

    /// All but the values. The member with the labels is named differently by each action.
    pub(super) fn described(&self, region: &str, stages: &str) -> Value {
        let mut told = self.named(region);
        told["CreatedDate"] = time(self.created);
        told["LastChangedDate"] = time(self.changed);
        let optional = [
            ("Description", self.description.clone().map(Value::from)),
            ("KmsKeyId", self.kms_key.clone().map(Value::from)),
            ("LastAccessedDate", self.accessed.map(time)),
            ("DeletedDate", self.deletion.map(time)),
        ];
        for (member, value) in optional {
            if let Some(value) = value {
                told[member] = value;
            }
        }
        if !self.tags.is_empty() {
            let tag = |(key, value)| json!({ "Key": key, "Value": value });
            told["Tags"] = self.tags.iter().map(tag).collect();
        }
        let labelled = self.versions.iter().filter(|version| !version.stages.is_empty());
        let labels: BTreeMap<_, _> =
            labelled.map(|version| (&version.id, &version.stages)).collect();
        if !labels.is_empty() {
            told[stages] = json!(labels);
        }
        if !self.replicas.is_empty() {
            told["PrimaryRegion"] = self.region.as_str().into();
        }
        told
    }

    /// Where it is replicated to.
    pub(super) fn replication(&self) -> Value {
        let status = |region| json!({ "Region": region, "Status": "InSync" });
        self.replicas.iter().map(status).collect()
    }
}

/// Adds the members of one object to those of another.
pub(super) fn merge(told: &mut Value, more: Value) {
    if let (Value::Object(told), Value::Object(more)) = (told, more) {
        told.extend(more);
    }
}

/// Six letters and digits that differ each time a name is used again.
fn suffix(number: u64, name: &str) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let seed = digest::digest(&digest::SHA256, format!("{number} {name}").as_bytes());
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied();
    seed.as_ref().iter().filter_map(letter).take(6).map(char::from).collect()
}

/// The account that all secrets are in.
pub(super) const ACCOUNT: &str = "123456789012";
