//! Deleted secrets wait for their end, and come back until then.

use std::time::Duration;

use serde_json::json;
use strongroom_testkit::ManualClock;

use crate::{ask, open, refusal, tell, value};

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn f086_a_deleted_secret_says_so_until_it_is_restored_or_gone() {
    let clock = ManualClock::at(1_800_000_000);
    let aws = strongroom_testkit::aws().clock(clock.clone()).start().await;
    aws.allow_unsigned();
    let id = json!({ "SecretId": "app" });
    aws.put("app", "canary-1");
    let body = json!({ "SecretId": "app", "RecoveryWindowInDays": 7 });
    let told = tell(&aws, "DeleteSecret", body.clone()).await;
    let end = json!(1_800_604_800.0);
    assert_eq!(told["DeletionDate"], end);
    for (action, member) in [
        ("GetSecretValue", ""),
        ("PutSecretValue", "SecretString"),
        ("UpdateSecret", "SecretString"),
        ("DeleteSecret", ""),
    ] {
        let mut body = id.clone();
        if !member.is_empty() {
            body[member] = "canary-2".into();
        }
        assert_eq!(refusal(&aws, action, body).await, "InvalidRequestException", "{action}");
    }
    let again = json!({ "Name": "app", "SecretString": "canary-2" });
    assert_eq!(refusal(&aws, "CreateSecret", again.clone()).await, "InvalidRequestException");
    assert_eq!(tell(&aws, "DescribeSecret", id.clone()).await["DeletedDate"], end);
    for (planned, count) in [(false, 0), (true, 1)] {
        let told = tell(&aws, "ListSecrets", json!({ "IncludePlannedDeletion": planned })).await;
        assert_eq!(told["SecretList"].as_array().map(Vec::len), Some(count));
    }
    clock.advance(Duration::from_secs(7 * DAY - 1));
    tell(&aws, "RestoreSecret", id.clone()).await;
    assert_eq!(value(&aws, "app").await, "canary-1");
    assert_eq!(tell(&aws, "DescribeSecret", id.clone()).await.get("DeletedDate"), None);
    tell(&aws, "DeleteSecret", body).await;
    clock.advance(Duration::from_secs(7 * DAY));
    assert_eq!(refusal(&aws, "RestoreSecret", id).await, "ResourceNotFoundException");
    tell(&aws, "CreateSecret", again).await;
    assert_eq!(value(&aws, "app").await, "canary-2");
}

#[tokio::test]
async fn an_operator_deletes_and_restores() {
    let aws = open().await;
    let id = json!({ "SecretId": "app" });
    aws.put_binary("app", b"canary-1");
    aws.delete("app");
    assert_eq!(refusal(&aws, "GetSecretValue", id.clone()).await, "InvalidRequestException");
    aws.restore("app");
    assert_eq!(tell(&aws, "GetSecretValue", id).await["SecretBinary"], "Y2FuYXJ5LTE=");
}

#[tokio::test]
async fn a_window_has_7_to_30_days_and_none_if_it_is_forced() {
    let aws = open().await;
    aws.put("app", "canary-1");
    for (days, force) in [(Some(6), false), (Some(31), false), (Some(7), true)] {
        let body = json!({
            "SecretId": "app", "RecoveryWindowInDays": days, "ForceDeleteWithoutRecovery": force,
        });
        let code = refusal(&aws, "DeleteSecret", body).await;
        assert_eq!(code, "InvalidParameterException", "{days:?}");
    }
    assert_eq!(value(&aws, "app").await, "canary-1");
}

#[tokio::test]
async fn a_forced_deletion_is_at_once_and_of_nothing_too() {
    let aws = open().await;
    aws.put("app", "canary-1");
    tell(&aws, "DeleteSecret", json!({ "SecretId": "app" })).await;
    let body = json!({ "SecretId": "app", "ForceDeleteWithoutRecovery": true });
    for _ in 0..2 {
        assert_eq!(ask(&aws, "DeleteSecret", body.clone()).await.0, 200);
    }
    let code = refusal(&aws, "DeleteSecret", json!({ "SecretId": "app" })).await;
    assert_eq!(code, "ResourceNotFoundException");
    aws.put("app", "canary-2");
    assert_eq!(value(&aws, "app").await, "canary-2");
}
