//! Who gets in: access keys, their rights, and the clock that judges signatures.

use jiff::SignedDuration;

use crate::aws::FakeAws;
use crate::aws::ask::ACTIONS;
use crate::aws::key::Key;
use crate::aws::policy::Policy;

impl FakeAws {
    /// Adds an access key, or replaces it, that may do what these rules say: names of secrets and actions.
    /// Everything else is denied, and a rule cannot deny.
    ///
    /// In a name and in an action, `*` is any text. Actions go without `secretsmanager:`. `ListSecrets` and
    /// `BatchGetSecretValue` are about no name in particular and need the name `*`; a batch needs
    /// `GetSecretValue` for each name too, and `ListSecrets` if it has filters.
    ///
    /// # Panics
    /// If the fake has no such action.
    pub fn add_key(&self, key_id: &str, secret: &str, policy: &[(&str, &[&str])]) {
        self.add(key_id, Key::new(secret, None, rules(policy)));
    }

    /// Adds a temporary access key as [`add_key`](Self::add_key) does. Requests have to bring its session token
    /// along. It lasts until [`expire_session`](Self::expire_session).
    ///
    /// # Panics
    /// If the fake has no such action.
    pub fn add_session(
        &self,
        key_id: &str,
        secret: &str,
        session_token: &str,
        policy: &[(&str, &[&str])],
    ) {
        self.add(key_id, Key::new(secret, Some(session_token), rules(policy)));
    }

    /// Ends a temporary access key: `ExpiredTokenException` from then on.
    ///
    /// # Panics
    /// If there is no such key.
    pub fn expire_session(&self, key_id: &str) {
        self.lock().keys.get_mut(key_id).expect("an access key of this id").expired = true;
    }

    /// Removes an access key: `UnrecognizedClientException` from then on.
    pub fn remove_key(&self, key_id: &str) {
        self.lock().keys.remove(key_id);
    }

    /// Serves requests without the header `Authorization` as those of [`KEY_ID`](Self::KEY_ID) in
    /// [`REGION`](Self::REGION). Those that have one are checked as before.
    pub fn allow_unsigned(&self) {
        self.lock().unsigned = true;
    }

    /// Sets the clock that judges signatures this many seconds before that of the machine, or with a negative
    /// number behind it. Beyond 300, whoever signs by the clock of the machine is refused. The header `Date`
    /// of every answer shows this clock.
    pub fn set_skew_seconds(&self, seconds: i64) {
        self.lock().skew = SignedDuration::from_secs(seconds);
    }

    fn add(&self, key_id: &str, key: Key) {
        self.lock().keys.add(key_id, key);
    }
}

fn rules(policy: &[(&str, &[&str])]) -> Policy {
    let known: Vec<_> = ACTIONS.iter().map(|(action, _)| *action).collect();
    Policy::new(policy, &known)
}
