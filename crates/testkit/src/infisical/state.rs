//! Everything behind its lock, and the order in which it looks at a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use strongroom_core::Clock;

use crate::fault::Faults;
use crate::infisical::FakeInfisical;
use crate::infisical::ask::Ask;
use crate::infisical::call::InfisicalCall;
use crate::infisical::limit::RateLimit;
use crate::infisical::login::{Identity, Lockout, log_in};
use crate::infisical::operation::{Api, Operation};
use crate::infisical::params::Params;
use crate::infisical::project::Project;
use crate::infisical::reply::{Refusal, Reply};
use crate::infisical::rights::Rights;
use crate::infisical::service::ServiceTokens;
use crate::infisical::tokens::Tokens;
use crate::server::{Answer, Request};

/// What all handles of one fake share.
pub(super) struct State {
    pub(super) project: Project,
    /// By their client ids.
    pub(super) identities: BTreeMap<String, Identity>,
    pub(super) tokens: Tokens,
    pub(super) services: ServiceTokens,
    pub(super) lockout: Lockout,
    pub(super) limit: RateLimit,
    pub(super) faults: Faults,
    pub(super) calls: Vec<InfisicalCall>,
    pub(super) signing_key: Option<String>,
    /// Which of the two interfaces there are.
    pub(super) has_v4: bool,
    pub(super) has_v3: bool,
    /// Whether a reference that leads nowhere is replaced by nothing.
    pub(super) drops_missing_references: bool,
    /// Whether nobody may read older versions.
    pub(super) denies_versions: bool,
    clock: Arc<dyn Clock>,
}

impl State {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let now = Timestamp::try_from(clock.now()).unwrap_or_default();
        let owner = Identity::new(Some(FakeInfisical::CLIENT_SECRET), Rights::all());
        Self {
            project: Project::new(now),
            identities: BTreeMap::from([(FakeInfisical::CLIENT_ID.to_owned(), owner)]),
            tokens: Tokens::default(),
            services: ServiceTokens::default(),
            lockout: Lockout::default(),
            limit: RateLimit::default(),
            faults: Faults::default(),
            calls: Vec::new(),
            signing_key: None,
            has_v4: true,
            has_v3: true,
            drops_missing_references: false,
            denies_versions: false,
            clock,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.now()).unwrap_or_default()
    }

    /// Answers a request and remembers that it came.
    pub(super) fn respond(&mut self, request: &Request) -> Answer {
        let ask = Ask::read(request);
        let mut call = InfisicalCall::read(&ask, &self.tokens);
        let fault = self.faults.next(ask.operation().kind(), ask.path());
        if let Some((status, answer)) = fault.as_ref().and_then(crate::Fault::answer) {
            call.status = status;
            self.calls.push(call);
            return answer;
        }
        let number = self.calls.len() + 1;
        let outcome = self.answer(&ask);
        let mut reply = outcome.map(Reply::ok).unwrap_or_else(|refusal| refusal.into_reply(number));
        reply.headers.extend(self.limit.headers());
        call.status = reply.status;
        call.error.clone_from(&reply.error);
        self.calls.push(call);
        let response = reply.into_response();
        fault.iter().fold(response, |response, fault| fault.change(response))
    }

    /// The web framework looks for the route, then at the token, the body, the rate and the parameters.
    fn answer(&mut self, ask: &Ask<'_>) -> Result<Value, Refusal> {
        let (operation, now) = (ask.operation(), self.now());
        let is_served = match ask.route.api {
            Api::New => self.has_v4,
            Api::Old => self.has_v3,
            Api::None => operation != Operation::Unknown,
        };
        if !is_served {
            return Err(Refusal::no_route(ask.method(), &ask.target()));
        }
        match operation {
            Operation::Status => return Ok(json!({ "date": now.to_string(), "message": "Ok" })),
            Operation::Login | Operation::Renew | Operation::Revoke => {
                ask.check_body()?;
                self.limit.take(now)?;
                return self.authenticate(ask, now);
            }
            _ => {}
        }
        let caller = self.admit(ask, now)?;
        ask.check_body()?;
        self.limit.take(now)?;
        match operation {
            Operation::Get => self.get(ask, &caller),
            Operation::GetById => self.get_by_id(ask, &caller),
            Operation::List => self.list(ask, &caller),
            Operation::Create | Operation::Update | Operation::Delete => self.change(ask, &caller),
            Operation::CreateMany | Operation::UpdateMany | Operation::DeleteMany => {
                self.change_many(ask, &caller)
            }
            Operation::Folders => self.folders(ask, &caller),
            Operation::CreateFolder => self.create_folder(ask, &caller),
            _ => caller
                .service()
                .map(|token| token.describe())
                .ok_or_else(|| Refusal::no_route(ask.method(), &ask.target())),
        }
    }

    fn authenticate(&mut self, ask: &Ask<'_>, now: Timestamp) -> Result<Value, Refusal> {
        let mut params = Params::new(ask);
        if ask.operation() == Operation::Login {
            let (id, secret) = (params.required("clientId"), params.required("clientSecret"));
            params.finish()?;
            let lifetimes = log_in(&mut self.identities, &id, &secret, self.lockout, now)?;
            return Ok(self.tokens.open(&id, lifetimes, now));
        }
        let token = params.required("accessToken");
        params.finish()?;
        match ask.operation() {
            Operation::Renew => self.tokens.renew(&token, now),
            _ => self.tokens.revoke(&token, now),
        }
    }
}
