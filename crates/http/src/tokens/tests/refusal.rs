//! What a refused token leads to.

use super::*;

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
async fn a_second_refusal_of_a_fresh_token_is_no_second_login() {
    let server = Server::new(3_600, true);
    let cache = server.cache();
    let token = cache.current().await.unwrap();
    let error = cache.refused(&token, false, false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(server.counts(), (1, 0, 1));
    assert!(cache.current().await.is_ok(), "the next call may");
}
