//! One login for all, and failed ones far apart.

use super::*;

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
    log_in_for_nobody(&server, &cache).await;
    assert_eq!(text(&cache.current().await.unwrap()), "canary-0");
    assert_eq!(server.counts().0, 1);
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
