//! Who gets in: tokens, auth methods and their roles, what is wrapped.

use serde_json::json;

use crate::vault::auth::{Auth, Method};
use crate::vault::lease::Lease;
use crate::vault::policy::Policy;
use crate::vault::role::Role;
use crate::vault::state::{State, trimmed};
use crate::vault::token::Token;
use crate::vault::{FakeVault, wrapping};

impl FakeVault {
    /// Adds a token, or replaces it, that may do what these rules say: a path and its capabilities (`create`,
    /// `read`, `update`, `delete`, `list`, `patch`, `sudo`, `deny`). In a path, `+` is any one segment and `*`
    /// at the end is any text. Everything else is denied, except what a token may always ask about itself.
    ///
    /// The token is of the root namespace: in another one, paths begin with its name. It lasts 32 days, or as
    /// long as it was renewed for.
    ///
    /// # Panics
    /// If there is no such capability.
    pub fn add_token(&self, token: &str, policy: &[(&str, &[&str])]) {
        self.add_token_with(token, policy, Lease::default());
    }

    /// Adds a token as [`add_token`](Self::add_token) does, with these limits.
    ///
    /// # Panics
    /// If there is no such capability, or if no server would make such a token: a batch token with uses or a
    /// period, or one that lasts longer than its longest time.
    pub fn add_token_with(&self, token: &str, policy: &[(&str, &[&str])], lease: Lease) {
        lease.check();
        let policy = Policy::new(policy);
        let mut state = self.lock();
        let now = state.now();
        state.tokens.insert(token.to_owned(), Token::new(policy, lease, now));
    }

    /// Ends a token.
    pub fn revoke_token(&self, token: &str) {
        self.lock().tokens.remove(token);
    }

    /// Ends all tokens but the root token and those that wrap something. Batch tokens too, which a real server
    /// cannot.
    pub fn revoke_all_tokens(&self) {
        let lasting = |token: &Token| token.is_root() || token.wrapped().is_some();
        self.lock().tokens.retain(|_, token| lasting(token));
    }

    /// Mounts an auth method without roles; one that was there is gone. `approle`, `kubernetes` and `jwt` are
    /// there from the start, in every namespace. The path is below `auth/`, and begins with the namespace, if
    /// it is in one: `team-a/approle`.
    pub fn mount_auth(&self, path: &str, auth: Auth) {
        if let Some((methods, path)) = self.lock().methods(path) {
            methods.mount(&path, auth);
        }
    }

    /// Adds a role to the auth method at this path, or replaces the one of the same role id or name: what that
    /// one accepted before is refused from then on. So a test rotates a credential.
    ///
    /// # Panics
    /// If no auth method is there or it takes other credentials. If no server would make such tokens; see
    /// [`add_token_with`](Self::add_token_with).
    pub fn add_role(&self, path: &str, role: Role) {
        role.lease.check();
        method(&mut self.lock(), path).add(role);
    }

    /// Removes a role, by its role id or its name. Its tokens stay.
    ///
    /// # Panics
    /// If no auth method is there.
    pub fn remove_role(&self, path: &str, role: &str) {
        method(&mut self.lock(), path).remove(role);
    }

    /// Wraps a fresh secret id, which the role accepts beside the others, as an operator does who writes
    /// `auth/<path>/role/<name>/secret-id`. Gives the wrapping token: good for one unwrapping, for 300 s.
    ///
    /// # Panics
    /// If there is no such role of an auth method [`Auth::AppRole`].
    pub fn wrap_secret_id(&self, path: &str, role_id: &str) -> String {
        let mount = self.lock().split(trimmed(path)).1;
        self.wrap_secret_id_as(path, role_id, &format!("auth/{mount}/role/{role_id}/secret-id"))
    }

    /// As [`wrap_secret_id`](Self::wrap_secret_id), but what was wrapped claims to be from this path: somebody
    /// unwrapped it first and wrapped it again.
    ///
    /// # Panics
    /// If there is no such role of an auth method [`Auth::AppRole`].
    pub fn wrap_secret_id_as(&self, path: &str, role_id: &str, creation_path: &str) -> String {
        let mut state = self.lock();
        state.wraps += 1;
        let (now, number) = (state.now(), state.wraps);
        let secret_id = format!("canary-secret-id-{number}");
        let uses = method(&mut state, path).add_secret_id(role_id, &secret_id);
        let content = json!({
            "secret_id": secret_id, "secret_id_accessor": "fake-accessor",
            "secret_id_num_uses": uses.expect("a role of this id"), "secret_id_ttl": 0,
        });
        let token = format!("canary-wrapping-{number}");
        let wrapping = wrapping::wrap(content, creation_path.to_owned(), now);
        state.tokens.insert(token.clone(), wrapping);
        token
    }
}

fn method<'a>(state: &'a mut State, path: &str) -> &'a mut Method {
    let (methods, path) = state.methods(path).expect("the root namespace is always there");
    methods.get(&path).expect("an auth method at this path")
}
