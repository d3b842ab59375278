//! Which step a call takes, and what it does then.

use std::time::Duration;

use strongroom_core::{Error, ErrorKind, GetOptions, PutOptions, Reason, SecretStore};
use strongroom_testkit::{ChaosStore, Step};
use tokio::time::{Instant, timeout};

use crate::noting::{Noting, error, get, load, name, secret};

const UNAVAILABLE: ErrorKind = ErrorKind::Unavailable;
const THROTTLED: ErrorKind = ErrorKind::Throttled;

fn store() -> ChaosStore {
    ChaosStore::new(Noting::with(&["db", "other"]))
}

fn fail(kind: ErrorKind) -> Step {
    Step::fail(error(kind))
}

#[tokio::test]
async fn a_step_is_for_one_call_or_as_many_as_it_says() {
    for (step, failures) in
        [(fail(UNAVAILABLE), 1), (fail(UNAVAILABLE).times(3), 3), (fail(UNAVAILABLE).times(0), 0)]
    {
        let inner = Noting::with(&["db"]);
        let store = ChaosStore::new(inner.clone());
        store.next("db", step);
        for _ in 0..failures {
            assert_eq!(get(&store, "db").await, Err(UNAVAILABLE));
        }
        assert!(inner.notes().is_empty(), "a failure asks nobody");
        assert_eq!(get(&store, "db").await, Ok("1".into()));
        assert_eq!(store.calls_for("db"), failures + 1);
    }
}

#[tokio::test]
async fn always_lasts_until_it_is_replaced_or_cleared() {
    let store = store();
    store.always("db", fail(UNAVAILABLE));
    for _ in 0..5 {
        assert_eq!(get(&store, "db").await, Err(UNAVAILABLE));
    }
    store.always("db", fail(THROTTLED));
    assert_eq!(get(&store, "db").await, Err(THROTTLED));
    store.clear();
    assert_eq!(get(&store, "db").await, Ok("1".into()));
    assert_eq!(store.calls(), 7, "counters stay");
}

#[tokio::test]
async fn clear_forgets_what_is_next_too() {
    let store = store();
    store.next("db", Step::panic().times(2));
    store.next(None, Step::panic());
    store.clear();
    assert_eq!(get(&store, "db").await, Ok("1".into()));
}

#[tokio::test]
async fn an_error_is_as_the_test_built_it() {
    let store = store();
    let built = Error::new(THROTTLED, "scripted")
        .with_reason(Reason::Sealed)
        .with_retry_after(Duration::from_secs(7));
    store.next("db", Step::fail(built.clone()));
    let error = store.get(&name("db"), GetOptions::default()).await.unwrap_err();
    assert_eq!(format!("{error:?}"), format!("{built:?}"));
    assert_eq!((error.name(), error.operation()), (None, None));
}

#[tokio::test]
async fn first_in_is_first_used() {
    let store = store();
    store.next("db", fail(UNAVAILABLE));
    store.next("db", Step::ask());
    store.next("db", Step::answer(secret("0")).times(2));
    store.next("db", fail(THROTTLED));
    let expected = [Err(UNAVAILABLE), Ok("1"), Ok("0"), Ok("0"), Err(THROTTLED), Ok("1"), Ok("1")];
    for (at, expected) in expected.into_iter().enumerate() {
        assert_eq!(get(&store, "db").await, expected.map(str::to_owned), "call {at}");
    }
}

#[tokio::test]
async fn steps_of_a_name_win_over_those_for_all_names() {
    let store = store();
    store.always(None, Step::answer(secret("all-always")));
    store.next(None, Step::answer(secret("all-next")));
    store.next("db", Step::answer(secret("db-next")));
    for (asked, expected) in
        [("db", "db-next"), ("db", "all-next"), ("db", "all-always"), ("other", "all-always")]
    {
        assert_eq!(get(&store, asked).await, Ok(expected.into()), "{asked}");
    }
    store.always("db", Step::ask());
    store.next(None, Step::answer(secret("all-next")));
    assert_eq!(get(&store, "db").await, Ok("1".into()), "left out of what is for all");
    assert_eq!(get(&store, "other").await, Ok("all-next".into()));
}

#[tokio::test]
async fn an_answer_is_given_in_the_inner_stores_place_also_for_names_that_it_lacks() {
    let inner = Noting::with(&["db"]);
    let store = ChaosStore::new(inner.clone());
    inner.set("db", "2");
    store.next("db", Step::answer(secret("1")));
    store.next("none", Step::answer(secret("9")));
    assert_eq!(get(&store, "db").await, Ok("1".into()), "a replica that lags");
    assert_eq!(get(&store, "none").await, Ok("9".into()));
    assert!(inner.notes().is_empty());
    assert_eq!(get(&store, "db").await, Ok("2".into()));
    assert_eq!(get(&store, "none").await, Err(ErrorKind::NotFound));
}

#[tokio::test]
async fn an_answer_waits_for_a_read_and_the_step_behind_it_does_not() {
    let store = store();
    store.next("db", Step::answer(secret("0")));
    store.next("db", fail(UNAVAILABLE));
    let db = name("db");
    let put = || store.put(&db, "canary-2".into(), PutOptions::default());
    assert_eq!(put().await.unwrap_err().kind(), UNAVAILABLE);
    store.always("db", Step::answer(secret("9")));
    assert!(put().await.is_ok());
    store.always(None, fail(THROTTLED));
    assert_eq!(put().await.unwrap_err().kind(), THROTTLED, "what suits no write hides nothing");
    assert_eq!(get(&store, "db").await, Ok("0".into()));
    store.next(None, Step::answer(secret("8")));
    assert_eq!(store.probe().await.unwrap_err().kind(), THROTTLED);
    assert_eq!(get(&store, "other").await, Ok("8".into()));
}

#[tokio::test]
async fn every_call_takes_steps_and_those_about_no_name_only_the_ones_for_all() {
    let store = store();
    let db = name("db");
    store.always("db", fail(UNAVAILABLE));
    assert_eq!(store.check(&db).await.unwrap_err().kind(), UNAVAILABLE);
    assert_eq!(store.versions(&db).await.unwrap_err().kind(), UNAVAILABLE);
    assert_eq!(store.delete(&db).await.unwrap_err().kind(), UNAVAILABLE);
    assert!(store.list(Some(&db)).await.is_ok(), "a prefix is not a name");
    assert!(store.probe().await.is_ok());
    store.always(None, fail(THROTTLED));
    assert_eq!(store.list(Some(&db)).await.unwrap_err().kind(), THROTTLED);
    assert_eq!(store.probe().await.unwrap_err().kind(), THROTTLED);
}

#[tokio::test]
async fn panics_once_some_times_or_always_and_goes_on_working() {
    let store = store();
    store.next("db", Step::panic().times(2));
    for _ in 0..2 {
        assert!(load(&store, "db").await.unwrap_err().is_panic());
    }
    assert_eq!(load(&store, "db").await.unwrap(), Ok("1".into()));
    store.always(None, Step::panic());
    for _ in 0..3 {
        assert!(load(&store, "db").await.unwrap_err().is_panic());
    }
    store.clear();
    assert_eq!(load(&store, "db").await.unwrap(), Ok("1".into()));
}

#[tokio::test]
async fn a_panic_names_no_secret() {
    let store = store();
    store.next("db", Step::panic());
    let panic = load(&store, "db").await.unwrap_err().into_panic();
    let text = panic.downcast_ref::<&str>().expect("a plain text");
    assert!(!text.contains("db") && !text.contains("canary"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_delay_passes_on_tokios_timer_before_the_inner_store_is_asked() {
    let inner = Noting::with(&["db"]);
    let store = ChaosStore::new(inner.clone());
    store.next("db", Step::ask().delay(Duration::from_millis(20)));
    store.next("db", fail(UNAVAILABLE).delay(Duration::from_secs(3)));
    let started = Instant::now();
    let mut slow = load(&store, "db");
    assert!(timeout(Duration::from_millis(19), &mut slow).await.is_err());
    assert!(inner.notes().is_empty());
    assert_eq!(slow.await.unwrap(), Ok("1".into()));
    assert_eq!(started.elapsed(), Duration::from_millis(20));
    assert_eq!(get(&store, "db").await, Err(UNAVAILABLE));
    assert_eq!(started.elapsed(), Duration::from_millis(3_020));
}

#[test]
#[should_panic = "the name of a secret"]
fn a_step_for_what_can_be_no_name_is_refused() {
    store().next("../db", Step::ask());
}

#[test]
#[should_panic = "belongs into `next`"]
fn a_step_that_is_limited_cannot_be_for_always() {
    store().always(None, Step::ask().times(2));
}
