//! `file` on a folder of releases: versions, conditions, rotation, deletion.

mod common;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::{
    Asked, Folder, LATER, NINE, STAMP, exact, fault, kind, name, names, refused, version,
};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};
use strongroom_core::{ErrorKind, IfVersion, PutOptions, Reason, SecretStore, Select, Stage};
use strongroom_testkit::ManualClock;

const HOUR: Duration = Duration::from_secs(3600);

fn pending() -> PutOptions {
    PutOptions::default().stage(Stage::Pending)
}

fn only_if(condition: IfVersion) -> PutOptions {
    PutOptions::default().if_version(condition)
}

fn is(version: &str) -> PutOptions {
    only_if(IfVersion::Is(version.into()))
}

/// When a link was made, as `ln` would have left it.
fn set_link_time(folder: &Folder, path: &str, seconds: u64) {
    let time = Timespec { tv_sec: seconds as i64, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    let done = rustix::fs::utimensat(CWD, folder.at(path), &times, AtFlags::SYMLINK_NOFOLLOW);
    done.expect("a new time");
}

#[tokio::test]
async fn case_14_an_empty_folder_lists_nothing_and_is_not_touched_by_reading() {
    let folder = Folder::new();
    let store = folder.store().await;
    let can = store.capabilities();
    assert!(can.put && can.cas && can.versions && can.pending && can.delete && can.list);
    assert!(Asked(&store).list(None).await.unwrap().is_empty());
    let absent = (ErrorKind::NotFound, Some(Reason::Secret));
    assert_eq!(refused(Asked(&store).get("db").await), absent);
    assert_eq!(refused(Asked(&store).delete("db").await), absent);
    assert_eq!(refused(Asked(&store).versions("db").await), absent);
    for select in [Select::Previous, Select::Pending, exact(STAMP)] {
        let got = Asked(&store).select("db", select).await;
        assert_eq!(kind(got), ErrorKind::NotFound);
    }
    assert!(folder.entries("").iter().all(|name| name == ".lock"));
}

#[tokio::test]
async fn the_first_put_into_an_empty_folder_makes_a_release() {
    let folder = Folder::new();
    let store = folder.with_clock(ManualClock::at(NINE)).await;
    assert_eq!(Asked(&*store).write("a/db", "canary-1").await, STAMP);
    assert_eq!(folder.target("current"), format!("releases/{STAMP}"));
    assert_eq!(folder.entries("releases"), [STAMP]);
    let release = format!("releases/{STAMP}");
    assert_eq!(folder.entries(&release), [".manifest.json", "a"]);
    assert_eq!(folder.entries(""), [".activations", ".lock", "current", "releases"]);
    let secret = Asked(&*store).get("a/db").await.unwrap();
    assert_eq!(version(&secret), STAMP);
    assert_eq!(secret.created_at(), Some(UNIX_EPOCH + Duration::from_secs(NINE)));
    assert_eq!(Asked(&folder.store().await).text("a/db").await, "canary-1");
}

#[tokio::test]
async fn s62_a_manifest_gives_no_value_away() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    let mut manifests = Vec::new();
    for name in ["one", "other"] {
        let stamp = Asked(&*store).write(name, "canary").await;
        let text = folder.bytes(&format!("releases/{stamp}/.manifest.json"));
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains("canary"));
        manifests.push(serde_json::from_str::<serde_json::Value>(&text).unwrap());
    }
    let hash = |release: usize, name: &str| manifests[release]["files"][name]["sha256"].clone();
    assert!(hash(0, "one").is_string());
    assert_eq!(hash(1, "one"), hash(1, "other"), "one salt a release");
    assert_ne!(hash(0, "one"), hash(1, "one"), "another one the next time");
    assert_eq!(manifests[1]["files"]["one"]["bytes"], 6);
}

#[tokio::test]
async fn a_put_keeps_every_other_secret_byte_for_byte() {
    let folder = Folder::new();
    let files: [(&str, &[u8]); 4] =
        [("a/b/c", b"canary\n"), ("a/d", b"\xff\0canary\r\n"), ("empty", b""), ("z", b"canary")];
    for (name, bytes) in files {
        folder.file(&format!("releases/{STAMP}/{name}"), bytes);
    }
    folder.link(format!("releases/{STAMP}"), "current");
    let store = folder.store().await;
    let stamp = Asked(&store).write("new/one", "canary-new").await;
    for (name, bytes) in files {
        assert_eq!(folder.bytes(&format!("releases/{stamp}/{name}")), bytes);
    }
    let all = Asked(&store).list(None).await.unwrap();
    assert_eq!(all, ["a/b/c", "a/d", "empty", "new/one", "z"]);
}

#[tokio::test]
async fn cases_19_20_28_versions_come_newest_first_with_states_and_times() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    let store = Asked(&*store);
    store.write("db", "canary-1").await;
    clock.advance(HOUR);
    store.write("db", "canary-2").await;
    clock.advance(HOUR);
    let put = store.put_with("db", "canary-3", pending()).await.unwrap();
    assert_eq!(put.unwrap().as_str(), "20260215T110000Z");
    assert_eq!(
        store.versions("db").await.unwrap(),
        ["20260215T110000Z pending", "20260215T100000Z current", "20260215T090000Z previous 3600",]
    );
    assert_eq!(store.text("db").await, "canary-2");
    for (select, value, stamp) in [
        (Select::Current, "canary-2", LATER),
        (Select::Previous, "canary-1", STAMP),
        (Select::Pending, "canary-3", "20260215T110000Z"),
        (exact(STAMP), "canary-1", STAMP),
        (exact("20260215T110000Z"), "canary-3", "20260215T110000Z"),
    ] {
        let secret = store.select("db", select).await.unwrap();
        assert_eq!((common::shown(&secret).as_str(), version(&secret)), (value, stamp));
    }
}

#[tokio::test]
async fn case_21_b089_a_version_that_is_none_is_not_found_and_opens_nothing() {
    let folder = Folder::with_two_releases();
    folder.file("releases/2026-02-15/db", "canary-odd");
    folder.file("outside/db", "canary-outside");
    let store = folder.store().await;
    for text in [
        "20260215T090001Z",
        "",
        "7",
        "2026-02-15",
        "20260230T000000Z",
        "../outside",
        "20260215T090000Z/../../outside",
        "20260215T090000Z-0001",
        "/etc",
        ".",
        "..",
    ] {
        assert_eq!(
            refused(Asked(&store).select("db", exact(text)).await),
            (ErrorKind::NotFound, Some(Reason::Version)),
            "{text:?}"
        );
    }
    let got = Asked(&store).select("absent", exact(STAMP)).await;
    assert_eq!(refused(got), (ErrorKind::NotFound, Some(Reason::Secret)));
}

#[tokio::test]
async fn previous_and_pending_skip_releases_made_for_the_sake_of_others() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    let store = Asked(&*store);
    store.write("db", "canary-1").await;
    store.write("db", "canary-2").await;
    for other in ["x", "y", "z"] {
        clock.advance(HOUR);
        store.write(other, "canary").await;
    }
    store.put_with("z", "canary-next", pending()).await.unwrap();
    let previous = store.select("db", Select::Previous).await.unwrap();
    assert_eq!(common::shown(&previous), "canary-1");
    for (name, select) in [("x", Select::Previous), ("db", Select::Pending)] {
        assert_eq!(
            refused(store.select(name, select).await),
            (ErrorKind::NotFound, Some(Reason::Version)),
            "{name}"
        );
    }
}

#[tokio::test]
async fn b089_releases_of_one_second_and_of_a_clock_set_back_stay_in_order() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    let mut stamps = vec![Asked(&*store).write("db", "canary-1").await];
    stamps.push(Asked(&*store).write("db", "canary-2").await);
    clock.set_back(Duration::from_secs(200));
    stamps.push(Asked(&*store).write("db", "canary-3").await);
    assert_eq!(stamps, [STAMP, "20260215T090000Z-0002", "20260215T090000Z-0003"]);
    assert_eq!(Asked(&*store).text("db").await, "canary-3");
}

#[tokio::test]
async fn b089_a_release_from_the_future_stops_writes_and_is_named() {
    let folder = Folder::with_two_releases();
    let store = folder.with_clock(ManualClock::at(NINE)).await;
    let before = folder.picture();
    let error = fault(Asked(&*store).put("db", "canary").await);
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains(LATER));
    assert_eq!(folder.picture(), before);
    assert_eq!(Asked(&*store).text("db").await, "canary-1");
}

#[tokio::test]
async fn case_16_put_if_absent_writes_once() {
    for flat_start in [true, false] {
        let folder = match flat_start {
            true => Folder::new(),
            false => Folder::with_two_releases(),
        };
        let store = folder.store().await;
        let absent = || only_if(IfVersion::Absent);
        Asked(&store).put_with("new", "canary-1", absent()).await.unwrap();
        let before = folder.picture();
        let put = Asked(&store).put_with("new", "canary-2", absent()).await;
        assert_eq!(kind(put), ErrorKind::Conflict);
        assert_eq!(folder.picture(), before);
        Asked(&store).delete("new").await.unwrap();
        let again = Asked(&store).put_with("new", "canary-3", absent()).await;
        assert!(again.is_ok());
    }
}

#[tokio::test]
async fn case_17_a_stale_version_condition_is_a_conflict_and_changes_nothing() {
    let folder = Folder::new();
    let store = folder.store().await;
    let store = Asked(&store);
    let first = store.write("db", "canary-1").await;
    let put = store.put_with("db", "canary-2", is(&first)).await;
    let second = put.unwrap().unwrap();
    let before = folder.picture();
    for stale in [first.as_str(), "20200101T000000Z", "7", "", "../releases"] {
        let put = store.put_with("db", "canary-3", is(stale)).await;
        assert_eq!(kind(put), ErrorKind::Conflict, "{stale:?}");
    }
    let put = store.put_with("absent", "canary", is(second.as_str())).await;
    assert_eq!(kind(put), ErrorKind::Conflict);
    assert_eq!(folder.picture(), before);
    assert_eq!(store.text("db").await, "canary-2");
}

#[tokio::test]
async fn a_refused_condition_leaves_an_empty_folder_as_good_as_empty() {
    let folder = Folder::new();
    let store = folder.store().await;
    let put = Asked(&store).put_with("db", "canary", is(STAMP)).await;
    assert_eq!(kind(put), ErrorKind::Conflict);
    let put = Asked(&store).put_with("db", "canary", pending()).await;
    assert_eq!(kind(put), ErrorKind::Misconfigured, "nothing is current yet");
    assert!(Asked(&store).list(None).await.unwrap().is_empty());
    Asked(&folder.store().await).write("db", "canary").await;
}

#[tokio::test]
async fn writing_another_secret_does_not_invalidate_a_version_condition_of_this_one() {
    let folder = Folder::new();
    let store = folder.store().await;
    let store = Asked(&store);
    let seen = store.write("db", "canary-1").await;
    store.write("other", "canary").await;
    store.delete("other").await.unwrap();
    let put = store.put_with("db", "canary-2", is(&seen)).await;
    assert!(put.is_ok());
    assert_eq!(store.text("db").await, "canary-2");
}

#[tokio::test]
async fn b090_names_that_cannot_be_told_apart_make_no_release() {
    let folder = Folder::new();
    let store = folder.store().await;
    Asked(&store).write("Billing/Url", "canary").await;
    let before = folder.picture();
    for taken in ["billing/url", "billing/other", "Billing", "Billing/Url/x"] {
        let put = Asked(&store).put(taken, "canary").await;
        assert_eq!(refused(put), (ErrorKind::Misconfigured, Some(Reason::Collision)), "{taken}");
    }
    assert_eq!(folder.picture(), before);
}

#[tokio::test]
async fn a_deleted_secret_stays_readable_by_version_only() {
    let folder = Folder::new();
    let store = folder.store().await;
    let store = Asked(&store);
    store.write("keep", "canary").await;
    let seen = store.write("a/db", "canary-1").await;
    store.delete("a/db").await.unwrap();
    let absent = (ErrorKind::NotFound, Some(Reason::Secret));
    assert_eq!(refused(store.get("a/db").await), absent);
    assert_eq!(store.list(None).await.unwrap(), ["keep"]);
    let old = store.select("a/db", exact(&seen)).await.unwrap();
    assert_eq!(common::shown(&old), "canary-1");
    let before = folder.picture();
    assert_eq!(refused(store.delete("a/db").await), absent);
    assert_eq!(folder.picture(), before, "no release for nothing");
    assert!(
        store.versions("a/db").await.unwrap()[0].contains("previous"),
        "no version of a deleted secret is current"
    );
}

#[tokio::test]
async fn a_pending_release_is_promoted_with_all_its_secrets() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    let store = Asked(&*store);
    store.write("key", "canary-1").await;
    clock.advance(HOUR);
    let put = store.put_with("key", "canary-2", pending()).await.unwrap();
    let next = put.unwrap();
    assert_eq!(store.text("key").await, "canary-1");
    clock.advance(HOUR);
    let promoted = store.promote("key", next.as_str(), Some(STAMP)).await;
    assert!(promoted.is_ok());
    assert_eq!(store.text("key").await, "canary-2");
    assert_eq!(folder.target("current"), format!("releases/{next}"));
    assert_eq!(
        store.versions("key").await.unwrap(),
        ["20260215T100000Z current", "20260215T090000Z previous 7200",],
        "retired when the other took over, not when it was made"
    );
    let pending = store.select("key", Select::Pending).await;
    assert_eq!(refused(pending), (ErrorKind::NotFound, Some(Reason::Version)));
}

#[tokio::test]
async fn promoting_against_another_current_release_is_a_conflict_and_changes_nothing() {
    let folder = Folder::new();
    let store = folder.store().await;
    let store = Asked(&store);
    let first = store.write("key", "canary-1").await;
    let second = store.write("key", "canary-2").await;
    let put = store.put_with("key", "canary-3", pending()).await.unwrap();
    let next = put.unwrap();
    let before = folder.picture();
    for expected in [first.as_str(), next.as_str(), "7"] {
        let promoted = store.promote("key", next.as_str(), Some(expected)).await;
        assert_eq!(kind(promoted), ErrorKind::Conflict, "{expected}");
    }
    for absent in ["20200101T000000Z", "7", "../x"] {
        assert_eq!(
            refused(store.promote("key", absent, Some(&second)).await),
            (ErrorKind::NotFound, Some(Reason::Version))
        );
    }
    assert_eq!(
        refused(store.promote("absent", next.as_str(), Some(&second)).await),
        (ErrorKind::NotFound, Some(Reason::Secret))
    );
    assert_eq!(folder.picture(), before);
}

#[tokio::test]
async fn a_pending_release_whose_base_was_overtaken_is_not_promoted() {
    let folder = Folder::new();
    let store = folder.store().await;
    let store = Asked(&store);
    store.write("key", "canary-1").await;
    let put = store.put_with("key", "canary-2", pending()).await.unwrap();
    let next = put.unwrap();
    let now = store.write("other", "canary-other").await;
    for expected in [None, Some(now.as_str())] {
        let promoted = store.promote("key", next.as_str(), expected).await;
        assert_eq!(kind(promoted), ErrorKind::Conflict);
    }
    assert_eq!(store.text("key").await, "canary-1");
    assert_eq!(store.text("other").await, "canary-other");
}

#[tokio::test]
async fn promoting_what_is_current_already_changes_nothing() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    let store = Asked(&*store);
    store.write("key", "canary-1").await;
    clock.advance(HOUR);
    let second = store.write("key", "canary-2").await;
    clock.advance(HOUR);
    // The grace of the previous key must not start again.
    store.promote("key", &second, Some(&second)).await.unwrap();
    assert_eq!(
        store.versions("key").await.unwrap(),
        ["20260215T100000Z current", "20260215T090000Z previous 3600"]
    );
}

#[tokio::test]
async fn times_of_retirement_survive_a_restart_and_other_writes() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    Asked(&*store).write("key", "canary-1").await;
    clock.advance(HOUR);
    Asked(&*store).write("key", "canary-2").await;
    clock.advance(HOUR);
    let again = folder.with_clock(clock.clone()).await;
    Asked(&*again).write("other", "canary").await;
    assert_eq!(
        Asked(&*again).versions("key").await.unwrap(),
        ["20260215T110000Z current", "20260215T090000Z previous 3600",]
    );
    let _ = std::fs::remove_file(folder.at(".activations"));
    let without = Asked(&*again).versions("key").await.unwrap();
    assert_eq!(
        without[1], "20260215T090000Z previous 3600",
        "without its journal: when the next one was made, which is the earliest it can have been"
    );
}

#[tokio::test]
async fn a_journal_of_nonsense_never_makes_a_grace_longer() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    Asked(&*store).write("key", "canary-1").await;
    clock.advance(HOUR);
    Asked(&*store).write("key", "canary-2").await;
    for nonsense in [
        &b""[..],
        b"\xff\xff\n",
        b"20260215T100000Z\n",
        b"20260215T100000Z -1\n",
        b"20260215T100000Z 99999999999999999999\n",
        b"20260215T100000Z 18446744073709551615\n",
        b"x 1771146000",
    ] {
        folder.file(".activations", nonsense);
        set_link_time(&folder, "current", NINE + 3600);
        let versions = Asked(&*store).versions("key").await;
        let versions = versions.expect("nonsense in the journal stops no one");
        assert_eq!(
            versions[1],
            "20260215T090000Z previous 3600",
            "{:?}",
            String::from_utf8_lossy(nonsense)
        );
    }
}

#[tokio::test]
async fn a_link_moved_by_hand_is_followed_and_its_own_time_counts() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    let store = Asked(&*store);
    store.write("key", "canary-1").await;
    clock.advance(HOUR);
    store.write("key", "canary-2").await;
    folder.move_link(format!("releases/{STAMP}"), "current");
    set_link_time(&folder, "current", NINE + 9_000);
    assert_eq!(store.text("key").await, "canary-1");
    assert_eq!(
        store.versions("key").await.unwrap(),
        ["20260215T100000Z previous 9000", "20260215T090000Z current"]
    );
    let previous = store.select("key", Select::Previous).await.unwrap();
    assert_eq!(common::shown(&previous), "canary-2");
    // The next write notes the move for good.
    clock.advance(2 * HOUR);
    store.write("key", "canary-3").await;
    assert_eq!(
        store.versions("key").await.unwrap(),
        [
            "20260215T120000Z current",
            "20260215T100000Z previous 9000",
            "20260215T090000Z previous 10800",
        ]
    );
}

#[tokio::test]
async fn f101_releases_made_by_hand_are_read_and_written_on() {
    for absolute in [false, true] {
        let folder = Folder::with_two_releases();
        if absolute {
            folder.move_link(folder.at("releases").join(STAMP), "current");
        }
        let clock = ManualClock::at(NINE + 7_200);
        let opened = folder.open(&[], clock).await.unwrap();
        let warnings = opened.warnings.concat();
        assert!(warnings.contains("has no .manifest.json"), "{warnings}");
        assert!(warnings.contains(&format!("release `{LATER}` is newer")), "{warnings}");
        let store = Asked(&*opened.store);
        assert_eq!(store.text("db").await, "canary-1");
        assert_eq!(
            store.versions("db").await.unwrap(),
            [format!("{LATER} pending"), format!("{STAMP} current")]
        );
        store.promote("db", LATER, Some(STAMP)).await.unwrap();
        assert_eq!(store.text("db").await, "canary-2");
        assert_eq!(folder.target("current"), format!("releases/{LATER}"));
        store.write("db", "canary-3").await;
        assert_eq!(store.text("db").await, "canary-3");
    }
}

#[tokio::test]
async fn an_absolute_link_through_a_linked_root_stays_inside() {
    let folder = Folder::with_two_releases();
    let alias = folder.outside("alias");
    std::os::unix::fs::symlink(folder.at(""), &alias).unwrap();
    for root in [folder.at(""), alias.clone()] {
        folder.move_link(root.join("releases").join(LATER), "current");
        let store = strongroom_local::FileStore::open(&alias).await.unwrap();
        assert_eq!(Asked(&store).text("db").await, "canary-2");
    }
}

#[tokio::test]
async fn without_current_nothing_is_written_that_would_hide_the_releases() {
    let folder = Folder::with_two_releases();
    let store = folder.store().await;
    folder.remove("current");
    let before = folder.picture();
    assert_eq!(kind(Asked(&store).get("db").await), ErrorKind::Unavailable);
    let put = Asked(&store).put("other", "canary").await;
    assert_eq!(kind(put), ErrorKind::Unavailable);
    let put = Asked(&store).put_with("db", "canary", only_if(IfVersion::Absent)).await;
    assert_eq!(kind(put), ErrorKind::Unavailable);
    assert_eq!(folder.picture(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_puts_of_one_process_all_arrive() {
    let folder = Folder::new();
    let store = folder.store().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        tasks.spawn(async move {
            let name = format!("team-{}/secret-{number}", number % 3);
            Asked(&store).write(&name, &format!("canary-{number}")).await
        });
    }
    let stamps: BTreeSet<String> = tasks.join_all().await.into_iter().collect();
    assert_eq!(stamps.len(), 20, "a release each");
    assert_eq!(Asked(&store).list(None).await.unwrap().len(), 20);
    for number in 0..20 {
        let name = format!("team-{}/secret-{number}", number % 3);
        assert_eq!(Asked(&store).text(&name).await, format!("canary-{number}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_writers_with_one_condition_one_wins() {
    let folder = Folder::new();
    let store = folder.store().await;
    let seen = Asked(&store).write("db", "canary").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (store, seen) = (store.clone(), seen.clone());
        tasks.spawn(async move {
            let value = format!("canary-{number}");
            Asked(&store).put_with("db", value, is(&seen)).await
        });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
}

#[tokio::test]
async fn a_put_whose_caller_went_away_ends_whole() {
    let folder = Folder::new();
    let store = folder.store().await;
    {
        let (name, value) = (name("db"), "canary".into());
        let mut put = store.put(&name, value, PutOptions::default());
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        assert!(put.as_mut().poll(&mut context).is_pending());
    }
    // Queued behind the first one, as every writer of this process.
    Asked(&store).write("other", "canary").await;
    assert_eq!(Asked(&store).text("other").await, "canary");
    let listed = Asked(&store).list(None).await.unwrap();
    assert!(listed == ["db", "other"] || listed == ["other"], "{listed:?}");
}

#[tokio::test]
async fn two_stores_on_one_folder_see_each_other() {
    let folder = Folder::new();
    let (one, other) = (folder.store().await, folder.store().await);
    Asked(&one).write("a", "canary-a").await;
    Asked(&other).write("b", "canary-b").await;
    Asked(&one).write("a", "canary-c").await;
    let got = other.get_many(&names(&["a", "b"]), Default::default()).await;
    let texts: Vec<_> = got.iter().map(|one| common::shown(one.as_ref().unwrap())).collect();
    assert_eq!(texts, ["canary-c", "canary-b"]);
}

#[tokio::test]
async fn a_store_that_opened_an_empty_folder_follows_it_into_releases() {
    let folder = Folder::new();
    let early = folder.store().await;
    Asked(&folder.store().await).write("db", "canary").await;
    assert_eq!(Asked(&early).text("db").await, "canary");
    assert_eq!(Asked(&early).versions("db").await.unwrap().len(), 1);
    let epoch = Asked(&early).get("db").await.unwrap().created_at();
    assert!(epoch > Some(SystemTime::UNIX_EPOCH));
}

#[tokio::test]
async fn without_a_link_no_version_is_told_of_any_release() {
    let folder = Folder::with_two_releases();
    let store = folder.store().await;
    folder.remove("current");
    let store = Asked(&store);
    assert_eq!(kind(store.versions("db").await), ErrorKind::Unavailable);
    assert_eq!(kind(store.promote("db", LATER, None).await), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_pending_release_that_can_no_longer_be_promoted_is_not_one() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    let store = Asked(&*store);
    let first = store.write("key", "canary-1").await;
    clock.advance(HOUR);
    let second = store.write("key", "canary-2").await;
    clock.advance(HOUR);
    let pending = PutOptions::default().stage(Stage::Pending);
    store.put_with("key", "canary-3", pending).await.unwrap();
    folder.move_link(format!("releases/{first}"), "current");
    let listed = store.versions("key").await.unwrap();
    assert!(!listed.iter().any(|version| version.contains("pending")), "{listed:?}");
    assert!(listed.iter().any(|version| version.starts_with(&format!("{second} previous"))));
}

#[tokio::test]
async fn two_moves_by_hand_do_not_lengthen_the_grace_of_the_first() {
    let folder = Folder::new();
    let clock = ManualClock::at(NINE);
    let store = folder.with_clock(clock.clone()).await;
    let store = Asked(&*store);
    store.write("key", "canary-1").await;
    for stamp in [LATER, "20260301T090000Z"] {
        folder.file(&format!("releases/{stamp}/key"), format!("canary-{stamp}"));
        folder.move_link(format!("releases/{stamp}"), "current");
    }
    let listed = store.versions("key").await.unwrap();
    assert!(listed.contains(&"20260215T090000Z previous 3600".to_owned()), "{listed:?}");
}

#[tokio::test]
async fn a_folder_that_is_filled_after_it_was_opened_has_the_capabilities_of_its_layout() {
    let folder = Folder::new();
    let store = folder.store().await;
    assert!(store.capabilities().versions, "empty: the first put makes releases");
    folder.file("db", "canary-1");
    assert!(!store.capabilities().versions, "flat now");
}

#[tokio::test]
async fn s10_debug_of_a_store_shows_neither_values_nor_what_guesses_can_be_checked_with() {
    let folder = Folder::new();
    let store = folder.store().await;
    let stamp = Asked(&store).write("pin", "canary-1234").await;
    Asked(&store).text("pin").await;
    let manifest = folder.bytes(&format!("releases/{stamp}/.manifest.json"));
    let manifest = String::from_utf8(manifest).unwrap();
    let secrets = manifest.split('"').filter(|part| part.len() == 64);
    let shown = format!("{store:?} {store:#?}");
    assert_eq!(secrets.clone().count(), 2, "salt and hash");
    assert!(secrets.into_iter().all(|secret| !shown.contains(secret)), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}
