//! AWS Secrets Manager as one of several providers.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::aws::state::State;
use crate::aws::version::CURRENT;
use crate::entrance::Entrance;
use crate::fake::{Opening, as_fields};
use crate::server::lock;
use crate::{Fake, FakeAws, Fault, On, Script, Variables, script};

impl Fake for FakeAws {
    fn variables(&self) -> Variables {
        let state = self.lock();
        let variables = Variables::new([
            ("SECRETS_PROVIDER", "aws_sm"),
            ("AWS_REGION", Self::REGION),
            ("AWS_ACCESS_KEY_ID", Self::KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", Self::SECRET),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &self.address()),
        ]);
        let variables =
            variables.with_some("AWS_SM_SIGNING_SECRET_ARN", state.signing_key.as_deref());
        self.entrance.trusted(variables, "AWS_CA_BUNDLE")
    }

    fn try_delete(&self, name: &str) -> Result<(), String> {
        self.plan_deletion(name)
    }

    fn fault(&self, fault: Fault) {
        Self::fault(self, fault);
    }

    fn play(&self, script: Script) {
        match script {
            // Signatures are judged by this clock.
            Script::ClockSkew(by) => {
                self.set_skew_seconds(by.as_secs().try_into().unwrap_or(i64::MAX));
            }
            script => Self::fault(self, script.fault(refusal)),
        }
    }

    fn clear_faults(&self) {
        Self::clear_faults(self);
    }

    fn requests(&self) -> usize {
        self.lock().calls.len()
    }

    fn open(opening: Opening) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::new(Arc::clone(&opening.clock))));
        let shared = Arc::clone(&state);
        let entrance = Entrance::open(&opening, move |request| lock(&shared).respond(request))?;
        Ok(Self { state, entrance: Arc::new(entrance) })
    }

    fn set_signing_key(&self, name: &str) {
        self.lock().signing_key = Some(name.to_owned());
    }

    fn put_value(&self, name: &str, value: &str) -> Result<(), String> {
        self.add_version(name, "SecretString", value, CURRENT).map(drop)
    }

    fn fields(&self, name: &str) -> Map<String, Value> {
        let read = self.lock().act("GetSecretValue", json!({ "SecretId": name })).ok();
        as_fields(read.and_then(|read| read["SecretString"].as_str().map(str::to_owned)))
    }
}

fn refusal(on: On, refusal: script::Refusal) -> Fault {
    let (code, text) = match refusal {
        script::Refusal::Token => {
            ("ExpiredTokenException", "The security token included in the request is expired")
        }
        script::Refusal::Rate => ("ThrottlingException", "Rate exceeded"),
        script::Refusal::Outage => ("ServiceUnavailableException", "Service is unavailable."),
        script::Refusal::Rights => (
            "AccessDeniedException",
            "User is not authorized to perform this action because no identity-based policy allows it",
        ),
    };
    FakeAws::error(on, code, text)
}
