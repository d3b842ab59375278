//! Of a batch, only what failed is asked again.

use std::time::Duration;

use strongroom_core::{Error, ErrorKind, GetOptions, KeyId, Result, Secret, SignOptions};

use crate::scripted::{DEADLINE, Scripted, failure, name, retry, signature};

/// Of `a b c d`: `b` needs three attempts, `c` does not exist, `d` needs two.
fn patchy() -> Scripted {
    Scripted::new(|item, call| {
        Some(match (item, call) {
            ("b", 1 | 2) | ("d", 1) => Err(failure(ErrorKind::Unavailable)),
            ("c", _) => Err(failure(ErrorKind::NotFound)),
            _ => Ok(()),
        })
    })
}

fn asked(scripted: &Scripted) -> Vec<String> {
    scripted.calls().iter().map(|call| call.items.concat()).collect()
}

fn kinds<T>(results: Vec<Result<T>>) -> Vec<std::result::Result<T, ErrorKind>> {
    results.into_iter().map(|result| result.map_err(|error| error.kind())).collect()
}

async fn get_many(scripted: &Scripted, names: &str) -> Vec<Result<Secret>> {
    let names: Vec<_> = names.split(' ').map(name).collect();
    scripted.store(&retry()).get_many(&names, GetOptions::default()).await
}

#[tokio::test(start_paused = true)]
async fn names_that_failed_are_read_again_and_results_stay_in_order() {
    let scripted = patchy();
    let results = kinds(get_many(&scripted, "a b c d").await);
    let shown: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|secret| secret.value().expose_str().unwrap()))
        .collect();
    let missing = &ErrorKind::NotFound;
    assert_eq!(shown, [Ok("canary-a"), Ok("canary-b"), Err(missing), Ok("canary-d")]);
    assert_eq!(asked(&scripted), ["abcd", "bd", "b"]);
}

#[tokio::test(start_paused = true)]
async fn messages_that_failed_are_signed_again_and_results_stay_in_order() {
    let scripted = patchy();
    let messages: [&[u8]; 4] = [b"a", b"b", b"c", b"d"];
    let signer = scripted.signer(&retry());
    let results = signer.sign_many(&name("key"), &messages, SignOptions::default()).await;
    let keys: Vec<_> =
        kinds(results).into_iter().map(|result| result.map(|signature| *signature.key())).collect();
    assert_eq!(keys, in_order());
    assert_eq!(asked(&scripted), ["abcd", "bd", "b"]);
}

#[tokio::test(start_paused = true)]
async fn signatures_that_failed_are_verified_again_and_results_stay_in_order() {
    let scripted = patchy();
    let messages: [&[u8]; 4] = [b"a", b"b", b"c", b"d"];
    let signatures = messages.map(signature);
    let pairs: Vec<_> = messages.into_iter().zip(&signatures).collect();
    let signer = scripted.signer(&retry());
    let results = signer.verify_many(&name("key"), &pairs, SignOptions::default()).await;
    let keys: Vec<_> =
        kinds(results).into_iter().map(|result| result.map(|verified| *verified.key())).collect();
    assert_eq!(keys, in_order());
    assert_eq!(asked(&scripted), ["abcd", "bd", "b"]);
}

fn in_order() -> [std::result::Result<KeyId, ErrorKind>; 4] {
    let key = |message| Ok(KeyId::transit(message, 1));
    [key("a"), key("b"), Err(ErrorKind::NotFound), key("d")]
}

#[tokio::test(start_paused = true)]
async fn case_64_each_error_of_a_batch_counts_its_own_attempts() {
    let scripted = Scripted::new(|item, _| {
        Some(Err(failure(match item {
            "a" => ErrorKind::Unavailable,
            "b" => ErrorKind::Malformed,
            _ => ErrorKind::NotFound,
        })))
    });
    let results = get_many(&scripted, "a b c").await;
    let attempts: Vec<_> =
        results.iter().map(|result| result.as_ref().unwrap_err().attempts()).collect();
    assert_eq!(attempts, [3, 2, 1]);
    assert_eq!(asked(&scripted), ["abc", "ab", "a"]);
}

#[tokio::test(start_paused = true)]
async fn case_60_a_batch_waits_for_the_latest_of_its_items() {
    let scripted = Scripted::new(|item, call| {
        Some(match (item, call) {
            ("a", 1) => Err(throttled(Duration::from_secs(1))),
            ("b", 1) => Err(throttled(Duration::from_secs(4))),
            _ => Ok(()),
        })
    });
    assert!(get_many(&scripted, "a b").await.iter().all(Result::is_ok));
    assert_eq!(scripted.waits(), [Duration::from_secs(4)]);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_cannot_be_had_in_time_does_not_hold_up_the_others() {
    let scripted = Scripted::new(|item, call| {
        Some(match (item, call) {
            ("a", _) => Err(throttled(DEADLINE)),
            ("b", 1) => Err(failure(ErrorKind::Unavailable)),
            _ => Ok(()),
        })
    });
    let results = get_many(&scripted, "a b").await;
    let late = results[0].as_ref().unwrap_err();
    assert_eq!((late.retry_after(), late.attempts()), (Some(DEADLINE), 1));
    assert!(results[1].is_ok());
    assert_eq!(asked(&scripted), ["ab", "b"]);
}

fn throttled(retry_after: Duration) -> Error {
    failure(ErrorKind::Throttled).with_retry_after(retry_after)
}
