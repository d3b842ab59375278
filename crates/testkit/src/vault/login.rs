//! Handing out the token of a login.

use std::time::Duration;

use jiff::Timestamp;

use crate::vault::ask::Ask;
use crate::vault::auth::Granted;
use crate::vault::reply::{Outcome, Reply};
use crate::vault::state::State;
use crate::vault::token::{Login, Token};

impl State {
    /// Answers a login; nothing if the path is not that of one.
    pub(super) fn login(
        &mut self,
        ask: &mut Ask,
        namespace: &str,
        path: &str,
        now: Timestamp,
    ) -> Option<Outcome> {
        let mount = mount(path)?;
        let granted = self.method(namespace, mount)?.login(ask);
        Some(granted.map(|granted| self.hand_out(granted, namespace, mount, now)))
    }

    fn hand_out(
        &mut self,
        granted: Granted,
        namespace: &str,
        mount: &str,
        now: Timestamp,
    ) -> Reply {
        self.logins += 1;
        let id = format!("canary-login-{}", self.logins);
        let Granted { policy, lease, metadata, alias, entity_id } = granted;
        let display_name = display_name(namespace, mount, &alias);
        let login =
            Login { path: format!("auth/{mount}/login"), display_name, metadata, entity_id };
        let token = Token::new(policy, lease, now).of_login(login, namespace);
        // Asked once more for what it warns of.
        let grant = lease.grant(Duration::ZERO, false, now, now).ok();
        let reply = token.show(&id, now);
        self.tokens.insert(id, token);
        grant.and_then(|grant| grant.warning).into_iter().fold(reply, Reply::warn)
    }
}

/// The auth method that a call logs in at, if it does.
pub(super) fn mount(path: &str) -> Option<&str> {
    path.strip_prefix("auth/")?.strip_suffix("/login")
}

/// What a token of a login is shown as: where it was, and who.
fn display_name(namespace: &str, mount: &str, alias: &str) -> String {
    let place = match namespace {
        "" => mount.to_owned(),
        namespace => format!("{namespace}-auth-{mount}"),
    };
    let name = if alias.is_empty() { place } else { format!("{place}-{alias}") };
    name.replace('/', "-")
}
