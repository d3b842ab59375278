//! Who may log in.

use std::fmt;
use std::time::Duration;

use crate::vault::lease::Lease;
use crate::vault::policy::Policy;

/// A role of an auth method, with its credential: what a login has to show, and what the token may do.
///
/// Default: a token that may do nothing but what every token may ask about itself, with no limits but the
/// server's 32 days.
///
/// ```
/// use std::time::Duration;
/// use strongroom_testkit::Role;
///
/// let role = Role::app_role("canary-role-id", "canary-secret-id")
///     .policy(&[("secret/data/app/*", &["read"])])
///     .ttl(Duration::from_secs(600));
/// # let _ = role;
/// ```
#[derive(Clone)]
pub struct Role {
    pub(super) credential: Credential,
    pub(super) policy: Policy,
    pub(super) lease: Lease,
    pub(super) secret_id_uses: u32,
}

#[derive(Clone)]
pub(super) enum Credential {
    AppRole { role_id: String, secret_id: String },
    Jwt { role: String, jwt: String },
}

impl Role {
    /// For [`Auth::AppRole`](crate::Auth::AppRole). The name of the role is its id.
    pub fn app_role(role_id: &str, secret_id: &str) -> Self {
        let (role_id, secret_id) = (role_id.to_owned(), secret_id.to_owned());
        Self::new(Credential::AppRole { role_id, secret_id })
    }

    /// For [`Auth::Jwt`](crate::Auth::Jwt) and [`Auth::Kubernetes`](crate::Auth::Kubernetes): accepts exactly
    /// this text. It is not looked into: no signature, claim or time is checked.
    pub fn jwt(role: &str, jwt: &str) -> Self {
        Self::new(Credential::Jwt { role: role.to_owned(), jwt: jwt.to_owned() })
    }

    fn new(credential: Credential) -> Self {
        Self { credential, policy: Policy::new(&[]), lease: Lease::default(), secret_id_uses: 0 }
    }

    /// What its tokens may do, as [`FakeVault::add_token`](crate::FakeVault::add_token) has it. Paths are
    /// those in the namespace of the role.
    ///
    /// # Panics
    /// If there is no such capability.
    #[must_use]
    pub fn policy(mut self, policy: &[(&str, &[&str])]) -> Self {
        self.policy = Policy::new(policy);
        self
    }

    /// The limits of its tokens, all at once.
    #[must_use]
    pub fn lease(mut self, lease: Lease) -> Self {
        self.lease = lease;
        self
    }

    /// See [`Lease::ttl`].
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.lease = self.lease.ttl(ttl);
        self
    }

    /// See [`Lease::max_ttl`].
    #[must_use]
    pub fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.lease = self.lease.max_ttl(max_ttl);
        self
    }

    /// See [`Lease::periodic`].
    #[must_use]
    pub fn periodic(mut self, period: Duration) -> Self {
        self.lease = self.lease.periodic(period);
        self
    }

    /// See [`Lease::uses`].
    #[must_use]
    pub fn uses(mut self, uses: u32) -> Self {
        self.lease = self.lease.uses(uses);
        self
    }

    /// See [`Lease::batch`].
    #[must_use]
    pub fn batch(mut self) -> Self {
        self.lease = self.lease.batch();
        self
    }

    /// How many logins a secret id of this role is good for. Zero, the default, is no limit.
    #[must_use]
    pub fn secret_id_uses(mut self, uses: u32) -> Self {
        self.secret_id_uses = uses;
        self
    }

    /// The role id, or the name.
    pub(super) fn name(&self) -> &str {
        match &self.credential {
            Credential::AppRole { role_id, .. } => role_id,
            Credential::Jwt { role, .. } => role,
        }
    }
}

/// Without credentials.
impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role").field("lease", &self.lease).finish_non_exhaustive()
    }
}
