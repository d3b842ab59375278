//! Who gets in: identities, their rights and tokens, service tokens, lockouts and rates.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::infisical::FakeInfisical;
use crate::infisical::login::Identity;
use crate::infisical::rights::Rights;
use crate::infisical::tokens::Lifetimes;

impl FakeInfisical {
    /// Adds an identity, or replaces it, that logs in with this secret and may do what these rules say: an environment
    /// or `*`, a path or a glob of paths, and actions as the server spells them (`describeSecret`, `readValue`, `read`
    /// for both, `create`, `edit`, `delete`, or `*` for all). Everything else is denied. Without a rule it is no member
    /// of the project.
    ///
    /// In a glob, `*` is any text without a slash and `**` any text; `/app/**` is also `/app`.
    ///
    /// # Panics
    /// If there is no such action.
    pub fn add_identity(&self, client_id: &str, secret: &str, rights: &[(&str, &str, &[&str])]) {
        let identity = Identity::new(Some(secret), Rights::new(rights));
        self.lock().identities.insert(client_id.to_owned(), identity);
    }

    /// Adds an access token that does not end by itself, of an identity of its own that may do what these rules say;
    /// see [`add_identity`](Self::add_identity). The identity has the token as its client id.
    ///
    /// # Panics
    /// If there is no such action, or the token begins as a service token does.
    pub fn add_token(&self, token: &str, rights: &[(&str, &str, &[&str])]) {
        assert!(!token.starts_with("st."), "that is the beginning of a service token");
        let identity = Identity::new(None, Rights::new(rights));
        self.act(|state, now| {
            state.identities.insert(token.to_owned(), identity);
            state.tokens.add(token, token, now);
        });
    }

    /// Changes what an identity may do, also with the tokens that it has.
    ///
    /// # Panics
    /// If there is no such action, or no such identity.
    pub fn set_rights(&self, client_id: &str, rights: &[(&str, &str, &[&str])]) {
        let rights = Rights::new(rights);
        self.with(client_id, |identity| identity.rights = rights);
    }

    /// Changes how long tokens of an identity last that are issued from now on, how long they can be renewed for, and
    /// how often they can be used, in seconds and by the clock of the fake. 0 is without an end. Default: 30 days, 30
    /// days, 0.
    ///
    /// # Panics
    /// If there is no such identity.
    pub fn set_lifetimes(&self, client_id: &str, ttl: u64, max_ttl: u64, uses: u64) {
        self.with(client_id, |identity| identity.lifetimes = Lifetimes { ttl, max_ttl, uses });
    }

    /// Ends the client secret of an identity at a time, or after so many more logins. Default: neither.
    ///
    /// # Panics
    /// If there is no such identity.
    pub fn limit_secret(&self, client_id: &str, ends: Option<SystemTime>, logins: Option<u64>) {
        let ends = ends.map(timestamp);
        self.with(client_id, |identity| {
            identity.secret.ends = ends;
            identity.secret.uses = logins;
        });
    }

    /// Replaces the client secret of an identity. Its tokens stay good.
    ///
    /// # Panics
    /// If there is no such identity.
    pub fn set_secret(&self, client_id: &str, secret: &str) {
        self.with(client_id, |identity| identity.secret.text = Some(secret.to_owned()));
    }

    /// Removes an identity: its logins fail, and its tokens are those of no member.
    pub fn remove_identity(&self, client_id: &str) {
        self.lock().identities.remove(client_id);
    }

    /// Ends all access tokens, earlier than they were said to: `TokenError`.
    pub fn expire_tokens(&self) {
        self.act(|state, now| state.tokens.expire(now));
    }

    /// Revokes all access tokens: `UnauthorizedError`.
    pub fn revoke_tokens(&self) {
        self.lock().tokens.revoke_all();
    }

    /// Whether a renewal that would last longer than the longest lifetime is refused and ends the token, as older
    /// versions do: with the lifetimes that an identity has by default, they refuse every renewal. Newer ones give
    /// what is left. Default: false.
    pub fn set_old_renewals(&self, is_old: bool) {
        self.lock().tokens.is_old = is_old;
    }

    /// Adds a service token for environments and paths or globs of paths, with the permissions `read` and `write`, and
    /// gives its text. Without an end unless [it is ended](Self::expire_service_token) or one is given.
    ///
    /// # Panics
    /// If there is no such permission.
    pub fn add_service_token(
        &self,
        scopes: &[(&str, &str)],
        permissions: &[&str],
        ends: Option<SystemTime>,
    ) -> String {
        let ends = ends.map(timestamp);
        self.act(|state, now| state.services.add(scopes, permissions, ends, now))
    }

    /// Ends a service token. Its next use says so, and forgets it with that.
    pub fn expire_service_token(&self, token: &str) {
        self.act(|state, now| state.services.expire(token, now));
    }

    /// Deletes a service token.
    pub fn remove_service_token(&self, token: &str) {
        self.lock().services.remove(token);
    }

    /// Changes after how many failed logins an identity is locked (0 for never), for how long, and after how long
    /// without another one failures are forgotten. Default: 3, 300 s, 30 s.
    pub fn set_lockout(&self, threshold: u32, duration: Duration, reset: Duration) {
        let lockout = super::login::Lockout { threshold, duration, reset };
        self.lock().lockout = lockout;
    }

    /// Whether an identity is locked now; not if there is none.
    pub fn is_locked(&self, client_id: &str) -> bool {
        self.act(|state, now| {
            let identity = state.identities.get(client_id);
            identity.is_some_and(|identity| identity.is_locked(state.lockout, now))
        })
    }

    /// Unlocks an identity, and forgets its failed logins.
    ///
    /// # Panics
    /// If there is no such identity.
    pub fn unlock(&self, client_id: &str) {
        self.with(client_id, Identity::unlock);
    }

    /// Answers so many requests in a minute by the clock of the fake, all together, and refuses the rest. Default:
    /// `None`, which is without a limit and without its headers, as on a server of one's own.
    pub fn set_rate_limit(&self, per_minute: Option<u64>) {
        self.lock().limit.per_window = per_minute;
    }

    fn with(&self, client_id: &str, change: impl FnOnce(&mut Identity)) {
        let is_there = self.lock().identities.get_mut(client_id).map(change).is_some();
        assert!(is_there, "there is no such identity");
    }
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).expect("a time of these ages")
}
