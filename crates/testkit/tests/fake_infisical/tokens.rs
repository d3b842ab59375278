//! Access tokens of identities: their ends, and how they are renewed.

use std::time::Duration;

use serde_json::json;
use strongroom_testkit::{FakeInfisical, ManualClock};

use crate::client::{Caller, post, renew, send};

const ID: &str = FakeInfisical::CLIENT_ID;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

async fn start() -> (ManualClock, FakeInfisical) {
    let clock = ManualClock::at(1_800_000_000);
    let infisical = strongroom_testkit::infisical().clock(clock.clone()).start().await;
    infisical.put("/", "APP", "canary-1");
    (clock, infisical)
}

#[tokio::test]
async fn case_41_bad_tokens_are_refused_in_as_many_ways_as_there_are() {
    let (_, infisical) = start().await;
    let malformed = "The provided access token is malformed. Please use a valid token or generate a new one and try \
                     again.";
    for (token, message) in [("canary", malformed), ("", malformed), ("a.b.c", "invalid signature")]
    {
        let answer = Caller::with(&infisical, token).read("/APP").await;
        assert_eq!((answer.codes(), answer.message()), ((403, "TokenError"), message), "{token}");
    }
    let answer = send(&infisical, "GET /api/v4/secrets/APP", &[], "").await;
    assert_eq!((answer.codes(), answer.message()), ((401, "UnauthorizedError"), "Token missing"));
    let answer = send(&infisical, "GET /api/v4/secrets/APP", &[("x-api-key", "canary")], "").await;
    assert_eq!(answer.codes(), (400, "BadRequest"));
    let calls = infisical.calls();
    assert_eq!(
        calls.iter().map(|call| call.has_token).collect::<Vec<_>>(),
        [true, true, true, false, false]
    );
}

#[tokio::test]
async fn case_43_a_token_ends_when_it_says_and_then_it_is_403() {
    let (clock, infisical) = start().await;
    infisical.set_lifetimes(ID, 60, 90, 0);
    let owner = Caller::owner(&infisical).await;
    clock.advance(seconds(59));
    assert_eq!(owner.read("/APP").await.status, 200);
    clock.advance(seconds(1));
    let answer = owner.read("/APP").await;
    assert_eq!(answer.codes(), (403, "TokenError"));
    assert_eq!(answer.message(), "Your token has expired. Please re-authenticate.");
    assert_eq!(renew(&infisical, &owner.token).await.codes(), (403, "TokenError"));
}

#[tokio::test]
async fn operators_end_and_revoke_all_tokens() {
    let (_, infisical) = start().await;
    infisical.add_token("canary-token", &[("*", "/**", &["*"])]);
    let owner = Caller::owner(&infisical).await;
    let other = Caller::with(&infisical, "canary-token");
    assert_eq!(other.read("/APP").await.status, 200);
    infisical.revoke_tokens();
    for caller in [&owner, &other] {
        let answer = caller.read("/APP").await;
        assert_eq!(answer.codes(), (401, "UnauthorizedError"));
        assert_eq!(answer.message(), "No identity access token found");
    }
    infisical.expire_tokens();
    for caller in [&owner, &other] {
        assert_eq!(caller.read("/APP").await.codes(), (403, "TokenError"));
    }
    assert_eq!(Caller::owner(&infisical).await.read("/APP").await.status, 200);
}

#[tokio::test]
async fn a_token_is_used_up() {
    let (_, infisical) = start().await;
    infisical.set_lifetimes(ID, 60, 90, 2);
    let owner = Caller::owner(&infisical).await;
    for _ in 0..2 {
        assert_eq!(owner.read("/APP").await.status, 200);
    }
    for message in [
        "Unable to renew because access token number of uses limit reached",
        "No identity access token found",
    ] {
        let answer = owner.read("/APP").await;
        assert_eq!((answer.codes(), answer.message()), ((401, "UnauthorizedError"), message));
    }
}

#[tokio::test]
async fn case_46_a_renewal_gives_another_token_for_what_is_left() {
    let (clock, infisical) = start().await;
    infisical.set_lifetimes(ID, 60, 100, 0);
    let owner = Caller::owner(&infisical).await;
    let mut token = owner.token.clone();
    for (passed, left) in [(30, 60), (30, 40)] {
        clock.advance(seconds(passed));
        let answer = renew(&infisical, &token).await;
        assert_eq!((answer.status, &answer.body["expiresIn"]), (200, &left.into()));
        assert_eq!(answer.body["accessTokenMaxTTL"], 100);
        let next = answer.body["accessToken"].as_str().unwrap().to_owned();
        assert_ne!(next, token);
        token = next;
    }
    // The first one ended on its own.
    assert_eq!(owner.read("/APP").await.codes(), (403, "TokenError"));
    assert_eq!(Caller::with(&infisical, &token).read("/APP").await.status, 200);
    clock.advance(seconds(39));
    assert_eq!(renew(&infisical, &token).await.body["expiresIn"], 1);
    assert_eq!(infisical.count("renew"), 3);
}

#[tokio::test]
async fn an_old_server_refuses_a_renewal_past_the_longest_lifetime_and_ends_the_token() {
    let (clock, infisical) = start().await;
    infisical.set_old_renewals(true);
    let owner = Caller::owner(&infisical).await;
    clock.advance(seconds(1));
    let answer = renew(&infisical, &owner.token).await;
    let text = "Failed to renew MI access token past its Max TTL expiration";
    assert_eq!((answer.codes(), answer.message()), ((401, "UnauthorizedError"), text));
    assert_eq!(owner.read("/APP").await.codes(), (401, "UnauthorizedError"));
}

#[tokio::test]
async fn a_client_can_revoke_its_token() {
    let (_, infisical) = start().await;
    let owner = Caller::owner(&infisical).await;
    let body = json!({ "accessToken": owner.token });
    let answer = post(&infisical, "/api/v1/auth/token/revoke", body).await;
    assert_eq!(answer.body, json!({ "message": "Successfully revoked access token" }));
    assert_eq!(owner.read("/APP").await.status, 401);
    assert_eq!(renew(&infisical, &owner.token).await.codes(), (401, "UnauthorizedError"));
}
