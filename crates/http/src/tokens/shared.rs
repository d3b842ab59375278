//! The token, and the one who may change it at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strongroom_core::{Clock, Error, ErrorKind, Moment, Result};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::gate::Gate;
use super::{Lease, Login, Refused, Token, renew};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) login: Box<dyn Login>,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Held by the one who asks the server about tokens.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Tells the renewing task that there is another token.
    pub(super) changed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    gate: Gate,
    /// How often the server was asked whether the token is alive.
    asked: u64,
    /// The last of these that said so.
    alive: u64,
    /// How many tokens in a row were refused as soon as they were had.
    stillborn: u32,
    renewing: Option<JoinHandle<()>>,
}

/// The token that is in use.
#[derive(Debug)]
struct Held {
    token: Token,
    /// The lease that its login was granted.
    first: Duration,
    /// When it is to be renewed, counted from its lease.
    due: Duration,
    /// Since when, and how often, renewing it has failed.
    failed: Option<(Moment, u32)>,
    /// When it came, for one of which nothing else is known.
    since: Moment,
}

/// After which a token that somebody else made is asked about. One for a few uses is used up by then.
const FIRST_LOOK: Duration = Duration::from_secs(30);

/// A token that the server refuses within this time was never any good, and after so many of them nobody logs in
/// for a while.
const STILLBORN: (Duration, u32) = (Duration::from_secs(5), 3);

/// Shortest and longest wait between two tries to renew.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

impl Shared {
    pub(super) fn new(login: Box<dyn Login>, clock: Arc<dyn Clock>) -> Self {
        let (state, turn, changed) = Default::default();
        Self { login, clock, state, turn, changed }
    }

    /// The token that is held, unless it is over.
    pub(super) fn usable(&self) -> Option<Token> {
        let state = self.state();
        let token = &state.held.as_ref()?.token;
        (!token.is_over(&*self.clock)).then(|| token.clone())
    }

    /// Logs in, unless somebody has done so meanwhile.
    pub(super) async fn log_in(&self) -> Result<Token> {
        let _turn = self.turn.lock().await;
        match self.usable() {
            Some(token) => Ok(token),
            None => self.log_in_now(None).await,
        }
    }

    /// How often the server was asked about tokens: an answer to a later question is news.
    pub(super) fn asked(&self) -> u64 {
        self.state().asked
    }

    /// Finds out what a refusal of `token` was about, and gets another one if it was about the token.
    pub(super) async fn settle(
        &self,
        token: &Token,
        asked: u64,
        is_known: bool,
    ) -> Result<Refused> {
        let _turn = self.turn.lock().await;
        match self.usable() {
            Some(other) if !other.is(token) => return Ok(Refused::Replaced(other, false)),
            Some(_) if self.is_alive(token, asked, is_known).await? => return Ok(Refused::Denied),
            _ => {}
        }
        self.drop_dead()?;
        self.log_in_now(Some(token)).await.map(|token| Refused::Replaced(token, true))
    }

    /// Forgets the token, which the server does not accept any more.
    ///
    /// # Errors
    /// If it is one of several that it never did: another login would bring another such.
    fn drop_dead(&self) -> Result<()> {
        let mut state = self.state();
        let Some(held) = state.held.take() else { return Ok(()) };
        let is_stillborn = held.since.age(&*self.clock) < STILLBORN.0
            && !held.token.is_over(&*self.clock)
            && !held.token.is_limited();
        state.stillborn = if is_stillborn { state.stillborn + 1 } else { 0 };
        match state.stillborn < STILLBORN.1 {
            true => Ok(()),
            false => Err(state.gate.close(not_accepted(), &*self.clock)),
        }
    }

    async fn is_alive(&self, token: &Token, asked: u64, is_known: bool) -> Result<bool> {
        if token.is_limited() {
            return Ok(is_known);
        }
        let nth = {
            let mut state = self.state();
            if state.alive > asked {
                return Ok(true);
            }
            state.asked += 1;
            state.asked
        };
        let is_alive = self.login.is_alive(token).await?;
        if is_alive {
            self.state().alive = nth;
        }
        Ok(is_alive)
    }

    /// Logs in. `dead` is a token that the server has just refused: the same one again is no login.
    pub(super) async fn log_in_now(&self, dead: Option<&Token>) -> Result<Token> {
        let closed = self.state().gate.closed(&*self.clock);
        if let Some(error) = closed {
            if !self.login.has_new_credentials() {
                return Err(error);
            }
            self.state().gate.open();
        }
        let logged_in = match self.login.login().await {
            Ok(token) if dead.is_some_and(|dead| dead.is(&token)) => Err(not_accepted()),
            logged_in => logged_in,
        };
        match logged_in {
            Ok(token) => {
                self.state().gate.open();
                self.hold(token.clone(), None);
                Ok(token)
            }
            Err(error) => {
                let is_first = !self.state().gate.has_failed();
                let told = self.state().gate.close(error, &*self.clock);
                if is_first {
                    tracing::warn!(kind = told.kind().as_str(), "the login failed: {told}");
                }
                Err(told)
            }
        }
    }

    /// Uses this token from now on. `first` is the lease that it had when it was new.
    fn hold(&self, token: Token, first: Option<Duration>) {
        let granted = match token.lease() {
            Lease::Ends { length, .. } => length,
            _ => Duration::ZERO,
        };
        // Pods that start together must not renew together.
        let due = granted.mul_f64(2.0 / 3.0 - fastrand::f64() / 10.0);
        let since = Moment::now(&*self.clock);
        let first = first.unwrap_or_default().max(granted);
        self.state().held = Some(Held { token, first, due, failed: None, since });
        self.changed.notify_one();
    }

    /// How long nothing has to be done about the token; `None` if nothing ever has to be.
    pub(super) fn next(&self) -> Option<Duration> {
        let clock = &*self.clock;
        let state = self.state();
        let held = state.held.as_ref()?;
        if held.token.is_limited() || held.token.is_over(clock) {
            return None;
        }
        let next = match (held.failed, held.token.lease()) {
            (_, Lease::Endless) => return None,
            (Some((at, times)), lease) => {
                held.retry(lease, times, clock).saturating_sub(at.age(clock))
            }
            (None, Lease::Unknown) => FIRST_LOOK.saturating_sub(held.since.age(clock)),
            (None, Lease::Ends { since, .. }) => held.due.saturating_sub(since.age(clock)),
        };
        // A login that is too early fails without being made.
        Some(if held.needs_login() { next.max(state.gate.left(clock)) } else { next })
    }

    /// Renews the token, or logs in if it cannot be renewed. The old one stays in use until then.
    pub(super) async fn renew(&self) {
        let _turn = self.turn.lock().await;
        // Somebody may have logged in while we waited.
        if self.next() != Some(Duration::ZERO) {
            return;
        }
        let found = self
            .state()
            .held
            .as_ref()
            .map(|held| (held.token.clone(), held.first, held.needs_login()));
        let Some((token, first, needs_login)) = found else { return };
        if !needs_login {
            match self.login.renew(&token).await {
                Ok(renewed) => return self.renewed(renewed, first),
                Err(error) if error.kind().allows_stale() => return self.failed(&error),
                // It cannot be renewed, for whatever reason.
                Err(_) if matches!(token.lease(), Lease::Unknown) => {
                    return self.hold_endless(token);
                }
                Err(_) => {}
            }
        }
        // The token that ends is as good as any until then, also if this is the only one there is.
        if let Err(error) = self.log_in_now(None).await {
            self.failed(&error);
        }
    }

    fn renewed(&self, token: Token, first: Duration) {
        let had_failed = self.state().held.as_ref().is_some_and(|held| held.failed.is_some());
        self.hold(token, Some(first));
        if had_failed {
            tracing::info!("the token is renewed again");
        }
    }

    /// Nothing can be learnt about this token: it is used until it is refused.
    fn hold_endless(&self, token: Token) {
        self.hold(Token::new(token.value().clone(), Lease::Endless), None);
    }

    fn failed(&self, error: &Error) {
        let now = Moment::now(&*self.clock);
        let mut state = self.state();
        let Some(held) = &mut state.held else { return };
        let times = held.failed.map_or(0, |(_, times)| times);
        held.failed = Some((now, times.saturating_add(1)));
        drop(state);
        if times == 0 {
            tracing::warn!(
                kind = error.kind().as_str(),
                "the token could not be renewed, and is tried again until it ends: {error}"
            );
        }
    }

    /// Starts the renewing task, unless it runs or there is nothing to renew.
    pub(super) fn attend(self: &Arc<Self>, runtime: &Handle) {
        if self.next().is_none() {
            return;
        }
        let mut state = self.state();
        if state.renewing.as_ref().is_none_or(JoinHandle::is_finished) {
            let task = renew::run(Arc::downgrade(self), self.changed.clone(), self.clock.clone());
            state.renewing = Some(runtime.spawn(task));
        }
    }

    /// Ends the renewing task.
    pub(super) fn end(&self) {
        if let Some(task) = self.state().renewing.take() {
            task.abort();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Whether renewing does not help: another token has to be had.
    fn needs_login(&self) -> bool {
        match self.token.lease() {
            Lease::Ends { length, renewable, .. } => !renewable || length < self.first / 2,
            _ => false,
        }
    }

    /// The wait after a failed try: doubled each time, and short enough for a few more before the end.
    fn retry(&self, lease: Lease, times: u32, clock: &dyn Clock) -> Duration {
        let wait = RETRY.0.saturating_mul(1 << times.min(10)).min(RETRY.1);
        let left = match lease {
            Lease::Ends { since, length, .. } => length.saturating_sub(since.age(clock)),
            _ => Duration::MAX,
        };
        wait.min((left / 4).max(RETRY.0))
    }
}

fn not_accepted() -> Error {
    let message = "the token is not accepted: it is unknown here, expired or revoked";
    Error::new(ErrorKind::Unauthenticated, message)
}
