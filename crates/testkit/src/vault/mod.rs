//! A Vault without Vault.

mod access;
mod ask;
mod auth;
mod engine;
mod entry;
mod fake;
mod fields;
mod kv1;
mod kv2;
mod lease;
mod login;
mod policy;
mod reply;
mod role;
mod state;
mod sys;
mod token;
mod transit;
mod wrapping;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use strongroom_core::Settings;

use crate::entrance::Entrance;
use crate::server::lock;
use crate::vault::state::State;
use crate::{Fake, Fault};

pub use crate::vault::auth::Auth;
pub use crate::vault::lease::Lease;
pub use crate::vault::role::Role;

/// A server on 127.0.0.1 that answers as OpenBao 2.7.2 does: KV v2 at `secret`, KV v1 at `kv1`, Transit at
/// `transit`, tokens with policies and leases, namespaces, health. It keeps what is written to it, in memory.
///
/// Clients log in with AppRole, Kubernetes and JWT, once a test [added a role](Self::add_role) for them. The
/// tokens that they get are `canary-login-1` and so on. Leases run by the clock of the fake.
///
/// Clones are handles of the same server, which ends when the last one is dropped. Two fakes share nothing.
/// Nothing is random: the secrets of a Transit key follow from its name, its version and how many keys were
/// deleted before it, so two fakes make the same signatures. Numbers in ids follow from the calls.
///
/// # What it does not do
/// - Leases of secrets, quotas, audit, entities, replication, consistency headers, HTML bodies.
/// - The verbs `OPTIONS` and `SCAN`.
/// - Anything under `sys/` but `health`, `seal-status`, `capabilities-self`, `internal/ui/mounts/<path>`,
///   `wrapping/lookup` and `wrapping/unwrap`, and under `auth/` but the `-self` calls of `token` and `login`.
///   Health codes in the query are ignored.
/// - Auth methods over the wire: roles, secret ids and what wraps them are made by the methods here. A removed
///   role does not hinder renewals of its tokens. The header `X-Vault-Wrap-TTL` is ignored.
/// - Checks of a JWT: the text of the role is accepted, and every other is refused as one with a bad signature.
///   What a cluster does at a Kubernetes login was never compared, beyond the fields of one good answer.
/// - KV v2 `config`, `subkeys`, `detailed-metadata` and patches of metadata; limits on sizes and names, but for the
///   1,000 strings of a body.
/// - Transit keys of other types than `ed25519`, `hmac` and `aes256-gcm96` (which does HMACs only); SHA-3,
///   derived keys, export, prehashed input and JWS encoding. It ignores those fields.
/// - Children of tokens, and accessors: there is one for all, and batch tokens have none.
/// - The exact text after `failed to decode JSON input:`, beyond cut-off bodies and bad literals; the loss of
///   digits in numbers above 2^53; text in fields that is not UTF-8; pages of lists.
/// - Redirects for `..`: the HTTP library below resolves it first. `//` and `%2F..%2F` are answered as they
///   should be.
/// - What HashiCorp Vault Enterprise says about its health is after its documentation, never compared.
///
/// ```
/// use strongroom_testkit::FakeVault;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let vault = FakeVault::start().await;
/// vault.add_token("canary-app", &[("secret/data/app/*", &["read"])]);
/// let settings = vault.settings().with("VAULT_TOKEN", "canary-app");
/// // A store that is opened with these settings may read below `app/`, and nothing else.
/// # let _ = settings;
/// assert_eq!(vault.count("GET", "/v1/secret/data/app/db"), 0);
/// # }
/// ```
#[derive(Clone)]
pub struct FakeVault {
    state: Arc<Mutex<State>>,
    /// Ends with the last handle.
    entrance: Arc<Entrance>,
}

/// One request that came, and the status it was answered with.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct VaultCall {
    /// The verb, such as `GET` or `LIST`.
    pub method: String,
    /// Path and query as they were sent, such as `/v1/secret/data/app?version=2`.
    pub path: String,
    /// The status of the answer, which a [`Fault`] may have set.
    pub status: u16,
    /// The header `X-Vault-Namespace`, if it was there.
    pub namespace: Option<String>,
}

/// What can be mounted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Mount {
    /// KV without versions.
    Kv1,
    /// KV with versions.
    Kv2,
    /// Signatures and HMACs with keys that stay inside.
    Transit,
}

/// How the server is. Health tells all of them apart; the rest of the server serves unless it is sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ServerState {
    /// Serves. Health is 200.
    Active,
    /// Serves by asking the active server. Health is 429.
    Standby,
    /// Serves reads itself. Health is 473.
    PerformanceStandby,
    /// Waits for a disaster. Health is 472.
    DrSecondary,
    /// Answers 503, whatever the token.
    Sealed,
    /// As [`Sealed`](Self::Sealed), and health is 501.
    Uninitialised,
    /// A standby that cannot reach the active server. Health is 474.
    CutOff,
    /// Was removed from its cluster. Health is 530.
    Removed,
}

impl FakeVault {
    /// The token that may do everything.
    pub const TOKEN: &str = "canary-root-token";

    /// Starts on a free port, with the clock of the machine; [`vault`](crate::vault) says more.
    pub async fn start() -> Self {
        crate::vault().start().await
    }

    /// `http://127.0.0.1:port`, or `https` with [`Builder::tls`](crate::Builder::tls).
    pub fn address(&self) -> String {
        self.entrance.url()
    }

    /// What a program needs to use this server: the provider `vault_dev`, the address and the root token.
    pub fn settings(&self) -> Settings {
        self.variables().settings()
    }

    /// The requests in the order in which they came, those that a fault answered included.
    pub fn calls(&self) -> Vec<VaultCall> {
        self.lock().calls.clone()
    }

    /// How many requests came with this method and exactly this path, whatever their query.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let is =
            |call: &&VaultCall| call.method == method && call.path.split('?').next() == Some(path);
        self.lock().calls.iter().filter(is).count()
    }

    /// Changes how the server is. What it keeps stays.
    pub fn set_state(&self, state: ServerState) {
        self.lock().server = state;
    }

    /// Adds a fault behind the others: the first that hits a call is used.
    pub fn fault(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Mounts an empty engine; one that was there is gone. The path begins with the namespace, if it is in one.
    pub fn mount(&self, path: &str, mount: Mount) {
        self.lock().mount(path, Some(mount));
    }

    /// Takes an engine away with everything in it.
    pub fn unmount(&self, path: &str) {
        self.lock().mount(path, None);
    }

    /// Adds a namespace with its own three mounts; one that is there stays as it is.
    pub fn add_namespace(&self, name: &str) {
        self.lock().add_namespace(name);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Without tokens and secrets.
impl fmt::Debug for FakeVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeVault").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl ServerState {
    fn health_status(self) -> u16 {
        match self {
            Self::Active => 200,
            Self::Standby => 429,
            Self::DrSecondary => 472,
            Self::PerformanceStandby => 473,
            Self::CutOff => 474,
            Self::Uninitialised => 501,
            Self::Sealed => 503,
            Self::Removed => 530,
        }
    }

    fn is_sealed(self) -> bool {
        matches!(self, Self::Sealed | Self::Uninitialised)
    }
}
