//! Azure Key Vault without Azure.

mod access;
mod ask;
mod bundle;
mod call;
mod change;
mod entra;
mod fake;
mod identity;
mod operation;
mod operator;
mod page;
mod reply;
mod rights;
mod secret;
mod serve;
mod state;
mod tokens;
mod vault;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use strongroom_core::Settings;

use crate::azure::operation::Door;
use crate::azure::reply::{INNER, OLD_INNER};
use crate::azure::state::State;
use crate::loopback::Loopback;
use crate::server::{Server, lock};
use crate::{Fake, Fault, On, TlsFront};

pub use crate::azure::call::{AzureCall, AzureFlow};

/// Servers on 127.0.0.1 that answer as Azure does: the secrets of one Key Vault, Microsoft Entra ID for one tenant,
/// and the endpoints where a machine gets tokens for its managed identities. They keep what is written to them, in
/// memory.
///
/// [`address`](Self::address) is both the vault and Entra, over TLS and under a certificate authority of its own.
/// [`identity_address`](Self::identity_address) is without TLS, as on a machine in Azure, and has the identity
/// endpoints only: `/metadata/identity/oauth2/token` of a virtual machine, and `/msi/token` of App Service.
///
/// Texts of errors may differ from those of Azure. Nothing was compared with Azure from here; its official clients
/// for Python believe it.
///
/// The vault has secrets with versions, attributes, tags and content types, lists in pages, and soft deletion. Names
/// that differ in case only are one, spelt as it was first. The host in ids is the one that was asked, or
/// [what a test says](Self::set_vault_host). A request without a token gets a challenge, and what it brings along is
/// not looked at.
///
/// A [`Fault`] sees `get`, `versions` and `get_deleted` as [`On::Read`], `list` and `list_deleted` as [`On::List`],
/// `token` and `identity` as [`On::Login`], `set`, `update`, `delete`, `recover` and `purge` as [`On::Write`].
/// [`AzureCall::operation`] says what these are; `discovery` is none of them. A fault comes before everything else, so
/// it hits requests without a token, too. [`error`](Self::error) makes a fault with an error of the vault.
///
/// Clones are handles of the same servers, which end when the last one is dropped. Two fakes share nothing.
/// Nothing is random but the keys of the certificate: ids of versions follow from the calls, and their order is not
/// that of time. Tokens are `canary-azure-token-1` and so on, and run out by the clock of the fake.
///
/// # What it does not do
/// - Keys, certificates, storage accounts, `backup` and `restore`: 404 with a code of the fake's own.
/// - Signed tokens: they are texts, and only the fake that issued them knows for whom. Certificates of
///   applications, other grants, other tenants, other clouds, and the discovery of authorities. Claims challenges.
/// - Assertions are compared with the text that a test [sets](Self::set_assertion), and not read.
/// - Identities by object or resource id, `POST` to the identity endpoints, the other kinds of them.
/// - `exp` and `nbf`: secrets are given out all the same, as the service does.
/// - Rights beyond "these actions on these names". Which rights a role has is not known here.
/// - Rates: nothing is throttled but by a fault. Limits on tags, content types and numbers of secrets.
/// - Delays: what is deleted can be read as deleted at once, and what is recovered as it was. The service takes
///   seconds, and says `ObjectIsBeingDeleted` or `ObjectIsBeingRecovered` meanwhile.
/// - The port `:443` that links to next pages have at Azure: here they have the host as it was asked.
/// - The header `Content-Type` of requests is not looked at.
///
/// # Where it decides what no source tells
/// - The vault looks at the token first, then at the version of the interface, the name, rights, and the body.
/// - What is no id of a version is not found; the name of a version matches in any case.
/// - A list of versions needs `list` on the name. An empty value is kept.
/// - An update without a version changes the latest one. A null in a body is as good as nothing.
/// - A wrong assertion is `AADSTS700213` with 401. The secret is checked before the scope.
/// - Secrets can be recovered for 90 days, and purged before.
/// - Lists are in the order of lower-case names, and of ids of versions.
///
/// ```
/// use strongroom_testkit::FakeAzure;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let azure = FakeAzure::start().await;
/// azure.put("app--db", "canary-1");
/// azure.add_client("canary-reader", "canary-secret", &[("app--*", &["get"])]);
/// let settings = azure
///     .settings()
///     .with("AZURE_CLIENT_ID", "canary-reader")
///     .with("AZURE_CLIENT_SECRET", "canary-secret");
/// // A store that is opened with these settings may read names that begin with `app--`, and nothing else.
/// # let _ = settings;
/// assert_eq!(azure.count("get"), 0);
/// # }
/// ```
#[derive(Clone)]
pub struct FakeAzure {
    state: Arc<Mutex<State>>,
    servers: Arc<Servers>,
}

/// What ends with the last handle.
struct Servers {
    front: TlsFront,
    identity: Server,
    proxy: Loopback,
    /// Behind the front.
    _vault: Server,
}

impl FakeAzure {
    /// The one tenant that Entra has.
    pub const TENANT_ID: &str = "00000000-0000-0000-0000-00000000000a";

    /// The host of the vault by the name that it would have at Azure; see
    /// [`cloud_variables`](Self::cloud_variables).
    pub const VAULT_HOST: &str = "canary.vault.azure.net";

    /// The client id of the application that may do everything.
    pub const CLIENT_ID: &str = "00000000-0000-0000-0000-00000000000b";

    /// The secret of that application.
    pub const CLIENT_SECRET: &str = "canary-client-secret-of-the-fake";

    /// The client id of the machine's own identity, which may do everything.
    pub const SYSTEM_IDENTITY: &str = "00000000-0000-0000-0000-00000000000c";

    /// What a client has to send as `X-IDENTITY-HEADER` to the endpoint of App Service.
    pub const IDENTITY_HEADER: &str = "canary-identity-header-of-the-fake";

    /// The resource that tokens for the vault are asked for. As a scope, `/.default` follows.
    pub const RESOURCE: &str = "https://vault.azure.net";

    /// Starts on free ports, with the clock of the machine; [`azure`](crate::azure()) says more.
    pub async fn start() -> Self {
        crate::azure().start().await
    }

    /// What a program needs to use this server: the provider `azure_kv`, the address, the authority of its
    /// certificate, and a client secret.
    pub fn settings(&self) -> Settings {
        self.variables().settings()
    }

    /// `https://127.0.0.1:port`: the vault, and the authority that gives tokens for it.
    pub fn address(&self) -> String {
        self.servers.front.url()
    }

    /// `http://127.0.0.1:port`: what `AZURE_POD_IDENTITY_AUTHORITY_HOST` is set to.
    pub fn identity_address(&self) -> String {
        self.servers.identity.url()
    }

    /// What `IDENTITY_ENDPOINT` is set to on App Service.
    pub fn identity_endpoint(&self) -> String {
        format!("{}/msi/token", self.identity_address())
    }

    /// `http://127.0.0.1:port`: a proxy that leads to the fake whoever wants to go to
    /// [`VAULT_HOST`](Self::VAULT_HOST) or to `login.microsoftonline.com`, and nobody elsewhere.
    pub fn proxy_address(&self) -> String {
        format!("http://{}", self.servers.proxy.address)
    }

    /// The certificate of the authority to trust.
    pub fn ca_pem(&self) -> &str {
        self.servers.front.ca_pem()
    }

    /// How many connections came to [`address`](Self::address), refused ones included.
    pub fn connections(&self) -> usize {
        self.servers.front.connections()
    }

    /// The requests in the order in which they came, those that a fault answered included.
    pub fn calls(&self) -> Vec<AzureCall> {
        self.lock().calls.clone()
    }

    /// How many requests came, answered or refused: by an [operation](AzureCall::operation), such as `get`, or by
    /// method and path, such as `GET /secrets/app`, whatever the query and with or without a slash at the end.
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

    /// A fault that answers with an error of the vault: a code such as `Throttled`, and for some an inner one, such
    /// as `ForbiddenByFirewall`.
    ///
    /// # Panics
    /// Unless the status is from 100 to 999.
    pub fn error(on: On, status: u16, code: &str, inner: Option<&str>) -> Fault {
        let body = reply::body(code, "The fake was told to answer so.", inner, INNER);
        Fault::new(on).status(status).body(body.to_string())
    }

    /// Changes the host in ids, such as to `canary.vault.azure.net`. Links to next pages keep the host that was
    /// asked.
    pub fn set_vault_host(&self, host: &str) {
        self.lock().vault_host = Some(host.to_owned());
    }

    /// Sets the link to the next page in all lists, also at their ends; `None` gives the right ones again.
    pub fn set_next_link(&self, url: Option<&str>) {
        self.lock().next_link = url.map(str::to_owned);
    }

    /// Whether errors spell the member with the inner one `innerError`, as older answers do. They spell it
    /// `innererror` until this says otherwise. Those of faults stay as they are.
    pub fn set_old_inner_error(&self, is_old: bool) {
        self.lock().inner_member = if is_old { OLD_INNER } else { INNER };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Without tokens and secrets.
impl fmt::Debug for FakeAzure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeAzure").field("address", &self.address()).finish_non_exhaustive()
    }
}

fn server(state: &Arc<Mutex<State>>, door: Door) -> io::Result<Server> {
    let shared = Arc::clone(state);
    Server::start(0, move |request| lock(&shared).respond(door, request))
}

/// Where tokens come from at Azure.
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// The hosts that the servers have at Azure.
const HOSTS: [&str; 2] = [FakeAzure::VAULT_HOST, "login.microsoftonline.com"];

/// What a workload brings along, unless a test says otherwise.
const ASSERTION: &str = "canary-assertion";
