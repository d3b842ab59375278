//! Tokens for applications.

use std::time::Duration;

use serde_json::json;
use strongroom_testkit::{AzureFlow, FakeAzure};

use crate::client::{Answer, Caller, form, log_in, send};

const ASSERTION_TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

fn good() -> String {
    form(FakeAzure::CLIENT_ID, FakeAzure::CLIENT_SECRET)
}

fn with_assertion(assertion: &str) -> String {
    let form = form(FakeAzure::CLIENT_ID, "");
    let assertion = format!("client_assertion={assertion}&client_assertion_type={ASSERTION_TYPE}");
    form.replace("client_secret=", &assertion)
}

/// The status, the error and its number.
fn problem(answer: &Answer) -> (u16, String, u64) {
    let error = answer.body["error"].as_str().expect("an error").to_owned();
    (answer.status, error, answer.body["error_codes"][0].as_u64().expect("a number"))
}

#[tokio::test]
async fn each_login_with_the_secret_gives_another_token() {
    let azure = FakeAzure::start().await;
    for number in 1..=2 {
        let answer = log_in(&azure, &good()).await;
        let expected = json!({
            "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599,
            "access_token": format!("canary-azure-token-{number}"),
        });
        assert_eq!((answer.status, answer.body), (200, expected));
    }
    azure.set_token_lifetime(Duration::from_secs(600));
    assert_eq!(log_in(&azure, &good()).await.body["expires_in"], 600);
    let call = azure.calls().pop().unwrap();
    assert_eq!((call.operation, call.flow), ("token", Some(AzureFlow::ClientSecret)));
    assert_eq!(call.client_id.as_deref(), Some(FakeAzure::CLIENT_ID));
}

#[tokio::test]
async fn a_login_is_refused_for_each_thing_that_is_wrong() {
    let azure = FakeAzure::start().await;
    let stranger = form("canary-stranger", FakeAzure::CLIENT_SECRET);
    for (form, expected) in [
        (stranger, (400, "unauthorized_client", 700_016)),
        (form(FakeAzure::CLIENT_ID, "canary-wrong"), (401, "invalid_client", 7_000_215)),
        (good().replace("vault.azure.net", "canary.example"), (400, "invalid_scope", 1_002_012)),
        (good().replace("%2F.default", ""), (400, "invalid_scope", 1_002_012)),
        (good().replace("client_credentials", "password"), (400, "unsupported_grant_type", 70_003)),
        (good().replace("client_secret", "other"), (400, "invalid_request", 900_144)),
        (String::new(), (400, "invalid_request", 900_144)),
        (with_assertion("canary-wrong"), (401, "invalid_client", 700_213)),
    ] {
        let answer = log_in(&azure, &form).await;
        let (status, error, number) = expected;
        assert_eq!(problem(&answer), (status, error.to_owned(), number));
        let text = answer.body["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{number}: ")) && !text.contains("canary"));
    }
    let answer = send(&azure, "POST /canary-tenant/oauth2/v2.0/token", &[], &good()).await;
    assert_eq!(problem(&answer), (400, "invalid_request".to_owned(), 90_002));
    assert_eq!(azure.count("token"), 9);
    let errors: Vec<_> = azure.calls().into_iter().filter_map(|call| call.error).collect();
    assert_eq!(errors.len(), 9);
}

#[tokio::test]
async fn case_49_a_workload_logs_in_with_the_assertion_of_the_day() {
    let azure = FakeAzure::start().await;
    assert_eq!(log_in(&azure, &with_assertion("canary-assertion")).await.status, 200);
    assert_eq!(azure.calls().pop().unwrap().flow, Some(AzureFlow::WorkloadIdentity));
    azure.set_assertion("canary-assertion-2");
    assert_eq!(log_in(&azure, &with_assertion("canary-assertion")).await.status, 401);
    assert_eq!(log_in(&azure, &with_assertion("canary-assertion-2")).await.status, 200);
}

#[tokio::test]
async fn a_secret_is_replaced_and_an_application_removed_and_old_tokens_stay_good() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    let owner = Caller::owner(&azure).await;
    azure.add_client(FakeAzure::CLIENT_ID, "canary-2", &[("*", &["*"])]);
    assert_eq!(log_in(&azure, &good()).await.status, 401);
    assert_eq!(log_in(&azure, &form(FakeAzure::CLIENT_ID, "canary-2")).await.status, 200);
    azure.remove_client(FakeAzure::CLIENT_ID);
    assert_eq!(log_in(&azure, &form(FakeAzure::CLIENT_ID, "canary-2")).await.status, 400);
    owner.read("GET /secrets/app").await;
}

#[tokio::test]
async fn the_configuration_says_where_tokens_are() {
    let azure = FakeAzure::start().await;
    let tenant = FakeAzure::TENANT_ID;
    let path = "v2.0/.well-known/openid-configuration";
    let answer = send(&azure, &format!("GET /{tenant}/{path}"), &[], "").await;
    let expected = format!("{}/{tenant}/oauth2/v2.0/token", azure.address());
    assert_eq!((answer.status, &answer.body["token_endpoint"]), (200, &json!(expected)));
    let answer = send(&azure, &format!("GET /canary/{path}"), &[], "").await;
    assert_eq!(problem(&answer), (400, "invalid_request".to_owned(), 90_002));
    assert_eq!(azure.count("discovery"), 2);
}
