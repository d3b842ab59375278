//! Rates.

use std::time::Duration;

use strongroom_testkit::{FakeInfisical, ManualClock};

use crate::client::{Caller, log_in};

#[tokio::test]
async fn f045_case_60_a_minute_has_so_many_requests_and_says_when_it_ends() {
    let clock = ManualClock::at(1_800_000_000);
    let infisical = strongroom_testkit::infisical().clock(clock.clone()).start().await;
    infisical.put("/", "APP", "canary-1");
    let owner = Caller::owner(&infisical).await;
    assert_eq!(owner.read("/APP").await.header("x-ratelimit-limit"), None);
    infisical.set_rate_limit(Some(2));
    for (left, reset) in [("1", "60"), ("0", "50")] {
        let answer = owner.read("/APP").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("2"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left));
        assert_eq!(answer.header("x-ratelimit-reset"), Some(reset));
        clock.advance(Duration::from_secs(10));
    }
    let answer = owner.read("/APP").await;
    assert_eq!(answer.codes(), (429, "RateLimitExceeded"));
    assert_eq!(answer.message(), "Rate limit exceeded. Please try again in 40 seconds");
    assert_eq!(answer.header("retry-after"), Some("40"));
    // A bad token is refused before it counts, and a login counts, too.
    assert_eq!(Caller::with(&infisical, "canary").read("/APP").await.status, 403);
    let (id, secret) = (FakeInfisical::CLIENT_ID, FakeInfisical::CLIENT_SECRET);
    assert_eq!(log_in(&infisical, id, secret).await.status, 429);
    clock.advance(Duration::from_secs(40));
    assert_eq!(owner.read("/APP").await.header("x-ratelimit-remaining"), Some("1"));
    infisical.set_rate_limit(None);
    assert_eq!(owner.read("/APP").await.header("x-ratelimit-remaining"), None);
}
