//! What goes wrong on the way, and how often it is tried again.

use std::time::Duration;

use strongroom::{ErrorKind, Freshness, Outcome, Probe, PutOptions, Reason};
use strongroom_testkit::{ErrorForm, FakeAws, Fault, On};
use strongroom_tests::{Log, expect, until};

use crate::place::{Place, Scene};
use crate::refused;

const TTL: Duration = Duration::from_secs(60);
const AGE: Duration = Duration::from_secs(360);
const LONGEST_WAIT: Duration = Duration::from_secs(31);

fn throttled() -> Fault {
    FakeAws::error(On::Read, "ThrottlingException", "Rate exceeded")
}

#[tokio::test]
async fn case_62_f041_throttling_is_tried_again_though_its_status_is_400() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.fault(throttled().times(2));
    assert!(secrets.get("a").await.is_ok());
    assert_eq!(fake.count("GetSecretValue"), 3);
}

#[tokio::test]
async fn f041_throttling_of_a_renewal_serves_the_stale_value_and_makes_no_herd() {
    let Scene { fake, clock, secrets } = Scene::new().await;
    secrets.get("a").await.unwrap();
    fake.fault(throttled());
    clock.advance(TTL);
    let freshness = async || secrets.get("a").await.unwrap().freshness();
    until("the renewal has failed", async || freshness().await.is_stale()).await;
    let calls = fake.calls().len();
    for _ in 0..1_000 {
        assert_eq!(freshness().await, Freshness::Stale);
    }
    assert_eq!(fake.calls().len(), calls, "the renewal waits");
    assert!(calls <= 1 + 3, "{calls}");
    fake.clear_faults();
    clock.advance(LONGEST_WAIT);
    until("it is renewed", async || !freshness().await.is_stale()).await;
    fake.fault(throttled());
    clock.advance(AGE);
    let late = async || secrets.get("a").await.is_err();
    until("it is too old", late).await;
    refused(secrets.get("a").await, ErrorKind::Throttled);
}

#[tokio::test]
async fn case_63_passing_outages_are_ridden_out() {
    for code in ["InternalServiceError", "ServiceUnavailableException"] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        fake.fault(FakeAws::error(On::Read, code, "canary").times(2));
        assert!(secrets.get("a").await.is_ok());
        assert_eq!(fake.count("GetSecretValue"), 3, "{code}");
    }
    for status in [500, 502, 503, 504] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        fake.fault(Fault::new(On::Read).status(status).body("<html>canary</html>").times(2));
        assert!(secrets.get("a").await.is_ok());
        assert_eq!(fake.count("GetSecretValue"), 3, "{status}");
    }
}

#[tokio::test]
async fn case_63_writes_are_made_once() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.fault(FakeAws::error(On::Write, "InternalServiceError", "canary"));
    let put = secrets.put("a", "canary", PutOptions::default()).await;
    let error = refused(put, ErrorKind::Unavailable);
    assert_eq!((error.attempts(), fake.count("PutSecretValue")), (1, 1));
}

#[tokio::test]
async fn case_64_an_outage_ends_after_the_attempts_and_is_no_absence() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.lose_region(FakeAws::REGION);
    let error = refused(secrets.get("a").await, ErrorKind::Unavailable);
    assert_eq!((error.attempts(), fake.count("GetSecretValue")), (3, 3));
    fake.regain_region(FakeAws::REGION);
    // What is missing cannot be told while only `DescribeSecret` fails.
    let on = On::Path("/DescribeSecret");
    fake.fault(FakeAws::error(on, "InternalServiceError", "canary"));
    refused(secrets.get("none").await, ErrorKind::Unavailable);
}

#[tokio::test]
async fn case_66_refusals_are_not_tried_again_and_their_texts_not_shown() {
    for (code, kind) in [
        ("AccessDeniedException", ErrorKind::PermissionDenied),
        ("DecryptionFailure", ErrorKind::PermissionDenied),
        ("ExpiredTokenException", ErrorKind::Unauthenticated),
        ("UnrecognizedClientException", ErrorKind::Unauthenticated),
        ("InvalidSignatureException", ErrorKind::Unauthenticated),
        ("InvalidParameterException", ErrorKind::InvalidValue),
        ("LimitExceededException", ErrorKind::Misconfigured),
        ("UnknownOperationException", ErrorKind::Misconfigured),
        ("SomethingNewException", ErrorKind::Internal),
    ] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        fake.fault(FakeAws::error(On::Read, code, "canary-text"));
        let error = refused(secrets.get("a").await, kind);
        assert_eq!((error.operation(), error.name()), (Some("get"), Some("a")), "{code}");
        assert_eq!(fake.count("GetSecretValue"), 1, "{code}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn every_form_of_an_error_code_is_understood() {
    for form in [ErrorForm::Body, ErrorForm::Namespaced, ErrorForm::Header] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        fake.set_error_form(form);
        let error = refused(secrets.get("none").await, ErrorKind::NotFound);
        assert_eq!(error.reason(), Some(Reason::Secret), "{form:?}");
    }
}

#[tokio::test]
async fn case_41_42_an_unknown_key_and_a_missing_right_are_told_apart() {
    let scene = Scene::new().await;
    let keys =
        |id: &'static str| [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", "canary-k")];
    scene.fake.add_key("CANARYACCESSKEYID001", "canary-k", &[("b*", &["GetSecretValue"])]);
    let secrets = scene.another(&keys("CANARYACCESSKEYID001")).await;
    refused(secrets.get("a").await, ErrorKind::PermissionDenied);
    refused(secrets.get("b").await, ErrorKind::NotFound);
    refused(secrets.list(None).await, ErrorKind::PermissionDenied);
    assert_eq!(secrets.probe().await.unwrap().probe, Probe::Active, "it is known all the same");
    let stranger = scene.another(&keys("CANARYACCESSKEYID002")).await;
    refused(stranger.get("a").await, ErrorKind::Unauthenticated);
    refused(stranger.probe().await, ErrorKind::Unauthenticated);
    let wrong = scene.another(&[("AWS_SECRET_ACCESS_KEY", "canary-wrong")]).await;
    let calls = scene.fake.calls().len();
    let error = refused(wrong.get("a").await, ErrorKind::Unauthenticated);
    assert_eq!(scene.fake.calls().len() - calls, 1);
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn f062_a_session_that_has_expired_is_said_once() {
    let scene = Scene::new().await;
    let all: &[(&str, &[&str])] = &[("*", &["*"])];
    scene.fake.add_session("CANARYACCESSKEYID003", "canary-k", "canary-session", all);
    let secrets = scene
        .another(&[
            ("AWS_ACCESS_KEY_ID", "CANARYACCESSKEYID003"),
            ("AWS_SECRET_ACCESS_KEY", "canary-k"),
            ("AWS_SESSION_TOKEN", "canary-session"),
        ])
        .await;
    secrets.get("a").await.unwrap();
    scene.fake.expire_session("CANARYACCESSKEYID003");
    let calls = scene.fake.calls().len();
    let error = refused(secrets.get("b").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("expired"), "{error}");
    assert_eq!(scene.fake.calls().len() - calls, 1);
    assert!(secrets.get("a").await.is_ok(), "what is cached is served");
}

#[tokio::test]
async fn f063_a_clock_that_is_off_is_told_with_its_seconds() {
    for (seconds, side) in [(600, "behind the provider's"), (-600, "ahead of the provider's")] {
        let place = Place::fake().await;
        let Place::Fake(fake) = &place else { unreachable!("it is the fake") };
        fake.put("a", "canary-a");
        fake.set_skew_seconds(seconds);
        let secrets = place.secrets(&[]).await;
        let error = refused(secrets.get("a").await, ErrorKind::Unauthenticated);
        assert!(error.to_string().contains("clock"), "{error}");
        assert_eq!(fake.count("GetSecretValue"), 1, "no endless retry");
        // From the answer to the first call the SDK knows how far the clock is off.
        assert!(secrets.probe().await.is_ok());
        let diagnosis = place.secrets(&[]).await.diagnose(&["a"]).await;
        assert_eq!(diagnosis.status(), "not_ready", "{diagnosis:#?}");
        expect(&diagnosis, "credential", Outcome::Fail, "clock");
        let check = expect(&diagnosis, "clock", Outcome::Fail, side);
        // A header tells whole seconds.
        let words = ["clock skew 600 s", "clock skew 599 s", "clock skew 601 s"];
        assert!(words.iter().any(|words| check.detail.contains(words)), "{check:?}");
    }
}

#[tokio::test]
async fn a_key_of_kms_that_cannot_be_used_is_told() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.set_decrypts("a", false);
    let error = refused(secrets.get("a").await, ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("KMS"), "{error}");
    assert_eq!(fake.calls().len(), 1);
    fake.set_decrypts("a", true);
}

#[tokio::test]
async fn f128_an_answer_about_another_secret_is_malformed() {
    for (name, arn) in [("b", "b"), ("A", "A"), ("a/b", "a/b"), ("", "")] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        let body = format!(
            r#"{{"Name":"{name}","ARN":"arn:aws:secretsmanager:us-east-1:123456789012:secret:{arn}-a1B2c3","VersionId":"00000000-0000-4000-9000-000000000001","SecretString":"canary-b"}}"#
        );
        fake.fault(Fault::new(On::Read).status(200).body(body));
        let error = refused(secrets.get("a").await, ErrorKind::Malformed);
        assert!(error.to_string().contains("another secret"), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn case_68_69_answers_of_something_else_are_malformed_and_not_shown() {
    for (status, body, kind) in [
        (200, "<html>canary</html>", ErrorKind::Malformed),
        (200, "", ErrorKind::Malformed),
        (200, "null", ErrorKind::Malformed),
        (200, "[]", ErrorKind::Malformed),
        (200, r#"{"Name":"a","SecretString":"canary"#, ErrorKind::Malformed),
        (200, r#"{"Name":"a","SecretString":["canary"]}"#, ErrorKind::Malformed),
        (200, r#"{"Name":"a","SecretString":"canary"}"#, ErrorKind::Malformed),
        (200, r#"{"Name":"a","VersionId":"v","SecretBinary":"canary!"}"#, ErrorKind::Malformed),
        (302, "", ErrorKind::Malformed),
        (403, "<html>canary</html>", ErrorKind::Malformed),
        (404, "", ErrorKind::Malformed),
        (502, "<html>canary</html>", ErrorKind::Unavailable),
    ] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        fake.fault(Fault::new(On::Read).status(status).body(body));
        let error = secrets.get("a").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    let Scene { fake, secrets, .. } = Scene::new().await;
    let body = r#"{"Name":"a","ARN":null,"New":[1],"VersionId":"v","SecretString":"canary","SecretBinary":null,"CreatedDate":1.5e9,"VersionStages":null}"#;
    fake.fault(Fault::new(On::Read).status(200).body(body));
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary");
}

#[tokio::test]
async fn case_74_75_76_nothing_secret_is_shown_or_logged() {
    const VALUE: &str = "canary-7d1e-logged";
    let log = Log::capture();
    let scene = Scene::new().await;
    let all: &[(&str, &[&str])] = &[("*", &["*"])];
    scene.fake.add_session("CANARYACCESSKEYID003", "canary-k-secret", "canary-session", all);
    let secrets = scene
        .another(&[
            ("AWS_ACCESS_KEY_ID", "CANARYACCESSKEYID003"),
            ("AWS_SECRET_ACCESS_KEY", "canary-k-secret"),
            ("AWS_SESSION_TOKEN", "canary-session"),
            ("AWS_SM_SIGNING_SECRET_ARN", "signing-key"),
        ])
        .await;
    secrets.put("b", VALUE, PutOptions::default()).await.unwrap();
    secrets.put("b#c", VALUE, PutOptions::default()).await.unwrap_err();
    secrets.put("c#d", VALUE, PutOptions::default()).await.unwrap();
    secrets.put("signing-key", strongroom_tests::key("1"), PutOptions::default()).await.unwrap();
    drop((secrets.get("b").await, secrets.get_many(&["a", "b", "none"]).await));
    drop((secrets.list(None).await, secrets.versions("b").await, secrets.probe().await));
    secrets.signer().await.unwrap().sign(b"canary-message").await.unwrap();
    // The SDK logs the answers of calls that never hold a value, as that of `DescribeSecret`, at this level.
    let on = On::Path("/GetSecretValue");
    scene.fake.fault(Fault::new(on).status(400).body(format!("{{\"x\":\"{VALUE}\"}}")));
    let error = secrets.get("e").await.unwrap_err();
    let shown = format!("{secrets:?} {error} {error:?} {:?}", secrets.diagnose(&["b"]).await);
    for text in [shown, log.text()] {
        for part in [VALUE, "canary-k-secret", "canary-session", "canary-key", "canary-message"] {
            assert!(!text.contains(part), "{part}");
        }
        assert!(!text.contains("Signature=") && !text.contains("AWS4-HMAC"));
    }
    assert!(!log.text().is_empty());
}

#[tokio::test]
async fn case_108_110_111_a_probe_tells_what_is_the_matter() {
    let scene = Scene::new().await;
    assert_eq!(scene.secrets.probe().await.unwrap().probe, Probe::Active);
    assert!(
        scene.fake.calls().iter().all(|call| call.action == "DescribeSecret"),
        "no secret read"
    );
    let signing = scene.another(&[("AWS_SM_SIGNING_SECRET_ARN", "keys/none")]).await;
    let error = refused(signing.probe().await, ErrorKind::Misconfigured);
    assert_eq!(error.name(), Some("keys/none"), "{error}");
    scene.fake.lose_region(FakeAws::REGION);
    refused(scene.secrets.probe().await, ErrorKind::Unavailable);
}
