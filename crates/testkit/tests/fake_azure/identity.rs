//! Tokens for the identities of a machine.

use serde_json::json;
use strongroom_testkit::{AzureFlow, FakeAzure, ManualClock};

use crate::client::{Answer, ask_identity, send};

const IMDS: &str =
    "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net";
const APP_SERVICE: &str =
    "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net";

async fn imds(azure: &FakeAzure, more: &str) -> Answer {
    ask_identity(azure, &format!("{IMDS}{more}"), &[("metadata", "true")]).await
}

async fn app_service(azure: &FakeAzure, more: &str) -> Answer {
    let header = [("x-identity-header", FakeAzure::IDENTITY_HEADER)];
    ask_identity(azure, &format!("{APP_SERVICE}{more}"), &header).await
}

#[tokio::test]
async fn case_58_both_endpoints_tell_the_end_of_a_token_as_text_or_as_a_number() {
    use AzureFlow::{AppService, Imds};
    let clock = ManualClock::at(1_800_000_000);
    let azure = strongroom_testkit::azure().clock(clock).start().await;
    let token = |number, expires_on| {
        json!({
            "access_token": format!("canary-azure-token-{number}"), "token_type": "Bearer",
            "client_id": FakeAzure::SYSTEM_IDENTITY, "resource": "https://vault.azure.net",
            "expires_on": expires_on,
        })
    };
    let mut expected = token(1, json!("1800003599"));
    expected["expires_in"] = "3599".into();
    expected["ext_expires_in"] = "3599".into();
    expected["not_before"] = "1800000000".into();
    assert_eq!(imds(&azure, "").await.body, expected);
    assert_eq!(app_service(&azure, "").await.body, token(2, json!("1800003599")));
    azure.set_expires_on_number(true);
    assert_eq!(imds(&azure, "").await.body["expires_on"], 1_800_003_599);
    assert_eq!(app_service(&azure, "").await.body, token(4, json!(1_800_003_599)));
    assert_eq!(azure.count("identity"), 4);
    let flows: Vec<_> = azure.calls().into_iter().filter_map(|call| call.flow).collect();
    assert_eq!(flows, [Imds, AppService, Imds, AppService]);
}

#[tokio::test]
async fn a_token_of_a_machine_is_good_at_the_vault() {
    let azure = FakeAzure::start().await;
    azure.put("app", "canary-1");
    azure.add_user_identity("canary-user", &[("other", &["get"])]);
    for (client, status) in [("", 200), ("&client_id=canary-user", 403)] {
        for answer in [imds(&azure, client).await, app_service(&azure, client).await] {
            let token = format!("Bearer {}", answer.body["access_token"].as_str().unwrap());
            let line = "GET /secrets/app?api-version=7.6";
            let answer = send(&azure, line, &[("authorization", &token)], "").await;
            assert_eq!(answer.status, status, "{client}");
        }
    }
    let clients = azure.calls().into_iter().filter(|call| call.operation == "get");
    let clients: Vec<_> = clients.filter_map(|call| call.client_id).collect();
    let (system, user) = (FakeAzure::SYSTEM_IDENTITY, "canary-user");
    assert_eq!(clients, [system, system, user, user]);
}

#[tokio::test]
async fn an_identity_that_is_not_assigned_is_400_in_two_forms() {
    let azure = FakeAzure::start().await;
    azure.add_user_identity("canary-user", &[]);
    let unknown = ["&client_id=canary-stranger", "&object_id=1", "&mi_res_id=1"];
    let removed = ["", "&client_id=canary-user"];
    for (removes, queries) in [(false, unknown.as_slice()), (true, &removed)] {
        if removes {
            azure.remove_identity();
        }
        for query in queries {
            let answer = imds(&azure, query).await;
            let expected =
                json!({ "error": "invalid_request", "error_description": "Identity not found" });
            assert_eq!((answer.status, answer.body), (400, expected), "{query}");
            let answer = app_service(&azure, query).await;
            let told = (answer.status, &answer.body["statusCode"]);
            assert_eq!(told, (400, &json!(400)), "{query}");
        }
    }
}

#[tokio::test]
async fn the_headers_that_keep_others_out_are_required() {
    let azure = FakeAzure::start().await;
    for headers in [[].as_slice(), &[("metadata", "false")]] {
        assert_eq!(ask_identity(&azure, IMDS, headers).await.status, 400);
    }
    for headers in [[].as_slice(), &[("x-identity-header", "canary-wrong")]] {
        assert_eq!(ask_identity(&azure, APP_SERVICE, headers).await.status, 401);
    }
    assert_eq!(azure.count("identity"), 4);
}

#[tokio::test]
async fn version_and_resource_are_required() {
    let azure = FakeAzure::start().await;
    let headers = [("metadata", "true"), ("x-identity-header", FakeAzure::IDENTITY_HEADER)];
    for target in [IMDS, APP_SERVICE] {
        let (path, _) = target.split_once('?').unwrap();
        let other = target.replace("api-version=20", "api-version=19");
        let without = target.split_once("&resource").unwrap().0.to_owned();
        for target in [path.to_owned(), other, without] {
            assert_eq!(ask_identity(&azure, &target, &headers).await.status, 400, "{target}");
        }
    }
}
