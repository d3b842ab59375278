//! What is served while the server is down, throttles, or says that a secret is gone.

mod keys;
mod signer;
mod transit;

use std::time::Duration;

use serde_json::{Value, json};
use strongroom::{
    ErrorKind, Freshness, Health, KeyRing, Live, Reason, Secret, Secrets, Signature, Signer,
    Trouble,
};
use strongroom_testkit::{Fault, ManualClock, On};
use strongroom_tests::server::{Server, clock};
use strongroom_tests::{key, on_both, settle, until};

use crate::refused;

on_both!(
    f048_a_sealed_server_costs_a_warm_service_nothing_and_it_recovers,
    f083_a_deleted_version_is_not_served_stale_and_is_back_within_five_seconds,
    f083_a_destroyed_version_is_not_served_stale_whatever_comes_after,
    f083_a_secret_that_was_missing_is_there_within_five_seconds,
);

const TTL: Duration = Duration::from_secs(60);
const AGE: Duration = Duration::from_secs(360);
const SECOND: Duration = Duration::from_secs(1);
/// How long an answer about the secret itself is believed.
const NEGATIVE: Duration = Duration::from_secs(5);
/// After so long, everything that failed is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(31);
/// A key in KV signs.
const KV_KEY: (&str, &str) = ("VAULT_SIGNING_SECRET_NAME", "signing-key");

/// Writes a secret as an operator, past the service under test.
async fn write(server: &Server, name: &str, value: &str) {
    let body = json!({"data": {"value": value}});
    assert_eq!(ask(server, "POST", &format!("data/{name}"), Some(body)).await, 200);
}

/// The status that the KV engine answers to an operator.
async fn ask(server: &Server, method: &str, path: &str, body: Option<Value>) -> u16 {
    server.raw(method, &format!("/v1/secret/{path}"), body).await.0
}

/// Unseals, and waits until the server serves.
async fn unseal(server: &Server) {
    server.seal(false).await;
    let is_active = async || server.raw("GET", "/v1/sys/health", None).await.0 == 200;
    until("the server is active", is_active).await;
}

/// A service that has been at work for a while: secret `a` and a key of KV are in use.
#[derive(Debug)]
struct Warm {
    clock: ManualClock,
    secrets: Secrets,
    live: Live<Secret>,
    signer: Signer,
    ring: KeyRing,
    good: Signature,
}

impl Warm {
    async fn on(server: &Server) -> Self {
        write(server, "a", "canary-a").await;
        write(server, "signing-key", &key("1")).await;
        let clock = clock();
        let secrets = server.secrets_at(&clock, &[KV_KEY]).await;
        let live = secrets.watch("a").await.unwrap();
        secrets.get("a").await.unwrap();
        let (signer, ring) = (secrets.signer().await.unwrap(), secrets.key_ring().await.unwrap());
        let good = signer.sign(b"hi").await.unwrap();
        Self { clock, secrets, live, signer, ring, good }
    }

    /// Everything that it does, without an error.
    async fn works(&self) {
        assert_eq!(self.secrets.get("a").await.unwrap().value().expose(), b"canary-a");
        assert_eq!(self.secrets.cached("a").unwrap().value().expose(), b"canary-a");
        assert_eq!(self.live.load().unwrap().value().expose(), b"canary-a");
        for signature in [self.signer.sign(b"hi").await.unwrap(), self.ring.sign(b"hi").unwrap()] {
            assert!(self.signer.verify(b"hi", &signature).await.unwrap().is_current());
            assert!(self.ring.verify(b"hi", &self.good).unwrap().is_current());
        }
    }

    /// The same while this long passes, second by second.
    async fn works_for(&self, time: Duration) {
        for _ in 0..time.as_secs() {
            self.works().await;
            self.clock.advance(SECOND);
            settle().await;
        }
    }

    /// Waits until both that are in use are served stale, each said once, for this kind and reason.
    async fn degrades(&self, kind: ErrorKind, reason: Option<Reason>) {
        let is_degraded = async || self.secrets.health().problems().len() == 2;
        until("both renewals have failed", is_degraded).await;
        let health = self.secrets.health();
        assert!(matches!(health, Health::Degraded { .. }), "{health:?}");
        let mut names: Vec<_> = health.problems().iter().map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "signing-key"]);
        for problem in health.problems() {
            assert!(matches!(problem.what, Trouble::Stale(age) if age >= TTL), "{problem:?}");
            assert_eq!((problem.kind, problem.reason), (Some(kind), reason), "{problem:?}");
        }
    }

    /// Waits until all is as it should be, working meanwhile.
    async fn recovers(&self) {
        self.clock.advance(LONGEST_WAIT);
        let is_ready = async || {
            self.works().await;
            self.secrets.health() == Health::Ready
        };
        until("everything is renewed", is_ready).await;
        assert_eq!(self.secrets.get("a").await.unwrap().freshness(), Freshness::Fresh);
        assert_eq!(self.ring.freshness(), Freshness::Fresh);
    }
}

async fn f048_a_sealed_server_costs_a_warm_service_nothing_and_it_recovers(server: &Server) {
    write(server, "cold", "canary-cold").await;
    let warm = Warm::on(server).await;
    server.seal(true).await;
    warm.works().await;
    assert_eq!(warm.secrets.health(), Health::Ready, "nothing is late yet");
    warm.clock.advance(TTL);
    warm.degrades(ErrorKind::Unavailable, Some(Reason::Sealed)).await;
    assert_eq!(warm.secrets.get("a").await.unwrap().freshness(), Freshness::Stale);
    let cold = refused(warm.secrets.get("cold").await, ErrorKind::Unavailable);
    assert_eq!(cold.reason(), Some(Reason::Sealed), "{cold:?}");
    assert!(cold.to_string().contains("sealed"), "{cold}");
    warm.works_for(AGE - TTL - LONGEST_WAIT - SECOND).await;
    unseal(server).await;
    warm.recovers().await;
    assert_eq!(warm.secrets.get("cold").await.unwrap().value().expose(), b"canary-cold");
}

#[tokio::test]
async fn f042_a_pause_that_a_renewal_was_asked_for_is_kept_and_nobody_waits_for_it() {
    let server = Server::fake().await;
    let (fake, clock) = (server.as_fake(), clock());
    for name in ["a", "cold"] {
        write(&server, name, "canary").await;
    }
    // The pause does not fit into the time of an operation, so none waits for its end.
    let secrets = server.secrets_at(&clock, &[("SECRETS_TIMEOUT_SECONDS", "5")]).await;
    for _ in 0..2 {
        secrets.get("a").await.unwrap();
    }
    fake.fault(Fault::new(On::Read).status(429).header("retry-after", "7").times(1));
    clock.advance(TTL);
    let freshness = async || secrets.get("a").await.unwrap().freshness();
    until("the renewal has failed", async || freshness().await.is_stale()).await;
    let calls = fake.calls().len();
    for left in (1..=7).rev() {
        assert_eq!(freshness().await, Freshness::Stale);
        assert_eq!(secrets.cached("a").unwrap().value().expose(), b"canary");
        let error = refused(secrets.get("cold").await, ErrorKind::Throttled);
        assert_eq!(error.retry_after(), Some(left * SECOND));
        assert_eq!(fake.calls().len(), calls, "{left} s left");
        clock.advance(SECOND);
    }
    until("it is renewed", async || !freshness().await.is_stale()).await;
    assert_eq!(secrets.get("cold").await.unwrap().value().expose(), b"canary");
    assert_eq!(fake.calls().len() - calls, 2);
}

#[tokio::test]
async fn f044_a_quota_of_the_real_server_costs_a_warm_service_nothing_and_it_recovers() {
    let server = Server::real().await;
    let warm = Warm::on(&server).await;
    let quota = json!({"rate": 2, "interval": "10s", "path": "secret/"});
    let path = "/v1/sys/quotas/rate-limit/q";
    assert_eq!(server.raw("POST", path, Some(quota)).await.0, 204);
    let is_used_up = async || ask(&server, "GET", "data/a", None).await == 429;
    until("somebody else has used it up", is_used_up).await;
    warm.clock.advance(TTL);
    warm.degrades(ErrorKind::Throttled, None).await;
    refused(warm.secrets.get("cold").await, ErrorKind::Throttled);
    warm.works_for(AGE - TTL - LONGEST_WAIT - SECOND).await;
    assert_eq!(server.raw("DELETE", path, None).await.0, 204);
    warm.recovers().await;
}

async fn f083_a_deleted_version_is_not_served_stale_and_is_back_within_five_seconds(
    server: &Server,
) {
    let warm = Warm::on(server).await;
    assert_eq!(ask(server, "DELETE", "data/a", None).await, 204);
    warm.clock.advance(TTL);
    until("it is seen", async || warm.secrets.get("a").await.is_err()).await;
    let is_gone = async || {
        refused(warm.secrets.get("a").await, ErrorKind::Deleted);
        refused(warm.live.load(), ErrorKind::Deleted);
        assert!(warm.secrets.cached("a").is_none());
    };
    is_gone().await;
    let versions = json!({"versions": [1]});
    assert_eq!(ask(server, "POST", "undelete/a", Some(versions)).await, 204);
    warm.clock.advance(NEGATIVE - SECOND);
    is_gone().await;
    warm.clock.advance(SECOND);
    warm.works().await;
}

async fn f083_a_destroyed_version_is_not_served_stale_whatever_comes_after(server: &Server) {
    let warm = Warm::on(server).await;
    let versions = || Some(json!({"versions": [1]}));
    assert_eq!(ask(server, "POST", "destroy/a", versions()).await, 204);
    assert_eq!(ask(server, "POST", "destroy/signing-key", versions()).await, 204);
    warm.clock.advance(TTL);
    let is_seen =
        async || warm.secrets.get("a").await.is_err() && warm.signer.sign(b"hi").await.is_err();
    until("both are seen", is_seen).await;
    // Undeleting does nothing, and an outage brings nothing back.
    assert_eq!(ask(server, "POST", "undelete/a", versions()).await, 204);
    let nothing_serves = async |kind| {
        warm.clock.advance(NEGATIVE);
        refused(warm.secrets.get("a").await, kind);
        refused(warm.signer.sign(b"hi").await, kind);
        refused(warm.signer.verify(b"hi", &warm.good).await, kind);
        assert!(warm.secrets.cached("a").is_none());
        assert!(warm.live.load().is_err() && warm.ring.sign(b"hi").is_err());
    };
    nothing_serves(ErrorKind::Deleted).await;
    server.seal(true).await;
    nothing_serves(ErrorKind::Unavailable).await;
    unseal(server).await;
    write(server, "a", "canary-a").await;
    write(server, "signing-key", &key("1")).await;
    warm.recovers().await;
}

async fn f083_a_secret_that_was_missing_is_there_within_five_seconds(server: &Server) {
    let clock = clock();
    let secrets = server.secrets_at(&clock, &[KV_KEY]).await;
    refused(secrets.get("a").await, ErrorKind::NotFound);
    refused(secrets.signer().await, ErrorKind::NotFound);
    write(server, "a", "canary-a").await;
    write(server, "signing-key", &key("1")).await;
    clock.advance(NEGATIVE - SECOND);
    refused(secrets.get("a").await, ErrorKind::NotFound);
    clock.advance(SECOND);
    assert_eq!(secrets.get("a").await.unwrap().value().expose(), b"canary-a");
    assert!(secrets.signer().await.unwrap().sign(b"hi").await.is_ok());
}
