//! Answers that are handed out once: `sys/wrapping/*`.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::vault::ask::{Ask, Operation};
use crate::vault::fields::Fields;
use crate::vault::lease::Lease;
use crate::vault::reply::{Outcome, Reply};
use crate::vault::token::Token;

/// What a wrapping token hides.
pub(super) struct Wrapped {
    pub(super) content: Value,
    /// The call that made it, as the server says it: without namespace.
    pub(super) path: String,
}

/// How long a wrapping token lasts.
pub(super) const LIFETIME: Duration = Duration::from_secs(300);

/// A wrapping token with this in it.
pub(super) fn wrap(content: Value, path: String, now: Timestamp) -> Token {
    Token::around(Wrapped { content, path }, Lease::default().ttl(LIFETIME).uses(1), now)
}

/// The wrapping token that a request is about.
pub(super) struct Named {
    id: String,
    /// Named in the body, and not as who asks.
    in_body: bool,
}

impl Named {
    /// The one in the body, or else the one that asks.
    pub(super) fn read(
        tokens: &BTreeMap<String, Token>,
        ask: &mut Ask,
        now: Timestamp,
    ) -> Result<Self, Reply> {
        let invalid =
            |reason| Reply::error(403, format!("error validating wrapping token: {reason}"));
        let named = match ask.fields.take("token") {
            Some(Value::String(id)) if id.is_empty() => {
                return Err(invalid("empty token in request body"));
            }
            Some(Value::String(id)) => Self { id, in_body: true },
            None | Some(Value::Null) if ask.token.is_empty() => {
                return Err(invalid("token is empty"));
            }
            None | Some(Value::Null) => Self { id: ask.token.clone(), in_body: false },
            Some(_) => return Err(invalid("could not decode token in request body")),
        };
        let found = tokens.get(&named.id).filter(|token| token.is_alive(now));
        found.and_then(Token::wrapped).map(|_| named).ok_or_else(unknown)
    }
}

/// Says what a wrapping token is about, and leaves it as it is. Nobody needs a token for that.
pub(super) fn lookup(tokens: &BTreeMap<String, Token>, ask: &mut Ask, now: Timestamp) -> Outcome {
    let named = Named::read(tokens, ask, now)?;
    if !matches!(ask.operation, Operation::Read | Operation::Write) {
        return Err(Reply::error(405, "unsupported operation"));
    }
    let token = tokens.get(&named.id).ok_or_else(unknown)?;
    let wrapped = token.wrapped().ok_or_else(unknown)?;
    Ok(Reply::data(json!({
        "creation_path": wrapped.path, "creation_time": token.created().to_string(),
        "creation_ttl": LIFETIME.as_secs(),
    })))
}

/// Hands out what is in a wrapping token, once, to a caller that may.
pub(super) fn unwrap(
    tokens: &mut BTreeMap<String, Token>,
    named: &Named,
    ask: &mut Ask,
) -> Outcome {
    if ask.operation != Operation::Write {
        return Err(Reply::unsupported_operation());
    }
    let token = tokens.remove(&named.id).ok_or_else(unknown)?;
    // Who names itself in the body has used itself up by asking.
    if named.in_body && ask.token == named.id {
        return Err(Reply::listed(500, SPENT));
    }
    // What else the body has is not complained of.
    ask.fields = Fields::default();
    let wrapped = token.wrapped().ok_or_else(unknown)?;
    Ok(Reply::data(wrapped.content.clone()))
}

fn unknown() -> Reply {
    Reply::error(400, "wrapping token is not valid or does not exist")
}

const SPENT: &str = "error decrementing wrapping token's use-count: invalid token entry provided for use count \
                     decrementing";
