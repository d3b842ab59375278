//! What a store does of its own accord to bring the live versions of a secret.

use strongroom_core::{Error, ErrorKind, LiveVersion, Result, SecretStore, VersionState};
use strongroom_testkit::{ChaosStore, Step};

use crate::store::{NOW, Plain, Shelf, at, current, ids, key, name, retired, version};

/// Retired after this is within the grace.
const SINCE: u64 = NOW - 900;

async fn live(store: &Plain) -> Result<Vec<LiveVersion>> {
    store.live_versions(&name(), at(SINCE)).await
}

fn versions(live: &[LiveVersion]) -> Vec<&str> {
    ids(live.iter().filter_map(|live| live.info.as_ref()).map(|info| &info.version))
}

#[tokio::test]
async fn a_store_with_versions_is_asked_for_the_list_and_for_each_that_is_live() {
    let store = Plain::over(&Shelf::of([current(9)]));
    assert_eq!(versions(&live(&store).await.unwrap()), ["9"]);
    assert_eq!(store.calls(), 2);
    let store = Plain::over(&Shelf::of([current(9), retired(8, 10), retired(7, 1_000)]));
    assert_eq!(versions(&live(&store).await.unwrap()), ["9", "8"]);
    assert_eq!(store.calls(), 3);
}

#[tokio::test]
async fn a_store_without_versions_brings_the_current_one_with_one_call() {
    let store = Plain::over(&Shelf::of([current(1)]).unversioned());
    let live = live(&store).await.unwrap();
    assert_eq!((live.len(), store.calls()), (1, 1));
    assert!(live[0].info.is_none());
    assert_eq!(live[0].state(), VersionState::Current);
    assert_eq!(live[0].secret.as_ref().unwrap().value().expose(), key(1).as_bytes());
}

#[tokio::test]
async fn a_store_that_learns_that_it_has_no_versions_brings_the_current_one() {
    let store = Plain::over(&Shelf::of([current(1)]).learns());
    for calls in [2, 1] {
        let before = store.calls();
        assert!(live(&store).await.unwrap()[0].info.is_none());
        assert_eq!(store.calls() - before, calls);
    }
}

#[tokio::test]
async fn the_current_comes_first_then_the_pending_then_the_last_retired() {
    let rows = [
        retired(1, 899),
        retired(2, 900),
        version(3, VersionState::Deleted),
        version(4, VersionState::Disabled),
        // Nobody knows when it was retired.
        version(5, VersionState::Previous),
        retired(6, 10),
        current(7),
        version(8, VersionState::Pending),
    ];
    let store = Plain::over(&Shelf::of(rows));
    assert_eq!(versions(&live(&store).await.unwrap()), ["7", "8", "6", "1"]);
    assert_eq!(store.calls(), 5, "nothing is read that is not live");
}

#[tokio::test]
async fn at_most_64_are_read_and_the_current_one_is_among_them() {
    let rows = (1..=100).map(|n| retired(n, n)).chain([current(101)]);
    let store = Plain::over(&Shelf::of(rows));
    let live = live(&store).await.unwrap();
    let versions = versions(&live);
    assert_eq!((versions.len(), store.calls()), (LiveVersion::MOST, LiveVersion::MOST + 1));
    assert_eq!((versions[0], versions[1], versions[63]), ("101", "1", "63"));
}

#[tokio::test]
async fn what_is_wrong_with_one_old_version_is_said_in_its_place() {
    for kind in ErrorKind::all() {
        let store =
            Plain::over(&Shelf::of([current(9), retired(8, 10).failing(kind), retired(7, 20)]));
        let live = live(&store).await;
        if kind.is_authoritative() || kind == ErrorKind::Malformed {
            let live = live.unwrap();
            assert_eq!(versions(&live), ["9", "8", "7"], "{kind}");
            assert_eq!(live[1].secret.as_ref().unwrap_err().kind(), kind);
        } else {
            assert_eq!(live.unwrap_err().kind(), kind, "what is not known is not left out");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_current_version_is_the_answer() {
    for kind in ErrorKind::all() {
        let store = Plain::over(&Shelf::of([current(9).failing(kind), retired(8, 10)]));
        assert_eq!(live(&store).await.unwrap_err().kind(), kind);
        // Only what is not there is looked for once more.
        let expected = if kind == ErrorKind::NotFound { 4 } else { 2 };
        assert_eq!(store.calls(), expected, "{kind}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_looked_for_once() {
    let store = Plain::over(&Shelf::default());
    store.0.always(None, Step::fail(Error::new(ErrorKind::NotFound, "the script says so")));
    assert_eq!(live(&store).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(store.calls(), 1);
}

#[tokio::test]
async fn a_version_that_is_replaced_and_removed_between_list_and_read_is_followed() {
    let shelf = Shelf::of([current(1)]);
    let writer = shelf.clone();
    shelf.after_list(move || writer.set([current(2)]));
    let store = Plain::over(&shelf);
    assert_eq!(versions(&live(&store).await.unwrap()), ["2"]);
    assert_eq!(store.calls(), 4);
}

#[tokio::test]
async fn a_wrapper_passes_the_question_on_as_one() {
    let store = ChaosStore::new(Shelf::of([current(2), retired(1, 10)]));
    assert_eq!(store.live_versions(&name(), at(SINCE)).await.unwrap().len(), 2);
    assert_eq!(store.calls(), 1);
    store.always(None, Step::fail(Error::new(ErrorKind::Unavailable, "the script says so")));
    let error = store.live_versions(&name(), at(SINCE)).await.unwrap_err();
    assert_eq!((error.kind(), store.calls()), (ErrorKind::Unavailable, 2));
}
