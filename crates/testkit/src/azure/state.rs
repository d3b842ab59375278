//! Everything behind its lock, and the order in which it looks at a request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use strongroom_core::Clock;

use crate::azure::ask::Ask;
use crate::azure::call::AzureCall;
use crate::azure::entra::Entra;
use crate::azure::identity::Identities;
use crate::azure::operation::{Door, Operation};
use crate::azure::reply::{INNER, Refusal, Reply};
use crate::azure::rights::Rights;
use crate::azure::tokens::Tokens;
use crate::azure::vault::Vault;
use crate::azure::{ASSERTION, FakeAzure};
use crate::fault::Faults;
use crate::server::{Answer, Request};

/// What all handles of one fake share.
pub(super) struct State {
    pub(super) vault: Vault,
    pub(super) entra: Entra,
    pub(super) identities: Identities,
    pub(super) tokens: Tokens,
    /// By client ids, of applications and of managed identities.
    pub(super) rights: BTreeMap<String, Rights>,
    pub(super) faults: Faults,
    pub(super) calls: Vec<AzureCall>,
    pub(super) signing_key: Option<String>,
    /// Where tokens come from, if it is not said otherwise.
    pub(super) authority: String,
    /// What a challenge names: where tokens come from, and for what.
    pub(super) challenge: (Option<String>, String),
    /// In ids, in place of the host that was asked.
    pub(super) vault_host: Option<String>,
    pub(super) next_link: Option<String>,
    /// The inner code of what rights do not allow.
    pub(super) denial: String,
    /// How the member with the inner code is spelt.
    pub(super) inner_member: &'static str,
    /// What the file of a workload identity holds.
    pub(super) token_file: String,
    clock: Arc<dyn Clock>,
}

impl State {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let (client, secret) = (FakeAzure::CLIENT_ID, FakeAzure::CLIENT_SECRET);
        let known = [client, FakeAzure::SYSTEM_IDENTITY];
        Self {
            vault: Vault::default(),
            entra: Entra {
                applications: BTreeMap::from([(client.to_owned(), secret.to_owned())]),
                assertion: ASSERTION.to_owned(),
            },
            identities: Identities { system: true, users: BTreeSet::new(), is_number: false },
            tokens: Tokens::default(),
            rights: known.map(|id| (id.to_owned(), Rights::all())).into(),
            faults: Faults::default(),
            calls: Vec::new(),
            signing_key: None,
            authority: String::new(),
            challenge: (None, FakeAzure::RESOURCE.to_owned()),
            vault_host: None,
            next_link: None,
            denial: "ForbiddenByRbac".to_owned(),
            inner_member: INNER,
            token_file: ASSERTION.to_owned(),
            clock,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.now()).unwrap_or_default()
    }

    /// Answers a request and remembers that it came.
    pub(super) fn respond(&mut self, door: Door, request: &Request) -> Answer {
        let (ask, now) = (Ask::read(door, request), self.now());
        self.vault.purge_due(now.as_second());
        let mut call = AzureCall::read(&ask, &self.tokens);
        let fault = self.faults.next(ask.operation().kind(), ask.path());
        if let Some((status, answer)) = fault.as_ref().and_then(crate::Fault::answer) {
            call.status = status;
            self.calls.push(call);
            return answer;
        }
        let reply = self.answer(&ask, now);
        call.status = reply.status;
        call.error.clone_from(&reply.error);
        self.calls.push(call);
        let response = reply.into_response(self.calls.len(), now);
        fault.iter().fold(response, |response, fault| fault.change(response))
    }

    fn answer(&mut self, ask: &Ask<'_>, now: Timestamp) -> Reply {
        match ask.operation() {
            Operation::Token => self.entra.token(ask, &mut self.tokens, now),
            Operation::Discovery => self.entra.discovery(ask, now),
            Operation::Imds => self.identities.imds(ask, &mut self.tokens, now),
            Operation::AppService => self.identities.app_service(ask, &mut self.tokens, now),
            Operation::Unknown => Refusal::no_path().into_reply(self.inner_member),
            _ => {
                let outcome = self.serve(ask, now);
                outcome.unwrap_or_else(|refusal| refusal.into_reply(self.inner_member))
            }
        }
    }
}
