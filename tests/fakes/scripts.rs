//! What goes wrong by name is what Strongroom makes of it, on every provider.

use std::time::Duration;

use strongroom::ErrorKind::{
    self, Malformed, PermissionDenied, Throttled, Unauthenticated, Unavailable,
};
use strongroom::{Error, Secrets};
use strongroom_testkit::{Builder, Fake, ManualClock, Script};
use strongroom_tests::until;

/// What a read comes to while a script plays: on Vault, AWS, Azure and Infisical.
const READS: &[(Script, [Option<ErrorKind>; 4])] = &[
    // The first two have nothing but the credential that was refused.
    (Script::RefusedOnce, [Some(Unauthenticated), Some(Unauthenticated), None, None]),
    (Script::Throttled, [Some(Throttled); 4]),
    (Script::ThrottledFor(WAIT), [Some(Throttled); 4]),
    (Script::Unavailable, [Some(Unavailable); 4]),
    (Script::Hang, [Some(Unavailable); 4]),
    (Script::Reset, [Some(Unavailable); 4]),
    (Script::Truncated, [Some(Malformed); 4]),
    (Script::Oversized, [Some(Malformed); 4]),
    (Script::Html, [Some(Unavailable); 4]),
    (Script::Denied, [Some(PermissionDenied); 4]),
    // Only AWS judges by the clock.
    (Script::ClockSkew(Duration::from_secs(3_600)), [None, Some(Unauthenticated), None, None]),
];

const WAIT: Duration = Duration::from_secs(7);

async fn plays<F: Fake>(builder: fn() -> Builder<F>, provider: usize) {
    for (script, expected) in READS {
        let fake = builder().secret("billing/key", "canary-1").start().await;
        let clock = ManualClock::at(1_800_000_000);
        let settings = fake.settings().with("SECRETS_TIMEOUT_SECONDS", "1");
        let builder = Secrets::builder().settings(settings).clock(clock.clone());
        let secrets = builder.attempts(1).build().await.unwrap();
        fake.play(*script);
        let read = secrets.get("billing/key").await;
        let error = read.as_ref().err();
        assert_eq!(error.map(Error::kind), expected[provider], "{script:?}: {read:?}");
        if *script == Script::ThrottledFor(WAIT) && provider != AWS {
            assert_eq!(error.and_then(Error::retry_after), Some(WAIT));
        }
        assert!(fake.requests() > 0, "{script:?}");
        fake.clear_faults();
        // A login that hangs is given up after 5 s, and AWS's SDK has learnt a clock that is no longer right.
        until(&format!("a read works after {script:?}"), async || {
            // Past every wait before the next try.
            clock.advance(Duration::from_secs(120));
            secrets.get("billing/key").await.is_ok()
        })
        .await;
    }
}

const AWS: usize = 1;

#[tokio::test]
async fn every_script_is_what_it_says_on_vault() {
    plays(strongroom_testkit::vault, 0).await;
}

#[tokio::test]
async fn every_script_is_what_it_says_on_aws() {
    plays(strongroom_testkit::aws, 1).await;
}

#[tokio::test]
async fn every_script_is_what_it_says_on_azure() {
    plays(strongroom_testkit::azure, 2).await;
}

#[tokio::test]
async fn every_script_is_what_it_says_on_infisical() {
    plays(strongroom_testkit::infisical, 3).await;
}

#[test]
fn every_script_has_its_row() {
    let kinds = |script: &Script| std::mem::discriminant(script);
    let rows: Vec<_> = READS.iter().map(|(script, _)| kinds(script)).collect();
    assert_eq!(rows, Script::ALL.iter().map(kinds).collect::<Vec<_>>());
}
