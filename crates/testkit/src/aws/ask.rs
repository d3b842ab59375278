//! What the client asks, and with which rights.

use crate::On;
use crate::aws::fields::Fields;
use crate::aws::policy::Policy;
use crate::aws::reply::Refusal;
use crate::aws::secret::ACCOUNT;
use crate::aws::signature::header;
use crate::server::Request;

/// A request of somebody who is known.
pub(super) struct Ask {
    pub(super) action: &'static str,
    pub(super) fields: Fields,
    /// The region that the request was signed for.
    pub(super) region: String,
    pub(super) key_id: String,
    pub(super) policy: Policy,
}

impl Ask {
    /// The same caller with another action, which is part of this one.
    pub(super) fn part(&self, action: &'static str) -> Self {
        Self {
            action,
            fields: Fields::default(),
            region: self.region.clone(),
            key_id: self.key_id.clone(),
            policy: self.policy.clone(),
        }
    }

    /// Refuses what the policy does not allow on this name, or on `*`.
    pub(super) fn authorise(&self, name: &str) -> Result<(), Refusal> {
        match self.policy.allows(self.action, name) {
            true => Ok(()),
            false => Err(self.denied(name)),
        }
    }

    pub(super) fn denied(&self, name: &str) -> Refusal {
        let (key, action) = (&self.key_id, self.action);
        Refusal::new(
            "AccessDeniedException",
            format!(
                "User: arn:aws:iam::{ACCOUNT}:user/{key} is not authorized to perform: \
                 secretsmanager:{action} on resource: {name} because no identity-based policy allows the \
                 secretsmanager:{action} action"
            ),
        )
    }
}

/// The action that a request names, known or not.
pub(super) fn target(request: &Request) -> Option<&str> {
    header(request, "x-amz-target")?.strip_prefix("secretsmanager.")
}

/// The action of this name, if the fake has it.
pub(super) fn known(name: &str) -> Option<(&'static str, On)> {
    ACTIONS.iter().find(|(action, _)| *action == name).copied()
}

/// The actions that the fake has, and what each is to a [fault](crate::Fault).
pub(super) const ACTIONS: &[(&str, On)] = &[
    ("BatchGetSecretValue", On::Read),
    ("CreateSecret", On::Write),
    ("DeleteSecret", On::Write),
    ("DescribeSecret", On::Read),
    ("GetSecretValue", On::Read),
    ("ListSecretVersionIds", On::Read),
    ("ListSecrets", On::List),
    ("PutSecretValue", On::Write),
    ("RemoveRegionsFromReplication", On::Write),
    ("ReplicateSecretToRegions", On::Write),
    ("RestoreSecret", On::Write),
    ("UpdateSecret", On::Write),
    ("UpdateSecretVersionStage", On::Write),
];
