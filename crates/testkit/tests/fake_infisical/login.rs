//! Universal auth, and what locks it.

use std::time::Duration;

use strongroom_core::Clock;
use strongroom_testkit::{FakeInfisical, ManualClock};

use crate::client::{Answer, Caller, log_in, post};

const ID: &str = FakeInfisical::CLIENT_ID;
const SECRET: &str = FakeInfisical::CLIENT_SECRET;
const LOCKED: &str = "This identity auth method is temporarily locked, please try again later";

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn refused(answer: &Answer) -> &str {
    assert_eq!(answer.codes(), (401, "UnauthorizedError"));
    answer.message()
}

#[tokio::test]
async fn a_login_says_how_long_its_token_lasts() {
    let infisical = FakeInfisical::start().await;
    let answer = log_in(&infisical, ID, SECRET).await;
    let days = 2_592_000;
    assert_eq!(answer.body["tokenType"], "Bearer");
    assert_eq!(
        (&answer.body["expiresIn"], &answer.body["accessTokenMaxTTL"]),
        (&days.into(), &days.into())
    );
    infisical.set_lifetimes(ID, 60, 90, 0);
    let answer = log_in(&infisical, ID, SECRET).await;
    assert_eq!(
        (&answer.body["expiresIn"], &answer.body["accessTokenMaxTTL"]),
        (&60.into(), &90.into())
    );
    infisical.set_lifetimes(ID, 0, 0, 0);
    assert_eq!(log_in(&infisical, ID, SECRET).await.body["expiresIn"], 0);
    assert_eq!(infisical.count("login"), 3);
    assert_eq!(infisical.calls()[0].client_id.as_deref(), Some(ID));
}

#[tokio::test]
async fn case_45_three_failures_lock_an_identity_for_its_right_secret_too() {
    let clock = ManualClock::at(1_800_000_000);
    let infisical = strongroom_testkit::infisical().clock(clock.clone()).start().await;
    infisical.add_identity("canary-other", "canary-secret", &[]);
    for _ in 0..3 {
        assert!(!infisical.is_locked(ID));
        assert_eq!(refused(&log_in(&infisical, ID, "canary-wrong").await), "Invalid credentials");
    }
    assert!(infisical.is_locked(ID));
    assert_eq!(refused(&log_in(&infisical, ID, SECRET).await), LOCKED);
    assert_eq!(log_in(&infisical, "canary-other", "canary-secret").await.status, 200);
    clock.advance(seconds(299));
    assert_eq!(refused(&log_in(&infisical, ID, SECRET).await), LOCKED);
    clock.advance(seconds(1));
    assert_eq!(log_in(&infisical, ID, SECRET).await.status, 200);
}

#[tokio::test]
async fn failures_are_forgotten_after_a_while_and_after_a_login() {
    let clock = ManualClock::at(1_800_000_000);
    let infisical = strongroom_testkit::infisical().clock(clock.clone()).start().await;
    for pause in [30, 0] {
        for _ in 0..2 {
            log_in(&infisical, ID, "canary-wrong").await;
        }
        clock.advance(seconds(pause));
        if pause == 0 {
            assert_eq!(log_in(&infisical, ID, SECRET).await.status, 200);
        }
        assert_eq!(refused(&log_in(&infisical, ID, "canary-wrong").await), "Invalid credentials");
        assert!(!infisical.is_locked(ID));
        infisical.unlock(ID);
    }
    infisical.set_lockout(0, seconds(0), seconds(0));
    for _ in 0..4 {
        log_in(&infisical, ID, "canary-wrong").await;
    }
    assert_eq!(log_in(&infisical, ID, SECRET).await.status, 200);
}

#[tokio::test]
async fn secrets_end_by_time_by_use_and_by_replacement() {
    let clock = ManualClock::at(1_800_000_000);
    let infisical = strongroom_testkit::infisical().clock(clock.clone()).start().await;
    infisical.limit_secret(ID, Some(clock.now() + seconds(60)), None);
    assert_eq!(log_in(&infisical, ID, SECRET).await.status, 200);
    clock.advance(seconds(61));
    let texts = ["Access denied due to expired client secret", "Invalid credentials"];
    for text in texts {
        assert_eq!(refused(&log_in(&infisical, ID, SECRET).await), text);
    }
    infisical.set_secret(ID, "canary-next");
    infisical.limit_secret(ID, None, Some(1));
    assert_eq!(log_in(&infisical, ID, "canary-next").await.status, 200);
    let text = "Access denied due to client secret usage limit reached";
    assert_eq!(refused(&log_in(&infisical, ID, "canary-next").await), text);
    assert_eq!(refused(&log_in(&infisical, "canary-nobody", SECRET).await), "Invalid credentials");
    infisical.remove_identity(ID);
    assert_eq!(refused(&log_in(&infisical, ID, SECRET).await), "Invalid credentials");
}

#[tokio::test]
async fn a_login_without_a_secret_is_no_login() {
    let infisical = FakeInfisical::start().await;
    let body = serde_json::json!({ "clientId": ID });
    let answer = post(&infisical, "/api/v1/auth/universal-auth/login", body).await;
    assert_eq!(answer.codes(), (422, "ValidationFailure"));
    assert!(!infisical.is_locked(ID));
}

#[tokio::test]
async fn who_has_no_rule_or_is_removed_is_no_member() {
    let infisical = FakeInfisical::start().await;
    infisical.add_identity("canary-other", "canary-secret", &[]);
    let other = Caller::new(&infisical, "canary-other", "canary-secret").await;
    let owner = Caller::owner(&infisical).await;
    infisical.remove_identity(ID);
    for caller in [other, owner] {
        let answer = caller.read("/APP").await;
        assert_eq!(answer.codes(), (403, "You are not member of this project"));
        assert_eq!(answer.message(), "You are not allowed to access this resource");
    }
}
