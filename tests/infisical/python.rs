//! The official client for Python believes the fake, with the API that it speaks and with the one that it does not
//! speak yet.

use std::io::Write;

use strongroom_servers::Python;
use strongroom_testkit::{FakeInfisical, On};
use tempfile::NamedTempFile;

const CORE: &str = include_str!("infisical_core.py");

/// Not on a server without v4: that one lacks the folders that the client asks for, too.
#[tokio::test]
async fn case_112_the_client_passes_the_core_of_the_cases_on_v3() {
    let fake = FakeInfisical::start().await;
    passes(&fake, "v3", &[]).await;
    assert!(fake.calls().iter().all(|call| !call.path.starts_with("/api/v4/")));
}

#[tokio::test]
async fn case_112_the_client_passes_it_on_a_server_without_v3() {
    let fake = FakeInfisical::start().await;
    fake.set_v3(false);
    passes(&fake, "v4", &[]).await;
}

#[tokio::test]
async fn case_112_the_client_passes_it_over_tls() {
    let fake = FakeInfisical::start().await;
    let mut ca = NamedTempFile::new().expect("a temporary file");
    ca.write_all(fake.ca_pem().as_bytes()).expect("space for it");
    let ca = ca.path().to_str().expect("a path of text");
    let url = fake.tls_address();
    passes(&fake, "v3", &[("INFISICAL_BASE_URL", &url), ("REQUESTS_CA_BUNDLE", ca)]).await;
    assert!(fake.tls_connections() > 0);
}

/// Two refusals, each with a second to wait, that the client shows its caller: it tries none of them again.
#[tokio::test]
async fn case_60_the_client_is_told_how_long_to_wait_when_it_is_throttled() {
    let fake = FakeInfisical::start().await;
    for (api, prefix) in [("v3", "throttled-3"), ("v4", "throttled-4")] {
        let busy = FakeInfisical::error(On::Read, 429, "RateLimitExceeded", "Rate limit exceeded.");
        fake.fault(busy.header("retry-after", "1").times(2));
        let before = throttled(&fake);
        let more = [("STRONGROOM_PREFIX", prefix), ("STRONGROOM_THROTTLED", "2")];
        assert_eq!(python(&fake, api, &["60"], &more).await, "ok 60\n", "{api}");
        assert_eq!(throttled(&fake) - before, 2, "{api}");
    }
}

/// The client gets through all cases of the core, and is refused where they say so.
async fn passes(fake: &FakeInfisical, api: &str, more: &[(&str, &str)]) {
    let printed = python(fake, api, &[], more).await;
    let passed: Vec<_> = printed.lines().collect();
    assert_eq!(passed, ["ok 1", "ok 7", "ok 12", "ok 19", "ok 20", "ok 41", "ok 60"], "{api}");
    // Case 41 is refused at the login with a wrong secret, and at the secrets with wrong tokens.
    let calls = fake.calls();
    let logins: Vec<_> =
        calls.iter().filter(|call| call.operation == "login").map(|call| call.status).collect();
    assert_eq!(logins, [200, 401], "{api}");
    assert!(calls.iter().any(|call| call.has_token && call.status == 403), "{api}");
}

fn throttled(fake: &FakeInfisical) -> usize {
    fake.calls().iter().filter(|call| call.status == 429).count()
}

/// Runs the script with the client against this fake, which serves on meanwhile, and gives what it printed. Of a
/// variable that is given twice, the last counts.
async fn python(
    fake: &FakeInfisical,
    api: &str,
    cases: &'static [&'static str],
    more: &[(&str, &str)],
) -> String {
    let address = fake.address();
    let mut environment = vec![
        ("INFISICAL_BASE_URL", address.as_str()),
        ("INFISICAL_CLIENT_ID", FakeInfisical::CLIENT_ID),
        ("INFISICAL_CLIENT_SECRET", FakeInfisical::CLIENT_SECRET),
        ("INFISICAL_PROJECT_ID", FakeInfisical::PROJECT_ID),
        ("INFISICAL_ENVIRONMENT", FakeInfisical::ENVIRONMENT),
        ("STRONGROOM_API", api),
    ];
    environment.extend(more);
    let environment: Vec<_> =
        environment.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let run = move || {
        let environment: Vec<_> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Python::Infisical.run(CORE, cases, &environment)
    };
    let printed = tokio::task::spawn_blocking(run).await.expect("no panic");
    printed.unwrap_or_else(|problem| panic!("{problem}"))
}
