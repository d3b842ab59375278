//! Renewing in time, until the token really ends.

use super::*;

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
    log_in_for_nobody(&server, &cache).await;
    settle().await;
    server.pass(2_400);
    until(|| server.counts().1 == 1).await;
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
