//! Vault as one of several providers.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::entrance::Entrance;
use crate::fake::Opening;
use crate::server::lock;
use crate::vault::ServerState;
use crate::vault::ask::{Ask, Operation};
use crate::vault::fields::Fields;
use crate::vault::reply::Outcome;
use crate::vault::state::State;
use crate::vault::token::Token;
use crate::{Fake, FakeVault, Fault, On, Script, Variables, script};

impl Fake for FakeVault {
    fn variables(&self) -> Variables {
        let state = self.lock();
        let address = self.address();
        let variables = Variables::new([
            ("SECRETS_PROVIDER", "vault_dev"),
            ("VAULT_ADDR", &address),
            ("VAULT_TOKEN", Self::TOKEN),
        ]);
        let variables = variables
            .with_some("VAULT_NAMESPACE", state.namespace.as_deref())
            .with_some("VAULT_SIGNING_SECRET_NAME", state.signing_key.as_deref());
        self.entrance.trusted(variables, "VAULT_CACERT")
    }

    fn try_delete(&self, name: &str) -> Result<(), String> {
        match self.fields(name).is_empty() {
            true => Err("there is no such secret".to_owned()),
            false => self.change(Operation::Delete, name, Map::new()),
        }
    }

    fn fault(&self, fault: Fault) {
        Self::fault(self, fault);
    }

    fn play(&self, script: Script) {
        Self::fault(self, script.fault(refusal));
        if script == Script::RefusedOnce {
            // A token that is refused is refused when it asks about itself, too. One that is only denied is not.
            let about = On::Path("/v1/auth/token/lookup-self");
            Self::fault(self, refusal(about, script::Refusal::Token).times(1));
        }
    }

    fn clear_faults(&self) {
        Self::clear_faults(self);
    }

    fn requests(&self) -> usize {
        self.lock().calls.len()
    }

    fn open(opening: Opening) -> io::Result<Self> {
        let mut state = State::new(Arc::clone(&opening.clock));
        state.tokens.insert(Self::TOKEN.to_owned(), Token::root(state.now()));
        if let Some(namespace) = &opening.namespace {
            state.add_namespace(namespace);
            state.namespace.clone_from(&opening.namespace);
        }
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let entrance = Entrance::open(&opening, move |request| lock(&shared).respond(request))?;
        Ok(Self { state, entrance: Arc::new(entrance) })
    }

    fn set_signing_key(&self, name: &str) {
        self.lock().signing_key = Some(name.to_owned());
    }

    /// In the field `value`, which is what a name without a field stands for.
    fn put_value(&self, name: &str, value: &str) -> Result<(), String> {
        let mut fields = self.fields(name);
        fields.insert("value".to_owned(), value.into());
        self.put_fields(name, fields)
    }

    fn fields(&self, name: &str) -> Map<String, Value> {
        let read = self.act(Operation::Read, name, Map::new());
        let data = read.ok().and_then(|reply| reply.into_data());
        match data.and_then(|mut data| data.remove("data")) {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }

    fn put_fields(&self, name: &str, fields: Map<String, Value>) -> Result<(), String> {
        let body = Map::from_iter([("data".to_owned(), fields.into())]);
        self.change(Operation::Write, name, body)
    }
}

impl FakeVault {
    fn change(
        &self,
        operation: Operation,
        name: &str,
        fields: Map<String, Value>,
    ) -> Result<(), String> {
        match self.act(operation, name, fields).unwrap_or_else(|refusal| refusal).status() {
            200..300 => Ok(()),
            status => Err(format!("Vault answers {status}")),
        }
    }

    /// What the owner of the root token does with a secret of the mount `secret`, whether or not the server is sealed.
    fn act(&self, operation: Operation, name: &str, fields: Map<String, Value>) -> Outcome {
        let mut state = self.lock();
        let server = std::mem::replace(&mut state.server, ServerState::Active);
        let ask = Ask {
            operation,
            path: format!("secret/data/{name}"),
            fields: Fields::new(fields),
            token: Self::TOKEN.to_owned(),
            namespace: state.namespace.clone().unwrap_or_default(),
        };
        let outcome = state.answer(ask);
        state.server = server;
        outcome
    }
}

fn refusal(on: On, refusal: script::Refusal) -> Fault {
    let (status, text) = match refusal {
        script::Refusal::Token | script::Refusal::Rights => (403, "permission denied"),
        script::Refusal::Rate => (429, "request path \"secret\": rate limit quota exceeded"),
        script::Refusal::Outage => (503, "Vault is sealed"),
    };
    Fault::new(on).status(status).body(json!({ "errors": [text] }).to_string())
}
