//! When the cache logs in, renews and asks, counted.

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

fn text(token: &Token) -> String {
    token.value().expose_str().unwrap().to_owned()
}

#[tokio::test]
async fn f061_a_thousand_callers_without_a_token_are_one_login() {
    let server = Server::new(3_600, true);
    let cache = Arc::new(server.cache());
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { text(&cache.current().await.unwrap()) })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "canary-0");
    }
    assert_eq!(server.counts(), (1, 0, 0));
}

#[tokio::test]
async fn a_login_goes_on_when_whoever_asked_is_gone() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
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
    assert_eq!(text(&cache.current().await.unwrap()), "canary-0");
    assert_eq!(server.counts().0, 1);
}

#[tokio::test]
async fn f056_case_43_a_dead_token_is_one_question_and_one_login_for_all() {
    let server = Server::new(3_600, true);
    let cache = Arc::new(server.cache());
    let dead = cache.current().await.unwrap();
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let (cache, dead) = (cache.clone(), dead.clone());
            tokio::spawn(async move { cache.refused(&dead, false, true).await.unwrap() })
        })
        .collect();
    for caller in callers {
        match caller.await.unwrap() {
            Refused::Replaced { token, .. } => assert_eq!(text(&token), "canary-1"),
            Refused::Denied => unreachable!("the token is dead"),
        }
    }
    assert_eq!(server.counts(), (2, 0, 1));
}

#[tokio::test]
async fn case_42_a_token_that_is_alive_is_kept_and_callers_share_the_question() {
    let server = Server::new(3_600, true);
    server.0.is_alive.store(true, Ordering::SeqCst);
    let cache = Arc::new(server.cache());
    let token = cache.current().await.unwrap();
    let held_up = server.0.open.acquire().await.unwrap();
    let ask = || {
        let (cache, token) = (cache.clone(), token.clone());
        tokio::spawn(async move { cache.refused(&token, false, true).await })
    };
    let callers: Vec<_> = (0..50).map(|_| ask()).collect();
    settle().await;
    drop(held_up);
    for caller in callers {
        assert!(matches!(caller.await.unwrap(), Ok(Refused::Denied)));
    }
    assert_eq!(server.counts().0, 1, "nobody logs in");
    assert!(server.counts().2 <= 2, "{:?}", server.counts());
    assert!(matches!(ask().await.unwrap(), Ok(Refused::Denied)));
}

#[tokio::test]
async fn case_46_a_token_is_renewed_in_time_while_nobody_calls() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    cache.current().await.unwrap();
    server.pass(3_600 / 2);
    settle().await;
    assert_eq!(server.counts(), (1, 0, 0), "not in the first half");
    for (nth, seconds) in [(1, 600), (2, 2_400), (3, 2_400), (4, 2_400)] {
        server.pass(seconds);
        until(|| server.counts().1 == nth).await;
        settle().await;
        assert_eq!(server.counts(), (1, nth, 0), "once");
    }
    assert_eq!(text(&cache.current().await.unwrap()), "canary-0");
}

#[tokio::test]
async fn case_47_the_lease_that_was_granted_counts() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    cache.current().await.unwrap();
    server.grant(Ok(1_900));
    server.pass(2_400);
    until(|| server.counts().1 == 1).await;
    // 1,900 s from now, and not 3,600.
    server.grant(Ok(600));
    server.pass(1_267);
    until(|| server.counts().1 == 2).await;
    // Less than half of what the login was granted: the end comes near, so there is another login before it.
    server.pass(400);
    until(|| server.counts().0 == 2).await;
    assert_eq!(text(&cache.current().await.unwrap()), "canary-1");
    assert_eq!(server.counts(), (2, 2, 0));
}

#[tokio::test]
async fn case_48_what_cannot_be_renewed_is_replaced_in_time() {
    let server = Server::new(3_600, false);
    let cache = server.cache();
    cache.current().await.unwrap();
    server.pass(2_400);
    until(|| server.counts().0 == 2).await;
    assert_eq!(text(&cache.current().await.unwrap()), "canary-1");

    let server = Server::new(3_600, true);
    let cache = server.cache();
    cache.current().await.unwrap();
    server.grant(Err(Error::new(ErrorKind::Unsupported, "not renewable")));
    server.pass(2_400);
    until(|| server.counts().0 == 2).await;
    assert_eq!(server.counts(), (2, 1, 0), "refused once, then never asked again");
    assert_eq!(text(&cache.current().await.unwrap()), "canary-1");
}

#[tokio::test]
async fn f060_renewing_is_tried_until_the_token_really_ends() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    cache.current().await.unwrap();
    server.grant(Err(Error::new(ErrorKind::Unavailable, "down")));
    server.pass(2_400);
    until(|| server.counts().1 == 1).await;
    for nth in 2..=20 {
        server.pass(30);
        until(|| server.counts().1 == nth).await;
        assert_eq!(text(&cache.current().await.unwrap()), "canary-0", "good until its end");
    }
    server.grant(Ok(3_600));
    server.pass(30);
    until(|| server.counts().1 == 21).await;
    server.pass(1_800);
    settle().await;
    assert_eq!(server.counts(), (1, 21, 0));
    assert_eq!(text(&cache.current().await.unwrap()), "canary-0");
}

#[tokio::test]
async fn a_token_past_its_end_is_not_sent_and_another_login_is_made() {
    let server = Server::new(60, true);
    let cache = server.cache();
    cache.current().await.unwrap();
    server.grant(Err(Error::new(ErrorKind::Unavailable, "down")));
    server.0.clock.suspend(Duration::from_secs(61));
    assert!(cache.shared.take().is_none(), "a machine that slept counts");
    assert_eq!(text(&cache.current().await.unwrap()), "canary-1");
}

#[tokio::test]
async fn f057_case_44_refused_credentials_are_not_sent_again_until_it_is_time_or_they_change() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    server.refuse(ErrorKind::Unauthenticated);
    for _ in 0..50 {
        let error = cache.current().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    }
    assert_eq!(server.counts().0, 1);
    server.pass(30);
    for _ in 0..50 {
        assert!(cache.current().await.is_err());
    }
    assert_eq!(server.counts().0, 2);
    // An operator has put another secret into the file.
    server.0.has_new_credentials.store(true, Ordering::SeqCst);
    server.refuse(None);
    assert!(cache.current().await.is_ok());
    assert_eq!(server.counts().0, 3);
}

#[tokio::test]
async fn f059_a_server_that_cannot_log_in_is_unavailable_and_asked_again_soon() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    server.refuse(ErrorKind::Unavailable);
    for _ in 0..50 {
        assert_eq!(cache.current().await.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(server.counts().0, 1);
    server.refuse(None);
    server.pass(2);
    assert!(cache.current().await.is_ok());
}

#[tokio::test]
async fn a_token_for_a_few_uses_is_neither_asked_about_nor_renewed() {
    let server = Server::new(3_600, true);
    server.0.is_limited.store(true, Ordering::SeqCst);
    let cache = server.cache();
    let token = cache.current().await.unwrap();
    server.pass(3_000);
    settle().await;
    assert!(matches!(cache.refused(&token, true, true).await, Ok(Refused::Denied)));
    assert_eq!(server.counts(), (1, 0, 0));
    assert!(matches!(cache.refused(&token, false, true).await, Ok(Refused::Replaced { .. })));
    assert_eq!(server.counts(), (2, 0, 0));
}

#[tokio::test]
async fn a_token_of_somebody_else_is_asked_about_after_a_while_and_then_renewed() {
    let server = Server::new(3_600, true);
    *server.0.lease.lock().unwrap() = None;
    let cache = server.cache();
    cache.current().await.unwrap();
    server.pass(29);
    settle().await;
    assert_eq!(server.counts().1, 0, "one for a few uses is used up by then");
    server.pass(1);
    until(|| server.counts().1 == 1).await;
    server.pass(2_400);
    until(|| server.counts().1 == 2).await;
    assert_eq!(server.counts(), (1, 2, 0));
}

#[tokio::test]
async fn a_token_that_may_not_be_asked_about_is_used_until_it_is_refused() {
    let server = Server::new(3_600, true);
    *server.0.lease.lock().unwrap() = None;
    server.grant(Err(Error::new(ErrorKind::PermissionDenied, "no policy for it")));
    let cache = server.cache();
    cache.current().await.unwrap();
    server.pass(30);
    until(|| server.counts().1 == 1).await;
    for _ in 0..5 {
        server.pass(100_000);
        settle().await;
    }
    assert_eq!(server.counts(), (1, 1, 0));
    assert_eq!(text(&cache.current().await.unwrap()), "canary-0");
}

#[tokio::test]
async fn the_same_dead_token_again_is_no_login() {
    let server = Server::new(3_600, true);
    *server.0.lease.lock().unwrap() = None;
    server.0.always_the_same.store(true, Ordering::SeqCst);
    let cache = server.cache();
    let token = cache.current().await.unwrap();
    let error = cache.refused(&token, false, true).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    for _ in 0..20 {
        assert_eq!(cache.current().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
    assert_eq!(server.counts(), (2, 0, 1), "nothing is sent with it");
    server.0.has_new_credentials.store(true, Ordering::SeqCst);
    server.0.always_the_same.store(false, Ordering::SeqCst);
    assert_eq!(text(&cache.current().await.unwrap()), "canary-2");
}

#[tokio::test]
async fn f058_tokens_that_are_never_any_good_do_not_make_a_storm_of_logins() {
    let server = Server::new(3_600, true);
    for is_limited in [false, true] {
        let server = Server::new(3_600, true);
        server.0.is_limited.store(is_limited, Ordering::SeqCst);
        let cache = server.cache();
        for _ in 0..3_600 {
            if let Ok(token) = cache.current().await {
                let _ = cache.refused(&token, false, true).await;
            }
            server.pass(1);
        }
        assert!(server.counts().0 < 20, "in an hour: {:?}", server.counts());
    }
    // A standby that lags knows a token after a moment.
    let cache = server.cache();
    let mut works = 0;
    for _ in 0..600 {
        if let Ok(token) = cache.current().await {
            let Lease::Ends { since, .. } = token.lease() else { unreachable!("it ends") };
            match since.age(&server.0.clock).is_zero() {
                true => drop(cache.refused(&token, false, true).await),
                false => works += 1,
            }
        }
        server.pass(1);
    }
    assert!(works > 500, "{works}");
}

#[tokio::test]
async fn a_question_that_fails_is_shared_by_those_who_waited_for_it() {
    let server = Server::new(3_600, true);
    *server.0.unanswered.lock().unwrap() = Some(ErrorKind::Unavailable);
    let cache = Arc::new(server.cache());
    let token = cache.current().await.unwrap();
    let held_up = server.0.open.acquire().await.unwrap();
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (cache, token) = (cache.clone(), token.clone());
            tokio::spawn(async move { cache.refused(&token, false, true).await.is_err() })
        })
        .collect();
    settle().await;
    callers.iter().for_each(tokio::task::JoinHandle::abort);
    drop(held_up);
    settle().await;
    assert!(server.counts().2 <= 2, "{:?}, of callers that are gone", server.counts());
    assert!(cache.refused(&token, true, true).await.is_err(), "an outage tells nothing");
    *server.0.unanswered.lock().unwrap() = Some(ErrorKind::Malformed);
    assert!(matches!(cache.refused(&token, true, true).await, Ok(Refused::Denied)), "it was said");
}

#[tokio::test]
async fn a_token_for_a_few_uses_is_handed_out_so_often_and_then_replaced() {
    let server = Server::new(3_600, true);
    server.0.is_limited.store(true, Ordering::SeqCst);
    server.0.uses.store(3, Ordering::SeqCst);
    let cache = Arc::new(server.cache());
    let callers: Vec<_> = (0..30)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { text(&cache.current().await.unwrap()) })
        })
        .collect();
    let mut uses = std::collections::BTreeMap::<String, usize>::new();
    for caller in callers {
        *uses.entry(caller.await.unwrap()).or_default() += 1;
    }
    assert_eq!(server.counts().0, 10);
    assert!(uses.values().all(|uses| *uses == 3), "{uses:?}");
}

#[tokio::test]
async fn a_token_of_short_leases_is_renewed_on_if_no_login_works() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    cache.current().await.unwrap();
    server.grant(Ok(1_200));
    server.refuse(ErrorKind::Unauthenticated);
    for _ in 0..200 {
        server.pass(30);
        settle().await;
        assert!(cache.shared.take().is_some(), "{:?}", server.counts());
    }
}

#[tokio::test]
async fn renewing_starts_also_if_the_caller_of_the_login_is_gone() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
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
    settle().await;
    server.pass(2_400);
    until(|| server.counts().1 == 1).await;
}

#[tokio::test]
async fn a_second_refusal_of_a_fresh_token_is_no_second_login() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    let token = cache.current().await.unwrap();
    let error = cache.refused(&token, false, false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(server.counts(), (1, 0, 1));
    assert!(cache.current().await.is_ok(), "the next call may");
}

#[test]
fn renewing_goes_on_in_the_next_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Server::new(3_600, true);
    let cache = server.cache();
    runtime().block_on(async { cache.current().await.unwrap() });
    server.pass(2_400);
    runtime().block_on(async {
        cache.current().await.unwrap();
        until(|| server.counts().1 == 1).await;
    });
    assert_eq!(server.counts(), (1, 1, 0));
}

#[tokio::test]
async fn s82_renewing_ends_with_the_cache() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    cache.current().await.unwrap();
    settle().await;
    drop(cache);
    until(|| Arc::strong_count(&server.0) == 1).await;
    server.pass(2_400);
    settle().await;
    assert_eq!(server.counts(), (1, 0, 0));
}

#[test]
fn outside_of_a_runtime_it_is_said_what_is_missing() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    let mut asked = std::pin::pin!(cache.current());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match asked.as_mut().poll(&mut context) {
        std::task::Poll::Ready(Err(error)) => assert_eq!(error.kind(), ErrorKind::Misconfigured),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn s01_neither_token_nor_cache_is_shown() {
    let server = Server::new(3_600, true);
    let token = server.token("canary-token", None);
    let shown = format!(
        "{token:?} {:?} {:?}",
        Refused::Replaced { token: token.clone(), is_fresh: true },
        server.cache()
    );
    assert!(!shown.contains("canary-token"), "{shown}");
    assert!(server.0.clock.now() > std::time::SystemTime::UNIX_EPOCH);
}
