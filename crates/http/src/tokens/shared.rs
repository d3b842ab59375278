//! The token, and the one who may change it at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strongroom_core::{Clock, Error, ErrorKind, Result};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::gate::Gate;
use super::held::Held;
use super::{Login, Refused, Token, renew};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) login: Box<dyn Login>,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Held by the one who asks the server about tokens.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Tells the renewing task that there is another token.
    changed: Arc<Notify>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) held: Option<Held>,
    pub(super) gate: Gate,
    /// How often the server was asked whether a token is alive.
    asked: u64,
    /// The last of these questions that was answered, and its answer.
    answer: Option<(u64, Result<bool>)>,
    /// How many tokens in a row were refused as soon as they were had.
    stillborn: u32,
    renewing: Option<JoinHandle<()>>,
}

/// A token that the server refuses within this time was never any good, and after so many of them nobody logs in
/// for a while.
const STILLBORN: (Duration, u32) = (Duration::from_secs(5), 3);

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
    pub(super) async fn log_in_now(&self, dead: Option<&Token>) -> Result<Token> {
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
    pub(super) fn hold(&self, token: Token, first: Option<Duration>) {
        self.state().held = Some(Held::new(token, first, &*self.clock));
        self.changed.notify_one();
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_accepted() -> Error {
    let message = "the token is not accepted: it is unknown here, expired or revoked, or must not be used from here";
    Error::new(ErrorKind::Unauthenticated, message)
}
