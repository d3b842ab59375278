//! Who has no token, or one that is not good, is told where to get one.

use std::time::Duration;

use serde_json::Value;
use strongroom_testkit::{FakeAzure, ManualClock};

use crate::client::{Answer, Caller, ask_identity, send};

const READ: &str = "GET /secrets/app?api-version=7.6";

fn challenge(azure: &FakeAzure) -> String {
    let authority = format!("{}/{}", azure.address(), FakeAzure::TENANT_ID);
    format!("Bearer authorization=\"{authority}\", resource=\"https://vault.azure.net\"")
}

/// Asserts that an answer is a challenge, and gives the text of its error.
fn refused(azure: &FakeAzure, answer: &Answer) -> String {
    assert_eq!(answer.codes(), (401, "Unauthorized", ""));
    assert_eq!(answer.header("www-authenticate"), Some(challenge(azure).as_str()));
    answer.body["error"]["message"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_request_without_a_token_is_challenged_and_what_it_brings_is_ignored() {
    let azure = FakeAzure::start().await;
    let body = r#"{"value":"canary-1"}"#;
    for headers in [[].as_slice(), &[("authorization", "Basic canary")]] {
        let answer = send(&azure, "PUT /secrets/app?api-version=7.6", headers, body).await;
        assert!(refused(&azure, &answer).starts_with("AKV10000"));
    }
    let answer = send(&azure, "PUT /secrets/a_b", &[], "not JSON").await;
    assert!(refused(&azure, &answer).starts_with("AKV10000"), "before name, version and body");
    assert_eq!(azure.version_of("app"), None);
    let calls = azure.calls();
    assert_eq!(azure.count("set"), 3);
    assert!(calls.iter().all(|call| !call.has_token && call.status == 401));
}

#[tokio::test]
async fn case_41_a_token_that_nobody_issued_is_challenged() {
    let azure = FakeAzure::start().await;
    let answer = send(&azure, READ, &[("authorization", "Bearer canary-unknown")], "").await;
    assert!(refused(&azure, &answer).starts_with("[BearerReadAccessTokenFailed]"));
    assert!(azure.calls().iter().all(|call| call.has_token && call.client_id.is_none()));
}

#[tokio::test]
async fn case_43_tokens_run_out_by_the_clock_and_are_told_apart_from_revoked_ones() {
    let clock = ManualClock::at(1_800_000_000);
    let azure = strongroom_testkit::azure().clock(clock.clone()).start().await;
    azure.put("app", "canary-1");
    azure.set_token_lifetime(Duration::from_secs(60));
    let read = async |owner: &Caller<'_>| owner.ask("GET /secrets/app", Value::Null).await;
    let owner = Caller::owner(&azure).await;
    clock.advance(Duration::from_secs(59));
    assert_eq!(read(&owner).await.status, 200);
    clock.advance(Duration::from_secs(1));
    assert!(refused(&azure, &read(&owner).await).starts_with("[TokenExpired]"));

    let owner = Caller::owner(&azure).await;
    azure.expire_tokens();
    assert!(refused(&azure, &read(&owner).await).starts_with("[TokenExpired]"));

    let owner = Caller::owner(&azure).await;
    azure.revoke_tokens();
    assert!(refused(&azure, &read(&owner).await).starts_with("[BearerReadAccessTokenFailed]"));
    assert_eq!(read(&Caller::owner(&azure).await).await.status, 200);
}

#[tokio::test]
async fn a_token_for_something_else_is_challenged() {
    let azure = FakeAzure::start().await;
    let target =
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://canary.example";
    let token = ask_identity(&azure, target, &[("metadata", "true")]).await;
    let token = format!("Bearer {}", token.body["access_token"].as_str().unwrap());
    let answer = send(&azure, READ, &[("authorization", &token)], "").await;
    assert!(refused(&azure, &answer).starts_with("AKV10022"));
}

#[tokio::test]
async fn f091_case_55_a_challenge_can_name_a_foreign_authority_and_resource() {
    let azure = FakeAzure::start().await;
    azure.set_challenge("https://canary.example/tenant", "https://canary.example");
    let answer = send(&azure, READ, &[], "").await;
    let expected = "Bearer authorization=\"https://canary.example/tenant\", resource=\"https://canary.example\"";
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some(expected)));
    azure.put("app", "canary-1");
    Caller::owner(&azure).await.read("GET /secrets/app").await;
}

#[tokio::test]
async fn the_vault_and_entra_are_not_there_without_tls_nor_identities_with_it() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    let target = "/secrets/app?api-version=7.6";
    let plain = ask_identity(&azure, target, &[("authorization", &owner.token)]).await;
    assert_eq!(plain.status, 404);
    for target in ["/metadata/identity/oauth2/token", "/msi/token"] {
        assert_eq!(send(&azure, &format!("GET {target}"), &[], "").await.status, 404, "{target}");
    }
    assert_eq!((azure.count("get"), azure.count("identity")), (0, 0));
}
