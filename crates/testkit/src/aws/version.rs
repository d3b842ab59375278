//! The versions of one secret, and the labels that move between them.

use std::collections::BTreeSet;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aws::reply::{Refusal, time};

/// A value, which never changes.
#[derive(Clone, Eq, PartialEq)]
pub(super) enum Content {
    Text(String),
    Binary(Vec<u8>),
}

/// One version. Without labels it is deprecated.
pub(super) struct Version {
    /// Counts the versions of the secret, those that are gone included.
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) stages: BTreeSet<String>,
    pub(super) created: Timestamp,
    /// The day on which it was read last.
    pub(super) accessed: Option<Timestamp>,
    content: Content,
}

/// All versions of a secret, oldest first.
#[derive(Default)]
pub(super) struct Versions {
    found: Vec<Version>,
    made: u64,
}

impl Content {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl Version {
    /// The value, and what an answer says beside it.
    pub(super) fn told(&self) -> Value {
        let mut told = json!({ "VersionId": self.id, "CreatedDate": time(self.created) });
        if !self.stages.is_empty() {
            told["VersionStages"] = json!(self.stages);
        }
        match &self.content {
            Content::Text(text) => told["SecretString"] = text.as_str().into(),
            Content::Binary(bytes) => told["SecretBinary"] = Base64::encode_string(bytes).into(),
        }
        told
    }
}

impl Versions {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Version> {
        self.found.iter()
    }

    /// The version that a read asks for: by its id, by a label, or by both if they agree.
    pub(super) fn find(
        &mut self,
        id: Option<&str>,
        stage: Option<&str>,
    ) -> Result<&mut Version, Refusal> {
        let missing = |what: &str, text: &str| {
            let heading = "Secrets Manager can't find the specified secret value for";
            Refusal::not_found(format!("{heading} {what}: {text}"))
        };
        match (id, stage) {
            (Some(id), stage) => {
                let found = self.version(id).ok_or_else(|| missing("VersionId", id))?;
                match stage {
                    Some(stage) if !found.stages.contains(stage) => Err(Refusal::request(
                        "You provided a VersionStage that is not associated to the provided VersionId.",
                    )),
                    _ => Ok(found),
                }
            }
            (None, stage) => {
                let stage = stage.unwrap_or(CURRENT);
                let found = self.found.iter_mut().find(|version| version.stages.contains(stage));
                found.ok_or_else(|| missing("staging label", stage))
            }
        }
    }

    /// Whether a version of this id is there already, with this value.
    ///
    /// # Errors
    /// `ResourceExistsException` if it has another value.
    pub(super) fn has(&self, id: &str, content: &Content, arn: &str) -> Result<bool, Refusal> {
        match self.found.iter().find(|version| version.id == id) {
            None => Ok(false),
            Some(version) if version.content == *content => Ok(true),
            Some(_) => Err(Refusal::new(
                "ResourceExistsException",
                format!(
                    "You can't use ClientRequestToken {id} because that value is already in use for a \
                     version of secret {arn}."
                ),
            )),
        }
    }

    /// Adds a version with these labels, or with `AWSCURRENT`.
    pub(super) fn add(
        &mut self,
        id: &str,
        content: Content,
        stages: Option<&[&str]>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.collect(now)?;
        let mut stages: BTreeSet<&str> = stages.unwrap_or(&[CURRENT]).iter().copied().collect();
        if self.found.is_empty() {
            stages.insert(CURRENT);
        }
        self.check_labels(&stages)?;
        self.made += 1;
        self.found.push(Version {
            number: self.made,
            id: id.to_owned(),
            stages: BTreeSet::new(),
            created: now,
            accessed: None,
            content,
        });
        for stage in stages {
            // A version that ceases to be current through a new one is not pending any more either.
            if stage == CURRENT
                && let Some(current) = self.holder(CURRENT)
                && let Some(current) = self.version(&current)
            {
                current.stages.remove(PENDING);
            }
            self.attach(stage, id);
        }
        Ok(())
    }

    /// Moves a label as `UpdateSecretVersionStage` does, or takes it away where there is no `to`.
    pub(super) fn shift(
        &mut self,
        stage: &str,
        to: Option<&str>,
        from: Option<&str>,
    ) -> Result<(), Refusal> {
        if to.is_none() && from.is_none() {
            return Err(Refusal::parameter(
                "You must specify MoveToVersionId, RemoveFromVersionId, or both.",
            ));
        }
        for id in to.iter().chain(&from) {
            self.find(Some(id), None)?;
        }
        let holder = self.holder(stage);
        match (&holder, from) {
            // On the right version already, as after a move whose answer was lost.
            (Some(holder), None) if to == Some(holder) => return Ok(()),
            (Some(holder), None) => {
                return Err(Refusal::parameter(format!(
                    "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently \
                     attached to version {holder}, so you must explicitly reference that version in \
                     RemoveFromVersionId."
                )));
            }
            (holder, Some(from)) if holder.as_deref() != Some(from) => {
                return Err(Refusal::parameter(format!(
                    "RemoveFromVersionId must be the version that staging label {stage} is currently \
                     attached to."
                )));
            }
            _ => {}
        }
        match to {
            Some(to) => {
                self.check_labels(&BTreeSet::from([stage]))?;
                self.attach(stage, to);
            }
            None if stage == CURRENT => {
                return Err(Refusal::parameter(
                    "You can only move staging label AWSCURRENT to a different secret version. It can't be \
                     completely removed.",
                ));
            }
            None => self.detach(stage),
        }
        Ok(())
    }

    /// The id of the version that a label is on.
    pub(super) fn holder(&self, stage: &str) -> Option<String> {
        let holder = self.found.iter().find(|version| version.stages.contains(stage));
        holder.map(|version| version.id.clone())
    }

    fn version(&mut self, id: &str) -> Option<&mut Version> {
        self.found.iter_mut().find(|version| version.id == id)
    }

    /// Puts a label on one version and takes it off the other. Where `AWSCURRENT` was, `AWSPREVIOUS` is next.
    fn attach(&mut self, stage: &str, to: &str) {
        let from = self.holder(stage);
        if from.as_deref() == Some(to) {
            return;
        }
        self.detach(stage);
        if let Some(version) = self.version(to) {
            version.stages.insert(stage.to_owned());
        }
        if stage == CURRENT
            && let Some(from) = from
        {
            self.attach(PREVIOUS, &from);
        }
    }

    fn detach(&mut self, stage: &str) {
        for version in &mut self.found {
            version.stages.remove(stage);
        }
    }

    /// Refuses labels that are too many beside those that are there.
    fn check_labels(&self, more: &BTreeSet<&str>) -> Result<(), Refusal> {
        let labels = self.found.iter().flat_map(|version| &version.stages).map(String::as_str);
        match labels.chain(more.iter().copied()).collect::<BTreeSet<_>>().len() {
            count if count > MAX_LABELS => Err(limit("The secret has too many staging labels.")),
            _ => Ok(()),
        }
    }

    /// Makes room for one more: beyond the quota, deprecated versions go when they are a day old.
    fn collect(&mut self, now: Timestamp) -> Result<(), Refusal> {
        while self.found.len() >= MAX_VERSIONS {
            let old = self
                .found
                .iter()
                .position(|version| version.stages.is_empty() && version.created + DAY <= now);
            match old {
                Some(old) => drop(self.found.remove(old)),
                None => return Err(limit("The secret has too many versions.")),
            }
        }
        Ok(())
    }
}

fn limit(text: &str) -> Refusal {
    Refusal::new("LimitExceededException", text)
}

/// The label of the version that is in use.
pub(super) const CURRENT: &str = "AWSCURRENT";
/// The label of the version that was in use before.
const PREVIOUS: &str = "AWSPREVIOUS";
/// The label of the version that a rotation prepares.
pub(super) const PENDING: &str = "AWSPENDING";

/// User guide, "Quotas": above this many, versions without labels are removed.
const MAX_VERSIONS: usize = 100;
/// User guide, "Quotas": labels on all versions of a secret.
const MAX_LABELS: usize = 20;
/// User guide, "Quotas": versions younger than this are not removed.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
