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
    login: Box<dyn Login>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Held by the one who asks the server about tokens.
    turn: tokio::sync::Mutex<()>,
    /// Tells the renewing task that there is another token.
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    held: Option<Held>,
    gate: Gate,
    /// How often the server was asked whether a token is alive.
    asked: u64,
    /// The last of these questions that was answered, and its answer.
    answer: Option<(u64, Result<bool>)>,
    /// How many tokens in a row were refused as soon as they were had.
    stillborn: u32,
    renewing: Option<JoinHandle<()>>,
}

/// The token that is in use.
#[derive(Debug)]
struct Held {
    token: Token,
    /// How often it may still be used, if that is limited.
    uses_left: Option<u64>,
    /// The lease that its login was granted.
    first: Duration,
    /// When it is to be renewed, counted from its lease.
    due: Duration,
    /// Since when, and how often, renewing it has failed.
    failed: Option<(Moment, u32)>,
    /// When it came.
    since: Moment,
    /// Whether a call with it was not refused, where that says something.
    was_of_use: bool,
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
        let state = State {
            held: None,
            gate: Gate::new(login.locks_out()),
            asked: 0,
            answer: None,
            stillborn: 0,
            renewing: None,
        };
        let (turn, changed) = Default::default();
        Self { login, clock, state: Mutex::new(state), turn, changed }
    }

    /// The token that is held, to be sent once, unless it is over or used up.
    pub(super) fn take(&self) -> Option<Token> {
        let mut state = self.state();
        let held = state.held.as_mut().filter(|held| !held.token.is_over(&*self.clock))?;
        if let Some(left) = &mut held.uses_left {
            *left = left.checked_sub(1)?;
        }
        Some(held.token.clone())
    }

    /// A call with this token was not refused.
    pub(super) fn was_of_use(&self, token: &Token) {
        if !self.login.hides_uses() {
            return;
        }
        if let Some(held) = self.state().held.as_mut().filter(|held| held.token.is(token)) {
            held.was_of_use = true;
        }
    }

    /// Logs in, unless somebody has done so meanwhile.
    pub(super) async fn log_in(&self) -> Result<Token> {
        let _turn = self.turn.lock().await;
        match self.take() {
            Some(token) => Ok(token),
            None => self.log_in_now(None).await,
        }
    }

    /// How often the server was asked about tokens: the answer to a later question is news.
    pub(super) fn asked(&self) -> u64 {
        self.state().asked
    }

    /// Finds out what a refusal of `token` was about, and gets another one if it was about the token.
    pub(super) async fn settle(
        &self,
        token: &Token,
        asked: u64,
        is_known: bool,
        may_log_in: bool,
    ) -> Result<Refused> {
        let _turn = self.turn.lock().await;
        let is_held = self.state().held.as_ref().map(|held| held.token.is(token));
        if is_held == Some(false)
            && let Some(token) = self.take()
        {
            return Ok(Refused::Replaced { token, is_fresh: false });
        }
        if is_held == Some(true) {
            if self.is_alive(token, asked, is_known).await? {
                return Ok(Refused::Denied);
            }
            self.drop_dead()?;
        }
        match may_log_in {
            true => {
                let token = self.log_in_now(Some(token)).await?;
                Ok(Refused::Replaced { token, is_fresh: true })
            }
            false => Err(not_accepted()),
        }
    }

    async fn is_alive(&self, token: &Token, asked: u64, is_known: bool) -> Result<bool> {
        if token.uses().is_some() {
            return Ok(is_known);
        }
        let nth = {
            let mut state = self.state();
            if let Some((nth, answer)) = &state.answer
                && *nth > asked
            {
                return answer.clone();
            }
            state.asked += 1;
            state.asked
        };
        let answer = match self.login.is_alive(token).await {
            // Something on the way hides the question, and the refusal itself has said so.
            Err(error) if is_known && error.kind() == ErrorKind::Malformed => Ok(true),
            answer => answer,
        };
        self.state().answer = Some((nth, answer.clone()));
        answer
    }

    /// Forgets the token, which the server does not accept any more.
    ///
    /// # Errors
    /// If it is one of several that it never did: another login would bring another such.
    fn drop_dead(&self) -> Result<()> {
        let mut state = self.state();
        let Some(held) = state.held.take() else { return Ok(()) };
        let clock = &*self.clock;
        let has_lived = held.was_of_use || held.since.age(clock) >= STILLBORN.0;
        if has_lived || held.token.is_over(clock) {
            state.stillborn = 0;
            state.gate.trust();
            return Ok(());
        }
        state.stillborn = state.stillborn.saturating_add(1);
        let is_hopeless = state.stillborn >= STILLBORN.1;
        drop(state);
        match is_hopeless {
            true => Err(self.close(not_accepted(), Gate::close_as_useless)),
            false => Ok(()),
        }
    }

    /// Logs in, and hands the token out once. `dead` is a token that the server has just refused: the same one
    /// again is no login.
    async fn log_in_now(&self, dead: Option<&Token>) -> Result<Token> {
        let closed = self.state().gate.closed(&*self.clock);
        if let Some(error) = closed {
            if !self.login.has_new_credentials() {
                return Err(error);
            }
            self.state().gate.open();
        }
        let token = match self.login.login().await {
            Ok(token) if dead.is_some_and(|dead| dead.is(&token)) => Err(not_accepted()),
            logged_in => logged_in,
        };
        let token = token.map_err(|error| self.close(error, Gate::close))?;
        let had_failed = self.state().gate.has_failed();
        self.state().gate.open();
        self.hold(token, None);
        if had_failed {
            tracing::info!("logged in again");
        }
        self.take().ok_or_else(not_accepted)
    }

    /// Notes a login that failed, and gives the error to tell. Said once, not at each try.
    fn close(
        &self,
        error: Error,
        close: impl FnOnce(&mut Gate, Error, &dyn Clock) -> Error,
    ) -> Error {
        let mut state = self.state();
        let is_first = !state.gate.has_failed();
        let told = close(&mut state.gate, error, &*self.clock);
        let next = state.gate.left(&*self.clock).as_secs();
        drop(state);
        if is_first {
            let kind = told.kind().as_str();
            tracing::warn!(kind, next_try_seconds = next, "the login failed: {told}");
        }
        told
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
        let uses_left = token.uses();
        let was_of_use = false;
        let held = Held { token, uses_left, first, due, failed: None, since, was_of_use };
        self.state().held = Some(held);
        self.changed.notify_one();
    }

    /// How long nothing has to be done about the token; `None` if nothing ever has to be.
    pub(super) fn next(&self) -> Option<Duration> {
        let clock = &*self.clock;
        let state = self.state();
        let held = state.held.as_ref()?;
        if held.uses_left.is_some() || held.token.is_over(clock) {
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
        // A login that is too early fails without being made, and nothing else can be done.
        let waits = held.needs_login() && !held.is_renewable();
        Some(if waits { next.max(state.gate.left(clock)) } else { next })
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
    /// Whether renewing does not help for long: another token should be had.
    fn needs_login(&self) -> bool {
        match self.token.lease() {
            Lease::Ends { length, renewable, .. } => !renewable || length < self.first / 2,
            _ => false,
        }
    }

    fn is_renewable(&self) -> bool {
        matches!(self.token.lease(), Lease::Ends { renewable: true, .. })
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
    let message = "the token is not accepted: it is unknown here, expired or revoked, or must not be used from here";
    Error::new(ErrorKind::Unauthenticated, message)
}
