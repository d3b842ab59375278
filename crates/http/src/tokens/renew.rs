//! Renewing the token, also while nobody calls.

use std::sync::{Arc, Weak};
use std::time::Duration;

use strongroom_core::{Clock, Error, Moment};
use tokio::sync::Notify;

use super::held::Held;
use super::shared::Shared;
use super::{Lease, Token};

/// Longest sleep: a machine may sleep with us, and its time may be set.
const LOOK: Duration = Duration::from_secs(30);

/// Renews whenever that is due. Ends with the cache.
pub(super) async fn run(shared: Weak<Shared>, changed: Arc<Notify>, clock: Arc<dyn Clock>) {
    loop {
        let moved = clock.moved();
        let next = match shared.upgrade() {
            Some(shared) => shared.next(),
            None => return,
        };
        match next {
            None => tokio::select! {
                () = moved => {}
                () = changed.notified() => {}
            },
            Some(Duration::ZERO) => match shared.upgrade() {
                Some(shared) => shared.renew().await,
                None => return,
            },
            Some(wait) => tokio::select! {
                () = tokio::time::sleep(wait.min(LOOK)) => {}
                () = moved => {}
                () = changed.notified() => {}
            },
        }
    }
}

impl Shared {
    /// How long nothing has to be done about the token; `None` if nothing ever has to be.
    pub(super) fn next(&self) -> Option<Duration> {
        let state = self.state();
        let held = state.held.as_ref()?;
        let next = held.next(&*self.clock)?;
        // A login that is too early fails without being made, and nothing else can be done.
        let waits = held.needs_login() && !held.is_renewable();
        Some(if waits { next.max(state.gate.left(&*self.clock)) } else { next })
    }

    /// Renews the token, or logs in if it cannot be renewed. The old one stays in use until then.
    pub(super) async fn renew(&self) {
        let _turn = self.turn.lock().await;
        // Somebody may have logged in while we waited.
        if self.next() != Some(Duration::ZERO) {
            return;
        }
        let found =
            |held: &Held| (held.token.clone(), held.first, held.needs_login(), held.is_renewable());
        let found = self.state().held.as_ref().map(found);
        let Some((token, first, needs_login, is_renewable)) = found else { return };
        if needs_login {
            match self.log_in_now(None).await {
                Ok(_) => return,
                // Short leases are better than none.
                Err(_) if is_renewable => {}
                Err(_) => return self.failed(None),
            }
        }
        match self.login.renew(&token).await {
            Ok(renewed) => self.renewed(renewed, first),
            Err(error) if error.kind().allows_stale() => self.failed(Some(&error)),
            // Nothing can be learnt about it: it is used until it is refused.
            Err(_) if matches!(token.lease(), Lease::Unknown) => {
                self.hold(Token::new(token.value().clone(), Lease::Endless), None);
            }
            Err(_) if needs_login => self.failed(None),
            // It cannot be renewed, for whatever reason.
            Err(_) => {
                if self.log_in_now(None).await.is_err() {
                    self.failed(None);
                }
            }
        }
    }

    fn renewed(&self, token: Token, first: Duration) {
        let had_failed = self.state().held.as_ref().is_some_and(|held| held.failed.is_some());
        self.hold(token, Some(first));
        self.state().gate.trust();
        if had_failed {
            tracing::info!("the token is renewed again");
        }
    }

    /// Notes a try that failed. What a login says of itself is not said again.
    fn failed(&self, error: Option<&Error>) {
        let now = Moment::now(&*self.clock);
        let mut state = self.state();
        let Some(held) = &mut state.held else { return };
        let times = held.failed.map_or(0, |(_, times)| times);
        held.failed = Some((now, times.saturating_add(1)));
        drop(state);
        if let (Some(error), 0) = (error, times) {
            let kind = error.kind().as_str();
            tracing::warn!(kind, "the token could not be renewed, and is tried again: {error}");
        }
    }
}
