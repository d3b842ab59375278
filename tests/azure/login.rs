//! Logging in, each way, and staying so.

use std::sync::Arc;
use std::time::Duration;

use strongroom::{Clock, Diagnosis, Error, ErrorKind, Freshness, GetOptions, Secrets, SystemClock};
use strongroom_testkit::{AzureFlow, BlackHole, FakeAzure, Fault, On};
use strongroom_tests::until;

use crate::refused;
use crate::scene::{NEGATIVE, Scene, TTL};

/// Reads, and not from the cache.
fn now() -> GetOptions {
    GetOptions::default().max_age(Duration::ZERO)
}

async fn read(secrets: &Secrets) -> strongroom::Result<()> {
    secrets.get_with("a", now()).await.map(drop)
}

fn logins(fake: &FakeAzure) -> usize {
    fake.count("token") + fake.count("identity")
}

#[tokio::test]
async fn opening_asks_nobody_and_each_method_logs_in_once() {
    let scene = Scene::once().await;
    let fake = &scene.fake;
    fake.add_user_identity("canary-identity", &[("*", &["*"])]);
    let assigned = ("AZURE_MANAGED_IDENTITY_CLIENT_ID", "canary-identity");
    for (settings, more, flow, who) in [
        (fake.settings(), &[][..], AzureFlow::ClientSecret, FakeAzure::CLIENT_ID),
        (
            fake.workload_identity_variables().settings(),
            &[],
            AzureFlow::WorkloadIdentity,
            FakeAzure::CLIENT_ID,
        ),
        (
            fake.managed_identity_variables().settings(),
            &[],
            AzureFlow::Imds,
            FakeAzure::SYSTEM_IDENTITY,
        ),
        (
            fake.managed_identity_variables().settings(),
            &[assigned],
            AzureFlow::Imds,
            "canary-identity",
        ),
    ] {
        let before = fake.calls().len();
        let secrets = scene.from(settings, more).await;
        assert!(secrets.warnings().len() == 1, "{:?}", secrets.warnings());
        assert_eq!(fake.calls().len(), before, "{flow:?}");
        for _ in 0..3 {
            read(&secrets).await.unwrap();
        }
        let calls = fake.calls().split_off(before);
        let flows: Vec<_> = calls.iter().filter_map(|call| call.flow).collect();
        assert_eq!(flows, [flow]);
        let last = calls.last().unwrap();
        assert_eq!(last.client_id.as_deref(), Some(who));
        assert_eq!(calls.len(), 5, "a challenge, a login, three reads");
    }
}

#[tokio::test]
async fn case_43_a_token_that_is_not_accepted_any_more_is_one_login_and_no_error() {
    for is_known in [true, false] {
        let Scene { fake, secrets, .. } = Scene::once().await;
        read(&secrets).await.unwrap();
        match is_known {
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
        assert_eq!(logins(&fake), 2);
    }
}

#[tokio::test]
async fn case_41_44_45_credentials_that_are_refused_are_not_sent_again_at_once() {
    let scene = Scene::once().await;
    let secrets = scene.another(&[("AZURE_CLIENT_SECRET", "canary-wrong")]).await;
    let error = refused(read(&secrets).await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("AZURE_CLIENT_SECRET"), "{error}");
    assert!(error.to_string().contains("AADSTS7000215"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    for _ in 0..20 {
        refused(read(&secrets).await, ErrorKind::Unauthenticated);
    }
    assert_eq!(logins(&scene.fake), 1);
    scene.clock.advance(Duration::from_secs(3_600));
    refused(read(&secrets).await, ErrorKind::Unauthenticated);
    assert_eq!(logins(&scene.fake), 2);
}

#[tokio::test]
async fn case_42_a_right_that_is_missing_is_no_login() {
    for (inner, words) in [
        ("ForbiddenByRbac", "Key Vault Secrets User"),
        ("ForbiddenByPolicy", "access policy"),
        ("AccessDenied", "access policy"),
    ] {
        let scene = Scene::once().await;
        scene.fake.set_denial(inner);
        let secrets = scene.limited(&[("b*", &["get"])], &[]).await;
        scene.fake.put("b", "canary-b");
        assert!(secrets.get("b").await.is_ok());
        let before = scene.fake.calls().len();
        let error = refused(read(&secrets).await, ErrorKind::PermissionDenied);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(scene.fake.calls().len() - before, 1, "no login, no retry");
        refused(secrets.list(None).await, ErrorKind::PermissionDenied);
    }
    for (inner, words) in
        [("ForbiddenByFirewall", "firewall"), ("ForbiddenByConnection", "private endpoint")]
    {
        let Scene { fake, secrets, .. } = Scene::once().await;
        fake.fault(FakeAzure::error(On::Any, 403, "Forbidden", Some(inner)));
        let error = refused(read(&secrets).await, ErrorKind::PermissionDenied);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(logins(&fake), 0);
    }
}

#[tokio::test]
async fn case_46_a_token_is_replaced_before_it_ends_and_nobody_waits_for_it() {
    let Scene { fake, clock, secrets, .. } = Scene::once().await;
    read(&secrets).await.unwrap();
    clock.advance(Duration::from_secs(2_400));
    until("it is replaced", async || logins(&fake) == 2).await;
    // F046: while that fails the old one serves until its end, and then an outage is what it is.
    fake.fault(Fault::new(On::Login).status(429).header("retry-after", "7"));
    clock.advance(Duration::from_secs(2_500));
    until("it is tried", async || logins(&fake) > 2).await;
    read(&secrets).await.unwrap();
    clock.advance(Duration::from_secs(1_200));
    let error = refused(read(&secrets).await, ErrorKind::Throttled);
    assert!(error.retry_after().is_some(), "{error:?}");
    let tried = logins(&fake);
    for _ in 0..20 {
        refused(read(&secrets).await, ErrorKind::Throttled);
    }
    assert!(logins(&fake) <= tried + 1, "{}", logins(&fake) - tried);
}

#[tokio::test]
async fn f046_a_token_endpoint_that_throttles_is_left_alone_and_the_cache_serves() {
    let Scene { fake, clock, secrets, .. } = Scene::once().await;
    secrets.get("a").await.unwrap();
    fake.revoke_tokens();
    fake.fault(Fault::new(On::Login).status(429).header("retry-after", "60"));
    clock.advance(TTL);
    let freshness = async || secrets.get("a").await.unwrap().freshness();
    until("the renewal has failed", async || freshness().await == Freshness::Stale).await;
    let tried = logins(&fake);
    for name in ["b", "c", "d", "e"] {
        refused(secrets.get(name).await, ErrorKind::Throttled);
    }
    assert_eq!(logins(&fake), tried);
}

#[tokio::test]
async fn case_49_a_workloads_token_is_read_again_at_each_login() {
    let scene = Scene::once().await;
    let secrets = scene.from(scene.fake.workload_identity_variables().settings(), &[]).await;
    read(&secrets).await.unwrap();
    scene.fake.set_assertion("canary-assertion-2");
    scene.fake.revoke_tokens();
    read(&secrets).await.unwrap();
    scene.fake.set_token_file("canary-assertion-of-others");
    scene.fake.revoke_tokens();
    let error = refused(read(&secrets).await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("AZURE_FEDERATED_TOKEN_FILE"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    // Another token is tried at once, whatever the gate.
    scene.fake.set_token_file("canary-assertion-2");
    scene.clock.advance(NEGATIVE);
    read(&secrets).await.unwrap();
}

#[tokio::test]
async fn case_49_a_client_secret_in_a_file_is_read_again_at_each_login() {
    let scene = Scene::once().await;
    let folder = tempfile::tempdir().unwrap();
    let (ca, secret) = (folder.path().join("ca.pem"), folder.path().join("secret"));
    std::fs::write(&ca, scene.fake.ca_pem()).unwrap();
    std::fs::write(&secret, "canary-of-another-day\n").unwrap();
    let address = scene.fake.address();
    let settings = strongroom::Settings::new(strongroom_tests::FilesOnly);
    let secrets = scene
        .from(
            settings,
            &[
                ("SECRETS_PROVIDER", "azure_kv"),
                ("AZURE_KEY_VAULT_URL", &address),
                ("AZURE_AUTHORITY_HOST", &address),
                ("AZURE_KV_VERIFY_CHALLENGE_RESOURCE", "false"),
                ("AZURE_KV_CA_BUNDLE_PATH", ca.to_str().unwrap()),
                ("AZURE_TENANT_ID", FakeAzure::TENANT_ID),
                ("AZURE_CLIENT_ID", FakeAzure::CLIENT_ID),
                ("AZURE_CLIENT_SECRET_FILE", secret.to_str().unwrap()),
            ],
        )
        .await;
    refused(read(&secrets).await, ErrorKind::Unauthenticated);
    std::fs::write(&secret, FakeAzure::CLIENT_SECRET).unwrap();
    scene.clock.advance(NEGATIVE);
    read(&secrets).await.unwrap();
    assert_eq!(logins(&scene.fake), 2);
}

#[tokio::test]
async fn case_58_the_time_of_a_managed_identitys_token_may_be_a_number() {
    for is_number in [true, false] {
        let scene = Scene::once().await;
        scene.fake.set_expires_on_number(is_number);
        let secrets = scene.from(scene.fake.managed_identity_variables().settings(), &[]).await;
        read(&secrets).await.unwrap();
        scene.clock.advance(Duration::from_secs(2_400));
        until("it is replaced", async || logins(&scene.fake) == 2).await;
    }
    for body in [
        r#"{"access_token":"canary-token"}"#,
        r#"{"access_token":"canary-token","expires_on":null}"#,
        r#"{"access_token":"canary-token","expires_on":"tomorrow"}"#,
        r#"{"access_token":7,"expires_on":"1"}"#,
        "canary-token",
    ] {
        let scene = Scene::once().await;
        scene.fake.fault(Fault::new(On::Login).status(200).body(body));
        let secrets = scene.from(scene.fake.managed_identity_variables().settings(), &[]).await;
        let error = refused(read(&secrets).await, ErrorKind::Malformed);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn an_identity_that_is_not_assigned_is_named() {
    let scene = Scene::once().await;
    let stranger = [("AZURE_MANAGED_IDENTITY_CLIENT_ID", "canary-stranger")];
    let secrets = scene.from(scene.fake.managed_identity_variables().settings(), &stranger).await;
    let error = refused(read(&secrets).await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("AZURE_MANAGED_IDENTITY_CLIENT_ID"), "{error}");
    scene.fake.remove_identity();
    let secrets = scene.from(scene.fake.managed_identity_variables().settings(), &[]).await;
    let error = refused(read(&secrets).await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("AZURE_MANAGED_IDENTITY_CLIENT_ID"), "{error}");
    assert!(error.to_string().contains("or several"), "{error}");
    let resource = Fault::new(On::Login).status(400).body(r#"{"error":"invalid_resource"}"#);
    scene.fake.fault(resource);
    let secrets = scene.from(scene.fake.managed_identity_variables().settings(), &[]).await;
    let error = refused(read(&secrets).await, ErrorKind::Misconfigured);
    assert!(error.to_string().contains("not known in the tenant"), "{error}");
    for (status, kind) in [
        (404, ErrorKind::Unavailable),
        (410, ErrorKind::Unavailable),
        (429, ErrorKind::Throttled),
        (500, ErrorKind::Unavailable),
        (403, ErrorKind::Unauthenticated),
        (302, ErrorKind::Malformed),
    ] {
        let scene = Scene::once().await;
        scene.fake.fault(Fault::new(On::Login).status(status).body("canary"));
        let secrets = scene.from(scene.fake.managed_identity_variables().settings(), &[]).await;
        let error = read(&secrets).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}: {error:?}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn case_57_a_machine_without_metadata_is_told_so_in_time() {
    let scene = Scene::once().await;
    let hole = BlackHole::open().await;
    // Bound and not listening: nobody else gets the port, and connecting is refused.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    for address in [hole.address(), socket.local_addr().unwrap()] {
        let host = format!("http://{address}");
        let host = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", host.as_str())];
        let secrets = scene.from(scene.fake.managed_identity_variables().settings(), &host).await;
        let start = SystemClock.monotonic();
        let error = refused(read(&secrets).await, ErrorKind::Unavailable);
        let took = SystemClock.monotonic().saturating_duration_since(start);
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert_eq!(error.key(), Some("AZURE_AUTH_METHOD"));
        assert!(error.to_string().contains("on machines of Azure alone"), "{error}");
    }
}

async fn of_settings(more: &[(&str, &str)]) -> Error {
    let scene = Scene::once().await;
    read(&scene.another(more).await).await.unwrap_err()
}

#[tokio::test]
async fn refusals_of_entra_name_the_setting() {
    let unknown = of_settings(&[("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111")]).await;
    assert_eq!(unknown.kind(), ErrorKind::Misconfigured, "{unknown}");
    assert_eq!(unknown.key(), Some("AZURE_TENANT_ID"));
    let domain = of_settings(&[("AZURE_TENANT_ID", "unknown.example")]).await;
    assert_eq!(domain.key(), Some("AZURE_TENANT_ID"), "{domain}");
    assert!(domain.to_string().contains("AADSTS90002"), "{domain}");
    let client = of_settings(&[("AZURE_CLIENT_ID", "canary-unknown")]).await;
    assert_eq!(
        (client.kind(), client.key()),
        (ErrorKind::Unauthenticated, Some("AZURE_CLIENT_ID"))
    );
    assert!(client.to_string().contains("AADSTS700016"), "{client}");
    let refusal = |code: u32| {
        format!(
            r#"{{"error":"invalid_client","error_description":"canary","error_codes":[{code}]}}"#
        )
    };
    for (status, body, kind, key) in [
        (401, refusal(7_000_222), ErrorKind::Unauthenticated, Some("AZURE_CLIENT_SECRET")),
        (400, refusal(4_711), ErrorKind::Unauthenticated, Some("AZURE_CLIENT_SECRET")),
        (400, refusal(50_166), ErrorKind::Unavailable, None),
        (400, r#"{"error":"temporarily_unavailable"}"#.into(), ErrorKind::Unavailable, None),
        (400, "<html>canary</html>".into(), ErrorKind::Malformed, None),
        (404, "{}".into(), ErrorKind::Malformed, None),
        (503, "canary".into(), ErrorKind::Unavailable, None),
        (429, "canary".into(), ErrorKind::Throttled, None),
        (200, r#"{"access_token":["canary"]}"#.into(), ErrorKind::Malformed, None),
        (200, "{}".into(), ErrorKind::Malformed, None),
    ] {
        let Scene { fake, secrets, .. } = Scene::once().await;
        fake.fault(Fault::new(On::Login).status(status).body(body.clone()));
        let error = read(&secrets).await.unwrap_err();
        assert_eq!((error.kind(), error.key()), (kind, key), "{status} {body}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_over_when_it_comes_is_one_login_and_blames_the_clock() {
    let scene = Scene::once().await;
    let secrets = scene.from(scene.fake.managed_identity_variables().settings(), &[]).await;
    let body = r#"{"access_token":"canary-token","expires_on":"1000000000"}"#;
    scene.fake.fault(Fault::new(On::Login).status(200).body(body));
    for _ in 0..5 {
        let error = refused(read(&secrets).await, ErrorKind::Unauthenticated);
        assert!(error.to_string().contains("clock"), "{error}");
    }
    assert_eq!(logins(&scene.fake), 1);
}

#[tokio::test]
async fn f059_an_outage_of_entra_is_one_through_which_the_cache_serves() {
    let Scene { fake, clock, secrets, .. } = Scene::once().await;
    secrets.get("a").await.unwrap();
    fake.expire_tokens();
    fake.fault(Fault::new(On::Login).status(503));
    clock.advance(TTL);
    let freshness = async || secrets.get("a").await.unwrap().freshness();
    until("the renewal has failed", async || freshness().await == Freshness::Stale).await;
    refused(secrets.get("b").await, ErrorKind::Unavailable);
    fake.clear_faults();
    clock.advance(TTL);
    until("it is renewed", async || freshness().await == Freshness::Fresh).await;
}

#[tokio::test]
async fn a_token_that_the_vault_never_takes_is_no_storm_of_logins() {
    let Scene { fake, secrets, .. } = Scene::once().await;
    let challenge = format!(
        "Bearer authorization=\"{}/{}\", resource=\"{}\"",
        fake.address(),
        FakeAzure::TENANT_ID,
        FakeAzure::RESOURCE
    );
    let refusal = FakeAzure::error(On::Read, 401, "Unauthorized", None);
    fake.fault(refusal.header("www-authenticate", &challenge));
    for _ in 0..20 {
        refused(read(&secrets).await, ErrorKind::Unauthenticated);
    }
    assert!(logins(&fake) <= 3, "{}", logins(&fake));
    let diagnosis: Diagnosis = secrets.diagnose(&["a"]).await;
    assert_eq!(diagnosis.status(), "not_ready");
}
