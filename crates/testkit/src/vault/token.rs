//! Tokens, and what one may ask about itself: `auth/token/*`.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::vault::ask::{Ask, Operation};
use crate::vault::lease::Lease;
use crate::vault::policy::Policy;
use crate::vault::reply::{Outcome, Reply};
use crate::vault::wrapping::Wrapped;

/// One token. Without a policy it is a root token, which may do everything and never expires.
pub(super) struct Token {
    policy: Option<Policy>,
    lease: Lease,
    /// What the lease granted at first; none for root.
    granted: Duration,
    /// Where it is from; empty for the root namespace. The paths of its policy are seen from there.
    namespace: String,
    login: Option<Login>,
    wrapped: Option<Wrapped>,
    created: Timestamp,
    expires: Timestamp,
    renewed: Option<Timestamp>,
    /// How many calls it may still make; zero is no limit.
    left: i64,
}

/// What a token that was handed out at a login says of it.
pub(super) struct Login {
    pub(super) path: String,
    pub(super) display_name: String,
    pub(super) metadata: Value,
    pub(super) entity_id: String,
}

impl Token {
    pub(super) fn root(now: Timestamp) -> Self {
        let token = Self::with(None, Lease::default(), now);
        Self { granted: Duration::ZERO, expires: Timestamp::MAX, ..token }
    }

    pub(super) fn new(policy: Policy, lease: Lease, now: Timestamp) -> Self {
        Self::with(Some(policy), lease, now)
    }

    fn with(policy: Option<Policy>, lease: Lease, now: Timestamp) -> Self {
        let granted = lease.grant(Duration::ZERO, true, now, now);
        let granted = granted.map(|grant| grant.ttl).unwrap_or_default();
        Self {
            policy,
            lease,
            granted,
            namespace: String::new(),
            login: None,
            wrapped: None,
            created: now,
            expires: after(now, granted),
            renewed: None,
            left: lease.uses.into(),
        }
    }

    /// As if it came from this login, in this namespace.
    pub(super) fn of_login(self, login: Login, namespace: &str) -> Self {
        Self { login: Some(login), namespace: namespace.to_owned(), ..self }
    }

    /// A wrapping token with this in it.
    pub(super) fn around(wrapped: Wrapped, lease: Lease, now: Timestamp) -> Self {
        Self { wrapped: Some(wrapped), ..Self::new(Policy::wrapping(), lease, now) }
    }

    pub(super) fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires
    }

    pub(super) fn is_root(&self) -> bool {
        self.policy.is_none()
    }

    pub(super) fn created(&self) -> Timestamp {
        self.created
    }

    pub(super) fn wrapped(&self) -> Option<&Wrapped> {
        self.wrapped.as_ref()
    }

    /// Counts a call. True is the last one that it may make.
    pub(super) fn count_use(&mut self) -> bool {
        self.left = match self.left {
            0 => 0,
            1 => ENDING,
            left => left - 1,
        };
        self.is_ending()
    }

    /// Whether it makes the last call that it may, so that some of the server has it as gone.
    pub(super) fn is_ending(&self) -> bool {
        self.left == ENDING
    }

    /// Whether its policy has this capability on a path, seen from the root namespace.
    pub(super) fn allows(&self, capability: &str, path: &str) -> bool {
        self.rules(path, |policy, path| policy.allows(capability, path)).unwrap_or(true)
    }

    pub(super) fn reaches(&self, mount: &str) -> bool {
        self.rules(mount, Policy::reaches).unwrap_or(true)
    }

    pub(super) fn capabilities(&self, path: &str) -> Vec<String> {
        let found = self.rules(path, |policy, path| policy.on(path).to_vec());
        let Some(found) = found else { return vec!["root".to_owned()] };
        if found.is_empty() { vec!["deny".to_owned()] } else { found }
    }

    /// Whether its policy has this capability on a path that is the same in every namespace.
    pub(super) fn allows_own(&self, capability: &str, path: &str) -> bool {
        self.policy.as_ref().is_none_or(|policy| policy.allows(capability, path))
    }

    /// What its policy says of a path, or the default where its namespace does not reach. `None` for root.
    fn rules<T: Default>(&self, path: &str, ask: impl FnOnce(&Policy, &str) -> T) -> Option<T> {
        let policy = self.policy.as_ref()?;
        let inside = match self.namespace.as_str() {
            "" => Some(path),
            namespace => path.strip_prefix(namespace).and_then(|path| path.strip_prefix('/')),
        };
        Some(inside.map(|path| ask(policy, path)).unwrap_or_default())
    }

    fn lookup(&self, id: &str, now: Timestamp) -> Reply {
        let root = self.is_root();
        let login = self.login.as_ref();
        let explicit = self.lease.max_ttl.filter(|_| login.is_none()).unwrap_or_default();
        let path = login.map_or("auth/token/create", |login| &login.path);
        let display_name = login.map_or("token", |login| &login.display_name);
        let mut data = json!({
            "accessor": self.accessor(), "creation_time": self.created.as_second(),
            "creation_ttl": self.granted.as_secs(), "display_name": display_name,
            "entity_id": self.entity_id(), "expire_time": (!root).then(|| self.expires.to_string()),
            "explicit_max_ttl": explicit.as_secs(), "id": id, "issue_time": self.created.to_string(),
            "meta": self.metadata(), "num_uses": self.left, "orphan": root || login.is_some(),
            "path": path, "policies": self.policies(), "renewable": !root && !self.lease.batch,
            "ttl": if root { 0 } else { seconds(now, self.expires) }, "type": self.kind(),
        });
        let mut add = |name: &str, value: Value| data[name] = value;
        if let Some(renewed) = self.renewed {
            add("last_renewal", renewed.to_string().into());
            add("last_renewal_time", renewed.as_second().into());
        }
        if let Some(period) = self.lease.period {
            add("period", period.as_secs().into());
        }
        if !self.namespace.is_empty() {
            add("namespace_path", format!("{}/", self.namespace).into());
        }
        Reply::data(data)
    }

    fn renew(&mut self, id: &str, increment: Duration, now: Timestamp) -> Outcome {
        if self.is_ending() {
            return Err(Reply::error(400, "token not found"));
        }
        if self.lease.batch {
            return Err(Reply::error(400, "batch tokens cannot be renewed"));
        }
        if self.is_root() {
            return Err(Reply::error(400, "lease is not renewable"));
        }
        let granted = self.lease.grant(increment, self.login.is_none(), self.created, now);
        let grant = granted.map_err(|_| Reply::listed(500, "past the max TTL, cannot renew"))?;
        self.expires = after(now, grant.ttl);
        self.renewed = Some(now);
        let reply = self.show(id, now);
        Ok(grant.warning.into_iter().fold(reply, Reply::warn))
    }

    /// What tells a client of a token that is new or newly renewed.
    pub(super) fn show(&self, id: &str, now: Timestamp) -> Reply {
        let auth = json!({
            "accessor": self.accessor(), "client_token": id, "entity_id": self.entity_id(),
            "lease_duration": seconds(now, self.expires), "metadata": self.metadata(),
            "mfa_requirement": null, "num_uses": self.lease.uses, "orphan": self.login.is_some(),
            "policies": self.policies(), "renewable": !self.lease.batch,
            "token_policies": self.policies(), "token_type": self.kind(),
        });
        Reply::data(Value::Null).with("auth", auth)
    }

    fn kind(&self) -> &'static str {
        if self.lease.batch { "batch" } else { "service" }
    }

    fn accessor(&self) -> &'static str {
        if self.lease.batch { "" } else { "fake-accessor" }
    }

    fn entity_id(&self) -> &str {
        self.login.as_ref().map_or("", |login| &login.entity_id)
    }

    fn metadata(&self) -> &Value {
        self.login.as_ref().map_or(&Value::Null, |login| &login.metadata)
    }

    fn policies(&self) -> &[&str] {
        if self.is_root() { &["root"] } else { &["default", "fake"] }
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
        ("revoke-self", Operation::Write) if token.lease.batch => {
            Err(Reply::error(400, "batch tokens cannot be revoked"))
        }
        ("revoke-self", Operation::Write) => {
            tokens.remove(id);
            Ok(Reply::empty(204))
        }
        ("lookup-self" | "renew-self" | "revoke-self", _) => Err(Reply::unsupported_operation()),
        _ => Err(Reply::unsupported_path()),
    }
}

/// What the server has for the uses left during the last one.
const ENDING: i64 = -1;

fn after(time: Timestamp, span: Duration) -> Timestamp {
    time.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}
