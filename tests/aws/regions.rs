//! Another region that has the secrets too.

use aws_config::{BehaviorVersion, Region};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Credentials;
use aws_sdk_secretsmanager::types::ReplicaRegionType;
use strongroom::{ErrorKind, GetOptions, PutOptions, Secrets, Settings};
use strongroom_testkit::FakeAws;

use crate::refused;

const REPLICAS: [&str; 2] = ["eu-central-1", "eu-west-3"];

/// A secret of the first region that the others have too.
async fn replicated(name: &str, value: &str) -> FakeAws {
    let aws = FakeAws::start().await;
    aws.put(name, value);
    let shared = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(FakeAws::REGION))
        .credentials_provider(Credentials::new(
            FakeAws::KEY_ID,
            FakeAws::SECRET,
            None,
            None,
            "test",
        ))
        .endpoint_url(aws.address())
        .load()
        .await;
    let mut call = Client::new(&shared).replicate_secret_to_regions().secret_id(name);
    for region in REPLICAS {
        aws.add_region(region);
        call = call.add_replica_regions(ReplicaRegionType::builder().region(region).build());
    }
    call.send().await.unwrap();
    aws
}

fn settings(aws: &FakeAws) -> Settings {
    aws.settings().with("AWS_SM_REPLICA_REGIONS", REPLICAS.join(", "))
}

fn now() -> GetOptions {
    GetOptions::default().max_age(std::time::Duration::ZERO)
}

/// The regions that were asked since.
fn asked(aws: &FakeAws, before: usize) -> Vec<String> {
    let calls = aws.calls().split_off(before);
    calls.into_iter().filter_map(|call| call.region).collect()
}

#[tokio::test]
async fn a_region_that_cannot_answer_is_stood_in_for_by_the_next_that_can() {
    let aws = replicated("app/db", "canary-value").await;
    let secrets = Secrets::builder().settings(settings(&aws)).attempts(1).build().await.unwrap();
    for (lost, regions) in [
        (None, &[FakeAws::REGION][..]),
        (Some(FakeAws::REGION), &[FakeAws::REGION, REPLICAS[0]]),
        (Some(REPLICAS[0]), &[FakeAws::REGION, REPLICAS[0], REPLICAS[1]]),
    ] {
        lost.into_iter().for_each(|region| aws.lose_region(region));
        let before = aws.calls().len();
        let secret = secrets.get_with("app/db", now()).await.unwrap();
        assert_eq!(secret.value().expose(), b"canary-value");
        assert_eq!(asked(&aws, before), regions);
    }
    let written = secrets.put("app/db", "canary-new", PutOptions::default()).await;
    refused(written, ErrorKind::Unavailable);
    aws.lose_region(REPLICAS[1]);
    refused(secrets.get_with("app/db", now()).await, ErrorKind::Unavailable);
    aws.regain_region(FakeAws::REGION);
    let before = aws.calls().len();
    let again = Secrets::from_settings(settings(&aws)).await.unwrap();
    again.get("app/db").await.unwrap();
    assert_eq!(asked(&aws, before), [FakeAws::REGION]);
}

#[tokio::test]
async fn what_is_missing_in_the_first_region_is_not_looked_for_in_others() {
    let aws = replicated("app/db", "canary-value").await;
    let secrets = Secrets::from_settings(settings(&aws)).await.unwrap();
    refused(secrets.get("app/none").await, ErrorKind::NotFound);
    assert!(asked(&aws, 0).iter().skip(1).all(|region| region == FakeAws::REGION));
}

#[tokio::test]
async fn several_are_read_together_from_a_replica_too() {
    let aws = replicated("app/db", "canary-value").await;
    let secrets = Secrets::builder().settings(settings(&aws)).attempts(1).build().await.unwrap();
    aws.lose_region(FakeAws::REGION);
    let read = secrets.get_many(&["app/db", "app/none"]).await;
    assert!(read[0].is_ok(), "{read:?}");
    let missing = read[1].as_ref().unwrap_err().kind();
    assert_eq!(missing, ErrorKind::Unavailable, "the first region may have it");
    refused(secrets.list(None).await, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_signing_key_is_read_from_a_replica_by_name_and_by_arn() {
    let aws = replicated("signing-key", "canary-key-of-thirty-two-bytes-1").await;
    let settings = settings(&aws).with("AWS_SM_SIGNING_SECRET_ARN", "signing-key");
    let before = Secrets::from_settings(settings.clone()).await.unwrap();
    let signed = before.signer().await.unwrap().sign(b"message").await.unwrap();
    aws.lose_region(FakeAws::REGION);
    let secrets = Secrets::from_settings(settings).await.unwrap();
    let signer = secrets.signer().await.unwrap();
    assert!(signer.verify(b"message", &signed).await.unwrap().is_current());
}

#[tokio::test]
async fn regions_that_cannot_be_such_are_refused() {
    let aws = FakeAws::start().await;
    for (regions, words) in [
        ("eu_central_1", "must be regions"),
        ("eu-central-1,eu-central-1", "twice"),
        (FakeAws::REGION, "that of AWS_REGION"),
    ] {
        let settings = aws.settings().with("AWS_SM_REPLICA_REGIONS", regions);
        let error = refused(Secrets::from_settings(settings).await, ErrorKind::Misconfigured);
        assert_eq!(error.key(), Some("AWS_SM_REPLICA_REGIONS"));
        assert!(error.to_string().contains(words), "{error}");
    }
}
