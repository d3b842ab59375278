//! Service tokens: deprecated, and still served.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::infisical::FakeInfisical;
use crate::infisical::params::Place;
use crate::infisical::project::id;
use crate::infisical::reply::Refusal;
use crate::infisical::rights::{Rights, is_glob};

/// All service tokens by their ids.
#[derive(Default)]
pub(super) struct ServiceTokens {
    known: BTreeMap<String, ServiceToken>,
    made: u64,
}

/// One service token.
#[derive(Clone)]
pub(super) struct ServiceToken {
    pub(super) id: String,
    secret: String,
    /// Environments and paths.
    scopes: Vec<(String, String)>,
    permissions: Vec<String>,
    ends: Option<Timestamp>,
    created: Timestamp,
    pub(super) rights: Rights,
}

impl ServiceTokens {
    /// Makes one and gives its text.
    ///
    /// # Panics
    /// If there is no such permission.
    pub(super) fn add(
        &mut self,
        scopes: &[(&str, &str)],
        permissions: &[&str],
        ends: Option<Timestamp>,
        now: Timestamp,
    ) -> String {
        let is_known = permissions.iter().all(|permission| matches!(*permission, "read" | "write"));
        assert!(is_known, "a permission is `read` or `write`");
        let actions = permissions.iter().flat_map(|permission| match *permission {
            "read" => ["read"].as_slice(),
            _ => &["create", "edit", "delete"],
        });
        let actions: Vec<_> = actions.copied().collect();
        let rules: Vec<_> = scopes.iter().map(|(slug, path)| (*slug, *path, &*actions)).collect();
        self.made += 1;
        let id = id(0x57_0000_0000 + self.made);
        let secret = format!("canary-service-secret-{}", self.made);
        let text = format!("st.{id}.{secret}");
        let owned = |(slug, path): &(&str, &str)| ((*slug).to_owned(), (*path).to_owned());
        let token = ServiceToken {
            id: id.clone(),
            secret,
            scopes: scopes.iter().map(owned).collect(),
            permissions: permissions.iter().map(ToString::to_string).collect(),
            ends,
            created: now,
            rights: Rights::new(&rules),
        };
        self.known.insert(id, token);
        text
    }

    /// The token of this text, if it is good (`service-token-service.ts`).
    ///
    /// # Errors
    /// `NotFound` for an unknown id, `ForbiddenError` for one that ended and is forgotten with that,
    /// `UnauthorizedError` for a wrong secret.
    pub(super) fn admit(&mut self, text: &str, now: Timestamp) -> Result<ServiceToken, Refusal> {
        let mut parts = text.splitn(3, '.').skip(1);
        let id = parts.next().unwrap_or_default();
        let Some(token) = self.known.get(id) else { return Err(unknown(id)) };
        if token.ends.is_some_and(|ends| ends < now) {
            self.known.remove(id);
            return Err(Refusal::forbidden("Service token has expired"));
        }
        match parts.next() == Some(token.secret.as_str()) {
            true => Ok(token.clone()),
            false => Err(Refusal::unauthorized("Invalid service token")),
        }
    }

    /// Ends a token: its next use says so and is its last.
    pub(super) fn expire(&mut self, text: &str, now: Timestamp) {
        let id = text.split('.').nth(1).unwrap_or_default();
        if let Some(token) = self.known.get_mut(id) {
            // One that ends now is still good now.
            token.ends = Some(now - SignedDuration::from_secs(1));
        }
    }

    /// Deletes a token.
    pub(super) fn remove(&mut self, text: &str) {
        let id = text.split('.').nth(1).unwrap_or_default();
        self.known.remove(id);
    }
}

impl ServiceToken {
    /// Reads by a token with one scope that is no glob are about that scope, whatever was asked for
    /// (`v4/secret-router.ts`).
    pub(super) fn overrule(&self, place: &mut Place) {
        if let [(environment, path)] = self.scopes.as_slice()
            && !is_glob(path)
        {
            place.project = Some(FakeInfisical::PROJECT_ID.to_owned());
            place.environment = Some(environment.clone());
            place.path.clone_from(path);
        }
    }

    /// `GET /api/v2/service-token`
    pub(super) fn describe(&self) -> Value {
        let scope = |(environment, path): &(String, String)| json!({ "environment": environment, "secretPath": path });
        json!({
            "_id": self.id,
            "id": self.id,
            "__v": 0,
            "name": "canary-service-token",
            "scopes": self.scopes.iter().map(scope).collect::<Vec<_>>(),
            "permissions": self.permissions,
            "projectId": FakeInfisical::PROJECT_ID,
            "workspace": FakeInfisical::PROJECT_ID,
            "expiresAt": self.ends.map(|ends| ends.to_string()),
            "lastUsed": null,
            "createdAt": self.created.to_string(),
            "updatedAt": self.created.to_string(),
            "createdBy": id(1),
            "user": { "_id": id(1), "__v": 0, "id": id(1), "email": "canary@example.com" },
        })
    }
}

pub(super) fn unknown(id: &str) -> Refusal {
    Refusal::not_found(format!("Service token with ID '{id}' not found"))
}
