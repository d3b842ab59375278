//! Who gets in: applications, managed identities, their rights and tokens, and what a challenge names.

use std::time::Duration;

use crate::azure::FakeAzure;
use crate::azure::rights::Rights;

impl FakeAzure {
    /// Adds an application, or replaces it, that gets tokens with this secret or with the
    /// [assertion](Self::set_assertion), and may do what these rules say: names of secrets and actions (`get`,
    /// `list`, `set`, `delete`, `recover`, `purge`, or `*` for all). Everything else is denied.
    ///
    /// At the end of a name, `*` is any text. `GET /secrets` and `GET /deletedsecrets` are about no name in
    /// particular and need `list` on `*`. Reading a deleted secret needs `get`, as access policies have it.
    ///
    /// # Panics
    /// If there is no such action.
    pub fn add_client(&self, client_id: &str, secret: &str, rights: &[(&str, &[&str])]) {
        self.set_rights(client_id, rights);
        self.lock().entra.applications.insert(client_id.to_owned(), secret.to_owned());
    }

    /// Assigns a managed identity to the machine, beside its own, that may do what these rules say; see
    /// [`add_client`](Self::add_client).
    ///
    /// # Panics
    /// If there is no such action.
    pub fn add_user_identity(&self, client_id: &str, rights: &[(&str, &[&str])]) {
        self.set_rights(client_id, rights);
        self.lock().identities.users.insert(client_id.to_owned());
    }

    /// Changes what an application or a managed identity may do, also with the tokens that it has. That of the
    /// machine is [`SYSTEM_IDENTITY`](Self::SYSTEM_IDENTITY).
    ///
    /// # Panics
    /// If there is no such action.
    pub fn set_rights(&self, client_id: &str, rights: &[(&str, &[&str])]) {
        let rights = Rights::new(rights);
        self.lock().rights.insert(client_id.to_owned(), rights);
    }

    /// Removes an application: `unauthorized_client` from then on. Its tokens stay good.
    pub fn remove_client(&self, client_id: &str) {
        self.lock().entra.applications.remove(client_id);
    }

    /// Takes all managed identities from the machine: 400 from then on. Their tokens stay good.
    pub fn remove_identity(&self) {
        let identities = &mut self.lock().identities;
        identities.system = false;
        identities.users.clear();
    }

    /// Changes the assertion that Entra accepts of applications, and what the file of
    /// [`workload_identity_variables`](Self::workload_identity_variables) holds. Default: `canary-assertion`.
    pub fn set_assertion(&self, assertion: &str) {
        let mut state = self.lock();
        state.entra.assertion = assertion.to_owned();
        state.token_file = assertion.to_owned();
    }

    /// Changes only what the file holds, until [`set_assertion`](Self::set_assertion) is called again.
    pub fn set_token_file(&self, content: &str) {
        self.lock().token_file = content.to_owned();
    }

    /// Changes how long tokens last that are issued from now on, by the clock of the fake, and how long they
    /// are said to. Default: 3,599 s, at Entra and at the identity endpoints.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.lock().tokens.lifetime = lifetime;
    }

    /// Ends all tokens, earlier than they were said to. The vault still knows them, and calls them expired.
    pub fn expire_tokens(&self) {
        let mut state = self.lock();
        let now = state.now();
        state.tokens.expire(now);
    }

    /// Forgets all tokens. The vault takes them for somebody else's.
    pub fn revoke_tokens(&self) {
        self.lock().tokens.revoke();
    }

    /// Whether the identity endpoints give `expires_on` as a number. They give it as text until this says
    /// otherwise.
    pub fn set_expires_on_number(&self, is_number: bool) {
        self.lock().identities.is_number = is_number;
    }

    /// Changes what the vault's challenge names: the URL where tokens come from, and the resource that they are
    /// for. What the vault and Entra accept stays. Default: the tenant at the [`address`](Self::address) of the
    /// fake, and [`RESOURCE`](Self::RESOURCE).
    pub fn set_challenge(&self, authorization: &str, resource: &str) {
        self.lock().challenge = (Some(authorization.to_owned()), resource.to_owned());
    }

    /// Changes the inner code of what rights do not allow, such as to `ForbiddenByPolicy` for a vault with access
    /// policies. Default: `ForbiddenByRbac`. A firewall refuses everything, so a [fault](Self::error) is better
    /// for that.
    pub fn set_denial(&self, inner: &str) {
        self.lock().denial = inner.to_owned();
    }
}
