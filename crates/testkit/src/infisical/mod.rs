//! Infisical without Infisical.

mod access;
mod ask;
mod bundle;
mod call;
mod caller;
mod change;
mod fake;
mod imports;
mod limit;
mod list;
mod login;
mod operation;
mod operator;
mod params;
mod place;
mod project;
mod read;
mod references;
mod reply;
mod rights;
mod secret;
mod service;
mod state;
mod tokens;
mod write;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use strongroom_core::Settings;

use crate::infisical::state::State;
use crate::loopback::Loopback;
use crate::server::{Server, lock};
use crate::{Fake, Fault, On, TlsFront};

pub use crate::infisical::call::InfisicalCall;

/// A server on 127.0.0.1 that answers as Infisical does: one project with its environments, folders and secrets, the
/// universal auth of identities, and service tokens. It keeps what is written to it, in memory.
///
/// [`address`](Self::address) is without TLS; [`tls_address`](Self::tls_address) is the same server under a certificate
/// authority of its own, and also stands behind the names of Infisical Cloud for whoever uses the
/// [proxy](Self::proxy_address).
///
/// What it does was read in the public source of Infisical's backend, whose files the comments name, and compared with
/// no server. Texts of errors are those of one version of it, and differ in others.
///
/// There are both generations of the interface, `/api/v4/secrets` with `/api/v2/folders` and `/api/v3/secrets/raw` with
/// `/api/v1/folders`, on the same secrets; either [can be taken away](Self::set_v4). Secrets have numbered versions
/// that stay readable by their numbers after a deletion, comments, metadata and overrides; folders have imports; values
/// are trimmed where they are written, and references in them are resolved where that is asked for.
///
/// A [`Fault`] sees `get` and `get_by_id` as [`On::Read`], `list` and `folders` as [`On::List`], `login` as
/// [`On::Login`], and `create`, `update`, `delete`, those for many and `create_folder` as [`On::Write`].
/// [`InfisicalCall::operation`] says what these are; `renew`, `revoke`, `service_token` and `status` are none of them.
/// A fault comes before everything else, so it hits requests without a token, too. [`error`](Self::error) makes a fault
/// with an error of the server.
///
/// Clones are handles of the same server, which ends when the last one is dropped. Two fakes share nothing. Nothing is
/// random but the keys of the certificate. Tokens are `canary-infisical-token-1` and so on, and end by the clock of the
/// fake, to the second.
///
/// # What it does not do
/// - Other projects, secrets with the legacy encryption, rotated and dynamic secrets, reminders, tags and the
///   filters by tags and metadata, replication, moving secrets, changing and deleting folders, projects and their
///   members. What there is no route for is 404, as on a server that does not know it.
/// - Users: all callers are identities or service tokens, so `type=personal` is refused in writes. Other ways to log in
///   than universal auth, organisations in organisations, periods in place of lifetimes, and trusted addresses.
/// - Signed tokens: they are texts. One that the fake did not issue is malformed, or has an invalid signature if it has
///   two dots. The server has a limit of its own on lifetimes; here 0 is without an end.
/// - Rights by names or tags of secrets, and rules that deny. Rights on folders are those on secrets.
/// - Listing the versions of a secret: the server gives them to users only.
/// - `ETag` and limits on sizes. Requests count for one [limit](Self::set_rate_limit), whatever they are.
/// - `details` of a denial is empty: the server tells the rules there.
///
/// # Where it decides what no source tells
/// - A [policy](Self::set_approval) asks everybody for an approval, also for writes of many. Some versions ask users
///   only.
/// - Of two versions with one name and number, after a secret was deleted and made again, the living secret's is read.
/// - Lists are in the order of paths, then of names, with overrides behind all others of their folder.
/// - A mask that a test [sets](Self::set_hidden) is on old versions, too.
/// - A project that there is not is not found, for service tokens as well.
/// - A body that is not JSON, or does not say so, is `InternalServerError`: the server's handler has no name for it.
/// - A route that there is not is 404 with or without a token.
///
/// ```
/// use strongroom_testkit::FakeInfisical;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let infisical = FakeInfisical::start().await;
/// infisical.put("/app", "DATABASE_URL", "canary-1");
/// infisical.add_identity("canary-reader", "canary-secret", &[("prod", "/app/**", &["read"])]);
/// let settings = infisical
///     .settings()
///     .with("INFISICAL_CLIENT_ID", "canary-reader")
///     .with("INFISICAL_CLIENT_SECRET", "canary-secret");
/// // A store that is opened with these settings may read what is in `/app` and below, and nothing else.
/// # let _ = settings;
/// assert_eq!(infisical.count("get"), 0);
/// # }
/// ```
#[derive(Clone)]
pub struct FakeInfisical {
    state: Arc<Mutex<State>>,
    servers: Arc<Servers>,
}

/// What ends with the last handle.
struct Servers {
    plain: Server,
    front: TlsFront,
    proxy: Loopback,
    /// Whether the settings lead to the front.
    is_tls: bool,
}

impl FakeInfisical {
    /// The one project that there is.
    pub const PROJECT_ID: &str = "00000000-0000-0000-0000-00000000000a";

    /// Its slug, which the old interface takes in place of the id.
    pub const PROJECT_SLUG: &str = "canary-project";

    /// The environment that methods without one are about. `dev` and `staging` are there, too.
    pub const ENVIRONMENT: &str = "prod";

    /// The client id of the identity that may do everything.
    pub const CLIENT_ID: &str = "00000000-0000-0000-0000-00000000000b";

    /// The client secret of that identity.
    pub const CLIENT_SECRET: &str = "canary-client-secret-of-the-fake";

    /// What a masked value is.
    pub const MASK: &str = bundle::MASK;

    /// Starts on free ports, with the clock of the machine; [`infisical`](crate::infisical()) says more.
    pub async fn start() -> Self {
        crate::infisical().start().await
    }

    /// What a program needs to use this server: the provider `infisical_self_host`, the address, the project, the
    /// environment, and universal auth as the identity that may do everything.
    pub fn settings(&self) -> Settings {
        self.variables().settings()
    }

    /// `http://127.0.0.1:port`
    pub fn address(&self) -> String {
        self.servers.plain.url()
    }

    /// `https://127.0.0.1:port`: the same server over TLS.
    pub fn tls_address(&self) -> String {
        self.servers.front.url()
    }

    /// `http://127.0.0.1:port`: a proxy that leads to the fake whoever wants to go to `app.infisical.com`,
    /// `us.infisical.com` or `eu.infisical.com`, and nobody elsewhere.
    pub fn proxy_address(&self) -> String {
        format!("http://{}", self.servers.proxy.address)
    }

    /// The certificate of the authority to trust at [`tls_address`](Self::tls_address).
    pub fn ca_pem(&self) -> &str {
        self.servers.front.ca_pem()
    }

    /// How many connections came to [`tls_address`](Self::tls_address), refused ones included.
    pub fn tls_connections(&self) -> usize {
        self.servers.front.connections()
    }

    /// The requests in the order in which they came, those that a fault answered included.
    pub fn calls(&self) -> Vec<InfisicalCall> {
        self.lock().calls.clone()
    }

    /// How many requests came, answered or refused: by an [operation](InfisicalCall::operation), such as `get`, or by
    /// method and path, such as `GET /api/v4/secrets/APP`, whatever the query and with or without a slash at the end.
    pub fn count(&self, what: &str) -> usize {
        self.lock().calls.iter().filter(|call| call.is(what)).count()
    }

    /// Adds a fault behind the others: the first that hits a call is used.
    pub fn fault(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// A fault that answers with an error: a name such as `DatabaseError`, and a text.
    ///
    /// # Panics
    /// Unless the status is from 100 to 999.
    pub fn error(on: On, status: u16, name: &str, message: &str) -> Fault {
        let mut body = reply::body(status, name, message.into());
        body["reqId"] = "req-canary-fault".into();
        Fault::new(on).status(status).body(body.to_string())
    }

    /// Whether there are `/api/v4/secrets` and `/api/v2/folders`. Without them the server is one that knows no such
    /// routes yet. Default: true.
    pub fn set_v4(&self, is_there: bool) {
        self.lock().has_v4 = is_there;
    }

    /// Whether there are `/api/v3/secrets/raw` and `/api/v1/folders`, which are deprecated. Default: true.
    pub fn set_v3(&self, is_there: bool) {
        self.lock().has_v3 = is_there;
    }

    /// Whether reads of a version by its number are denied to all, as no server does that is known. Default: false.
    pub fn deny_versions(&self, is_denied: bool) {
        self.lock().denies_versions = is_denied;
    }

    /// Whether nothing is put where a reference leads nowhere, as in older versions, in place of leaving it as it is.
    /// Default: false.
    pub fn set_missing_references_empty(&self, is_empty: bool) {
        self.lock().drops_missing_references = is_empty;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Without tokens and secrets.
impl fmt::Debug for FakeInfisical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeInfisical").field("address", &self.address()).finish_non_exhaustive()
    }
}

/// The hosts of Infisical Cloud: that of both regions, and one for each.
const HOSTS: [&str; 3] = ["app.infisical.com", "us.infisical.com", "eu.infisical.com"];
