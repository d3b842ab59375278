//! One secret in several regions.

use serde_json::json;
use strongroom_testkit::FakeAws;

use crate::access::{Signer, codes};
use crate::{open, refusal, tell};

#[tokio::test]
async fn a_replica_is_read_in_its_region_and_changed_in_none() {
    let aws = open().await;
    let id = json!({ "SecretId": "app" });
    let replica = Signer { region: "us-west-2", ..Signer::default() };
    aws.put("app", "canary-1");
    let body = json!({ "SecretId": "app", "AddReplicaRegions": [{ "Region": "us-west-2" }] });
    let unknown = refusal(&aws, "ReplicateSecretToRegions", body.clone()).await;
    assert_eq!(unknown, "InvalidParameterException");
    aws.add_region("us-west-2");
    assert_eq!(codes(&aws, &replica, "GetSecretValue", &id).await.1, "ResourceNotFoundException");
    tell(&aws, "ReplicateSecretToRegions", body).await;
    let (status, told) = replica.send(&aws, "GetSecretValue", &id).await;
    assert_eq!((status, &told["SecretString"]), (200, &json!("canary-1")));
    let arn = told["ARN"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:secretsmanager:us-west-2:"));
    let write = json!({
        "SecretId": "app", "SecretString": "canary-2",
        "ClientRequestToken": "canary-version-00000000000000001",
    });
    assert_eq!(codes(&aws, &replica, "PutSecretValue", &write).await.1, "InvalidRequestException");
    let told = tell(&aws, "DescribeSecret", id.clone()).await;
    assert_eq!(told["PrimaryRegion"], "us-east-1");
    assert_eq!(told["ReplicationStatus"][0]["Status"], "InSync");
    assert_eq!(refusal(&aws, "DeleteSecret", id.clone()).await, "InvalidRequestException");
    let body = json!({ "SecretId": "app", "RemoveReplicaRegions": ["us-west-2"] });
    tell(&aws, "RemoveRegionsFromReplication", body).await;
    assert_eq!(codes(&aws, &replica, "GetSecretValue", &id).await.1, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_region_that_is_lost_takes_no_other_with_it() {
    let aws = FakeAws::start().await;
    aws.add_region("us-west-2");
    aws.put("app", "canary-1");
    aws.lose_region("us-east-1");
    let id = json!({ "SecretId": "app" });
    let (first, other) = (Signer::default(), Signer { region: "us-west-2", ..Signer::default() });
    let lost = codes(&aws, &first, "GetSecretValue", &id).await;
    assert_eq!(lost, (503, "ServiceUnavailableException".to_owned()));
    assert_eq!(codes(&aws, &other, "GetSecretValue", &id).await.0, 400);
    aws.regain_region("us-east-1");
    assert_eq!(codes(&aws, &first, "GetSecretValue", &id).await.0, 200);
    let regions: Vec<_> = aws.calls().into_iter().filter_map(|call| call.region).collect();
    assert_eq!(regions, ["us-east-1", "us-west-2", "us-east-1"]);
}
