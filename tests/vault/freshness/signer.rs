//! What `health` says of Transit, and that it finds out by itself when that changes.

use std::time::Duration;

use base64ct::{Base64, Encoding};
use serde_json::json;
use strongroom::{Algorithm, ErrorKind, Health, KeyId, Secrets, Signature, Signer};
use strongroom_testkit::ManualClock;
use strongroom_tests::on_both;
use strongroom_tests::server::{Server, Sort, clock};

use super::{AGE, SECOND, TTL, unseal};
use crate::refused;

on_both!(
    f048_a_service_without_traffic_is_ready_again_after_an_outage,
    an_hmac_key_is_unreachable_for_as_long_as_the_outage_lasts,
    a_token_that_was_revoked_is_not_ready,
    a_right_that_was_withdrawn_is_not_ready_until_it_is_back,
    a_key_that_was_deleted_is_not_ready_until_it_is_made_again,
    a_denial_shows_while_published_keys_verify,
    a_denial_shows_once_published_keys_tell_that_an_outage_is_over,
    an_outage_from_the_start_shows_where_keys_are_published,
    signatures_of_a_previous_key_that_is_gone_are_no_trouble,
);

/// After so long, what failed is asked again.
const PAUSE: Duration = Duration::from_secs(5);

/// A service whose signing key is critical, and that has signed.
struct Service {
    clock: ManualClock,
    secrets: Secrets,
    signer: Signer,
}

impl Service {
    async fn on(server: &Server, key_type: &str, more: &[(&str, &str)]) -> Self {
        server.transit_key("orders", key_type).await;
        let clock = clock();
        let settings =
            more.iter().fold(server.settings(&[]), |all, (name, value)| all.with(*name, *value));
        let builder = Secrets::builder().settings(settings.with("VAULT_TRANSIT_KEY", "orders"));
        let builder = builder.clock(clock.clone()).attempts(1);
        let secrets = builder.critical_signing_key().build().await.unwrap();
        secrets.ready().await.unwrap();
        let signer = secrets.signer().await.unwrap();
        assert_eq!(secrets.health(), Health::Ready);
        Self { clock, secrets, signer }
    }

    /// The problems, each in a word and with its kind, all of them about the key.
    fn health(&self) -> (&'static str, Vec<(&'static str, Option<ErrorKind>)>) {
        let health = self.secrets.health();
        assert!(health.problems().iter().all(|problem| problem.name == "orders"), "{health:?}");
        let problems =
            health.problems().iter().map(|problem| (problem.what.as_str(), problem.kind));
        (health.as_str(), problems.collect())
    }

    #[track_caller]
    fn is_not_ready(&self, what: &'static str, kind: ErrorKind) {
        assert_eq!(self.health(), ("not_ready", vec![(what, Some(kind))]));
    }

    /// Asks for health as a platform does, and nothing else, for less than the age limit.
    async fn recovers(&self, server: &Server) {
        for _ in 0..20 {
            self.asks_again(server).await;
            if self.secrets.health() == Health::Ready {
                return;
            }
        }
        panic!("{:?}", self.secrets.health());
    }

    /// Has what failed asked again, with time for the answer.
    async fn asks_again(&self, server: &Server) {
        self.clock.advance(PAUSE);
        self.secrets.health();
        a_few_calls(server).await;
    }
}

/// The time in which what happens in the background is done.
async fn a_few_calls(server: &Server) {
    for _ in 0..5 {
        server.raw("GET", "/v1/sys/health", None).await;
    }
}

async fn f048_a_service_without_traffic_is_ready_again_after_an_outage(server: &Server) {
    let service = Service::on(server, "hmac", &[]).await;
    let good = service.signer.sign(b"hi").await.unwrap();
    server.seal(true).await;
    refused(service.signer.verify(b"hi", &good).await, ErrorKind::Unavailable);
    service.is_not_ready("signer_unreachable", ErrorKind::Unavailable);
    unseal(server).await;
    service.is_not_ready("signer_unreachable", ErrorKind::Unavailable);
    service.recovers(server).await;
    assert!(service.signer.verify(b"hi", &good).await.is_ok());
}

async fn an_hmac_key_is_unreachable_for_as_long_as_the_outage_lasts(server: &Server) {
    let service = Service::on(server, "hmac", &[]).await;
    let good = service.signer.sign(b"hi").await.unwrap();
    for _ in 0..2 {
        assert!(service.signer.verify(b"hi", &good).await.is_ok());
    }
    server.seal(true).await;
    refused(service.signer.verify(b"hi", &good).await, ErrorKind::Unavailable);
    // Renewing what is published of an HMAC key asks nobody, so it tells nothing.
    service.clock.advance(TTL + SECOND);
    a_few_calls(server).await;
    service.is_not_ready("signer_unreachable", ErrorKind::Unavailable);
    unseal(server).await;
    service.recovers(server).await;
}

async fn a_token_that_was_revoked_is_not_ready(server: &Server) {
    for key_type in ["hmac", "ed25519"] {
        let token = server.token(&[("transit/*", &["create", "read", "update"])]).await;
        let service = Service::on(server, key_type, &[("VAULT_TOKEN", &token)]).await;
        let good = service.signer.sign(b"hi").await.unwrap();
        assert!(service.signer.verify(b"hi", &good).await.is_ok());
        server.revoke(&token).await;
        if key_type == "hmac" {
            refused(service.signer.verify(b"hi", &good).await, ErrorKind::Unauthenticated);
        } else {
            // With its published keys, until they have to be renewed.
            assert!(service.signer.verify(b"hi", &good).await.is_ok());
            refused(service.signer.sign(b"hi").await, ErrorKind::Unauthenticated);
        }
        service.is_not_ready("signer_refuses", ErrorKind::Unauthenticated);
        delete(server).await;
    }
}

async fn a_right_that_was_withdrawn_is_not_ready_until_it_is_back(server: &Server) {
    let rights: [(&str, &[&str]); 2] = [
        ("transit/hmac/orders/sha2-256", &["update"]),
        ("transit/verify/orders/sha2-256", &["update"]),
    ];
    // The key may be read all along, or never: neither says whether it may be used.
    for may_read in [true, false] {
        let read: &[(&str, &[&str])] = &[("transit/keys/orders", &["read"])];
        let read = if may_read { read } else { &[] };
        let both = [&rights, read].concat();
        let token = server.token(&both).await;
        let more = [("VAULT_TOKEN", &*token), ("VAULT_TRANSIT_KEY_TYPE", "hmac")];
        let service = Service::on(server, "hmac", &more).await;
        let good = service.signer.sign(b"hi").await.unwrap();
        set_rights(server, &token, &[&rights[..1], read].concat()).await;
        refused(service.signer.verify(b"hi", &good).await, ErrorKind::PermissionDenied);
        for _ in 0..3 {
            service.is_not_ready("signer_refuses", ErrorKind::PermissionDenied);
            assert!(service.signer.sign(b"hi").await.is_ok(), "this is still allowed");
            service.asks_again(server).await;
        }
        set_rights(server, &token, &both).await;
        service.recovers(server).await;
        assert!(service.signer.verify(b"hi", &good).await.is_ok());
        delete(server).await;
    }
}

async fn a_key_that_was_deleted_is_not_ready_until_it_is_made_again(server: &Server) {
    let service = Service::on(server, "hmac", &[]).await;
    let good = service.signer.sign(b"hi").await.unwrap();
    delete(server).await;
    refused(service.signer.verify(b"hi", &good).await, ErrorKind::Misconfigured);
    service.is_not_ready("signer_refuses", ErrorKind::Misconfigured);
    service.asks_again(server).await;
    service.is_not_ready("signer_refuses", ErrorKind::Misconfigured);
    server.transit_key("orders", "hmac").await;
    service.recovers(server).await;
    refused(service.signer.verify(b"hi", &good).await, ErrorKind::SignatureMismatch);
    assert_eq!(service.secrets.health(), Health::Ready, "a forgery is no trouble");
}

async fn a_denial_shows_while_published_keys_verify(server: &Server) {
    let read: [(&str, &[&str]); 1] = [("transit/keys/orders", &["read"])];
    let sign: [(&str, &[&str]); 1] = [("transit/sign/orders", &["update"])];
    let token = server.token(&[read, sign].concat()).await;
    let service = Service::on(server, "ed25519", &[("VAULT_TOKEN", &token)]).await;
    let good = service.signer.sign(b"hi").await.unwrap();
    for _ in 0..2 {
        assert!(service.signer.verify(b"hi", &good).await.is_ok());
    }
    set_rights(server, &token, &read).await;
    refused(service.signer.sign(b"hi").await, ErrorKind::PermissionDenied);
    // The published keys are renewed meanwhile, and that they can be says nothing of signing.
    for _ in 0..(AGE.as_secs() / PAUSE.as_secs() + 1) {
        assert!(service.signer.verify(b"hi", &good).await.is_ok());
        service.asks_again(server).await;
    }
    assert!(service.health().1.contains(&("signer_refuses", Some(ErrorKind::PermissionDenied))));
    set_rights(server, &token, &[read, sign].concat()).await;
    service.recovers(server).await;
}

async fn a_denial_shows_once_published_keys_tell_that_an_outage_is_over(server: &Server) {
    let read: [(&str, &[&str]); 1] = [("transit/keys/orders", &["read"])];
    let token = server.token(&read).await;
    let service = Service::on(server, "ed25519", &[("VAULT_TOKEN", &token)]).await;
    let native = service.secrets.native().await.unwrap();
    refused(service.signer.sign(b"hi").await, ErrorKind::PermissionDenied);
    server.seal(true).await;
    let text = format!("vault:v1:{}", Base64::encode_string(&[7; 64]));
    let down = native.verify(b"hi", &text.parse().unwrap()).await;
    refused(down, ErrorKind::Unavailable);
    service.is_not_ready("signer_unreachable", ErrorKind::Unavailable);
    unseal(server).await;
    service.clock.advance(SECOND);
    let forged = Signature::new(KeyId::transit("orders", 1), Algorithm::Ed25519, &[7; 64]).unwrap();
    refused(service.signer.verify(b"hi", &forged).await, ErrorKind::SignatureMismatch);
    refused(service.signer.verify(b"hi", &forged).await, ErrorKind::SignatureMismatch);
    service.is_not_ready("signer_refuses", ErrorKind::PermissionDenied);
}

/// Verification here needs the published keys, which were never read.
async fn an_outage_from_the_start_shows_where_keys_are_published(server: &Server) {
    for many in [false, true] {
        let service = Service::on(server, "ed25519", &[]).await;
        let good = service.signer.sign(b"hi").await.unwrap();
        server.seal(true).await;
        let verified = match many {
            false => service.signer.verify(b"hi", &good).await,
            true => service.signer.verify_many(&[(b"hi", &good)]).await.remove(0),
        };
        refused(verified, ErrorKind::Unavailable);
        service.is_not_ready("signer_unreachable", ErrorKind::Unavailable);
        unseal(server).await;
        service.recovers(server).await;
        service.clock.advance(super::LONGEST_WAIT);
        assert!(service.signer.verify(b"hi", &good).await.is_ok());
        delete(server).await;
    }
}

/// Whoever kept one of them must not be able to take the service out of rotation.
async fn signatures_of_a_previous_key_that_is_gone_are_no_trouble(server: &Server) {
    let previous = [("VAULT_TRANSIT_PREVIOUS_KEYS", "orders-before")];
    let service = Service::on(server, "hmac", &previous).await;
    let gone = Signature::new(KeyId::transit("orders-before", 1), Algorithm::Hs256, &[7; 32]);
    let gone = gone.unwrap();
    refused(service.signer.verify(b"hi", &gone).await, ErrorKind::Misconfigured);
    assert_eq!(service.secrets.health(), Health::Ready);
    let many = service.signer.verify_many(&[(b"hi", &gone), (b"ho", &gone)]).await;
    assert!(many.iter().all(Result::is_err));
    assert_eq!(service.secrets.health(), Health::Ready);
    // That the server is down is true of the configured key too, and that is the one to ask about.
    server.seal(true).await;
    refused(service.signer.verify(b"hi", &gone).await, ErrorKind::Unavailable);
    service.is_not_ready("signer_unreachable", ErrorKind::Unavailable);
    unseal(server).await;
    service.recovers(server).await;
}

/// Ends the key.
async fn delete(server: &Server) {
    let path = "/v1/transit/keys/orders";
    let allowed = json!({"deletion_allowed": true});
    let (status, _) = server.raw("POST", &format!("{path}/config"), Some(allowed)).await;
    assert!(matches!(status, 200 | 204));
    assert_eq!(server.raw("DELETE", path, None).await.0, 204);
}

/// Changes what a token may do.
async fn set_rights(server: &Server, token: &str, rules: &[(&str, &[&str])]) {
    match server.sort() {
        Sort::Fake(fake) => fake.add_token(token, rules),
        Sort::Real(..) => {
            let (_, about) =
                server.raw_as(token, &[], "GET", "/v1/auth/token/lookup-self", None).await;
            let policies = about["data"]["policies"].as_array().unwrap().iter();
            let policy = policies.filter_map(|name| name.as_str()).find(|name| *name != "default");
            let rules = rules.iter().map(|(path, capabilities)| {
                format!("path \"{path}\" {{ capabilities = {} }}\n", json!(capabilities))
            });
            let body = json!({"policy": rules.collect::<String>()});
            let path = format!("/v1/sys/policies/acl/{}", policy.unwrap());
            assert_eq!(server.raw("PUT", &path, Some(body)).await.0, 204);
        }
    }
}
