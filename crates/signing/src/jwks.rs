//! The encoding `jwks`: every live key in one value.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use strongroom_core::{Error, ErrorKind, Reason, Result, SecretValue};
use zeroize::Zeroizing;

use crate::live_key::LiveKey;
use crate::{KeyEncoding, KeyState, SigningKey};

/// A JWK Set (RFC 7517) of `oct` keys (RFC 7518, section 6.4) with two members of ours: `state`
/// (`pending`, `current`, `retiring`) and `since`, when that state began, in Unix seconds.
///
/// The only form in which a store without versions of its own can hold a pending key, and in which the
/// retirement of a key is known exactly. Exactly one key is current.
///
/// ```
/// use strongroom_signing::{KeySet, SigningKey};
///
/// let key = SigningKey::new("canary-key-of-thirty-two-bytes-1".into())?;
/// let set = KeySet::new(key, std::time::UNIX_EPOCH);
/// assert!(KeySet::parse(&set.render())?.render().ct_eq(&set.render()));
/// # Ok::<(), strongroom_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeySet(Vec<Member>);

#[derive(Clone, Debug)]
struct Member {
    key: SigningKey,
    state: State,
    since: u64,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum State {
    Pending,
    Current,
    Retiring,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    alg: Option<String>,
    k: SecretValue,
    state: State,
    since: u64,
}

impl KeySet {
    /// Most keys in a set, and in a snapshot.
    pub const MAX_KEYS: usize = 16;

    /// A set of one key, current since `now`.
    pub fn new(key: SigningKey, now: SystemTime) -> Self {
        Self(vec![Member { key, state: State::Current, since: unix_seconds(now) }])
    }

    /// Reads a value.
    ///
    /// # Errors
    /// `InvalidValue`: reason `encoding` if it is not such a set (the place is named, its content is not),
    /// `collision` if a key is in it twice, or that of a key that cannot be used.
    pub fn parse(value: &SecretValue) -> Result<Self> {
        // The text of the parse error is dropped: it may quote the value.
        let document: Document = serde_json::from_slice(value.expose()).map_err(|error| {
            let at = format!("line {}, column {}", error.line(), error.column());
            invalid(format!(
                "the signing key is not a JWK Set with `kty`, `k`, `state`, `since` ({at})"
            ))
        })?;
        let mut members: Vec<Member> = Vec::with_capacity(document.keys.len());
        for (index, jwk) in document.keys.into_iter().enumerate() {
            let member = jwk.check().map_err(|error| {
                let placed = Error::new(error.kind(), format!("keys[{index}]: {error}"));
                placed.with_reason(error.reason().unwrap_or(Reason::Encoding))
            })?;
            if members.iter().any(|other| other.key.id() == member.key.id()) {
                let error = invalid(format!("keys[{index}] is in the JWK Set twice"));
                return Err(error.with_reason(Reason::Collision));
            }
            members.push(member);
        }
        let current = members.iter().filter(|member| member.state == State::Current).count();
        if current != 1 {
            return Err(invalid(format!(
                "the JWK Set has {current} keys with state `current`; expected 1"
            )));
        }
        if members.len() > Self::MAX_KEYS {
            return Err(invalid(format!("the JWK Set has more than {} keys", Self::MAX_KEYS)));
        }
        Ok(Self(members))
    }

    /// The set after a rotation: a new current key, the old one retiring, and none that was retired longer
    /// than the grace ago.
    ///
    /// # Errors
    /// `InvalidValue` (reason `rotation_noop`) if the new key is in the set already; `Misconfigured` if more
    /// than 16 keys would be live, as none may be dropped within its grace.
    pub fn rotated(&self, key: SigningKey, now: SystemTime, grace: Duration) -> Result<Self> {
        if self.0.iter().any(|member| member.key.id() == key.id()) {
            let message = "the new key is in the JWK Set already";
            return Err(
                Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::RotationNoop)
            );
        }
        let since = unix_seconds(now);
        let mut members = vec![Member { key, state: State::Current, since }];
        members.extend(self.0.iter().cloned().map(|member| match member.state {
            State::Current => Member { state: State::Retiring, since, ..member },
            _ => member,
        }));
        let live = |member: &Member| {
            member.state != State::Retiring || since.saturating_sub(member.since) < grace.as_secs()
        };
        members.retain(live);
        if members.len() > Self::MAX_KEYS {
            let message = format!(
                "more than {} keys would be live; rotate less often or shorten SECRETS_PREVIOUS_KEY_GRACE_SECONDS",
                Self::MAX_KEYS
            );
            return Err(Error::new(ErrorKind::Misconfigured, message));
        }
        Ok(Self(members))
    }

    /// The value to store.
    pub fn render(&self) -> SecretValue {
        // Written out by hand, so that key bytes pass through no buffer that is not wiped.
        let room =
            self.0.iter().map(|member| member.key.bytes().len() * 4 / 3 + 160).sum::<usize>();
        let mut json = Zeroizing::new(String::with_capacity(room + 16));
        json.push_str("{\"keys\":[");
        for (index, Member { key, state, since }) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let k = Zeroizing::new(Base64UrlUnpadded::encode_string(key.bytes().expose()));
            let state = state.as_str();
            for part in [comma, "{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"", key.id().as_str()]
            {
                json.push_str(part);
            }
            for part in
                ["\",\"k\":\"", &k, "\",\"state\":\"", state, "\",\"since\":", &since.to_string()]
            {
                json.push_str(part);
            }
            json.push('}');
        }
        json.push_str("]}");
        SecretValue::from(std::mem::take(&mut *json))
    }

    pub(crate) fn into_keys(self) -> impl Iterator<Item = LiveKey> {
        self.0.into_iter().map(|Member { key, state, since }| {
            let since = UNIX_EPOCH + Duration::from_secs(since);
            let state = match state {
                State::Pending => KeyState::Pending,
                State::Current => KeyState::Current,
                State::Retiring => KeyState::Retiring { since },
            };
            LiveKey { key, state, version: None, created_at: Some(since) }
        })
    }
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Current => "current",
            Self::Retiring => "retiring",
        }
    }
}

impl Jwk {
    fn check(self) -> Result<Member> {
        if self.kty != "oct" {
            return Err(invalid("only keys of type `oct` can be used".into()));
        }
        if self.alg.is_some_and(|alg| alg != "HS256") {
            return Err(invalid("only keys for `HS256` can be used".into()));
        }
        // Year 9999: later than that, adding it to a time could overflow.
        if self.since > 253_402_300_799 {
            return Err(invalid("`since` is not in Unix seconds".into()));
        }
        let key = SigningKey::decode(&self.k, KeyEncoding::Base64url)?;
        Ok(Member { key, state: self.state, since: self.since })
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidValue, message).with_reason(Reason::Encoding)
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SigningKey {
        SigningKey::new(format!("canary-key-of-thirty-two-bytes-{text}").into()).unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_rotation_keeps_what_is_within_the_grace() {
        let grace = Duration::from_secs(900);
        let set = KeySet::new(key("1"), at(0)).rotated(key("2"), at(1_000), grace).unwrap();
        let set = set.rotated(key("3"), at(1_899), grace).unwrap();
        let states: Vec<_> = KeySet::parse(&set.render())
            .unwrap()
            .into_keys()
            .map(|live| (*live.key.id(), live.state))
            .collect();
        assert_eq!(
            states,
            [
                (*key("3").id(), KeyState::Current),
                (*key("2").id(), KeyState::Retiring { since: at(1_899) }),
                (*key("1").id(), KeyState::Retiring { since: at(1_000) }),
            ]
        );
        assert_eq!(
            set.rotated(key("4"), at(1_900), grace).unwrap().0.len(),
            3,
            "key 1 is past its grace"
        );
        let error = set.rotated(key("3"), at(2_000), grace).unwrap_err();
        assert_eq!(error.reason(), Some(Reason::RotationNoop));
    }

    #[test]
    fn sets_that_break_a_rule_are_refused_without_showing_a_key() {
        let k = Base64UrlUnpadded::encode_string(b"canary-key-of-thirty-two-bytes-1");
        let jwk = |kty: &str, k: &str, state: &str, more: &str| {
            format!("{{\"kty\":\"{kty}\",\"k\":\"{k}\",\"state\":\"{state}\",\"since\":1{more}}}")
        };
        let good = jwk("oct", &k, "current", "");
        let bad = [
            ("canary".to_owned(), Reason::Encoding),
            (format!("[{good}]"), Reason::Encoding),
            (String::from("{\"keys\":[]}"), Reason::Encoding),
            (format!("{{\"keys\":[{good},{good}]}}"), Reason::Collision),
            (format!("{{\"keys\":[{}]}}", jwk("oct", &k, "pending", "")), Reason::Encoding),
            (format!("{{\"keys\":[{}]}}", jwk("RSA", &k, "current", "")), Reason::Encoding),
            (format!("{{\"keys\":[{}]}}", jwk("oct", &k, "active", "")), Reason::Encoding),
            (
                format!("{{\"keys\":[{}]}}", jwk("oct", &k, "current", ",\"alg\":\"HS512\"")),
                Reason::Encoding,
            ),
            (
                format!("{{\"keys\":[{}]}}", jwk("oct", &k, "current", ",\"since\":2")),
                Reason::Encoding,
            ),
            (
                format!("{{\"keys\":[{}]}}", jwk("oct", &format!("{k}="), "current", "")),
                Reason::Encoding,
            ),
            (format!("{{\"keys\":[{}]}}", jwk("oct", "c2hvcnQ", "current", "")), Reason::Short),
            (format!("{{\"keys\":[{good}]}} x"), Reason::Encoding),
        ];
        for (json, reason) in bad {
            let error = KeySet::parse(&json.as_str().into()).unwrap_err();
            assert_eq!(
                (error.kind(), error.reason()),
                (ErrorKind::InvalidValue, Some(reason)),
                "{json}"
            );
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("canary") && !shown.contains(&k[..8]), "{shown}");
        }
        let extra = format!("{{\"keys\":[{}]}}", jwk("oct", &k, "current", ",\"use\":\"sig\""));
        assert!(
            KeySet::parse(&extra.as_str().into()).is_ok(),
            "RFC 7517: unknown members are ignored"
        );
    }
}
