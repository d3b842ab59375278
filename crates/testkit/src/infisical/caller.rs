//! Who asks, by the token that came along.

use jiff::Timestamp;

use crate::infisical::ask::Ask;
use crate::infisical::operation::Operation;
use crate::infisical::reply::Refusal;
use crate::infisical::rights::Rights;
use crate::infisical::service::ServiceToken;
use crate::infisical::state::State;

/// Whoever has a good token.
pub(super) enum Caller {
    Identity(Rights),
    Service(ServiceToken),
}

impl Caller {
    pub(super) fn rights(&self) -> &Rights {
        match self {
            Self::Identity(rights) => rights,
            Self::Service(token) => &token.rights,
        }
    }

    pub(super) fn service(&self) -> Option<&ServiceToken> {
        match self {
            Self::Identity(_) => None,
            Self::Service(token) => Some(token),
        }
    }
}

impl State {
    /// Looks at the token of a request (`plugins/auth/inject-identity.ts`, `verify-auth.ts`).
    ///
    /// # Errors
    /// `UnauthorizedError` without a token, what [`Tokens`](super::tokens::Tokens) and
    /// [`ServiceTokens`](super::service::ServiceTokens) say of a bad one, and an error with a name of its own for one
    /// of the wrong kind.
    pub(super) fn admit(&mut self, ask: &Ask<'_>, now: Timestamp) -> Result<Caller, Refusal> {
        if ask.header("x-api-key").is_some() {
            let text = "API key authentication is not supported anymore";
            return Err(Refusal::bad_request(text));
        }
        let Some(token) = ask.token() else {
            return Err(Refusal::unauthorized("Token missing"));
        };
        let caller = match token.starts_with("st.") {
            true => Caller::Service(self.services.admit(token, now)?),
            false => {
                let client = self.tokens.admit(token, now)?;
                let identity = self.identities.get(&client);
                Caller::Identity(identity.map(|known| known.rights.clone()).unwrap_or_default())
            }
        };
        let is_fit = match ask.operation() {
            Operation::ServiceToken => caller.service().is_some(),
            Operation::GetById => caller.service().is_none(),
            _ => true,
        };
        match is_fit {
            true => Ok(caller),
            // The server puts the target where the name of the error belongs.
            false => {
                let error = format!("Forbidden access to {}", ask.target());
                Err(Refusal::new(403, error, NOT_ALLOWED))
            }
        }
    }
}

/// What an error says that has a name only.
pub(super) const NOT_ALLOWED: &str = "You are not allowed to access this resource";
