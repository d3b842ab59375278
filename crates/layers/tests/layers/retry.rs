//! When a single operation is tried again, and how long that takes.

use std::time::{Duration, UNIX_EPOCH};

use strongroom_core::{Error, ErrorKind, GetOptions, PutOptions, SecretValue, SignOptions};
use strongroom_layers::RetryLayer;
use tokio::time::Instant;

use crate::scripted::{DEADLINE, Scripted, failure, name, native, retry, signature};

const MILLISECOND: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn case_60_waits_at_least_as_long_as_the_provider_asks() {
    for seconds in [1, 7] {
        let asked = Duration::from_secs(seconds);
        let throttled = failure(ErrorKind::Throttled).with_retry_after(asked);
        let scripted = Scripted::failing(1, throttled);
        scripted.store(&retry()).get(&name("db"), GetOptions::default()).await.unwrap();
        assert_eq!(scripted.waits(), [asked]);
    }
}

#[tokio::test(start_paused = true)]
async fn case_61_waits_have_a_floor_a_cap_and_jitter() {
    let mut first_waits = Vec::new();
    for seed in 0..64 {
        let layer = RetryLayer::new(5, DEADLINE).with_seed(seed);
        let error = match seed % 2 {
            0 => failure(ErrorKind::Throttled),
            _ => failure(ErrorKind::Throttled).with_retry_after(Duration::ZERO),
        };
        let scripted = Scripted::failing(4, error);
        scripted.store(&layer).get(&name("db"), GetOptions::default()).await.unwrap();
        let waits = scripted.waits();
        for (wait, most) in waits.iter().zip([100, 200, 400, 800]) {
            // The timer counts in whole milliseconds and never fires early.
            let range = Duration::from_millis(25)..=Duration::from_millis(most) + MILLISECOND;
            assert!(range.contains(wait), "seed {seed}: {wait:?} is not in {range:?}");
        }
        first_waits.push(waits[0]);
    }
    let above_the_floor =
        first_waits.iter().filter(|wait| **wait > Duration::from_millis(26)).count();
    assert!(above_the_floor > 32, "{first_waits:?}");
    first_waits.sort();
    first_waits.dedup();
    assert!(first_waits.len() > 16, "{first_waits:?}");
}

#[tokio::test(start_paused = true)]
async fn operations_of_one_layer_draw_different_waits_and_a_seed_repeats_them() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let layer = retry();
        let mut waits = Vec::new();
        for _ in 0..8 {
            let scripted = Scripted::failing(1, failure(ErrorKind::Unavailable));
            scripted.store(&layer).get(&name("db"), GetOptions::default()).await.unwrap();
            waits.extend(scripted.waits());
        }
        runs.push(waits);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].iter().any(|wait| *wait != runs[0][0]), "{runs:?}");
}

#[tokio::test(start_paused = true)]
async fn case_63_f047_a_read_that_fails_twice_succeeds_in_three_calls() {
    let scripted = Scripted::failing(2, failure(ErrorKind::Unavailable));
    let started = Instant::now();
    let secret = scripted.store(&retry()).get(&name("db"), GetOptions::default()).await.unwrap();
    assert_eq!(secret.value().expose(), b"canary-db");
    assert_eq!(scripted.calls().len(), 3);
    assert!(started.elapsed() < DEADLINE);
}

#[tokio::test(start_paused = true)]
async fn case_64_the_last_error_says_how_many_attempts_failed() {
    let scripted = Scripted::new(|_, call| {
        let message = ["first", "second", "third"][call - 1];
        Some(Err(Error::new(ErrorKind::Unavailable, message)))
    });
    let error = scripted.store(&retry()).get(&name("db"), GetOptions::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 3));
    assert!(error.to_string().contains("third"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn case_66_the_kind_decides_how_often_a_read_is_tried() {
    for kind in ErrorKind::all() {
        let expected = match kind {
            ErrorKind::Throttled | ErrorKind::Unavailable => 3,
            ErrorKind::Malformed => 2,
            _ => 1,
        };
        let operations = [
            "get",
            "list",
            "versions",
            "live versions",
            "check",
            "sign",
            "verify",
            "sign natively",
            "verify natively",
            "check of a key",
        ];
        for operation in operations {
            let scripted = Scripted::failing(usize::MAX, failure(kind));
            let (store, signer) = (scripted.store(&retry()), scripted.signer(&retry()));
            let (db, options) = (name("db"), SignOptions::default());
            let error = match operation {
                "get" => store.get(&db, GetOptions::default()).await.unwrap_err(),
                "list" => store.list(None).await.unwrap_err(),
                "versions" => store.versions(&db).await.unwrap_err(),
                "live versions" => store.live_versions(&db, UNIX_EPOCH).await.unwrap_err(),
                "check" => store.check(&db).await.unwrap_err(),
                "sign" => signer.sign(&db, b"m", options).await.unwrap_err(),
                "verify" => signer.verify(&db, b"m", &signature(b"m"), options).await.unwrap_err(),
                "sign natively" => signer.sign_native(&db, b"m").await.unwrap_err(),
                "verify natively" => {
                    signer.verify_native(&db, b"m", &native(b"m")).await.unwrap_err()
                }
                _ => signer.check(&db).await.unwrap_err(),
            };
            assert_eq!(scripted.calls().len(), expected, "{kind} {operation}");
            assert_eq!(error.attempts() as usize, expected, "{kind} {operation}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn case_63_a_write_is_tried_again_only_when_it_was_throttled() {
    for kind in ErrorKind::all() {
        let expected = if kind == ErrorKind::Throttled { 3 } else { 1 };
        for operation in ["put", "promote", "retire", "restore", "delete", "rotate"] {
            let scripted = Scripted::failing(usize::MAX, failure(kind));
            let (store, signer) = (scripted.store(&retry()), scripted.signer(&retry()));
            let (db, version) = (name("db"), "1".into());
            let value = SecretValue::from("canary-new");
            match operation {
                "put" => drop(store.put(&db, value, PutOptions::default()).await.unwrap_err()),
                "promote" => drop(store.promote(&db, &version, None).await.unwrap_err()),
                "retire" => drop(store.retire(&db, &version).await.unwrap_err()),
                "restore" => drop(store.restore(&db).await.unwrap_err()),
                "delete" => drop(store.delete(&db).await.unwrap_err()),
                _ => drop(signer.rotate(&db).await.unwrap_err()),
            }
            assert_eq!(scripted.calls().len(), expected, "{kind} {operation}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_lost_after_it_was_throttled_is_left_alone() {
    let scripted = Scripted::new(|_, call| {
        let kinds = [ErrorKind::Throttled, ErrorKind::Unavailable];
        Some(Err(failure(kinds[call - 1])))
    });
    let error = scripted.store(&retry()).delete(&name("db")).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 2));
}

#[tokio::test(start_paused = true)]
async fn a_probe_reports_what_is_now() {
    let scripted = Scripted::failing(1, failure(ErrorKind::Unavailable));
    let error = scripted.store(&retry()).probe().await.unwrap_err();
    assert_eq!((error.kind(), scripted.calls().len()), (ErrorKind::Unavailable, 1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_until_the_deadline_or_longer_is_not_begun() {
    for asked in [DEADLINE, Duration::from_secs(300), Duration::MAX] {
        let throttled = failure(ErrorKind::Throttled).with_retry_after(asked);
        let scripted = Scripted::failing(1, throttled);
        let started = Instant::now();
        let error =
            scripted.store(&retry()).get(&name("db"), GetOptions::default()).await.unwrap_err();
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!(error.retry_after(), Some(asked));
        assert_eq!((scripted.calls().len(), error.attempts()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_after_the_deadline() {
    let deadline = Duration::from_millis(300);
    let mut attempts = Vec::new();
    for seed in 0..64 {
        let layer = RetryLayer::new(5, deadline).with_seed(seed);
        let scripted = Scripted::failing(usize::MAX, failure(ErrorKind::Unavailable));
        let started = Instant::now();
        let error =
            scripted.store(&layer).get(&name("db"), GetOptions::default()).await.unwrap_err();
        assert!(started.elapsed() <= deadline, "seed {seed}: {:?}", started.elapsed());
        assert_eq!(scripted.calls().len(), error.attempts() as usize);
        attempts.push(error.attempts());
    }
    assert!(attempts.iter().any(|attempts| *attempts < 5), "{attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn the_number_of_attempts_is_brought_into_its_range() {
    for (given, expected) in [(0, 1), (1, 1), (2, 2), (5, 5), (6, 5), (u32::MAX, 5)] {
        for kind in [ErrorKind::Unavailable, ErrorKind::Malformed] {
            let scripted = Scripted::failing(usize::MAX, failure(kind));
            let layer = RetryLayer::new(given, DEADLINE);
            scripted.store(&layer).check(&name("db")).await.unwrap_err();
            let most = if kind == ErrorKind::Malformed { 2 } else { 5 };
            assert_eq!(scripted.calls().len(), expected.min(most), "{given} {kind}");
        }
    }
}
