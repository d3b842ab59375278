//! Auth methods, and logging in: `auth/<mount>/login`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::vault::ask::{Ask, Operation};
use crate::vault::lease::Lease;
use crate::vault::policy::Policy;
use crate::vault::reply::Reply;
use crate::vault::role::{Credential, Role};

/// How a client shows who it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Auth {
    /// With a role id and a secret id.
    AppRole,
    /// With the JWT of a service account and the name of a role.
    Kubernetes,
    /// With any JWT and the name of a role.
    Jwt,
}

/// One auth method with its roles, by their ids or names.
pub(super) struct Method {
    auth: Auth,
    roles: BTreeMap<String, Entry>,
}

/// The auth methods of one namespace, by their paths below `auth/` without slashes at the ends.
pub(super) struct Methods(BTreeMap<String, Method>);

/// A role and what it accepts: each secret id with the logins that it is still good for, zero is any number.
struct Entry {
    role: Role,
    secrets: BTreeMap<String, u32>,
}

/// What a login that is right gives.
pub(super) struct Granted {
    pub(super) policy: Policy,
    pub(super) lease: Lease,
    pub(super) metadata: Value,
    /// What the method adds to the name to display; empty if nothing.
    pub(super) alias: String,
    pub(super) entity_id: String,
}

impl Method {
    fn new(auth: Auth) -> Self {
        Self { auth, roles: BTreeMap::new() }
    }

    /// Adds a role; what the one of that name accepted before is gone.
    ///
    /// # Panics
    /// If its credential is of another method.
    pub(super) fn add(&mut self, role: Role) {
        let (secret, fits) = match &role.credential {
            Credential::AppRole { secret_id, .. } => (secret_id, self.auth == Auth::AppRole),
            Credential::Jwt { jwt, .. } => (jwt, self.auth != Auth::AppRole),
        };
        assert!(fits, "the credential of a role is of another auth method");
        let secrets = BTreeMap::from([(secret.clone(), role.secret_id_uses)]);
        self.roles.insert(role.name().to_owned(), Entry { role, secrets });
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.roles.remove(name);
    }

    /// Has a role accept one more secret id, and gives the logins that it is good for. `None` without the role.
    pub(super) fn add_secret_id(&mut self, role_id: &str, secret_id: &str) -> Option<u32> {
        let entry = self.roles.get_mut(role_id).filter(|_| self.auth == Auth::AppRole)?;
        entry.secrets.insert(secret_id.to_owned(), entry.role.secret_id_uses);
        Some(entry.role.secret_id_uses)
    }

    /// Looks at a credential.
    pub(super) fn login(&mut self, ask: &mut Ask) -> Result<Granted, Reply> {
        match self.auth {
            Auth::AppRole => self.app_role(ask),
            Auth::Kubernetes => self.kubernetes(ask),
            Auth::Jwt => self.jwt(ask),
        }
    }

    fn app_role(&mut self, ask: &mut Ask) -> Result<Granted, Reply> {
        let invalid = || Reply::error(400, "invalid role or secret ID");
        // The server finds out the role before all else, and what hinders it counts as its own failure.
        let mut text = |name| ask.fields.text(name).map_err(|e| Reply::from(e).with_status(500));
        let (role_id, secret_id) = (text("role_id")?, text("secret_id")?.unwrap_or_default());
        let role_id = role_id.filter(|id| !id.is_empty());
        let role_id = role_id.ok_or_else(|| Reply::error(500, "missing role_id"))?;
        written(ask)?;
        let entry = self.roles.get_mut(&role_id).ok_or_else(invalid)?;
        if secret_id.is_empty() {
            return Err(Reply::error(400, "missing secret_id"));
        }
        let left = entry.secrets.get_mut(&secret_id).ok_or_else(invalid)?;
        match left {
            0 => {}
            1 => drop(entry.secrets.remove(&secret_id)),
            left => *left -= 1,
        }
        Ok(entry.grant(json!({ "role_name": role_id }), String::new()))
    }

    fn kubernetes(&mut self, ask: &mut Ask) -> Result<Granted, Reply> {
        written(ask)?;
        let (name, jwt) = named_jwt(ask)?;
        if jwt.is_empty() {
            return Err(Reply::error(400, "missing jwt"));
        }
        let unknown = || Reply::error(400, format!("invalid role name {name:?}"));
        let entry = self.roles.get_mut(&name).ok_or_else(unknown)?;
        if !entry.secrets.contains_key(&jwt) {
            return Err(Reply::error(403, "permission denied"));
        }
        let metadata = json!({
            "role": name, "service_account_name": name, "service_account_namespace": "default",
            "service_account_secret_name": "", "service_account_uid": "fake-uid",
        });
        Ok(entry.grant(metadata, format!("default-{name}")))
    }

    fn jwt(&mut self, ask: &mut Ask) -> Result<Granted, Reply> {
        written(ask)?;
        let (name, jwt) = named_jwt(ask)?;
        let unknown = || Reply::error(400, format!("role {name:?} could not be found"));
        let entry = self.roles.get_mut(&name).ok_or_else(unknown)?;
        if jwt.is_empty() {
            return Err(Reply::error(400, "missing token"));
        }
        if !entry.secrets.contains_key(&jwt) {
            return Err(Reply::error(400, BAD_JWT));
        }
        Ok(entry.grant(json!({ "role": name }), name))
    }
}

impl Entry {
    fn grant(&self, metadata: Value, alias: String) -> Granted {
        let entity_id = format!("fake-entity-{}", self.role.name());
        let Role { policy, lease, .. } = &self.role;
        Granted { policy: policy.clone(), lease: *lease, metadata, alias, entity_id }
    }
}

impl Methods {
    pub(super) fn mount(&mut self, path: &str, auth: Auth) {
        self.0.insert(path.to_owned(), Method::new(auth));
    }

    /// The auth method at this path below `auth/`.
    pub(super) fn get(&mut self, path: &str) -> Option<&mut Method> {
        self.0.get_mut(path)
    }

    /// Whether a path below `auth/` is in one.
    pub(super) fn covers(&self, path: &str) -> bool {
        let inside = |mount: &String| {
            let rest = path.strip_prefix(mount.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.keys().any(inside)
    }
}

impl Default for Methods {
    fn default() -> Self {
        let mut methods = Self(BTreeMap::new());
        methods.mount("approle", Auth::AppRole);
        methods.mount("kubernetes", Auth::Kubernetes);
        methods.mount("jwt", Auth::Jwt);
        methods
    }
}

/// The role and the JWT of a login. Both are converted before either is looked at.
fn named_jwt(ask: &mut Ask) -> Result<(String, String), Reply> {
    let jwt = ask.fields.text("jwt")?.unwrap_or_default();
    let role = ask.fields.text("role")?.unwrap_or_default();
    let missing = || Reply::error(400, "missing role");
    if role.is_empty() { Err(missing()) } else { Ok((role, jwt)) }
}

/// A login is a write.
fn written(ask: &Ask) -> Result<(), Reply> {
    let refused = || Reply::error(405, "unsupported operation");
    if ask.operation == Operation::Write { Ok(()) } else { Err(refused()) }
}

const BAD_JWT: &str = "error validating token: error verifying token signature: no known key successfully \
                       validated the token signature";
