//! Tokens, and what one may ask about itself: `auth/token/*`.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::vault::ask::{Ask, Operation};
use crate::vault::policy::Policy;
use crate::vault::reply::{Outcome, Reply};

/// One token. Without a policy it is a root token, which may do everything and never expires.
pub(super) struct Token {
    policy: Option<Policy>,
    created: Timestamp,
    expires: Timestamp,
    renewed: Option<Timestamp>,
}

impl Token {
    pub(super) fn root(now: Timestamp) -> Self {
        Self { policy: None, created: now, expires: Timestamp::MAX, renewed: None }
    }

    pub(super) fn new(policy: Policy, now: Timestamp) -> Self {
        Self { policy: Some(policy), created: now, expires: after(now, LONGEST), renewed: None }
    }

    pub(super) fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires
    }

    pub(super) fn allows(&self, capability: &str, path: &str) -> bool {
        self.policy.as_ref().is_none_or(|policy| policy.allows(capability, path))
    }

    pub(super) fn reaches(&self, mount: &str) -> bool {
        self.policy.as_ref().is_none_or(|policy| policy.reaches(mount))
    }

    pub(super) fn capabilities(&self, path: &str) -> Vec<String> {
        let Some(policy) = &self.policy else { return vec!["root".to_owned()] };
        let found = policy.on(path);
        if found.is_empty() { vec!["deny".to_owned()] } else { found.to_vec() }
    }

    fn lookup(&self, id: &str, now: Timestamp) -> Reply {
        let root = self.policy.is_none();
        let mut data = json!({
            "accessor": "fake-accessor", "creation_time": self.created.as_second(),
            "creation_ttl": if root { 0 } else { LONGEST.as_secs() }, "display_name": "token",
            "entity_id": "", "expire_time": (!root).then(|| self.expires.to_string()),
            "explicit_max_ttl": 0, "id": id, "issue_time": self.created.to_string(), "meta": null,
            "num_uses": 0, "orphan": root, "path": "auth/token/create", "policies": self.policies(),
            "renewable": !root, "ttl": if root { 0 } else { seconds(now, self.expires) },
            "type": "service",
        });
        if let (Some(renewed), Value::Object(data)) = (self.renewed, &mut data) {
            data.insert("last_renewal".to_owned(), renewed.to_string().into());
            data.insert("last_renewal_time".to_owned(), renewed.as_second().into());
        }
        Reply::data(data)
    }

    fn renew(&mut self, id: &str, increment: Duration, now: Timestamp) -> Outcome {
        if self.policy.is_none() {
            return Err(Reply::error(400, "lease is not renewable"));
        }
        let increment = if increment.is_zero() { LONGEST } else { increment };
        self.expires = after(now, increment).min(after(self.created, LONGEST));
        self.renewed = Some(now);
        let auth = json!({
            "accessor": "fake-accessor", "client_token": id, "entity_id": "",
            "lease_duration": seconds(now, self.expires), "metadata": null, "mfa_requirement": null,
            "num_uses": 0, "orphan": false, "policies": self.policies(), "renewable": true,
            "token_policies": self.policies(), "token_type": "service",
        });
        Ok(Reply::data(Value::Null).with("auth", auth))
    }

    fn policies(&self) -> &[&str] {
        if self.policy.is_none() { &["root"] } else { &["default", "fake"] }
    }
}

/// Answers below `auth/token/`, for a token that is alive.
pub(super) fn answer(
    tokens: &mut BTreeMap<String, Token>,
    rest: &str,
    ask: &mut Ask,
    now: Timestamp,
) -> Outcome {
    let id = ask.token.as_str();
    let Some(token) = tokens.get_mut(id) else { return Err(Reply::unsupported_path()) };
    match (rest, ask.operation) {
        ("lookup-self", Operation::Read | Operation::Write) => Ok(token.lookup(id, now)),
        ("renew-self", Operation::Write) => {
            let increment = ask.fields.duration("increment")?.unwrap_or_default();
            token.renew(id, increment, now)
        }
        ("revoke-self", Operation::Write) => {
            tokens.remove(id);
            Ok(Reply::empty(204))
        }
        ("lookup-self" | "renew-self" | "revoke-self", _) => Err(Reply::unsupported_operation()),
        _ => Err(Reply::unsupported_path()),
    }
}

fn after(time: Timestamp, span: Duration) -> Timestamp {
    time.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

/// The server's default for `max_lease_ttl`, 32 days.
const LONGEST: Duration = Duration::from_secs(2_764_800);
