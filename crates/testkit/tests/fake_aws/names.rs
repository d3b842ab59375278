//! A secret is found by its name and by its ARN, whole or without the end.

use serde_json::json;

use crate::{ask, open, refusal, tell, value};

#[tokio::test]
async fn b014_each_form_of_an_arn_finds_its_secret_or_nothing() {
    let aws = open().await;
    aws.add_region("us-west-2");
    aws.put("app/db", "canary-1");
    let told = tell(&aws, "DescribeSecret", json!({ "SecretId": "app/db" })).await;
    let whole = told["ARN"].as_str().unwrap();
    let partial = whole.get(..whole.len() - 7).unwrap();
    assert_eq!(partial, "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db");
    for id in ["app/db", whole, partial] {
        assert_eq!(value(&aws, id).await, "canary-1");
    }
    for (id, code) in [
        (format!("{partial}-AAAAAA"), "ResourceNotFoundException"),
        (partial.replace("app/db", "app"), "ResourceNotFoundException"),
        (whole.replace("us-east-1", "us-west-2"), "ResourceNotFoundException"),
        (whole.replace("123456789012", "210987654321"), "AccessDeniedException"),
        (whole.replace("secretsmanager", "ssm"), "ValidationException"),
        ("app/db-AAAAAA".to_owned(), "ResourceNotFoundException"),
    ] {
        let found = refusal(&aws, "GetSecretValue", json!({ "SecretId": id })).await;
        assert_eq!(found, code, "{id}");
    }
}

#[tokio::test]
async fn b015_a_name_that_ends_as_an_arn_does_is_not_found_by_its_partial_arn() {
    let aws = open().await;
    aws.put("app-abcdef", "canary-1");
    let told = tell(&aws, "DescribeSecret", json!({ "SecretId": "app-abcdef" })).await;
    let whole = told["ARN"].as_str().unwrap();
    assert_eq!(value(&aws, whole).await, "canary-1");
    assert_eq!(value(&aws, "app-abcdef").await, "canary-1");
    let partial = whole.get(..whole.len() - 7).unwrap();
    let code = refusal(&aws, "GetSecretValue", json!({ "SecretId": partial })).await;
    assert_eq!(code, "ResourceNotFoundException");
}

#[tokio::test]
async fn b010_b011_names_have_their_characters_and_512_of_them() {
    let aws = open().await;
    for (name, code) in [
        ("Valid/_+=.@-Name".to_owned(), ""),
        ("a".repeat(512), ""),
        ("a".repeat(513), "ValidationException"),
        (String::new(), "ValidationException"),
        ("a b".to_owned(), "ValidationException"),
        ("a\u{202e}b".to_owned(), "ValidationException"),
        ("a\u{200d}b".to_owned(), "ValidationException"),
        ("a%2Fb".to_owned(), "ValidationException"),
        ("../a".to_owned(), ""),
    ] {
        let (_, told) = ask(&aws, "CreateSecret", json!({ "Name": name })).await;
        assert_eq!(told["__type"].as_str().unwrap_or_default(), code, "{name}");
        // What stands in front of the service spells it so.
        assert_eq!(told.get("message").is_some(), !code.is_empty());
    }
}

#[tokio::test]
async fn a_name_that_is_used_again_has_another_arn() {
    let aws = open().await;
    let mut arns = Vec::new();
    for _ in 0..2 {
        aws.put("app", "canary-1");
        let told = tell(&aws, "DescribeSecret", json!({ "SecretId": "app" })).await;
        arns.push(told["ARN"].clone());
        let body = json!({ "SecretId": "app", "ForceDeleteWithoutRecovery": true });
        tell(&aws, "DeleteSecret", body).await;
    }
    assert_ne!(arns.first(), arns.last());
}
