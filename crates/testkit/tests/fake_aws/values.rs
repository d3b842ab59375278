//! Values come back as they were written, and only if they are allowed.

use serde_json::json;
use strongroom_testkit::FakeAws;

use crate::{ask, members, open, refusal, send, tell, token, value};

#[tokio::test]
async fn case_1_a_text_comes_back_with_the_members_that_aws_gives() {
    let aws = open().await;
    let made =
        tell(&aws, "CreateSecret", json!({ "Name": "app/db", "SecretString": "canary-1" })).await;
    assert_eq!(members(&made), "ARN Name VersionId");
    let (status, head, told) =
        send(&aws, "GetSecretValue", "", &json!({ "SecretId": "app/db" }).to_string()).await;
    assert_eq!((status, &told["SecretString"]), (200, &json!("canary-1")));
    assert_eq!(members(&told), "ARN CreatedDate Name SecretString VersionId VersionStages");
    assert_eq!(
        (&told["VersionId"], &told["VersionStages"]),
        (&made["VersionId"], &json!(["AWSCURRENT"]))
    );
    assert!(told["CreatedDate"].is_f64());
    let head = head.to_lowercase();
    assert!(head.contains("content-type: application/x-amz-json-1.1"));
    assert!(head.contains("x-amzn-requestid: ") && head.contains("\r\ndate: "));
}

#[tokio::test]
async fn case_4_bytes_come_back_as_bytes_and_never_as_text() {
    let aws = open().await;
    tell(&aws, "CreateSecret", json!({ "Name": "app", "SecretBinary": "AP8B" })).await;
    let told = tell(&aws, "GetSecretValue", json!({ "SecretId": "app" })).await;
    assert_eq!(told["SecretBinary"], "AP8B");
    assert_eq!(told.get("SecretString"), None);
}

#[tokio::test]
async fn case_5_a_value_may_have_65536_bytes_and_no_more() {
    let aws = open().await;
    for (value, status) in [
        ("x".repeat(65_536), 200),
        ("x".repeat(65_537), 400),
        // Two bytes each.
        ("\u{fc}".repeat(32_768), 200),
        ("\u{fc}".repeat(32_769), 400),
        (String::new(), 400),
    ] {
        let name = format!("app-{}", aws.calls().len());
        let body = json!({ "Name": name, "SecretString": value });
        let (found, told) = ask(&aws, "CreateSecret", body).await;
        assert_eq!(found, status, "{} bytes", value.len());
        assert_eq!(told["__type"] == "ValidationException", status == 400);
    }
}

#[tokio::test]
async fn case_7_what_is_absent_is_400_and_not_404() {
    let aws = open().await;
    let (status, told) = ask(&aws, "GetSecretValue", json!({ "SecretId": "none" })).await;
    let text = "Secrets Manager can't find the specified secret.";
    assert_eq!(status, 400);
    assert_eq!(told, json!({ "__type": "ResourceNotFoundException", "Message": text }));
}

#[tokio::test]
async fn f087_a_secret_without_a_value_is_described_and_not_read() {
    let aws = open().await;
    let made = tell(&aws, "CreateSecret", json!({ "Name": "app" })).await;
    assert_eq!(members(&made), "ARN Name");
    let told = tell(&aws, "DescribeSecret", json!({ "SecretId": "app" })).await;
    assert_eq!(members(&told), "ARN CreatedDate LastChangedDate Name");
    let code = refusal(&aws, "GetSecretValue", json!({ "SecretId": "app" })).await;
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test]
async fn case_16_a_name_that_is_taken_stays_as_it_is() {
    let aws = open().await;
    aws.put("app", "canary-1");
    let body = json!({ "Name": "app", "SecretString": "canary-2" });
    assert_eq!(refusal(&aws, "CreateSecret", body).await, "ResourceExistsException");
    assert_eq!(value(&aws, "app").await, "canary-1");
}

#[tokio::test]
async fn case_18_one_token_makes_one_version() {
    let aws = open().await;
    tell(&aws, "CreateSecret", json!({ "Name": "app", "SecretString": "canary-0" })).await;
    for (action, other) in [("PutSecretValue", 100), ("UpdateSecret", 101)] {
        let body = |value: &str| json!({ "SecretId": "app", "SecretString": value, "ClientRequestToken": token(other) });
        let first = tell(&aws, action, body("canary-1")).await;
        assert_eq!(first["VersionId"], token(other));
        assert_eq!(tell(&aws, action, body("canary-1")).await, first, "{action}");
        let code = refusal(&aws, action, body("canary-2")).await;
        assert_eq!(code, "ResourceExistsException", "{action}");
    }
    let told =
        tell(&aws, "ListSecretVersionIds", json!({ "SecretId": "app", "IncludeDeprecated": true }));
    assert_eq!(told.await["Versions"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn case_18_a_secret_is_made_once_by_one_token() {
    let aws = open().await;
    let body = |value: &str| json!({ "Name": "app", "SecretString": value, "ClientRequestToken": token(1) });
    let first = tell(&aws, "CreateSecret", body("canary-1")).await;
    assert_eq!(tell(&aws, "CreateSecret", body("canary-1")).await, first);
    assert_eq!(refusal(&aws, "CreateSecret", body("canary-2")).await, "ResourceExistsException");
}

#[tokio::test]
async fn a_write_needs_a_token_and_one_value() {
    let aws = open().await;
    aws.put("app", "canary-1");
    let (status, _, told) =
        send(&aws, "PutSecretValue", "", r#"{"SecretId":"app","SecretString":"canary-2"}"#).await;
    assert_eq!((status, &told["__type"]), (400, &json!("InvalidRequestException")));
    for (members, code) in [
        (json!({ "SecretString": "x", "SecretBinary": "AP8B" }), "InvalidParameterException"),
        (json!({}), "InvalidParameterException"),
        (json!({ "SecretString": "x", "ClientRequestToken": "short" }), "ValidationException"),
        (json!({ "SecretString": "x", "VersionStages": [] }), "ValidationException"),
        (json!({ "SecretString": 1 }), "SerializationException"),
        (json!({ "SecretBinary": "*" }), "SerializationException"),
    ] {
        let mut body = members;
        body["SecretId"] = "app".into();
        assert_eq!(refusal(&aws, "PutSecretValue", body.clone()).await, code, "{body}");
    }
    assert_eq!(value(&aws, "app").await, "canary-1");
}

#[tokio::test]
async fn an_update_without_a_value_changes_the_description_and_makes_no_version() {
    let aws = open().await;
    let version = aws.put("app", "canary-1");
    let body = json!({ "SecretId": "app", "Description": "of the app" });
    assert_eq!(members(&tell(&aws, "UpdateSecret", body).await), "ARN Name");
    let told = tell(&aws, "DescribeSecret", json!({ "SecretId": "app" })).await;
    assert_eq!(told["Description"], "of the app");
    assert_eq!(told["VersionIdsToStages"], json!({ version: ["AWSCURRENT"] }));
}

#[tokio::test]
async fn case_114_two_fakes_share_nothing() {
    let (one, other) = (open().await, open().await);
    one.put("app", "canary-1");
    assert_eq!(value(&one, "app").await, "canary-1");
    let code = refusal(&other, "GetSecretValue", json!({ "SecretId": "app" })).await;
    assert_eq!(code, "ResourceNotFoundException");
    assert_eq!((one.count("GetSecretValue"), other.count("GetSecretValue")), (1, 1));
}

#[tokio::test]
async fn case_74_the_fake_shows_neither_keys_nor_values() {
    let aws = open().await;
    aws.put("app", "canary-1");
    assert_eq!(value(&aws, "app").await, "canary-1");
    let shown = format!("{aws:?} {:?}", aws.calls());
    assert!(!shown.contains("canary-1") && !shown.contains(FakeAws::SECRET));
}
