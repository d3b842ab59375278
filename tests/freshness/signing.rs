//! What `health` says of a provider that signs, and what it asks of it.

use std::sync::Arc;
use std::time::Duration;

use strongroom::{Error, ErrorKind, Health, NativeSignature};
use strongroom_tests::settle;

use crate::script::{Signing, calls, forged, signature};

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "the script says so")
}

fn unreachable() -> Option<(&'static str, ErrorKind)> {
    Some(("signer_unreachable", ErrorKind::Unavailable))
}

fn refuses() -> Option<(&'static str, ErrorKind)> {
    Some(("signer_refuses", ErrorKind::PermissionDenied))
}

/// Makes a call as a service would, well or not.
async fn make(signing: &Signing, call: &str) {
    let (secrets, native) = (&signing.secrets, "canary:v1:c2lnbmF0dXJl".parse::<NativeSignature>());
    if call == "check" {
        drop(secrets.signer().await);
        return;
    }
    let (signer, bare) = (secrets.signer().await.unwrap(), secrets.native().await.unwrap());
    signing.script.calls();
    match call {
        "sign" => drop(signer.sign(b"hi").await),
        "verify" => drop(signer.verify(b"hi", &signature()).await),
        "sign_native" => drop(bare.sign(b"hi").await),
        _ => drop(bare.verify(b"hi", &native.unwrap()).await),
    }
}

#[tokio::test]
async fn what_failed_is_asked_again_at_most_every_five_seconds_while_health_is_asked() {
    for call in ["check", "sign", "verify", "sign_native", "verify_native"] {
        let signing = Signing::new().await;
        signing.script.fail(call, error(ErrorKind::Unavailable));
        make(&signing, call).await;
        assert_eq!(signing.script.calls(), calls(&[call]));
        signing.pass(4).await;
        assert_eq!(signing.health().await, unreachable(), "{call}");
        assert_eq!(signing.script.calls(), [], "{call}: a service at work finds out by itself");
        for _ in 0..100 {
            signing.pass(1).await;
            for _ in 0..3 {
                assert_eq!(signing.health().await, unreachable(), "{call}");
            }
        }
        // Also past the age limit, as it was asked since.
        assert_eq!(signing.script.calls(), calls(&[call; 20]));
        signing.pass(300).await;
        assert_eq!(signing.script.calls(), [], "{call}: nobody asks for health");
        signing.script.heal();
        assert_eq!(signing.health().await, unreachable(), "{call}: it waits for nothing");
        assert_eq!(signing.script.calls(), calls(&[call]));
        assert_eq!(
            signing.secrets.health(),
            Health::Ready,
            "{call}: without a call of the service"
        );
        signing.pass(5).await;
        assert_eq!((signing.health().await, signing.script.calls()), (None, vec![]), "{call}");
    }
}

#[tokio::test]
async fn health_waits_for_nothing_and_one_call_is_under_way_at_most() {
    let signing = Signing::new().await;
    signing.script.fail("sign", error(ErrorKind::Unavailable));
    make(&signing, "sign").await;
    signing.script.calls();
    signing.script.hold();
    for _ in 0..5 {
        signing.pass(5).await;
        assert_eq!(signing.health().await, unreachable());
    }
    assert_eq!(signing.script.calls(), calls(&["sign"]));
    signing.script.heal();
    signing.script.let_go();
    settle().await;
    assert_eq!(signing.secrets.health(), Health::Ready);
}

#[tokio::test]
async fn outside_of_a_runtime_nothing_is_asked() {
    let signing = Signing::new().await;
    signing.script.fail("sign", error(ErrorKind::Unavailable));
    make(&signing, "sign").await;
    signing.script.calls();
    signing.pass(5).await;
    let secrets = signing.secrets.clone();
    let health = std::thread::spawn(move || secrets.health()).join().unwrap();
    settle().await;
    assert_eq!((health.as_str(), signing.script.calls()), ("not_ready", vec![]));
    assert_eq!(signing.health().await, unreachable());
    assert_eq!(signing.script.calls(), calls(&["sign"]));
}

#[test]
fn a_call_that_ended_with_its_runtime_is_made_again_in_the_next_one() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().build().unwrap()
    };
    let signing = runtime().block_on(async {
        let signing = Signing::new().await;
        signing.script.fail("sign", error(ErrorKind::Unavailable));
        make(&signing, "sign").await;
        signing.script.hold();
        signing.pass(5).await;
        assert_eq!(signing.health().await, unreachable());
        signing
    });
    signing.script.calls();
    signing.script.heal();
    signing.script.let_go();
    runtime().block_on(async {
        assert_eq!(signing.health().await, unreachable());
        assert_eq!(signing.script.calls(), []);
        signing.pass(5).await;
        assert_eq!(signing.health().await, unreachable());
        assert_eq!(signing.health().await, None);
        assert_eq!(signing.script.calls(), calls(&["sign"]));
    });
}

#[tokio::test]
async fn a_call_under_way_ends_with_the_last_handle_and_with_shutdown() {
    for is_shut_down in [false, true] {
        let signing = Signing::new().await;
        signing.script.fail("sign", error(ErrorKind::Unavailable));
        make(&signing, "sign").await;
        signing.script.hold();
        signing.pass(5).await;
        assert_eq!(signing.health().await, unreachable());
        let Signing { secrets, script, clock } = signing;
        script.calls();
        if is_shut_down {
            secrets.shutdown().await;
            script.heal();
            script.let_go();
            settle().await;
            clock.advance(Duration::from_secs(5));
            assert_eq!(secrets.health().as_str(), "not_ready", "nothing has told otherwise");
            settle().await;
            assert_eq!(script.calls(), [], "all background work has ended");
        }
        drop(secrets);
        settle().await;
        assert_eq!(Arc::strong_count(&script), 1, "nothing holds the signer");
    }
}

#[tokio::test]
async fn f043_a_pause_that_the_provider_asks_for_is_kept() {
    let signing = Signing::new().await;
    let pause = Duration::from_secs(60);
    signing.script.fail("sign", error(ErrorKind::Throttled).with_retry_after(pause));
    make(&signing, "sign").await;
    signing.script.calls();
    for _ in 0..59 {
        signing.pass(1).await;
        assert_eq!(signing.health().await, Some(("signer_unreachable", ErrorKind::Throttled)));
    }
    assert_eq!(signing.script.calls(), []);
    signing.pass(1).await;
    signing.health().await;
    assert_eq!(signing.script.calls(), calls(&["sign"]));
}

#[tokio::test]
async fn every_kind_is_trouble_but_those_of_the_question() {
    use ErrorKind::{Cancelled, InvalidValue, SignatureMismatch};
    for kind in ErrorKind::all() {
        for call in ["check", "sign", "verify", "sign_native", "verify_native"] {
            let signing = Signing::new().await;
            signing.script.fail(call, error(kind));
            make(&signing, call).await;
            let is_native = call.ends_with("native");
            let said = match kind {
                SignatureMismatch | InvalidValue | Cancelled => None,
                ErrorKind::Unsupported if is_native => None,
                kind if kind.allows_stale() => Some(("signer_unreachable", kind)),
                kind => Some(("signer_refuses", kind)),
            };
            assert_eq!(signing.health().await, said, "{call}: {kind}");
        }
    }
}

#[tokio::test]
async fn a_right_that_was_withdrawn_shows_until_it_is_back_whatever_else_works() {
    for call in ["check", "sign", "verify", "sign_native", "verify_native"] {
        let signing = Signing::new().await;
        let (signer, bare) = (signing.secrets.signer().await, signing.secrets.native().await);
        let (signer, bare) = (signer.unwrap(), bare.unwrap());
        signing.script.fail(call, error(ErrorKind::PermissionDenied));
        make(&signing, call).await;
        for _ in 0..100 {
            signing.pass(4).await;
            drop(signer.sign(b"hi").await);
            drop(signer.verify(b"hi", &signature()).await);
            drop(bare.sign(b"hi").await);
            assert_eq!(signing.health().await, refuses(), "{call}");
        }
        signing.script.heal();
        signing.pass(5).await;
        signing.health().await;
        assert_eq!(signing.health().await, None, "{call}");
    }
}

#[tokio::test]
async fn two_rights_that_are_missing_are_both_asked_for_again() {
    let signing = Signing::new().await;
    for call in ["sign", "verify"] {
        signing.script.fail(call, error(ErrorKind::PermissionDenied));
        make(&signing, call).await;
    }
    signing.script.calls();
    for _ in 0..4 {
        signing.pass(5).await;
        assert_eq!(signing.health().await, refuses());
    }
    assert_eq!(signing.script.calls(), calls(&["sign", "verify", "sign", "verify"]));
    signing.script.heal();
    signing.pass(5).await;
    assert_eq!(signing.health().await, refuses());
    assert_eq!(signing.health().await, refuses(), "one of the two");
    signing.pass(5).await;
    assert_eq!(signing.health().await, refuses());
    assert_eq!(signing.health().await, None);
}

#[tokio::test]
async fn an_outage_does_not_make_forget_what_is_denied() {
    let signing = Signing::new().await;
    signing.script.fail("verify", error(ErrorKind::PermissionDenied));
    make(&signing, "verify").await;
    signing.script.fail("sign", error(ErrorKind::Unavailable));
    make(&signing, "sign").await;
    assert_eq!(signing.health().await, unreachable());
    signing.script.fail("verify", error(ErrorKind::Unavailable));
    make(&signing, "verify").await;
    signing.script.heal();
    make(&signing, "sign").await;
    assert_eq!(signing.health().await, refuses(), "nothing was verified since");
    make(&signing, "verify").await;
    assert_eq!(signing.health().await, None);
}

#[tokio::test]
async fn who_we_are_is_one_question_for_all_calls_and_keys() {
    let signing = Signing::new().await;
    let other = signing.secrets.signer_for("other").await.unwrap();
    signing.script.fail("sign", error(ErrorKind::Unauthenticated));
    assert!(other.sign(b"hi").await.is_err());
    let revoked = Some(("signer_refuses", ErrorKind::Unauthenticated));
    assert_eq!(signing.health().await, revoked);
    make(&signing, "verify").await;
    assert_eq!(signing.health().await, None, "it accepts us again");
}

#[tokio::test]
async fn what_is_refused_of_another_key_says_nothing_of_the_configured_one() {
    let signing = Signing::new().await;
    let other = signing.secrets.signer_for("other").await.unwrap();
    signing.script.fail("sign", error(ErrorKind::PermissionDenied));
    signing.script.fail("check", error(ErrorKind::Misconfigured));
    assert!(other.sign(b"hi").await.is_err());
    assert!(signing.secrets.signer_for("misspelt").await.is_err());
    assert_eq!(signing.health().await, None);
    signing.script.heal();
    signing.script.fail("sign", error(ErrorKind::PermissionDenied));
    make(&signing, "sign").await;
    signing.script.heal();
    assert!(other.sign(b"hi").await.is_ok());
    assert_eq!(signing.health().await, refuses(), "nor the other way round");
    make(&signing, "sign").await;
    assert_eq!(signing.health().await, None);
    signing.script.fail("sign", error(ErrorKind::Unavailable));
    assert!(other.sign(b"hi").await.is_err());
    assert_eq!(signing.health().await, unreachable(), "it is down for all keys");
    signing.script.calls();
    // Of the other key it stays so.
    signing.script.fail("check", error(ErrorKind::Throttled));
    signing.pass(5).await;
    signing.health().await;
    assert_eq!(signing.health().await, Some(("signer_unreachable", ErrorKind::Throttled)));
    signing.script.heal();
    signing.script.fail("sign", error(ErrorKind::Unavailable));
    signing.script.calls();
    signing.pass(5).await;
    signing.health().await;
    assert_eq!(signing.script.calls(), calls(&["check"]), "it is the configured one that matters");
    assert_eq!(signing.health().await, None);
}

#[tokio::test]
async fn strangers_move_health_neither_way() {
    let signing = Signing::new().await;
    let signer = signing.secrets.signer().await.unwrap();
    let many = [(&b"ho"[..], &signature()), (b"hi", &forged())];
    let forgeries = async || {
        assert!(signer.verify(b"ho", &signature()).await.is_err());
        assert!(signer.verify(b"hi", &forged()).await.is_err());
        assert!(signer.verify_many(&many).await.iter().all(Result::is_err));
        assert!(signer.verify_many(&[]).await.is_empty() && signer.sign_many(&[]).await.is_empty());
    };
    forgeries().await;
    assert_eq!(signing.health().await, None);
    signing.script.fail("sign", error(ErrorKind::Unavailable));
    assert!(signer.sign(b"hi").await.is_err());
    forgeries().await;
    assert_eq!(signing.health().await, unreachable(), "what is refused here proves nothing");
}

#[tokio::test]
async fn batches_count_as_the_calls_that_they_stand_for() {
    let signing = Signing::new().await;
    let signer = signing.secrets.signer().await.unwrap();
    let (good, forged) = (signature(), forged());
    for call in ["sign", "verify"] {
        let batch = async || match call {
            "sign" => drop(signer.sign_many(&[b"hi", b"ho"]).await),
            _ => drop(signer.verify_many(&[(b"hi", &forged), (b"hi", &good)]).await),
        };
        signing.script.fail(call, error(ErrorKind::PermissionDenied));
        batch().await;
        signing.script.calls();
        signing.pass(5).await;
        assert_eq!(signing.health().await, refuses(), "{call}");
        assert_eq!(signing.script.calls(), calls(&[call]));
        signing.script.heal();
        batch().await;
        assert_eq!(signing.health().await, None, "{call}");
    }
}

#[tokio::test]
async fn one_failure_of_a_batch_counts() {
    let signing = Signing::new().await;
    let signer = signing.secrets.signer().await.unwrap();
    signing.script.fail_next(error(ErrorKind::PermissionDenied));
    let signed = signer.sign_many(&[b"hi", b"ho"]).await;
    assert_eq!(signed.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
    assert_eq!(signing.health().await, refuses());
}

#[tokio::test]
async fn what_nobody_asks_about_is_not_known_past_the_age_limit() {
    for kind in [ErrorKind::Unavailable, ErrorKind::PermissionDenied] {
        let signing = Signing::new().await;
        signing.script.fail("sign", error(kind));
        make(&signing, "sign").await;
        signing.script.calls();
        signing.pass(360).await;
        assert_eq!((signing.health().await, signing.script.calls()), (None, vec![]));
    }
}

#[tokio::test]
async fn a_service_that_found_no_key_is_ready_once_it_is_there() {
    let signing = Signing::unread().await;
    signing.script.fail("check", error(ErrorKind::Misconfigured));
    assert!(signing.secrets.ready().await.is_err());
    let missing = Some(("signer_refuses", ErrorKind::Misconfigured));
    assert_eq!(signing.health().await, missing);
    signing.script.heal();
    signing.pass(5).await;
    assert_eq!(signing.health().await, missing);
    assert_eq!(signing.health().await, None);
}
