//! Universal auth: who logs in with what, and what too many failures do.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::infisical::reply::Refusal;
use crate::infisical::rights::Rights;
use crate::infisical::tokens::Lifetimes;

/// An identity of a machine.
pub(super) struct Identity {
    pub(super) secret: ClientSecret,
    pub(super) rights: Rights,
    pub(super) lifetimes: Lifetimes,
    failures: Failures,
}

/// The client secret of an identity, while it is not revoked.
pub(super) struct ClientSecret {
    pub(super) text: Option<String>,
    pub(super) ends: Option<Timestamp>,
    /// How many logins are left.
    pub(super) uses: Option<u64>,
}

/// Failed logins that are not forgotten.
#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    /// When they are forgotten.
    until: Timestamp,
}

/// When failed logins lock an identity, and for how long.
#[derive(Clone, Copy)]
pub(super) struct Lockout {
    /// 0 for never.
    pub(super) threshold: u32,
    pub(super) duration: Duration,
    /// After how long without another one failures are forgotten.
    pub(super) reset: Duration,
}

impl Default for Lockout {
    /// As the server has it for a new identity (`identity-universal-auth-router.ts`).
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { threshold: 3, duration: seconds(300), reset: seconds(30) }
    }
}

impl Identity {
    pub(super) fn new(secret: Option<&str>, rights: Rights) -> Self {
        let text = secret.map(str::to_owned);
        Self {
            secret: ClientSecret { text, ends: None, uses: None },
            rights,
            lifetimes: Lifetimes::default(),
            failures: Failures::default(),
        }
    }

    pub(super) fn unlock(&mut self) {
        self.failures = Failures::default();
    }

    pub(super) fn is_locked(&self, lockout: Lockout, now: Timestamp) -> bool {
        let Failures { count, until } = self.failures;
        lockout.threshold > 0 && count >= lockout.threshold && now < until
    }

    /// Whether this is its secret (`identity-ua-service.ts`).
    ///
    /// # Errors
    /// `UnauthorizedError`: locked, wrong, ended or used up, in this order. A locked identity is refused the right
    /// secret, too.
    fn check(&mut self, secret: &str, lockout: Lockout, now: Timestamp) -> Result<(), Refusal> {
        let refuse = |text| Err(Refusal::unauthorized(text));
        if self.is_locked(lockout, now) {
            return refuse(
                "This identity auth method is temporarily locked, please try again later",
            );
        }
        if self.secret.text.as_deref() != Some(secret) {
            self.fail(lockout, now);
            return refuse("Invalid credentials");
        }
        self.unlock();
        if self.secret.ends.is_some_and(|ends| ends < now) {
            self.secret.text = None;
            return refuse("Access denied due to expired client secret");
        }
        match &mut self.secret.uses {
            Some(0) => {
                self.secret.text = None;
                refuse("Access denied due to client secret usage limit reached")
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn fail(&mut self, lockout: Lockout, now: Timestamp) {
        if now >= self.failures.until {
            self.unlock();
        }
        self.failures.count += 1;
        let is_locked = self.failures.count >= lockout.threshold;
        self.failures.until = now + if is_locked { lockout.duration } else { lockout.reset };
    }
}

/// Looks a login up.
///
/// # Errors
/// `UnauthorizedError`, for an unknown client as for a wrong secret.
pub(super) fn log_in(
    identities: &mut BTreeMap<String, Identity>,
    client_id: &str,
    secret: &str,
    lockout: Lockout,
    now: Timestamp,
) -> Result<Lifetimes, Refusal> {
    let Some(identity) = identities.get_mut(client_id) else {
        return Err(Refusal::unauthorized("Invalid credentials"));
    };
    identity.check(secret, lockout, now)?;
    Ok(identity.lifetimes)
}
