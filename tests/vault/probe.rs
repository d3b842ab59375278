//! Asking how the server is.

use strongroom::{ErrorKind, Probe, Reason};
use strongroom_testkit::{Fault, On, ServerState};
use strongroom_tests::on_both;
use strongroom_tests::server::{Server, Sort};

use crate::refused;

on_both!(
    case_108_a_server_that_serves_is_healthy_and_no_secret_is_read,
    case_109_a_sealed_server_says_so,
    case_110_a_bad_token_is_no_outage,
    case_111_a_missing_signing_key_is_misconfigured,
);

async fn case_108_a_server_that_serves_is_healthy_and_no_secret_is_read(server: &Server) {
    let secrets = server.secrets(&[]).await.unwrap();
    let probed = secrets.probe().await.unwrap();
    assert_eq!(probed.probe, Probe::Active);
    assert!(!probed.latency.is_zero());
    if let Sort::Fake(fake) = server.sort() {
        let paths: Vec<_> = fake.calls().into_iter().map(|call| call.path).collect();
        assert_eq!(paths, ["/v1/sys/health", "/v1/auth/token/lookup-self"]);
    }
}

async fn case_109_a_sealed_server_says_so(server: &Server) {
    let secrets = server.secrets(&[]).await.unwrap();
    server.seal(true).await;
    let error = refused(secrets.probe().await, ErrorKind::Unavailable);
    assert_eq!(error.reason(), Some(Reason::Sealed));
    server.seal(false).await;
    assert!(secrets.probe().await.is_ok());
}

async fn case_110_a_bad_token_is_no_outage(server: &Server) {
    let secrets = server.secrets(&[("VAULT_TOKEN", "canary-unknown")]).await.unwrap();
    let error = refused(secrets.probe().await, ErrorKind::Unauthenticated);
    assert_eq!(error.key(), Some("VAULT_TOKEN"));
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

async fn case_111_a_missing_signing_key_is_misconfigured(server: &Server) {
    for (setting, name) in
        [("VAULT_SIGNING_SECRET_NAME", "signing/gone"), ("VAULT_TRANSIT_KEY", "gone")]
    {
        let secrets = server.secrets(&[(setting, name)]).await.unwrap();
        let error = refused(secrets.probe().await, ErrorKind::Misconfigured);
        assert_eq!(error.name(), Some(name), "{error}");
    }
}

#[tokio::test]
async fn a_page_of_a_load_balancer_knows_nothing_of_seals() {
    for (status, kind) in [
        (200, ErrorKind::Malformed),
        (429, ErrorKind::Malformed),
        (501, ErrorKind::Unsupported),
        (503, ErrorKind::Unavailable),
        (530, ErrorKind::Unavailable),
    ] {
        let server = Server::fake().await;
        let health = On::Path("/v1/sys/health");
        server.as_fake().fault(Fault::new(health).status(status).body("<html>down</html>"));
        let error = refused(server.secrets(&[]).await.unwrap().probe().await, kind);
        assert_eq!(error.reason(), None, "{status}: {error:?}");
    }
}

#[tokio::test]
async fn case_109_f055_states_are_told_apart_and_none_is_throttling() {
    let server = Server::fake().await;
    let secrets = server.secrets(&[]).await.unwrap();
    for (state, expected) in [
        (ServerState::Active, Ok(Probe::Active)),
        (ServerState::Standby, Ok(Probe::Standby)),
        (ServerState::PerformanceStandby, Ok(Probe::Standby)),
        (ServerState::DrSecondary, Err(Reason::Inactive)),
        (ServerState::CutOff, Err(Reason::Inactive)),
        (ServerState::Removed, Err(Reason::Inactive)),
        (ServerState::Uninitialised, Err(Reason::Uninitialised)),
        (ServerState::Sealed, Err(Reason::Sealed)),
    ] {
        server.as_fake().set_state(state);
        match (secrets.probe().await, expected) {
            (Ok(probed), Ok(expected)) => assert_eq!(probed.probe, expected, "{state:?}"),
            (Err(error), Err(reason)) => {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "{state:?}: {error:?}");
                assert_eq!(error.reason(), Some(reason), "{state:?}");
            }
            (found, _) => panic!("{state:?}: {found:?}"),
        }
    }
    server.as_fake().set_state(ServerState::Active);
    assert!(secrets.list(None).await.is_ok(), "a health of 429 closes no gate");
}
