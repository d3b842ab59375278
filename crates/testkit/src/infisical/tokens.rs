//! Access tokens of identities: what was issued, to whom, until when, and for how often.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::infisical::reply::Refusal;

/// All tokens that are not forgotten.
#[derive(Default)]
pub(super) struct Tokens {
    /// By their texts. A renewed token and the one before it are two texts of one session.
    issued: BTreeMap<String, Token>,
    sessions: BTreeMap<u64, Session>,
    texts: u64,
    /// Whether a renewal past the longest lifetime is refused and ends the token, in place of being cut short.
    pub(super) is_old: bool,
}

/// What a token says of itself.
#[derive(Clone)]
struct Token {
    session: u64,
    ends: Option<Timestamp>,
}

/// What a login opened.
struct Session {
    client_id: String,
    began: Timestamp,
    limits: Lifetimes,
    uses: u64,
}

/// How long tokens last, in seconds, and how often they are used; 0 is without an end.
#[derive(Clone, Copy)]
pub(super) struct Lifetimes {
    pub(super) ttl: u64,
    pub(super) max_ttl: u64,
    pub(super) uses: u64,
}

impl Default for Lifetimes {
    /// 30 days, as the server has it for a new identity.
    fn default() -> Self {
        Self { ttl: DEFAULT_TTL, max_ttl: DEFAULT_TTL, uses: 0 }
    }
}

impl Tokens {
    /// A new token of a new session, and what a login says of it.
    pub(super) fn open(&mut self, client_id: &str, limits: Lifetimes, now: Timestamp) -> Value {
        let session = self.next();
        let client_id = client_id.to_owned();
        self.sessions.insert(session, Session { client_id, began: now, limits, uses: 0 });
        self.issue(session, limits.ttl, limits.max_ttl, now)
    }

    /// A token of this text, without an end.
    pub(super) fn add(&mut self, text: &str, client_id: &str, now: Timestamp) {
        let session = self.next();
        let limits = Lifetimes { ttl: 0, max_ttl: 0, uses: 0 };
        let client_id = client_id.to_owned();
        self.sessions.insert(session, Session { client_id, began: now, limits, uses: 0 });
        self.issued.insert(text.to_owned(), Token { session, ends: None });
    }

    /// Whom a token was issued to, whether it ended or not.
    pub(super) fn client(&self, text: &str) -> Option<&str> {
        let token = self.issued.get(text)?;
        self.sessions.get(&token.session).map(|session| session.client_id.as_str())
    }

    /// Whom a token was issued to, if it is good. Counts as one use.
    ///
    /// # Errors
    /// `TokenError` if it is none or ended, `UnauthorizedError` if it was revoked or used up
    /// (`inject-identity.ts`, `identity-access-token-service.ts`).
    pub(super) fn admit(&mut self, text: &str, now: Timestamp) -> Result<String, Refusal> {
        let token = self.read(text, now)?;
        let Some(session) = self.sessions.get_mut(&token.session) else { return Err(unknown()) };
        if session.limits.uses > 0 && session.uses >= session.limits.uses {
            self.sessions.remove(&token.session);
            let text = "Unable to renew because access token number of uses limit reached";
            return Err(Refusal::unauthorized(text));
        }
        session.uses += 1;
        Ok(session.client_id.clone())
    }

    /// `POST /api/v1/auth/token/renew`: another token of the same session. The one before stays good until it ends.
    pub(super) fn renew(&mut self, text: &str, now: Timestamp) -> Result<Value, Refusal> {
        let token = self.read(text, now)?;
        let Some(session) = self.sessions.get(&token.session) else { return Err(unknown()) };
        let Lifetimes { ttl, max_ttl, .. } = session.limits;
        let spent = now.duration_since(session.began).as_secs().unsigned_abs();
        let (is_over, is_past) = (spent >= max_ttl, spent + ttl > max_ttl);
        if max_ttl == 0 {
            return Ok(self.issue(token.session, ttl, 0, now));
        }
        if is_over || is_past && self.is_old {
            self.sessions.remove(&token.session);
            return Err(Refusal::unauthorized(match is_over {
                true => "Failed to renew MI access token due to Max TTL expiration",
                false => "Failed to renew MI access token past its Max TTL expiration",
            }));
        }
        Ok(self.issue(token.session, ttl, max_ttl - spent, now))
    }

    /// `POST /api/v1/auth/token/revoke`
    pub(super) fn revoke(&mut self, text: &str, now: Timestamp) -> Result<Value, Refusal> {
        let token = self.read(text, now)?;
        match self.sessions.remove(&token.session) {
            Some(_) => Ok(json!({ "message": "Successfully revoked access token" })),
            None => Err(unknown()),
        }
    }

    /// Ends all tokens.
    pub(super) fn expire(&mut self, now: Timestamp) {
        for token in self.issued.values_mut() {
            token.ends = Some(token.ends.map_or(now, |ends| ends.min(now)));
        }
    }

    /// Ends all sessions. Their tokens say of themselves that they are good.
    pub(super) fn revoke_all(&mut self) {
        self.sessions.clear();
    }

    /// A token as it says of itself.
    fn read(&self, text: &str, now: Timestamp) -> Result<Token, Refusal> {
        let Some(token) = self.issued.get(text) else {
            return Err(Refusal::token(match text.split('.').count() {
                3 => "invalid signature",
                _ => {
                    "The provided access token is malformed. Please use a valid token or generate a new one and \
                     try again."
                }
            }));
        };
        match token.ends.is_some_and(|ends| ends <= now) {
            true => Err(Refusal::token("Your token has expired. Please re-authenticate.")),
            false => Ok(token.clone()),
        }
    }

    /// Issues a token for so long, or for what is left of the session, whichever ends first.
    fn issue(&mut self, session: u64, ttl: u64, left: u64, now: Timestamp) -> Value {
        let lifetime = [ttl, left].into_iter().filter(|seconds| *seconds > 0).min();
        let text = format!("canary-infisical-token-{}", self.next());
        // Tokens say whole seconds, counted from the whole second in which they were issued.
        let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let after = |seconds: u64| {
            whole + SignedDuration::from_secs(seconds.try_into().unwrap_or(i64::MAX))
        };
        self.issued.insert(text.clone(), Token { session, ends: lifetime.map(after) });
        let max_ttl = self.sessions.get(&session).map_or(0, |session| session.limits.max_ttl);
        json!({
            "accessToken": text,
            "expiresIn": lifetime.unwrap_or_default(),
            "accessTokenMaxTTL": max_ttl,
            "tokenType": "Bearer",
        })
    }

    fn next(&mut self) -> u64 {
        self.texts += 1;
        self.texts
    }
}

/// A token whose session is gone.
fn unknown() -> Refusal {
    Refusal::unauthorized("No identity access token found")
}

/// `identity-universal-auth-router.ts`: 2,592,000 s.
const DEFAULT_TTL: u64 = 2_592_000;
