//! What the versions of a key become.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{Change, ErrorKind, KeyId, Reason, Result, SecretValue, VersionState};
use strongroom_signing::{KeyEncoding, KeyLimits, KeySnapshot, KeySource, KeyState, SigningKey};
use strongroom_testkit::ManualClock;

use crate::store::{NOW, Plain, Row, Shelf, at, current, key, name, retired, version};

const LIMITS: KeyLimits =
    KeyLimits { age: Duration::from_secs(360), grace: Duration::from_secs(900) };

fn source(shelf: &Shelf, encoding: KeyEncoding, clock: &ManualClock) -> KeySource {
    KeySource::new(Arc::new(shelf.clone()), encoding, LIMITS, Arc::new(clock.clone()))
}

async fn load(shelf: &Shelf) -> Result<KeySnapshot> {
    source(shelf, KeyEncoding::Raw, &ManualClock::at(NOW)).load(&name()).await
}

fn id(which: u64) -> KeyId {
    *SigningKey::new(key(which).into()).expect("long enough").id()
}

fn ids(keys: &KeySnapshot) -> Vec<KeyId> {
    keys.keys().map(|(id, _)| id).collect()
}

fn version_of(keys: &KeySnapshot) -> Option<&str> {
    keys.version().map(|version| version.as_str())
}

#[tokio::test]
async fn versions_become_keys_with_their_states() {
    let shelf =
        Shelf::of([version(4, VersionState::Pending), current(3), retired(2, 10), retired(1, 900)]);
    let keys = load(&shelf).await.unwrap();
    let expected = [
        (id(3), KeyState::Current),
        (id(4), KeyState::Pending),
        (id(2), KeyState::Retiring { since: at(NOW - 10) }),
    ];
    assert_eq!(keys.keys().collect::<Vec<_>>(), expected);
    assert_eq!((version_of(&keys), keys.current()), (Some("3"), id(3)));
    assert_eq!(keys.loaded_at(), at(NOW));
    assert!(keys.knows(&id(4)) && !keys.knows(&id(1)));
}

#[tokio::test]
async fn f025_key_id_version_and_bytes_belong_together_whenever_it_is_rotated() {
    let shelf = Shelf::of([current(1)]);
    let writer = shelf.clone();
    shelf.after_list(move || writer.set([current(2), retired(1, 0)]));
    let before = load(&shelf).await.unwrap();
    assert_eq!((version_of(&before), ids(&before)), (Some("1"), vec![id(1)]));
    let signature = before.sign(b"hi").unwrap();
    assert_eq!(*signature.key(), id(1));
    let after = load(&shelf).await.unwrap();
    assert_eq!((version_of(&after), ids(&after)), (Some("2"), vec![id(2), id(1)]));
    assert!(!after.verify(b"hi", &signature).unwrap().is_current());
    assert_eq!(after.change_from(&before), Change::Newer);
}

#[tokio::test]
async fn f025_bytes_of_another_version_than_the_one_asked_for_are_not_used() {
    let other = Shelf::of([current(2), retired(1, 10)]).always(current(3));
    assert_eq!(load(&other).await.unwrap_err().kind(), ErrorKind::Malformed);
    let stuck = Shelf::of([current(2), retired(1, 10)]).always(current(2));
    assert_eq!(ids(&load(&stuck).await.unwrap()), [id(2)], "the old one is not the new one");
}

#[tokio::test]
async fn f130_a_version_that_comes_back_with_other_bytes_is_a_conflict() {
    let one = |value: u64| current(1).holding(key(value));
    let old = |value: u64| [current(2), retired(1, 10).holding(key(value))];
    let load_of = async |rows: &[Row]| load(&Shelf::of(rows.to_vec())).await.unwrap();
    let held = load_of(&[one(1)]).await;
    assert_eq!(load_of(&[one(1)]).await.change_from(&held), Change::Same);
    assert_eq!(load_of(&[one(7)]).await.change_from(&held), Change::Conflict);
    assert_eq!(load_of(&old(7)).await.change_from(&held), Change::Conflict, "retired since");
    assert_eq!(load_of(&old(1)).await.change_from(&held), Change::Newer);
    let mut anew = one(7);
    anew.info.created_at = Some(at(500));
    assert_eq!(load_of(&[anew]).await.change_from(&held), Change::Newer, "removed and made anew");
}

#[tokio::test]
async fn f029_a_rollback_is_told_from_a_rotation() {
    let before = load(&Shelf::of([current(2), retired(1, 100)])).await.unwrap();
    let mut back = current(1);
    back.info.retired_at = None;
    let rolled_back = load(&Shelf::of([back, retired(2, 0)])).await.unwrap();
    assert_eq!(rolled_back.change_from(&before), Change::Older);
    // Vault's rollback writes the old value as a new version.
    let written = current(3).holding(key(1));
    let written = load(&Shelf::of([written, retired(2, 0), retired(1, 100)])).await.unwrap();
    assert_eq!((version_of(&written), ids(&written)), (Some("3"), vec![id(1), id(2)]));
    assert_eq!(written.change_from(&before), Change::Older);
}

#[tokio::test]
async fn f031_an_old_or_pending_version_that_cannot_be_used_is_left_out() {
    let pending = version(3, VersionState::Pending);
    for bad in [
        pending.clone().holding("canary-short"),
        retired(3, 10).holding(""),
        retired(3, 10).failing(ErrorKind::NotFound),
        retired(3, 10).failing(ErrorKind::Deleted),
        retired(3, 10).failing(ErrorKind::Malformed),
        pending.failing(ErrorKind::Disabled),
    ] {
        let shelf = Shelf::of([current(2), bad.clone(), retired(1, 20)]);
        assert_eq!(ids(&load(&shelf).await.unwrap()), [id(2), id(1)], "{bad:?}");
    }
}

#[tokio::test]
async fn an_outage_never_shortens_a_ring() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Throttled, ErrorKind::PermissionDenied] {
        let shelf = Shelf::of([current(2), retired(1, 10).failing(kind)]);
        assert_eq!(load(&shelf).await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn f031_a_current_version_that_cannot_be_used_fails_the_load() {
    let shelf = Shelf::of([current(2).holding("canary-short"), retired(1, 10)]);
    let error = load(&shelf).await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::InvalidValue, Some(Reason::Short)));
    assert_eq!(error.name(), Some("signing-key"));
    assert!(!format!("{error} {error:?}").contains("canary"));
    let error = load(&Shelf::of([retired(1, 10)])).await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::NotFound, Some(Reason::Version)));
    let error = load(&Shelf::of([current(1), current(2)])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn a_store_without_versions_gives_one_key_without_a_version() {
    let keys = load(&Shelf::of([current(1)]).unversioned()).await.unwrap();
    assert_eq!((version_of(&keys), ids(&keys)), (None, vec![id(1)]));
}

#[tokio::test]
async fn a_set_of_keys_is_one_call_and_its_keys_have_no_versions() {
    let clock = ManualClock::at(NOW);
    let set = KeyEncoding::Jwks.generate(32, at(NOW - 10)).unwrap();
    let rotated = strongroom_signing::KeySet::parse(&set)
        .and_then(|set| set.rotated(SigningKey::generate(32)?, at(NOW), LIMITS.grace))
        .unwrap();
    let text = |value: &SecretValue| value.expose_str().unwrap().to_owned();
    let shelf = Shelf::of([current(1).holding(text(&set))]);
    let store = Plain::over(&shelf);
    let source =
        KeySource::new(Arc::new(store.clone()), KeyEncoding::Jwks, LIMITS, Arc::new(clock));
    let held = source.load(&name()).await.unwrap();
    shelf.set([current(2).holding(text(&rotated.render()))]);
    let next = source.load(&name()).await.unwrap();
    assert_eq!(store.calls(), 2);
    assert_eq!((version_of(&held), version_of(&next)), (None, None));
    assert_eq!((next.keys().count(), next.change_from(&held)), (2, Change::Newer));
    assert_eq!(held.change_from(&next), Change::Older, "a lagging replica");
}

#[tokio::test]
async fn the_age_counts_from_before_the_first_read() {
    let clock = ManualClock::at(NOW);
    let shelf = Shelf::of([current(1)]);
    let slow = clock.clone();
    shelf.after_list(move || slow.advance(Duration::from_secs(10)));
    let keys = source(&shelf, KeyEncoding::Raw, &clock).load(&name()).await.unwrap();
    assert_eq!(keys.loaded_at(), at(NOW));
    clock.advance(LIMITS.age - Duration::from_secs(11));
    assert!(keys.sign(b"hi").is_ok());
    clock.advance(Duration::from_secs(1));
    assert_eq!(keys.sign(b"hi").unwrap_err().reason(), Some(Reason::AgeLimit));
}
