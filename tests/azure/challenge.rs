//! How a vault asks for a token, and when it gets none.

use strongroom::{ErrorKind, Outcome, Secrets};
use strongroom_testkit::{FakeAzure, Fault, On};
use strongroom_tests::expect;

use crate::refused;
use crate::scene::{NEGATIVE, Scene, TTL};

const TENANT: &str = "00000000-0000-0000-0000-00000000000a";

#[tokio::test]
async fn case_55_f091_a_token_for_somebody_else_is_not_asked_for() {
    for (authority, resource, words) in [
        ("https://login.example/canary-tenant", FakeAzure::RESOURCE, "`https://login.example`"),
        ("https://login.microsoftonline.com.example/x", FakeAzure::RESOURCE, "example`"),
        ("http://login.microsoftonline.com/x", FakeAzure::RESOURCE, "`http://login"),
        ("canary", FakeAzure::RESOURCE, "of `canary`"),
        ("", "https://vault.azure.net.example", "`https://vault.azure.net.example`"),
        ("", "https://management.azure.com", "`https://management.azure.com`"),
        ("", "https://vault.azure.cn", "`https://vault.azure.cn`"),
        ("", "", "for ``"),
    ] {
        let Scene { fake, secrets, .. } = Scene::once().await;
        let own = format!("{}/{TENANT}", fake.address());
        fake.set_challenge(if authority.is_empty() { &own } else { authority }, resource);
        let error = refused(secrets.get("a").await, ErrorKind::Malformed);
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.to_string().contains("it gets none"), "{error}");
        let calls = fake.calls();
        assert!(calls.iter().all(|call| call.operation == "get" && !call.has_token), "{calls:?}");
    }
}

#[tokio::test]
async fn f091_a_vault_that_asks_for_somebody_else_later_gets_no_more_tokens() {
    let Scene { fake, clock, secrets, .. } = Scene::once().await;
    secrets.get("a").await.unwrap();
    fake.set_challenge("https://login.example/x", FakeAzure::RESOURCE);
    fake.revoke_tokens();
    refused(secrets.get("b").await, ErrorKind::Malformed);
    assert_eq!(fake.count("token"), 1);
    fake.set_challenge(&format!("{}/{TENANT}", fake.address()), FakeAzure::RESOURCE);
    fake.put("b", "canary-b");
    clock.advance(NEGATIVE);
    secrets.get("b").await.unwrap();
    assert_eq!(fake.count("token"), 2);
}

#[tokio::test]
async fn case_59_a_refusal_that_says_less_than_a_challenge_is_one_of_the_token() {
    let claims = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", error=\"insufficient_claims\", claims=\"e30=\", PoP realm=\"\"";
    for header in [Some(claims), Some("Negotiate"), None] {
        let Scene { fake, clock, secrets, .. } = Scene::once().await;
        fake.put("b", "canary-b");
        secrets.get("a").await.unwrap();
        let refusal = FakeAzure::error(On::Read, 401, "Unauthorized", None);
        let refusal = match header {
            Some(header) => refusal.header("www-authenticate", header),
            None => refusal,
        };
        fake.fault(refusal.clone().times(1));
        secrets.get("b").await.unwrap();
        assert_eq!(fake.count("token"), 2, "{header:?}");
        fake.fault(refusal);
        clock.advance(TTL);
        refused(secrets.get("c").await, ErrorKind::Unauthenticated);
        assert_eq!(fake.count("token"), 3, "{header:?}");
    }
}

#[tokio::test]
async fn a_vault_that_cannot_check_tokens_for_a_while_is_an_outage_and_no_login() {
    let body = r#"{"error":{"code":"Unauthorized","message":"AKV10046: Unable to resolve the key used for signature validation."}}"#;
    let scene = Scene::once().await;
    for settings in [scene.fake.settings(), scene.fake.managed_identity_variables().settings()] {
        let secrets = scene.from(settings, &[]).await;
        secrets.get("a").await.unwrap();
        let logins = scene.fake.count("token") + scene.fake.count("identity");
        scene.fake.fault(Fault::new(On::Read).status(401).body(body).times(1));
        let error = refused(secrets.get("b").await, ErrorKind::Unavailable);
        assert!(error.to_string().contains("AKV10046"), "{error}");
        scene.fake.put("b", "canary-b");
        scene.clock.advance(NEGATIVE);
        secrets.get("b").await.unwrap();
        assert_eq!(scene.fake.count("token") + scene.fake.count("identity"), logins);
        scene.fake.delete("b");
        scene.fake.recover("b");
    }
    // What it says of a token that it refuses is told.
    let secrets = scene.from(scene.fake.managed_identity_variables().settings(), &[]).await;
    secrets.get("a").await.unwrap();
    let body = r#"{"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer."}}"#;
    scene.fake.fault(Fault::new(On::Read).status(401).body(body));
    let error = refused(secrets.get("c").await, ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("(AKV10032)"), "{error}");
}

#[tokio::test]
async fn authorities_of_microsoft_are_believed_and_the_token_comes_from_ours() {
    for authority in ["https://login.microsoftonline.com", "https://login.windows.net"] {
        let Scene { fake, secrets, .. } = Scene::once().await;
        fake.set_challenge(&format!("{authority}/{TENANT}"), FakeAzure::RESOURCE);
        secrets.get("a").await.unwrap();
        assert_eq!(fake.count("token"), 1);
    }
}

#[tokio::test]
async fn a_vault_of_another_tenant_is_told() {
    let Scene { fake, secrets, .. } = Scene::once().await;
    let other = "11111111-1111-1111-1111-111111111111";
    fake.set_challenge(&format!("{}/{other}", fake.address()), FakeAzure::RESOURCE);
    let error = refused(secrets.get("a").await, ErrorKind::Misconfigured);
    assert_eq!(error.key(), Some("AZURE_TENANT_ID"));
    assert!(error.to_string().contains(other), "{error}");
    assert_eq!(fake.count("token"), 0);
    let diagnosis = secrets.diagnose(&["a"]).await;
    expect(&diagnosis, "credential", Outcome::Fail, other);
}

#[tokio::test]
async fn what_asks_for_no_token_is_no_vault() {
    for (status, kind) in [
        (200, ErrorKind::Malformed),
        (302, ErrorKind::Malformed),
        (401, ErrorKind::Malformed),
        (404, ErrorKind::Malformed),
        (503, ErrorKind::Unavailable),
    ] {
        let Scene { fake, secrets, .. } = Scene::once().await;
        fake.fault(Fault::new(On::Any).status(status).body("{\"value\":\"canary-other\"}"));
        let error = refused(secrets.get("a").await, kind);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        assert_eq!(fake.count("token"), 0, "{status}");
    }
}

#[tokio::test]
async fn the_settings_of_a_vault_in_the_cloud_lead_to_it_and_its_challenge_is_verified() {
    let Scene { fake, .. } = Scene::once().await;
    fake.put("a", "canary-cloud");
    let secrets = Secrets::from_settings(fake.cloud_variables().settings()).await.unwrap();
    assert!(secrets.warnings().is_empty(), "{:?}", secrets.warnings());
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-cloud");
    for number in 0..30 {
        fake.put(&format!("many--{number}"), "canary");
    }
    assert_eq!(secrets.list(None).await.unwrap().len(), 31, "pages of the vault by its name");
    assert_eq!(secrets.diagnose(&["a"]).await.status(), "ready");
    for (authority, resource) in [
        ("https://login.microsoftonline.com", "https://vault.azure.cn"),
        ("https://login.example", FakeAzure::RESOURCE),
        (fake.address().as_str(), FakeAzure::RESOURCE),
    ] {
        fake.set_challenge(&format!("{authority}/{TENANT}"), resource);
        let secrets = Secrets::from_settings(fake.cloud_variables().settings()).await.unwrap();
        refused(secrets.get("a").await, ErrorKind::Malformed);
    }
}

#[tokio::test]
async fn an_answer_of_another_vault_is_malformed() {
    let Scene { fake, .. } = Scene::once().await;
    let secrets = Secrets::from_settings(fake.cloud_variables().settings()).await.unwrap();
    secrets.get("a").await.unwrap();
    fake.set_vault_host("other.vault.azure.net");
    fake.put("b", "canary-b");
    let error = refused(secrets.get("b").await, ErrorKind::Malformed);
    assert!(error.to_string().contains("another vault"), "{error}");
}
