//! Lists in pages, with filters.

use serde_json::{Value, json};
use strongroom_testkit::FakeAws;

use crate::{members, open, refusal, tell};

fn names(told: &Value) -> Vec<&str> {
    let list = told["SecretList"].as_array().expect("a list");
    list.iter().map(|entry| entry["Name"].as_str().expect("a name")).collect()
}

async fn filtered(aws: &FakeAws, key: &str, values: &[&str]) -> String {
    let body = json!({ "Filters": [{ "Key": key, "Values": values }] });
    names(&tell(aws, "ListSecrets", body).await).join(" ")
}

#[tokio::test]
async fn case_13_pages_have_everything_once_whatever_is_added_or_deleted_meanwhile() {
    let aws = open().await;
    for number in 0..7 {
        aws.put(&format!("item-{number}"), "canary-1");
    }
    for (order, expected) in [("asc", "item-0 item-1 item-2"), ("desc", "item-6 item-5 item-4")] {
        let body = json!({ "MaxResults": 3, "SortOrder": order });
        assert_eq!(names(&tell(&aws, "ListSecrets", body).await).join(" "), expected);
    }
    let (mut found, mut next) = (Vec::new(), Value::Null);
    for page in 0..3 {
        let told = tell(&aws, "ListSecrets", json!({ "MaxResults": 3, "NextToken": next })).await;
        found.extend(names(&told).into_iter().map(str::to_owned));
        next = told["NextToken"].clone();
        assert_eq!(next.is_null(), page == 2);
        let body = json!({ "SecretId": "item-1", "ForceDeleteWithoutRecovery": true });
        tell(&aws, "DeleteSecret", body).await;
        aws.put("item-7", "canary-1");
    }
    let all: Vec<_> = (0..8).map(|number| format!("item-{number}")).collect();
    assert_eq!(found, all);
}

#[tokio::test]
async fn case_15_a_token_is_good_for_its_action_only() {
    let aws = open().await;
    aws.put("a", "canary-1");
    aws.put("a", "canary-2");
    let body = json!({ "SecretId": "a", "MaxResults": 1 });
    let next = tell(&aws, "ListSecretVersionIds", body).await["NextToken"].clone();
    for token in [json!("garbage"), next] {
        let code = refusal(&aws, "ListSecrets", json!({ "NextToken": token })).await;
        assert_eq!(code, "InvalidNextTokenException");
    }
}

#[tokio::test]
async fn versions_come_in_pages_too() {
    let aws = open().await;
    let ids: Vec<_> = (0..3).map(|_| aws.put("a", "canary-1")).collect();
    let (mut found, mut next) = (Vec::new(), Value::Null);
    for _ in 0..2 {
        let body = json!({
            "SecretId": "a", "MaxResults": 2, "IncludeDeprecated": true, "NextToken": next,
        });
        let told = tell(&aws, "ListSecretVersionIds", body).await;
        let versions = told["Versions"].as_array().unwrap();
        found.extend(
            versions.iter().map(|version| version["VersionId"].as_str().unwrap().to_owned()),
        );
        next = told["NextToken"].clone();
    }
    assert_eq!((found, next), (ids, Value::Null));
}

#[tokio::test]
async fn filters_are_beginnings() {
    let aws = open().await;
    for (name, description, tag) in [
        ("app/db", "Main Store", "team"),
        ("app/queue", "queue", "tier"),
        ("web/app", "site", "team"),
    ] {
        let body = json!({
            "Name": name, "Description": description, "Tags": [{ "Key": tag, "Value": name }],
        });
        tell(&aws, "CreateSecret", body).await;
    }
    for (key, values, expected) in [
        ("name", ["app"].as_slice(), "app/db app/queue"),
        ("name", &["APP"], ""),
        ("name", &["db"], ""),
        ("name", &["app/d", "web"], "app/db web/app"),
        ("name", &["!app"], "web/app"),
        ("description", &["main"], "app/db"),
        ("tag-key", &["te"], "app/db web/app"),
        ("tag-value", &["app/q"], "app/queue"),
        ("all", &["STORE"], "app/db"),
        ("owning-service", &["rds"], ""),
        ("primary-region", &["us"], ""),
    ] {
        assert_eq!(filtered(&aws, key, values).await, expected, "{key} {values:?}");
    }
    let both =
        json!([{ "Key": "name", "Values": ["app"] }, { "Key": "tag-key", "Values": ["team"] }]);
    assert_eq!(names(&tell(&aws, "ListSecrets", json!({ "Filters": both })).await), ["app/db"]);
    let unknown = json!({ "Filters": [{ "Key": "nonsense", "Values": ["a"] }] });
    assert_eq!(refusal(&aws, "ListSecrets", unknown).await, "ValidationException");
}

#[tokio::test]
async fn case_12_a_list_tells_of_versions_and_never_of_values() {
    let aws = open().await;
    let version = aws.put("app", "canary-1");
    let told = tell(&aws, "ListSecrets", json!({})).await;
    let entry = &told["SecretList"][0];
    assert_eq!(members(entry), "ARN CreatedDate LastChangedDate Name SecretVersionsToStages");
    assert_eq!(entry["SecretVersionsToStages"], json!({ version: ["AWSCURRENT"] }));
    assert_eq!(told.get("NextToken"), None);
}

#[tokio::test]
async fn sizes_of_pages_have_limits() {
    let aws = open().await;
    for (action, size) in [("ListSecrets", 0), ("ListSecrets", 101), ("BatchGetSecretValue", 21)] {
        let code = refusal(&aws, action, json!({ "MaxResults": size })).await;
        assert_eq!(code, "ValidationException", "{action} {size}");
    }
}
