//! Labels move as they do on AWS. The moves of the first test are those that were recorded there.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_testkit::{FakeAws, ManualClock};

use crate::{open, refusal, tell, token, value};

/// The labels of every version that has some, by the number of its token.
async fn labels(aws: &FakeAws) -> String {
    let told = tell(aws, "DescribeSecret", json!({ "SecretId": "app" })).await;
    let found: BTreeMap<String, Vec<String>> =
        serde_json::from_value(told["VersionIdsToStages"].clone()).expect("labels");
    let shown = found.iter().map(|(id, labels)| {
        format!(
            "{}:{}",
            id.trim_start_matches("canary-version-").trim_start_matches('0'),
            labels.join("+")
        )
    });
    shown.collect::<Vec<_>>().join(" ")
}

async fn put(aws: &FakeAws, number: usize, stages: &[&str]) {
    let mut body = json!({
        "SecretId": "app", "SecretString": format!("canary-{number}"), "ClientRequestToken": token(number),
    });
    if !stages.is_empty() {
        body["VersionStages"] = json!(stages);
    }
    tell(aws, "PutSecretValue", body).await;
}

fn shift(stage: &str, to: Option<usize>, from: Option<usize>) -> Value {
    let mut body = json!({ "SecretId": "app", "VersionStage": stage });
    for (member, number) in [("MoveToVersionId", to), ("RemoveFromVersionId", from)] {
        if let Some(number) = number {
            body[member] = token(number).into();
        }
    }
    body
}

/// A secret whose first version has the number 1.
async fn with_first() -> FakeAws {
    let aws = open().await;
    let body = json!({ "Name": "app", "SecretString": "canary-1", "ClientRequestToken": token(1) });
    tell(&aws, "CreateSecret", body).await;
    aws
}

#[tokio::test]
async fn recorded_cycles_of_a_rotation_leave_the_same_labels() {
    let aws = with_first().await;
    put(&aws, 2, &["AWSPENDING", "AWSSOMETHING", "PUT1"]).await;
    assert_eq!(labels(&aws).await, "1:AWSCURRENT 2:AWSPENDING+AWSSOMETHING+PUT1");
    assert_eq!(value(&aws, "app").await, "canary-1");
    let told = tell(&aws, "UpdateSecretVersionStage", shift("AWSCURRENT", Some(2), Some(1))).await;
    assert_eq!(crate::members(&told), "ARN Name");
    assert_eq!(labels(&aws).await, "1:AWSPREVIOUS 2:AWSCURRENT+AWSPENDING+AWSSOMETHING+PUT1");
    assert_eq!(value(&aws, "app").await, "canary-2");
    put(&aws, 3, &["AWSPENDING", "PUT2"]).await;
    assert_eq!(
        labels(&aws).await,
        "1:AWSPREVIOUS 2:AWSCURRENT+AWSSOMETHING+PUT1 3:AWSPENDING+PUT2"
    );
    tell(&aws, "UpdateSecretVersionStage", shift("AWSCURRENT", Some(3), Some(2))).await;
    assert_eq!(labels(&aws).await, "2:AWSPREVIOUS+AWSSOMETHING+PUT1 3:AWSCURRENT+AWSPENDING+PUT2");
}

#[tokio::test]
async fn a_new_version_takes_current_and_the_one_before_is_not_pending_any_more() {
    let aws = with_first().await;
    put(&aws, 2, &["AWSPENDING"]).await;
    tell(&aws, "UpdateSecretVersionStage", shift("AWSCURRENT", Some(2), Some(1))).await;
    put(&aws, 3, &[]).await;
    assert_eq!(labels(&aws).await, "2:AWSPREVIOUS 3:AWSCURRENT");
}

#[tokio::test]
async fn f030_a_pending_version_that_is_left_stays_beside_newer_ones() {
    let aws = with_first().await;
    put(&aws, 2, &["AWSPENDING"]).await;
    put(&aws, 3, &[]).await;
    assert_eq!(labels(&aws).await, "1:AWSPREVIOUS 2:AWSPENDING 3:AWSCURRENT");
    assert_eq!(value(&aws, "app").await, "canary-3");
}

#[tokio::test]
async fn own_labels_move_from_version_to_version_and_nothing_else_does() {
    let aws = with_first().await;
    put(&aws, 2, &["one", "two", "three"]).await;
    put(&aws, 3, &["one", "two", "four"]).await;
    assert_eq!(labels(&aws).await, "1:AWSCURRENT 2:three 3:four+one+two");
}

#[tokio::test]
async fn f029_a_rollback_swaps_current_and_previous() {
    let aws = with_first().await;
    put(&aws, 2, &[]).await;
    tell(&aws, "UpdateSecretVersionStage", shift("AWSCURRENT", Some(1), Some(2))).await;
    assert_eq!(labels(&aws).await, "1:AWSCURRENT 2:AWSPREVIOUS");
    assert_eq!(value(&aws, "app").await, "canary-1");
}

#[tokio::test]
async fn a_label_moves_only_from_where_it_is() {
    let aws = with_first().await;
    put(&aws, 2, &["AWSPENDING"]).await;
    put(&aws, 3, &["blue"]).await;
    let before = labels(&aws).await;
    for (stage, to, from, code) in [
        ("AWSCURRENT", Some(2), None, "InvalidParameterException"),
        ("AWSCURRENT", Some(2), Some(3), "InvalidParameterException"),
        ("AWSCURRENT", None, Some(1), "InvalidParameterException"),
        ("AWSCURRENT", None, None, "InvalidParameterException"),
        ("green", Some(2), Some(1), "InvalidParameterException"),
        ("green", None, Some(1), "InvalidParameterException"),
        ("AWSCURRENT", Some(9), Some(1), "ResourceNotFoundException"),
    ] {
        let found = refusal(&aws, "UpdateSecretVersionStage", shift(stage, to, from)).await;
        assert_eq!(found, code, "{stage} {to:?} {from:?}");
        assert_eq!(labels(&aws).await, before);
    }
    for (stage, to, from, after) in [
        ("AWSCURRENT", Some(1), None, "1:AWSCURRENT 2:AWSPENDING 3:blue"),
        ("green", Some(1), None, "1:AWSCURRENT+green 2:AWSPENDING 3:blue"),
        ("blue", None, Some(3), "1:AWSCURRENT+green 2:AWSPENDING"),
    ] {
        tell(&aws, "UpdateSecretVersionStage", shift(stage, to, from)).await;
        assert_eq!(labels(&aws).await, after);
    }
}

#[tokio::test]
async fn case_33_an_id_and_a_label_have_to_agree() {
    let aws = with_first().await;
    put(&aws, 2, &["AWSPENDING"]).await;
    for (version, stage, expected) in [
        (Some(2), None, Ok("canary-2")),
        (None, Some("AWSPENDING"), Ok("canary-2")),
        (Some(2), Some("AWSPENDING"), Ok("canary-2")),
        (Some(2), Some("AWSCURRENT"), Err("InvalidRequestException")),
        (Some(9), None, Err("ResourceNotFoundException")),
        (None, Some("AWSPREVIOUS"), Err("ResourceNotFoundException")),
    ] {
        let mut body = json!({ "SecretId": "app" });
        if let Some(version) = version {
            body["VersionId"] = token(version).into();
        }
        if let Some(stage) = stage {
            body["VersionStage"] = stage.into();
        }
        match expected {
            Ok(value) => {
                assert_eq!(tell(&aws, "GetSecretValue", body).await["SecretString"], value);
            }
            Err(code) => assert_eq!(refusal(&aws, "GetSecretValue", body).await, code),
        }
    }
}

#[tokio::test]
async fn case_28_deprecated_versions_are_listed_only_on_request() {
    let aws = with_first().await;
    put(&aws, 2, &[]).await;
    put(&aws, 3, &[]).await;
    for (deprecated, count) in [(false, 2), (true, 3)] {
        let body = json!({ "SecretId": "app", "IncludeDeprecated": deprecated });
        let told = tell(&aws, "ListSecretVersionIds", body).await;
        let versions = told["Versions"].as_array().unwrap();
        assert_eq!(versions.len(), count);
        assert!(
            versions.iter().all(|version| version["KmsKeyIds"] == json!(["DefaultEncryptionKey"]))
        );
    }
    // A deprecated version is still there for whoever knows its id.
    let body = json!({ "SecretId": "app", "VersionId": token(1) });
    let told = tell(&aws, "GetSecretValue", body).await;
    assert_eq!(told["SecretString"], "canary-1");
    assert_eq!(told.get("VersionStages"), None);
}

#[tokio::test]
async fn versions_beyond_the_quota_go_when_they_are_a_day_old() {
    let clock = ManualClock::at(1_800_000_000);
    let aws = strongroom_testkit::aws().clock(clock.clone()).start().await;
    aws.allow_unsigned();
    for number in 0..100 {
        aws.put("app", &format!("canary-{number}"));
    }
    let body = json!({ "SecretId": "app", "SecretString": "canary-100" });
    assert_eq!(refusal(&aws, "PutSecretValue", body.clone()).await, "LimitExceededException");
    clock.advance(Duration::from_secs(24 * 60 * 60));
    tell(&aws, "PutSecretValue", body).await;
    let all = json!({ "SecretId": "app", "IncludeDeprecated": true });
    let told = tell(&aws, "ListSecretVersionIds", all).await;
    assert_eq!(told["Versions"].as_array().map(Vec::len), Some(100));
}

#[tokio::test]
async fn twenty_labels_are_the_most() {
    let aws = with_first().await;
    let stages: Vec<_> = (0..20).map(|number| format!("label-{number}")).collect();
    let body = json!({ "SecretId": "app", "SecretString": "canary-2", "VersionStages": stages });
    assert_eq!(refusal(&aws, "PutSecretValue", body).await, "LimitExceededException");
    assert_eq!(labels(&aws).await, "1:AWSCURRENT");
    for stage in stages.iter().take(19) {
        tell(&aws, "UpdateSecretVersionStage", shift(stage, Some(1), None)).await;
    }
    let code = refusal(&aws, "UpdateSecretVersionStage", shift("green", Some(1), None)).await;
    assert_eq!(code, "LimitExceededException");
}

#[tokio::test]
async fn an_operator_rotates_without_being_counted() {
    let aws = open().await;
    let first = aws.put("app", "canary-1");
    let second = aws.put_pending("app", "canary-2");
    assert_eq!(aws.version_of("app", "AWSPENDING"), Some(second.clone()));
    aws.promote("app", &second);
    assert_eq!(aws.version_of("app", "AWSCURRENT"), Some(second));
    assert_eq!(aws.version_of("app", "AWSPREVIOUS"), Some(first));
    assert_eq!(aws.calls(), []);
    assert_eq!(value(&aws, "app").await, "canary-2");
}
