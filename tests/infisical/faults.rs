//! What goes wrong on the way; and what `doctor` says of it.

use strongroom::{ErrorKind, Outcome, Probe, PutOptions, Secrets};
use strongroom_testkit::{Certificate, FakeInfisical, Fault, On};
use strongroom_tests::{Log, expect, key, until};

use crate::refused;
use crate::scene::{Scene, TTL};

const KEY: (&str, &str) = ("INFISICAL_SIGNING_SECRET_NAME", "SIGNING_KEY");

#[tokio::test]
async fn case_60_f043_throttling_is_waited_out_and_serves_what_is_stale() {
    // By the real clock, as the waits are.
    let fake = FakeInfisical::start().await;
    fake.put("/", "A", "canary-a");
    let secrets = Secrets::from_settings(fake.settings()).await.unwrap();
    let busy = || FakeInfisical::error(On::Read, 429, "RateLimitExceeded", "Rate limit exceeded.");
    fake.fault(busy().header("retry-after", "0").times(2));
    assert!(secrets.get("A").await.is_ok());
    assert_eq!(fake.count("get"), 3);
    let Scene { fake, clock, secrets } = Scene::new().await;
    secrets.get("A").await.unwrap();
    fake.fault(busy().header("retry-after", "60"));
    clock.advance(TTL);
    let is_stale = async || secrets.get("A").await.unwrap().freshness().is_stale();
    until("the renewal has failed", is_stale).await;
    let calls = fake.calls().len();
    refused(secrets.get("B").await, ErrorKind::Throttled);
    assert_eq!(fake.calls().len(), calls, "the server has asked for a pause");
}

#[tokio::test]
async fn case_63_64_outages_are_ridden_out_and_are_no_absence() {
    let fake = FakeInfisical::start().await;
    fake.put("/", "A", "canary-a");
    for status in [500, 502, 503, 504] {
        let secrets = Secrets::from_settings(fake.settings()).await.unwrap();
        let before = fake.count("get");
        fake.fault(Fault::new(On::Read).status(status).body("canary").times(2));
        assert!(secrets.get("A").await.is_ok());
        assert_eq!(fake.count("get") - before, 3, "{status}");
    }
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.fault(Fault::new(On::Any).status(503));
    refused(secrets.get("NONE").await, ErrorKind::Unavailable);
}

#[tokio::test]
async fn case_68_69_b063_answers_of_something_else_are_malformed_and_not_shown() {
    let secret = |more: &str| {
        format!(
            r#"{{"secret":{{"id":"1","workspace":"{}","environment":"prod","version":1,"type":"shared","secretKey":"A","secretPath":"/"{more}}}}}"#,
            FakeInfisical::PROJECT_ID
        )
    };
    for (status, body, kind) in [
        (200, "<html>canary</html>".to_owned(), ErrorKind::Malformed),
        (200, "{}".to_owned(), ErrorKind::Malformed),
        (200, "null".to_owned(), ErrorKind::Malformed),
        (200, r#"{"secret":null}"#.to_owned(), ErrorKind::Malformed),
        (200, r#"{"approval":{"id":"canary"}}"#.to_owned(), ErrorKind::Malformed),
        (200, secret(""), ErrorKind::Malformed),
        (200, secret(r#","secretValue":["canary"]"#), ErrorKind::Malformed),
        (200, secret(r#","secretValue":"canary","secretValue":"canary""#), ErrorKind::Malformed),
        (
            200,
            secret(r#","secretValue":"canary","secretValueHidden":true"#),
            ErrorKind::InvalidValue,
        ),
        (302, String::new(), ErrorKind::Malformed),
        (404, "<html>canary</html>".to_owned(), ErrorKind::Malformed),
        (404, "{}".to_owned(), ErrorKind::Malformed),
        (
            404,
            r#"{"reqId":"1","error":"NotFound","message":"KMS with ID 'canary' not found"}"#
                .to_owned(),
            ErrorKind::Malformed,
        ),
        (404, r#"{"error":"not_found","message":"canary"}"#.to_owned(), ErrorKind::Malformed),
        (
            400,
            r#"{"reqId":"1","error":"BadRequest","message":"The project is of type canary"}"#
                .to_owned(),
            ErrorKind::Misconfigured,
        ),
        (403, "<html>canary</html>".to_owned(), ErrorKind::PermissionDenied),
        (
            422,
            r#"{"reqId":"1","error":"ValidationFailure","message":[{"canary":1}]}"#.to_owned(),
            ErrorKind::Internal,
        ),
        (
            400,
            r#"{"reqId":"1","error":"canary that is quoted","message":"x"}"#.to_owned(),
            ErrorKind::Internal,
        ),
        (
            403,
            r#"{"reqId":"1","error":"canary that is quoted","message":"x"}"#.to_owned(),
            ErrorKind::PermissionDenied,
        ),
        (502, "<html>canary</html>".to_owned(), ErrorKind::Unavailable),
    ] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        secrets.list(None).await.unwrap();
        fake.fault(Fault::new(On::Read).status(status).body(body.clone()));
        let error = secrets.get("A").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
    let Scene { fake, secrets, .. } = Scene::new().await;
    let body = secret(r#","secretValue":"canary","secretComment":null,"tags":null,"new":[1]"#);
    fake.fault(Fault::new(On::Read).status(200).body(body));
    assert_eq!(secrets.get("A").await.unwrap().value().expose(), b"canary");
}

#[tokio::test]
async fn f128_an_answer_about_another_secret_is_refused() {
    for (field, from, to, kind) in [
        ("secretKey", "A", "B", ErrorKind::Malformed),
        ("environment", "prod", "dev", ErrorKind::Misconfigured),
        ("secretPath", "/", "/other", ErrorKind::Misconfigured),
        ("workspace", FakeInfisical::PROJECT_ID, "other", ErrorKind::Misconfigured),
    ] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        let body = format!(
            r#"{{"secret":{{"id":"1","workspace":"{}","environment":"prod","version":1,"type":"shared","secretKey":"A","secretPath":"/","secretValue":"canary"}}}}"#,
            FakeInfisical::PROJECT_ID
        );
        let member = |value: &str| format!(r#""{field}":"{value}""#);
        fake.fault(Fault::new(On::Read).status(200).body(body.replace(&member(from), &member(to))));
        let error = refused(secrets.get("A").await, kind);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_without_either_interface_is_the_wrong_one() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.set_v4(false);
    fake.set_v3(false);
    let error = refused(secrets.get("A").await, ErrorKind::Malformed);
    assert!(error.to_string().contains("right server"), "{error}");
    // One that is updated while we run.
    fake.set_v3(true);
    secrets.get("B").await.unwrap_err();
    fake.set_v3(false);
    fake.set_v4(true);
    assert!(secrets.list(None).await.is_ok());
}

#[tokio::test]
async fn case_70_f078_certificates_are_checked_and_a_bundle_replaces_the_roots() {
    for certificate in [
        Certificate::Expired,
        Certificate::WrongName,
        Certificate::SelfSigned,
        Certificate::OtherCa,
    ] {
        let fake = strongroom_testkit::infisical().certificate(certificate).start().await;
        let secrets = Secrets::from_settings(fake.tls_variables().settings()).await.unwrap();
        refused(secrets.get("A").await, ErrorKind::TlsRejected);
        assert_eq!(fake.calls(), [], "{certificate:?}");
        expect(&secrets.diagnose(&["A"]).await, "tls", Outcome::Fail, "certificate");
    }
    let fake = FakeInfisical::start().await;
    fake.put("/", "A", "canary-a");
    for settings in [fake.tls_variables().settings(), fake.cloud_variables().settings()] {
        let secrets = Secrets::from_settings(settings).await.unwrap();
        assert_eq!(secrets.get("A").await.unwrap().value().expose(), b"canary-a");
        assert_eq!(secrets.diagnose(&["A"]).await.status(), "ready");
    }
}

#[tokio::test]
async fn case_74_75_76_nothing_secret_is_shown_or_logged() {
    const VALUE: &str = "canary-7d1e-logged";
    let log = Log::capture();
    let scene = Scene::new().await;
    let secrets = scene.another(&[KEY]).await;
    secrets.put("B", VALUE, PutOptions::default()).await.unwrap();
    secrets.put(KEY.1, key("1"), PutOptions::default()).await.unwrap();
    drop((secrets.get("B").await, secrets.get_many(&["A", "B", "NONE"]).await));
    drop((secrets.list(None).await, secrets.probe().await));
    secrets.signer().await.unwrap().sign(b"canary-message").await.unwrap();
    let token = scene.fake.add_service_token(&[("prod", "/**")], &["read"], None);
    let service = scene.from(scene.fake.service_token_variables(&token).settings(), &[]).await;
    service.get("B").await.unwrap();
    scene.fake.expire_service_token(&token);
    let error = service.get("C").await.unwrap_err();
    let shown = format!(
        "{secrets:?} {service:?} {error} {error:?} {:?} {:?}",
        secrets.diagnose(&["B"]).await,
        service.diagnose(&["B"]).await
    );
    for text in [shown, log.text()] {
        for part in [
            VALUE,
            FakeInfisical::CLIENT_SECRET,
            "canary-infisical-token",
            "canary-service-secret",
            "canary-key",
            "canary-message",
        ] {
            assert!(!text.contains(part), "{part}");
        }
    }
    assert!(!log.text().is_empty());
}

#[tokio::test]
async fn doctor_says_what_is_right_and_what_is_not() {
    let scene = Scene::new().await;
    scene.fake.put("/", KEY.1, &key("1"));
    let diagnosis = scene.another(&[KEY]).await.diagnose(&["A"]).await;
    assert_eq!(diagnosis.status(), "ready", "{diagnosis:#?}");
    expect(&diagnosis, "network", Outcome::Pass, "answers");
    expect(&diagnosis, "tls", Outcome::Skip, "plain http");
    expect(&diagnosis, "credential", Outcome::Pass, "accepted");
    expect(&diagnosis, "version", Outcome::Pass, "older versions may be read");
    expect(&diagnosis, "sign", Outcome::Pass, "signs and verifies");
    let wrong = scene.another(&[("INFISICAL_CLIENT_SECRET", "canary-wrong")]).await;
    let diagnosis = wrong.diagnose(&["A"]).await;
    expect(&diagnosis, "network", Outcome::Pass, "answers");
    expect(&diagnosis, "credential", Outcome::Fail, "does not accept");
    assert!(!format!("{diagnosis:?}").contains("canary"), "{diagnosis:?}");
    let nowhere = scene.another(&[("INFISICAL_ENVIRONMENT", "nowhere")]).await;
    let diagnosis = nowhere.diagnose(&["A"]).await;
    expect(&diagnosis, "credential", Outcome::Fail, "INFISICAL_ENVIRONMENT");
    scene.fake.fault(Fault::new(On::Any).status(503));
    expect(&scene.another(&[]).await.diagnose(&["A"]).await, "network", Outcome::Fail, "503");
}

#[tokio::test]
async fn case_108_110_111_a_probe_reads_no_value() {
    let scene = Scene::new().await;
    assert_eq!(scene.secrets.probe().await.unwrap().probe, Probe::Active);
    let asked = scene.fake.calls().pop().unwrap();
    assert_eq!(asked.query.get("viewSecretValue").map(String::as_str), Some("false"));
    let signing = scene.another(&[KEY]).await;
    let error = refused(signing.probe().await, ErrorKind::Misconfigured);
    assert_eq!(error.name(), Some(KEY.1), "{error}");
    scene.fake.fault(Fault::new(On::Any).status(503));
    refused(scene.secrets.probe().await, ErrorKind::Unavailable);
}
