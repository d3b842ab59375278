//! Answers in place of those of the service.

use serde_json::json;
use strongroom_testkit::{ErrorForm, FakeAws, Fault, On};

use crate::{ask, open, refusal, send, tell, value};

#[tokio::test]
async fn case_62_throttling_is_400_and_ends_when_it_is_counted_down() {
    let aws = open().await;
    aws.put("app", "canary-1");
    aws.fault(FakeAws::error(On::Read, "ThrottlingException", "Rate exceeded").times(2));
    let id = json!({ "SecretId": "app" });
    for _ in 0..2 {
        let (status, told) = ask(&aws, "GetSecretValue", id.clone()).await;
        let expected = json!({ "__type": "ThrottlingException", "message": "Rate exceeded" });
        assert_eq!((status, told), (400, expected));
    }
    assert_eq!(value(&aws, "app").await, "canary-1");
    let statuses: Vec<_> = aws.calls().into_iter().map(|call| call.status).collect();
    assert_eq!(statuses, [400, 400, 200]);
}

#[tokio::test]
async fn a_fault_hits_its_kind_of_action_only() {
    let aws = open().await;
    aws.put("app", "canary-1");
    let id = json!({ "SecretId": "app" });
    let hit = "InternalServiceError";
    for (on, hits) in [
        (On::Read, ["GetSecretValue", "DescribeSecret", "ListSecretVersionIds"].as_slice()),
        (On::List, &["ListSecrets"]),
        (On::Write, &["PutSecretValue", "DeleteSecret", "UpdateSecretVersionStage"]),
        (On::Path("/DescribeSecret"), &["DescribeSecret"]),
        (On::Any, &["GetSecretValue", "ListSecrets", "GetRandomPassword"]),
        (On::Login, &[]),
    ] {
        aws.fault(FakeAws::error(on, hit, "canary"));
        for action in hits {
            let (status, told) = ask(&aws, action, id.clone()).await;
            assert_eq!((status, &told["__type"]), (500, &json!(hit)), "{on:?} {action}");
        }
        if on != On::Any && on != On::Read {
            assert_eq!(value(&aws, "app").await, "canary-1");
        }
        aws.clear_faults();
    }
}

#[tokio::test]
async fn a_fault_may_change_only_the_answer() {
    let aws = open().await;
    aws.put("app", "canary-1");
    aws.fault(Fault::new(On::Read).header("x-extra", "1").times(1));
    let (status, head, told) = send(&aws, "GetSecretValue", "", r#"{"SecretId":"app"}"#).await;
    assert_eq!((status, &told["SecretString"]), (200, &json!("canary-1")));
    assert!(head.contains("x-extra: 1"));
}

#[tokio::test]
async fn a_key_that_cannot_be_used_fails_reads_and_not_descriptions() {
    let aws = open().await;
    aws.put("app", "canary-1");
    let id = json!({ "SecretId": "app" });
    aws.set_decrypts("app", false);
    assert_eq!(refusal(&aws, "GetSecretValue", id.clone()).await, "DecryptionFailure");
    tell(&aws, "DescribeSecret", id).await;
    aws.set_decrypts("app", true);
    assert_eq!(value(&aws, "app").await, "canary-1");
}

#[tokio::test]
async fn an_error_says_which_one_it_is_in_three_ways() {
    let aws = open().await;
    let code = "ResourceNotFoundException";
    for (form, body, header) in [
        (ErrorForm::Body, json!(code), false),
        (ErrorForm::Namespaced, json!(format!("com.amazonaws.secretsmanager#{code}")), false),
        (ErrorForm::Header, json!(null), true),
    ] {
        aws.set_error_form(form);
        let (status, head, told) = send(&aws, "GetSecretValue", "", r#"{"SecretId":"app"}"#).await;
        assert_eq!((status, &told["__type"]), (400, &body), "{form:?}");
        assert!(told["Message"].is_string());
        let shown = format!("x-amzn-errortype: {code}:http://");
        assert_eq!(head.contains(&shown), header, "{form:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_as_such() {
    let aws = open().await;
    for (action, body, code) in [
        ("GetRandomPassword", "{}", "UnknownOperationException"),
        ("", "{}", "UnknownOperationException"),
        ("GetSecretValue", "", "SerializationException"),
        ("GetSecretValue", "[]", "SerializationException"),
        ("GetSecretValue", "{", "SerializationException"),
        ("GetSecretValue", r#"{"SecretId":1}"#, "SerializationException"),
        ("GetSecretValue", "{}", "ValidationException"),
        ("GetSecretValue", r#"{"SecretId":null}"#, "ValidationException"),
    ] {
        let (status, _, told) = send(&aws, action, "", body).await;
        assert_eq!((status, &told["__type"]), (400, &json!(code)), "{action} {body}");
    }
    let errors: Vec<_> = aws.calls().into_iter().filter_map(|call| call.error).collect();
    assert_eq!(errors.len(), 8);
}
