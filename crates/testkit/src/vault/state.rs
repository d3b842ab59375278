//! The whole server behind its lock, and the order in which it looks at a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_core::Clock;

use crate::On;
use crate::fault::Faults;
use crate::server::{Answer, Request};
use crate::vault::ask::{self, Ask, Operation};
use crate::vault::auth::{Method, Methods};
use crate::vault::engine::{Engine, Mounts};
use crate::vault::login;
use crate::vault::reply::{Outcome, Reply};
use crate::vault::token::Token;
use crate::vault::wrapping::{self, Named};
use crate::vault::{Mount, ServerState, VaultCall, sys, token};

/// What all handles of one fake share.
pub(super) struct State {
    pub(super) server: ServerState,
    /// Where the methods of the fake keep secrets; the root without one.
    pub(super) namespace: Option<String>,
    pub(super) signing_key: Option<String>,
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) faults: Faults,
    pub(super) calls: Vec<VaultCall>,
    /// By their names; that of the root is empty.
    namespaces: BTreeMap<String, Namespace>,
    clock: Arc<dyn Clock>,
    /// Tokens that logins handed out so far.
    pub(super) logins: usize,
    /// Wrapping tokens made so far.
    pub(super) wraps: usize,
}

/// What is mounted in one namespace.
#[derive(Default)]
struct Namespace {
    mounts: Mounts,
    methods: Methods,
}

impl State {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            server: ServerState::Active,
            namespace: None,
            signing_key: None,
            tokens: BTreeMap::new(),
            faults: Faults::default(),
            calls: Vec::new(),
            namespaces: BTreeMap::from([(String::new(), Namespace::default())]),
            clock,
            logins: 0,
            wraps: 0,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.now()).unwrap_or_default()
    }

    pub(super) fn add_namespace(&mut self, name: &str) {
        self.namespaces.entry(trimmed(name).to_owned()).or_default();
    }

    /// Mounts, or with `None` unmounts. The path begins with that of the namespace.
    pub(super) fn mount(&mut self, path: &str, mount: Option<Mount>) {
        let (namespace, path) = self.split(trimmed(path));
        if let Some(Namespace { mounts, .. }) = self.namespaces.get_mut(&namespace) {
            match mount {
                Some(mount) => mounts.mount(&path, mount),
                None => mounts.unmount(&path),
            }
        }
    }

    /// The auth methods of a namespace, and the path there. The path given begins with that of the namespace.
    pub(super) fn methods(&mut self, path: &str) -> Option<(&mut Methods, String)> {
        let (namespace, path) = self.split(trimmed(path));
        Some((&mut self.namespaces.get_mut(&namespace)?.methods, path))
    }

    /// Answers a request and remembers that it came.
    pub(super) fn respond(&mut self, request: &Request) -> Answer {
        let path = request.url.path();
        let ask = Ask::read(request);
        let kind = ask.as_ref().ok().and_then(|ask| self.kind(ask));
        let fault = self.faults.next(kind, path);
        if let Some((status, answer)) = fault.as_ref().and_then(crate::Fault::answer) {
            self.record(request, status);
            return answer;
        }
        let reply = ask.and_then(|ask| self.answer(ask)).unwrap_or_else(|refusal| refusal);
        self.record(request, reply.status());
        let response = reply.into_response(self.calls.len(), self.now());
        fault.iter().fold(response, |response, fault| fault.change(response))
    }

    pub(super) fn answer(&mut self, mut ask: Ask) -> Outcome {
        let now = self.now();
        if let Some(outcome) = sys::public(&ask, self.server, now.as_second()) {
            return outcome;
        }
        if self.server.is_sealed() {
            return Err(Reply::error(503, "Vault is sealed"));
        }
        let writes = matches!(ask.operation, Operation::Write | Operation::Patch);
        if writes && ask.path.ends_with('/') {
            return Err(Reply::error(400, "cannot write to a path ending in '/'"));
        }
        let (namespace, path) =
            self.place(&ask).ok_or_else(|| Reply::error(404, "namespace not found"))?;
        let reply = self.serve(&mut ask, &namespace, &path, now)?;
        Ok(reply.warn_of(&ask.fields))
    }

    /// Answers a request in a namespace: first what needs no token.
    fn serve(&mut self, ask: &mut Ask, namespace: &str, path: &str, now: Timestamp) -> Outcome {
        if let Some(outcome) = self.login(ask, namespace, path, now) {
            return outcome;
        }
        if path == "sys/wrapping/lookup" {
            return wrapping::lookup(&self.tokens, ask, now);
        }
        // What is to be unwrapped is looked at before who asks.
        let wrapped = match path {
            "sys/wrapping/unwrap" => Some(Named::read(&self.tokens, ask, now)?),
            _ => None,
        };
        let caller = self.tokens.get_mut(&ask.token).filter(|token| token.is_alive(now));
        let caller = caller.ok_or_else(|| Reply::error(403, "permission denied"))?;
        if let Some(about) = path.strip_prefix("sys/internal/ui/mounts/") {
            return self.describe_mount(ask, namespace, about);
        }
        let last = caller.count_use();
        let outcome = self.authorise(ask, namespace, path).and_then(|()| match &wrapped {
            Some(wrapped) => wrapping::unwrap(&mut self.tokens, wrapped, ask),
            None => self.route(ask, namespace, path, now),
        });
        if last {
            self.tokens.remove(&ask.token);
        }
        outcome
    }

    fn authorise(&mut self, ask: &Ask, namespace: &str, path: &str) -> Result<(), Reply> {
        let capability = match ask.operation {
            Operation::Read => "read",
            Operation::List => "list",
            Operation::Patch => "patch",
            Operation::Delete => "delete",
            Operation::Head => "head",
            Operation::Write => match self.engine(namespace, path) {
                Some((_, engine, rest)) if !engine.has(rest) => "create",
                _ => "update",
            },
        };
        let allowed = self.tokens.get(&ask.token).is_some_and(|token| {
            // What a token asks about itself, or about what is wrapped, is asked in its own namespace.
            match path.starts_with("auth/token/") || path.starts_with("sys/wrapping/") {
                true => token.allows_own(capability, path),
                false => token.allows(capability, &(prefix(namespace) + path)),
            }
        });
        if allowed { Ok(()) } else { Err(Reply::listed(403, "permission denied")) }
    }

    fn route(&mut self, ask: &mut Ask, namespace: &str, path: &str, now: Timestamp) -> Outcome {
        if let Some(rest) = path.strip_prefix("auth/token/") {
            return token::answer(&mut self.tokens, rest, ask, now);
        }
        match path {
            "sys/capabilities-self" if ask.operation == Operation::Write => {
                let token = self.tokens.get(&ask.token).filter(|token| !token.is_ending());
                let token = token.ok_or_else(|| Reply::listed(400, "invalid token"))?;
                return sys::capabilities(token, ask, &prefix(namespace));
            }
            "sys/capabilities-self" => return Err(Reply::unsupported_operation()),
            _ if path.starts_with("sys/") || self.is_auth(namespace, path) => {
                return Err(Reply::unsupported_path());
            }
            _ => {}
        }
        let text = || format!("no handler for route \"{path}\". route entry not found.");
        let found = self.engine(namespace, path);
        let (_, engine, rest) = found.ok_or_else(|| Reply::error(404, text()))?;
        engine.answer(ask.operation, rest, &mut ask.fields, now)
    }

    fn describe_mount(&mut self, ask: &Ask, namespace: &str, about: &str) -> Outcome {
        if ask.operation != Operation::Read {
            return Err(Reply::error(405, "unsupported operation"));
        }
        if about.is_empty() {
            return Err(Reply::error(404, "unsupported path"));
        }
        let refused = || sys::no_mount(about);
        let (mount, engine, _) = self.engine(namespace, about).ok_or_else(refused)?;
        let (kind, options) = engine.describe();
        let (prefix, path) = (prefix(namespace), format!("{mount}/"));
        let full = format!("{prefix}{path}");
        match self.tokens.get(&ask.token).is_some_and(|token| token.reaches(&full)) {
            true => Ok(sys::mount(&prefix, &path, kind, &options)),
            false => Err(refused()),
        }
    }

    /// What the request is to a fault; nothing if it is neither a login nor for an engine.
    fn kind(&mut self, ask: &Ask) -> Option<On> {
        let (namespace, path) = self.place(ask)?;
        if login::mount(&path).is_some() || path == "sys/wrapping/unwrap" {
            return Some(On::Login);
        }
        let (_, engine, rest) = self.engine(&namespace, &path)?;
        Some(engine.kind(ask.operation, rest))
    }

    /// The mount that a path of a namespace is in, its engine, and the rest of the path.
    fn engine<'a>(
        &mut self,
        namespace: &str,
        path: &'a str,
    ) -> Option<(&'a str, &mut Engine, &'a str)> {
        self.namespaces.get_mut(namespace)?.mounts.find(path)
    }

    pub(super) fn method(&mut self, namespace: &str, mount: &str) -> Option<&mut Method> {
        self.namespaces.get_mut(namespace)?.methods.get(mount)
    }

    /// Whether a path of a namespace is in one of its auth methods.
    fn is_auth(&self, namespace: &str, path: &str) -> bool {
        let found = self.namespaces.get(namespace);
        let covers = |path| found.is_some_and(|found| found.methods.covers(path));
        path.strip_prefix("auth/").is_some_and(covers)
    }

    /// The namespace of a request, and its path there: the header and the path may both name it.
    fn place(&self, ask: &Ask) -> Option<(String, String)> {
        match trimmed(&ask.namespace) {
            "" | "root" => Some(self.split(&ask.path)),
            name if self.namespaces.contains_key(name) => {
                Some(self.split(&format!("{name}/{}", ask.path)))
            }
            _ => None,
        }
    }

    pub(super) fn split(&self, path: &str) -> (String, String) {
        let names = self.namespaces.keys().filter(|name| !name.is_empty());
        let inside = names
            .filter_map(|name| Some((name, path.strip_prefix(name.as_str())?.strip_prefix('/')?)));
        match inside.max_by_key(|(name, _)| name.len()) {
            Some((name, rest)) => (name.clone(), rest.to_owned()),
            None => (String::new(), path.to_owned()),
        }
    }

    fn record(&mut self, request: &Request, status: u16) {
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        self.calls.push(VaultCall {
            method: request.method.to_string(),
            path: request.url.path().to_owned() + &query,
            status,
            namespace: ask::namespace(request).map(str::to_owned),
        });
    }
}

pub(super) fn trimmed(path: &str) -> &str {
    path.trim_matches('/')
}

/// What the paths in a namespace begin with, seen from the root.
fn prefix(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!("{namespace}/") }
}
