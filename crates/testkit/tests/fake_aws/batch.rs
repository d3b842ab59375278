//! Several secrets in one call.

use serde_json::{Value, json};
use strongroom_testkit::FakeAws;

use crate::{open, refusal, tell};

fn codes(told: &Value) -> Vec<(&str, &str)> {
    let errors = told["Errors"].as_array().into_iter().flatten();
    errors
        .map(|error| (error["SecretId"].as_str(), error["ErrorCode"].as_str()))
        .map(|(id, code)| (id.expect("an id"), code.expect("a code")))
        .collect()
}

async fn some() -> FakeAws {
    let aws = open().await;
    for name in ["a", "b", "c", "gone", "locked"] {
        aws.put(name, "canary-1");
    }
    tell(&aws, "CreateSecret", json!({ "Name": "empty" })).await;
    tell(&aws, "DeleteSecret", json!({ "SecretId": "gone" })).await;
    aws.set_decrypts("locked", false);
    aws
}

#[tokio::test]
async fn each_name_has_its_value_or_its_error() {
    let aws = some().await;
    let names = ["a", "none", "gone", "empty", "locked", "a b", "b"];
    let told = tell(&aws, "BatchGetSecretValue", json!({ "SecretIdList": names })).await;
    let found = told["SecretValues"].as_array().unwrap();
    let found: Vec<_> = found.iter().map(|value| value["Name"].as_str().unwrap()).collect();
    assert_eq!(found, ["a", "b"]);
    let expected = [
        ("none", "ResourceNotFoundException"),
        ("gone", "InvalidRequestException"),
        ("empty", "ResourceNotFoundException"),
        ("locked", "DecryptionFailure"),
        ("a b", "ValidationException"),
    ];
    assert_eq!(codes(&told), expected);
    assert_eq!((aws.count("BatchGetSecretValue"), aws.count("GetSecretValue")), (1, 0));
}

#[tokio::test]
async fn a_batch_by_filter_comes_in_pages_without_what_is_being_deleted() {
    let aws = some().await;
    let (mut found, mut next) = (Vec::new(), Value::Null);
    for _ in 0..3 {
        let body = json!({
            "Filters": [{ "Key": "name", "Values": ["a", "b", "c", "g"] }], "MaxResults": 1,
            "NextToken": next,
        });
        let told = tell(&aws, "BatchGetSecretValue", body).await;
        found.push(told["SecretValues"][0]["Name"].as_str().unwrap().to_owned());
        next = told["NextToken"].clone();
    }
    assert_eq!((found.join(" "), next), ("a b c".to_owned(), Value::Null));
}

#[tokio::test]
async fn a_batch_has_ids_or_filters_and_at_most_twenty() {
    let aws = some().await;
    let filters = json!([{ "Key": "name", "Values": ["a"] }]);
    let many: Vec<_> = (0..21).map(|number| format!("x{number}")).collect();
    for (body, code) in [
        (json!({}), "InvalidParameterException"),
        (json!({ "SecretIdList": ["a"], "Filters": filters }), "InvalidParameterException"),
        (json!({ "SecretIdList": ["a"], "MaxResults": 1 }), "InvalidParameterException"),
        (json!({ "SecretIdList": [] }), "ValidationException"),
        (json!({ "SecretIdList": many }), "ValidationException"),
    ] {
        assert_eq!(refusal(&aws, "BatchGetSecretValue", body.clone()).await, code, "{body}");
    }
}
