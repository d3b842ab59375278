//! The whole server behind its lock, and the order in which it looks at a request.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use strongroom_core::{Clock, SystemClock};

use crate::aws::account::Account;
use crate::aws::ask::{self, Ask};
use crate::aws::fields::Fields;
use crate::aws::key::{Key, Keys};
use crate::aws::policy::Policy;
use crate::aws::reply::{self, Outcome, Refusal};
use crate::aws::signature::{Signature, header};
use crate::aws::{AwsCall, ErrorForm, FakeAws, delete, list, read, replica, write};
use crate::fault::Faults;
use crate::server::{Answer, Request};

/// What all handles of one fake share.
pub(super) struct State {
    pub(super) account: Account,
    pub(super) keys: Keys,
    pub(super) faults: Faults,
    pub(super) calls: Vec<AwsCall>,
    pub(super) signing_key: Option<String>,
    pub(super) form: ErrorForm,
    /// Whether requests without a signature are those of the key that may do everything.
    pub(super) unsigned: bool,
    /// How far the clock that judges signatures is before that of the machine.
    pub(super) skew: SignedDuration,
    /// Versions that the methods of the fake made so far.
    pub(super) puts: usize,
    clock: Arc<dyn Clock>,
}

impl State {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let mut keys = Keys::default();
        keys.add(FakeAws::KEY_ID, Key::new(FakeAws::SECRET, None, Policy::all()));
        Self {
            account: Account::new(FakeAws::REGION),
            keys,
            faults: Faults::default(),
            calls: Vec::new(),
            signing_key: None,
            form: ErrorForm::Body,
            unsigned: false,
            skew: SignedDuration::ZERO,
            puts: 0,
            clock,
        }
    }

    /// Answers a request and remembers that it came.
    pub(super) fn respond(&mut self, request: &Request) -> Answer {
        let action = ask::target(request).unwrap_or_default();
        let kind = ask::known(action).map(|(_, kind)| kind);
        let fault = self.faults.next(kind, &format!("/{action}"));
        let fields = Fields::read(&request.body).unwrap_or_default();
        let mut call = AwsCall {
            action: action.to_owned(),
            secret: fields.peek("SecretId").or(fields.peek("Name")).map(str::to_owned),
            region: Signature::read(request).ok().map(|signature| signature.region.to_owned()),
            status: 200,
            error: None,
        };
        if let Some((status, answer)) = fault.as_ref().and_then(crate::Fault::answer) {
            call.status = status;
            self.calls.push(call);
            return answer;
        }
        let outcome = self.answer(request);
        if let Err(refusal) = &outcome {
            call.status = refusal.status();
            call.error = Some(refusal.code.to_owned());
        }
        self.calls.push(call);
        let response = reply::respond(&outcome, self.form, self.calls.len(), self.signing_time());
        fault.iter().fold(response, |response, fault| fault.change(response))
    }

    /// Carries an action out for the owner of the account, in the first region. Nobody counts it.
    pub(super) fn act(&mut self, action: &'static str, fields: Value) -> Outcome {
        let (region, key_id) = (FakeAws::REGION.to_owned(), FakeAws::KEY_ID.to_owned());
        let fields = Fields::new(fields);
        self.route(&Ask { action, fields, region, key_id, policy: Policy::all() })
    }

    fn answer(&mut self, request: &Request) -> Outcome {
        let unknown = || Refusal::new("UnknownOperationException", "");
        let known = ask::target(request).and_then(ask::known);
        let (action, _) = known.ok_or_else(unknown)?;
        if request.method != hyper::Method::POST || request.url.path() != "/" {
            return Err(unknown());
        }
        let (region, key_id, policy) = self.authenticate(request)?;
        let fields = Fields::read(&request.body)?;
        self.route(&Ask { action, fields, region, key_id, policy })
    }

    /// The region of a request, and who sent it with which rights.
    fn authenticate(&self, request: &Request) -> Result<(String, String, Policy), Refusal> {
        if self.unsigned && header(request, "authorization").is_none() {
            return Ok((FakeAws::REGION.to_owned(), FakeAws::KEY_ID.to_owned(), Policy::all()));
        }
        let signature = Signature::read(request)?;
        // A region that is lost cannot even say that somebody is unknown.
        if self.account.lost.contains(signature.region) {
            return Err(Refusal::new("ServiceUnavailableException", "Service is unavailable."));
        }
        let key = self.keys.find(signature.key_id, header(request, "x-amz-security-token"))?;
        if !self.account.regions.contains(signature.region) {
            let text = "Credential should be scoped to a valid region.";
            return Err(Refusal::new("InvalidSignatureException", text));
        }
        signature.check(request, &key.secret, self.signing_time())?;
        let (region, key_id) = (signature.region.to_owned(), signature.key_id.to_owned());
        Ok((region, key_id, key.policy.clone()))
    }

    fn route(&mut self, ask: &Ask) -> Outcome {
        let now = Timestamp::try_from(self.clock.now()).unwrap_or_default();
        let account = &mut self.account;
        account.purge(now);
        match ask.action {
            "BatchGetSecretValue" => read::batch(account, ask, now),
            "CreateSecret" => write::create(account, ask, now),
            "DeleteSecret" => delete::delete(account, ask, now),
            "DescribeSecret" => read::describe(account, ask),
            "GetSecretValue" => read::get(account, ask, now),
            "ListSecretVersionIds" => read::versions(account, ask),
            "ListSecrets" => list::list(account, ask),
            "PutSecretValue" => write::put(account, ask, now),
            "RemoveRegionsFromReplication" => replica::remove(account, ask),
            "ReplicateSecretToRegions" => replica::replicate(account, ask),
            "RestoreSecret" => delete::restore(account, ask),
            "UpdateSecret" => write::update(account, ask, now),
            "UpdateSecretVersionStage" => write::shift(account, ask, now),
            _ => Err(Refusal::new("UnknownOperationException", "")),
        }
    }

    /// Clients sign by the clock of the machine, so that is the one that judges them.
    fn signing_time(&self) -> Timestamp {
        Timestamp::try_from(SystemClock.now()).unwrap_or_default() + self.skew
    }
}
