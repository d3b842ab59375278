//! When the cache logs in, renews and asks, counted.

mod login;
mod refusal;
mod renewal;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use strongroom_core::{Clock, Error, ErrorKind, Moment, Result, SecretValue};
use strongroom_testkit::ManualClock;
use tokio::sync::Semaphore;

use super::{Lease, Login, Refused, Token, TokenCache};

/// A server that does as it is told.
#[derive(Clone, Debug)]
struct Server(Arc<Script>);

#[derive(Debug)]
struct Script {
    clock: ManualClock,
    logins: AtomicUsize,
    renewals: AtomicUsize,
    questions: AtomicUsize,
    /// What a login gives: seconds, or `None` for a lease that is not known.
    lease: Mutex<Option<(u64, bool)>>,
    /// What renewing gives.
    granted: Mutex<Result<u64>>,
    refusal: Mutex<Option<ErrorKind>>,
    is_alive: AtomicBool,
    is_limited: AtomicBool,
    uses: AtomicUsize,
    unanswered: Mutex<Option<ErrorKind>>,
    has_new_credentials: AtomicBool,
    always_the_same: AtomicBool,
    /// Closed: a login or a question waits.
    open: Semaphore,
}

impl Server {
    fn new(seconds: u64, renewable: bool) -> Self {
        Self(Arc::new(Script {
            clock: ManualClock::at(1_800_000_000),
            logins: AtomicUsize::new(0),
            renewals: AtomicUsize::new(0),
            questions: AtomicUsize::new(0),
            lease: Mutex::new(Some((seconds, renewable))),
            granted: Mutex::new(Ok(seconds)),
            refusal: Mutex::new(None),
            is_alive: AtomicBool::new(false),
            is_limited: AtomicBool::new(false),
            uses: AtomicUsize::new(1_000_000),
            unanswered: Mutex::new(None),
            has_new_credentials: AtomicBool::new(false),
            always_the_same: AtomicBool::new(false),
            open: Semaphore::new(1),
        }))
    }

    fn cache(&self) -> TokenCache {
        TokenCache::new(self.clone(), Arc::new(self.0.clock.clone()))
    }

    fn counts(&self) -> (usize, usize, usize) {
        let read = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (read(&self.0.logins), read(&self.0.renewals), read(&self.0.questions))
    }

    fn refuse(&self, kind: impl Into<Option<ErrorKind>>) {
        *self.0.refusal.lock().unwrap() = kind.into();
    }

    fn grant(&self, granted: Result<u64>) {
        *self.0.granted.lock().unwrap() = granted;
    }

    fn pass(&self, seconds: u64) {
        self.0.clock.advance(Duration::from_secs(seconds));
    }

    fn token(&self, text: &str, lease: Option<(u64, bool)>) -> Token {
        let lease = lease.map_or(Lease::Unknown, |(seconds, renewable)| Lease::Ends {
            since: Moment::now(&self.0.clock),
            length: Duration::from_secs(seconds),
            renewable,
        });
        Token::new(SecretValue::from(text), lease)
    }
}

#[async_trait]
impl Login for Server {
    async fn login(&self) -> Result<Token> {
        let nth = self.0.logins.fetch_add(1, Ordering::SeqCst);
        drop(self.0.open.acquire().await);
        if let Some(kind) = *self.0.refusal.lock().unwrap() {
            return Err(Error::new(kind, "no login"));
        }
        let nth = if self.0.always_the_same.load(Ordering::SeqCst) { 0 } else { nth };
        let token = self.token(&format!("canary-{nth}"), *self.0.lease.lock().unwrap());
        Ok(if self.0.is_limited.load(Ordering::SeqCst) {
            token.limited(self.0.uses.load(Ordering::SeqCst) as u64)
        } else {
            token
        })
    }

    async fn renew(&self, token: &Token) -> Result<Token> {
        self.0.renewals.fetch_add(1, Ordering::SeqCst);
        let granted = self.0.granted.lock().unwrap().clone()?;
        let text = token.value().expose_str()?;
        Ok(self.token(text, Some((granted, true))))
    }

    async fn is_alive(&self, _: &Token) -> Result<bool> {
        self.0.questions.fetch_add(1, Ordering::SeqCst);
        drop(self.0.open.acquire().await);
        match *self.0.unanswered.lock().unwrap() {
            Some(kind) => Err(Error::new(kind, "no answer")),
            None => Ok(self.0.is_alive.load(Ordering::SeqCst)),
        }
    }

    fn has_new_credentials(&self) -> bool {
        self.0.has_new_credentials.load(Ordering::SeqCst)
    }
}

/// Lets tasks run until something holds.
async fn until(holds: impl Fn() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
    }
    assert!(holds(), "it never came to that");
}

/// Lets tasks run that have something to do.
async fn settle() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

/// Logs in for a caller who is gone before the server answers.
async fn log_in_for_nobody(server: &Server, cache: &TokenCache) {
    let held_up = server.0.open.acquire().await.unwrap();
    {
        let mut asked = Box::pin(cache.current());
        tokio::select! {
            biased;
            _ = &mut asked => unreachable!("the server does not answer yet"),
            () = until(|| server.counts().0 == 1) => {}
        }
    }
    drop(held_up);
    until(|| cache.shared.take().is_some()).await;
}

fn text(token: &Token) -> String {
    token.value().expose_str().unwrap().to_owned()
}
