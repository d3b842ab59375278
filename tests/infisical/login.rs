//! Logging in, and staying so.

use std::sync::Arc;
use std::time::Duration;

use strongroom::{ErrorKind, Freshness, GetOptions, Secrets};
use strongroom_testkit::{FakeInfisical, Fault, On};
use strongroom_tests::until;

use crate::refused;
use crate::scene::{NEGATIVE, Scene, TTL};

const ALL: &[(&str, &str, &[&str])] = &[("*", "/**", &["*"])];

/// Reads, and not from the cache.
async fn read(secrets: &Secrets) -> strongroom::Result<()> {
    secrets.get_with("A", GetOptions::default().max_age(Duration::ZERO)).await.map(drop)
}

#[tokio::test]
async fn opening_asks_nobody_and_each_credential_is_used_as_it_is() {
    let scene = Scene::new().await;
    let fake = &scene.fake;
    fake.add_token("canary.raw.token", ALL);
    let service = fake.add_service_token(&[("prod", "/**")], &["read", "write"], None);
    for (settings, logins, scopes, warnings) in [
        (fake.settings(), 1, 0, 0),
        (fake.token_variables("canary.raw.token").settings(), 0, 0, 0),
        (fake.service_token_variables(&service).settings(), 0, 1, 1),
    ] {
        let (calls, before) = (fake.calls().len(), fake.count("login"));
        let scoped = fake.count("service_token");
        let secrets = scene.from(settings, &[]).await;
        assert_eq!(secrets.warnings().len(), warnings, "{:?}", secrets.warnings());
        assert_eq!(fake.calls().len(), calls);
        for _ in 0..3 {
            read(&secrets).await.unwrap();
        }
        assert_eq!(fake.count("login") - before, logins);
        assert_eq!(fake.count("service_token") - scoped, scopes);
        assert_eq!(fake.calls().len() - calls, 3 + logins + scopes);
    }
}

#[tokio::test]
async fn case_43_52_a_token_that_is_not_accepted_any_more_is_one_login_and_no_error() {
    for is_expired in [true, false] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        read(&secrets).await.unwrap();
        match is_expired {
            // 403, and not 401.
            true => fake.expire_tokens(),
            false => fake.revoke_tokens(),
        }
        let secrets = Arc::new(secrets);
        let readers: Vec<_> = (0..100)
            .map(|_| {
                let secrets = secrets.clone();
                tokio::spawn(async move { read(&secrets).await })
            })
            .collect();
        for reader in readers {
            reader.await.unwrap().unwrap();
        }
        assert_eq!(fake.count("login"), 2);
    }
}

#[tokio::test]
async fn case_41_44_45_a_wrong_secret_does_not_lock_the_identity() {
    let scene = Scene::new().await;
    let secrets = scene.another(&[("INFISICAL_CLIENT_SECRET", "canary-wrong")]).await;
    for _ in 0..60 {
        let error = refused(read(&secrets).await, ErrorKind::Unauthenticated);
        assert_eq!(error.key(), Some("INFISICAL_CLIENT_SECRET"), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        scene.clock.advance(Duration::from_secs(60));
        assert!(!scene.fake.is_locked(FakeInfisical::CLIENT_ID));
    }
    // Another identity that somebody else has locked.
    scene.fake.add_identity("canary-locked", "canary-secret", ALL);
    for _ in 0..3 {
        let wrong =
            [("INFISICAL_CLIENT_ID", "canary-locked"), ("INFISICAL_CLIENT_SECRET", "canary-x")];
        refused(read(&scene.another(&wrong).await).await, ErrorKind::Unauthenticated);
    }
    let right =
        [("INFISICAL_CLIENT_ID", "canary-locked"), ("INFISICAL_CLIENT_SECRET", "canary-secret")];
    let error = refused(read(&scene.another(&right).await).await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("locked"), "{error}");
}

#[tokio::test]
async fn case_42_a_right_that_is_missing_is_no_login() {
    let scene = Scene::new().await;
    scene.fake.put("/app", "B", "canary-b");
    let secrets = scene.limited(&[("prod", "/app/**", &["read"])], &[]).await;
    assert!(secrets.get("app/B").await.is_ok());
    let before = scene.fake.calls().len();
    refused(read(&secrets).await, ErrorKind::PermissionDenied);
    assert_eq!(scene.fake.calls().len() - before, 1, "no login, no retry");
    let stranger = scene.limited(&[], &[]).await;
    let error = refused(read(&stranger).await, ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("not a member"), "{error}");
}

#[tokio::test]
async fn case_46_a_token_is_renewed_and_its_answer_is_the_one_that_is_used() {
    let Scene { fake, clock, secrets } = Scene::new().await;
    fake.set_lifetimes(FakeInfisical::CLIENT_ID, 600, 86_400, 0);
    read(&secrets).await.unwrap();
    for round in 1..=4 {
        clock.advance(Duration::from_secs(420));
        until("it is renewed", async || fake.count("renew") == round).await;
        read(&secrets).await.unwrap();
    }
    assert_eq!(fake.count("login"), 1);
}

#[tokio::test]
async fn a_renewal_that_would_end_the_token_is_not_asked_for() {
    for (ttl, max_ttl) in [(600, 600), (600, 1_000), (2_592_000, 2_592_000)] {
        let Scene { fake, clock, secrets } = Scene::new().await;
        fake.set_old_renewals(true);
        fake.set_lifetimes(FakeInfisical::CLIENT_ID, ttl, max_ttl, 0);
        read(&secrets).await.unwrap();
        clock.advance(Duration::from_secs(ttl * 7 / 10));
        until("it logs in anew", async || fake.count("login") == 2).await;
        read(&secrets).await.unwrap();
        assert_eq!(fake.count("renew"), 0, "{ttl} {max_ttl}");
    }
    // One that has no end is neither renewed nor replaced.
    let Scene { fake, clock, secrets } = Scene::new().await;
    fake.set_lifetimes(FakeInfisical::CLIENT_ID, 0, 0, 0);
    read(&secrets).await.unwrap();
    clock.advance(Duration::from_secs(30 * 86_400));
    read(&secrets).await.unwrap();
    assert_eq!((fake.count("login"), fake.count("renew")), (1, 0));
}

#[tokio::test]
async fn a_token_for_a_few_uses_is_replaced_when_they_are_used_up() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    fake.set_lifetimes(FakeInfisical::CLIENT_ID, 600, 600, 3);
    for _ in 0..30 {
        read(&secrets).await.unwrap();
    }
    assert_eq!(fake.count("login"), 10);
}

#[tokio::test]
async fn a_used_up_token_that_is_told_with_400_is_one_login() {
    let Scene { fake, secrets, .. } = Scene::new().await;
    read(&secrets).await.unwrap();
    let text = "Unable to renew because access token number of uses limit reached";
    fake.fault(FakeInfisical::error(On::Read, 400, "BadRequest", text).times(1));
    read(&secrets).await.unwrap();
    assert_eq!(fake.count("login"), 2);
}

#[tokio::test]
async fn case_49_credentials_in_files_are_read_again() {
    let scene = Scene::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "canary-of-another-day\n").unwrap();
    let address = scene.fake.address();
    let settings = |more: &[(&str, &str)]| {
        let base = strongroom::Settings::new(strongroom_tests::FilesOnly);
        let pairs = [
            ("SECRETS_PROVIDER", "infisical_self_host"),
            ("INFISICAL_BASE_URL", address.as_str()),
            ("INFISICAL_PROJECT_ID", FakeInfisical::PROJECT_ID),
            ("INFISICAL_ENVIRONMENT", "prod"),
        ];
        crate::scene::with(crate::scene::with(base, &pairs), more)
    };
    let path = file.to_str().unwrap();
    let client =
        [("INFISICAL_CLIENT_ID", FakeInfisical::CLIENT_ID), ("INFISICAL_CLIENT_SECRET_FILE", path)];
    let secrets = scene.from(settings(&client), &[]).await;
    refused(read(&secrets).await, ErrorKind::Unauthenticated);
    std::fs::write(&file, FakeInfisical::CLIENT_SECRET).unwrap();
    scene.clock.advance(NEGATIVE);
    read(&secrets).await.unwrap();
    // A token that somebody else replaces.
    std::fs::write(&file, "canary.token.1").unwrap();
    scene.fake.add_token("canary.token.1", ALL);
    let secrets = scene.from(settings(&[("INFISICAL_TOKEN_FILE", path)]), &[]).await;
    read(&secrets).await.unwrap();
    scene.fake.revoke_tokens();
    scene.fake.add_token("canary.token.2", ALL);
    std::fs::write(&file, "canary.token.2").unwrap();
    read(&secrets).await.unwrap();
    scene.fake.revoke_tokens();
    let error = refused(read(&secrets).await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("INFISICAL_TOKEN"), "{error}");
}

#[tokio::test]
async fn case_51_a_service_token_that_has_ended_is_no_missing_secret() {
    let scene = Scene::new().await;
    for is_removed in [false, true] {
        let token = scene.fake.add_service_token(&[("prod", "/**")], &["read"], None);
        let secrets = scene.from(scene.fake.service_token_variables(&token).settings(), &[]).await;
        read(&secrets).await.unwrap();
        match is_removed {
            true => scene.fake.remove_service_token(&token),
            false => scene.fake.expire_service_token(&token),
        }
        for _ in 0..3 {
            let error = refused(read(&secrets).await, ErrorKind::Unauthenticated);
            assert_eq!(error.key(), Some("INFISICAL_SERVICE_TOKEN"), "{error}");
            scene.clock.advance(Duration::from_secs(60));
        }
    }
    let unknown = scene.fake.service_token_variables("st.canary.unknown").settings();
    refused(read(&scene.from(unknown, &[]).await).await, ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn case_38_a_service_token_of_another_folder_is_refused_before_it_reads_or_writes_there() {
    let scene = Scene::new().await;
    scene.fake.put_in("dev", "/app", "A", "canary-of-dev");
    let token = scene.fake.add_service_token(&[("dev", "/app")], &["read", "write"], None);
    let settings = || scene.fake.service_token_variables(&token).settings();
    for (more, key) in [
        (&[][..], "INFISICAL_ENVIRONMENT"),
        (&[("INFISICAL_ENVIRONMENT", "dev")], "INFISICAL_SECRET_PATH"),
        (&[("INFISICAL_PROJECT_ID", "other")], "INFISICAL_PROJECT_ID"),
    ] {
        let secrets = scene.from(settings(), more).await;
        let error = refused(read(&secrets).await, ErrorKind::Misconfigured);
        assert_eq!(error.key(), Some(key), "{error}");
        let put = secrets.put("A", "canary-b", Default::default()).await;
        refused(put, ErrorKind::Misconfigured);
    }
    assert_eq!((scene.fake.count("get"), scene.fake.count("update")), (0, 0));
    let right = [("INFISICAL_ENVIRONMENT", "dev"), ("INFISICAL_SECRET_PATH", "/app")];
    let secrets = scene.from(settings(), &right).await;
    read(&secrets).await.unwrap();
    // It is for that folder alone, whatever was asked.
    let calls = scene.fake.calls().len();
    for name in ["below/A", "below/B"] {
        let error = refused(secrets.get(name).await, ErrorKind::Misconfigured);
        assert_eq!(error.key(), Some("INFISICAL_SECRET_PATH"), "{error}");
    }
    let many = secrets.get_many(&["below/A", "below/B"]).await;
    assert!(many.into_iter().all(|one| refused(one, ErrorKind::Misconfigured).key().is_some()));
    assert_eq!(scene.fake.calls().len(), calls);
}

#[tokio::test]
async fn f059_logins_that_cannot_be_made_are_an_outage_through_which_the_cache_serves() {
    let Scene { fake, clock, secrets } = Scene::new().await;
    secrets.get("A").await.unwrap();
    fake.expire_tokens();
    fake.fault(Fault::new(On::Login).status(503));
    clock.advance(TTL);
    let freshness = async || secrets.get("A").await.unwrap().freshness();
    until("the renewal has failed", async || freshness().await == Freshness::Stale).await;
    refused(secrets.get("B").await, ErrorKind::Unavailable);
    fake.clear_faults();
    clock.advance(TTL);
    until("it is renewed", async || freshness().await == Freshness::Fresh).await;
}

#[tokio::test]
async fn answers_to_logins_of_something_else_are_no_refusals() {
    for (status, body, kind) in [
        (200, "{}", ErrorKind::Malformed),
        (200, r#"{"accessToken":"","expiresIn":1}"#, ErrorKind::Malformed),
        (200, r#"{"accessToken":["canary"],"expiresIn":1}"#, ErrorKind::Malformed),
        (401, "<html>canary</html>", ErrorKind::Malformed),
        (
            404,
            r#"{"message":"Route not found","error":"Not Found","statusCode":404}"#,
            ErrorKind::Malformed,
        ),
        (429, "canary", ErrorKind::Throttled),
        (502, "canary", ErrorKind::Unavailable),
        (302, "", ErrorKind::Malformed),
        (
            404,
            r#"{"reqId":"1","error":"NotFound","message":"No identity with specified client ID was found"}"#,
            ErrorKind::Unauthenticated,
        ),
        (
            403,
            r#"{"reqId":"1","error":"ForbiddenError","message":"You are not allowed to access this resource from the current IP address"}"#,
            ErrorKind::Unauthenticated,
        ),
        (
            422,
            r#"{"reqId":"1","error":"ValidationFailure","message":[]}"#,
            ErrorKind::Unauthenticated,
        ),
    ] {
        let Scene { fake, secrets, .. } = Scene::new().await;
        fake.fault(Fault::new(On::Login).status(status).body(body));
        let error = read(&secrets).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
