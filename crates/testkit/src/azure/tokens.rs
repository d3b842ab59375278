//! Access tokens: what was issued, to whom, and until when.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// All tokens that are not forgotten.
pub(super) struct Tokens {
    issued: BTreeMap<String, Token>,
    count: u64,
    /// How long those last that are issued from now on.
    pub(super) lifetime: Duration,
}

/// What the fake knows about a token, which says nothing itself.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) client_id: String,
    /// The resource that it was asked for.
    pub(super) audience: String,
    pub(super) ends: Timestamp,
}

impl Tokens {
    pub(super) fn issue(&mut self, client_id: &str, audience: &str, now: Timestamp) -> String {
        self.count += 1;
        let text = format!("canary-azure-token-{}", self.count);
        let (client_id, audience) = (client_id.to_owned(), audience.to_owned());
        let token = Token { client_id, audience, ends: now + self.lifetime };
        self.issued.insert(text.clone(), token);
        text
    }

    /// The token of this text, whether it ended or not.
    pub(super) fn find(&self, text: &str) -> Option<&Token> {
        self.issued.get(text)
    }

    pub(super) fn expire(&mut self, now: Timestamp) {
        for token in self.issued.values_mut() {
            token.ends = token.ends.min(now);
        }
    }

    pub(super) fn revoke(&mut self) {
        self.issued.clear();
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self { issued: BTreeMap::new(), count: 0, lifetime: LIFETIME }
    }
}

/// What Entra says of a token of one hour.
const LIFETIME: Duration = Duration::from_secs(3_599);
