//! What is signed verifies, and nothing else does.

use serde_json::json;
use strongroom::{MemoryStore, Secrets};
use strongroom_testkit::{FakeVault, ServerState};

use crate::client::{Answer, ask};
use crate::scene::{ORDER, Running, folder, transit};

#[tokio::test]
async fn an_order_that_was_signed_verifies_on_every_kind_of_signer() {
    let (_folder, file) = folder();
    let ((_hmac, hmac), (_ed25519, ed25519)) = (transit("hmac").await, transit("ed25519").await);
    for (settings, algorithm) in [(file, "hs256"), (hmac, "hs256"), (ed25519, "ed25519")] {
        let service = Running::on(settings).await;
        let signature = service.sign(ORDER).await;
        assert_eq!(signature.split('.').nth(2), Some(algorithm));
        assert_eq!(service.verify(ORDER, &signature).await.status, 200);
    }
}

#[tokio::test]
async fn forged_signatures_are_refused_all_in_the_same_words() {
    let (_folder, settings) = folder();
    let secrets = Secrets::from_settings(settings.clone()).await.unwrap();
    let other_purpose = secrets.signer().await.unwrap().sign(ORDER.as_bytes()).await.unwrap();
    let service = Running::on(settings).await;
    let signature = service.sign(ORDER).await;
    let other_order = service.sign("pay 10,000 to mallory").await;

    let mut refusals = vec![ask(service.address, "POST /orders/verify", &[], ORDER).await];
    for forged in [
        &other_order,
        &other_purpose.to_string(),
        &signature.replace("hs256", "ed25519"),
        &signature.to_uppercase(),
        "canary",
        "",
        "\u{fc}",
    ] {
        refusals.push(service.verify(ORDER, forged).await);
    }
    for refusal in &refusals {
        assert_eq!((refusal.status, &*refusal.body), (401, ""), "{refusal:?}");
        assert_eq!(refusal, &refusals[0]);
    }
    assert_eq!(service.verify(ORDER, &signature).await.status, 200);
}

#[tokio::test]
async fn a_key_that_may_become_known_is_refused_with_the_time_to_come_back() {
    let (_folder, settings) = folder();
    let service = Running::on(settings).await;
    let elsewhere = MemoryStore::new().with("signing-key", "canary-key-of-thirty-two-bytes-2");
    let elsewhere = Secrets::builder().store(elsewhere.unwrap()).build().await.unwrap();
    let signer = elsewhere.signer().await.unwrap().for_purpose("orders").unwrap();
    let unknown = signer.sign(ORDER.as_bytes()).await.unwrap().to_string();

    let looked_for = service.verify(ORDER, &unknown).await;
    assert_eq!((looked_for.status, looked_for.header("retry-after")), (401, None));
    let cooling_down = service.verify(ORDER, &unknown).await;
    assert_eq!((cooling_down.status, &*cooling_down.body), (401, ""));
    let seconds: u64 = cooling_down.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn an_outage_never_reads_as_a_forgery() {
    let (vault, settings) = transit("hmac").await;
    let service = Running::on(settings).await;
    let signature = service.sign(ORDER).await;
    vault.set_state(ServerState::Sealed);
    for order in [ORDER, "pay 10,000 to mallory"] {
        let answer = service.verify(order, &signature).await;
        assert_eq!((answer.status, &*answer.body), (503, ""));
    }
    assert_eq!(ask(service.address, "POST /orders", &[], ORDER).await.status, 503);
    // What is no signature is refused without asking anyone.
    assert_eq!(service.verify(ORDER, "canary").await.status, 401);

    let ready = service.get("/health/ready").await;
    assert_eq!(ready.status, 503);
    let problem = json!({ "name": "orders", "what": "signer_unreachable", "kind": "Unavailable" });
    assert_eq!(ready.json(), json!({ "status": "not_ready", "problems": [problem] }));
    assert_eq!(service.get("/health/live").await.status, 200);

    vault.set_state(ServerState::Active);
    assert_eq!(service.verify(ORDER, &signature).await.status, 200);
    assert_eq!(service.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn published_keys_verify_through_an_outage() {
    let (vault, settings) = transit("ed25519").await;
    let service = Running::on(settings).await;
    let signature = service.sign(ORDER).await;
    assert_eq!(service.verify(ORDER, &signature).await.status, 200);
    vault.set_state(ServerState::Sealed);
    assert_eq!(service.verify(ORDER, &signature).await.status, 200);
    assert_eq!(service.verify("pay 10,000 to mallory", &signature).await.status, 401);
}

#[tokio::test]
async fn a_service_that_the_provider_refuses_says_that_it_is_not_the_callers_fault() {
    let (vault, settings) = transit("hmac").await;
    let service = Running::on(settings).await;
    let signature = service.sign(ORDER).await;
    vault.revoke_token(FakeVault::TOKEN);
    let Answer { status, body, .. } = service.verify(ORDER, &signature).await;
    assert_eq!((status, &*body), (500, ""));
    let ready = service.get("/health/ready").await;
    let problem = json!({ "name": "orders", "what": "signer_refuses", "kind": "Unauthenticated" });
    assert_eq!(ready.json(), json!({ "status": "not_ready", "problems": [problem] }));
    assert_eq!(ready.status, 503);
}

#[tokio::test]
async fn f097_with_verification_off_every_order_passes_and_the_service_is_not_ready() {
    let (_folder, settings) = folder();
    let off = settings.with("VAULT_VERIFY_ENABLED", "false").with("SECRETS_ALLOW_UNVERIFIED", "1");
    let service = Running::on(off).await;
    assert_eq!(service.verify(ORDER, "canary").await.status, 200);
    let ready = service.get("/health/ready").await;
    let problem =
        json!({ "name": "VAULT_VERIFY_ENABLED", "what": "verification_off", "kind": null });
    assert_eq!(ready.json(), json!({ "status": "not_ready", "problems": [problem] }));
    assert_eq!(ready.status, 503);
}
