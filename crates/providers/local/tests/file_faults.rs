//! `file` on folders that are wrong: links, manifests, odd files, dead writers, held locks.

mod common;

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use common::{Asked, Folder, LATER, NINE, STAMP, exact, fault, kind, refused, say};
use rustix::fs::{CWD, FileType, FlockOperation, Mode};
use strongroom_core::{Error, ErrorKind, PutOptions, Reason, SecretStore, Select, Stage};
use strongroom_local::FileStore;
use strongroom_testkit::ManualClock;

const MANIFEST: (ErrorKind, Option<Reason>) = (ErrorKind::Malformed, Some(Reason::Manifest));

/// A folder whose current release, made by the provider, holds these names; and the release's path.
async fn published(names: &[&str]) -> (Folder, String) {
    let folder = Folder::new();
    let store = folder.with_clock(ManualClock::at(NINE)).await;
    for name in names {
        Asked(&*store).write(name, &format!("canary-{name}")).await;
    }
    let release = folder.target("current");
    (folder, release)
}

/// What opening, and reading through a store that was open before, say about a folder.
async fn faults(folder: &Folder, early: &FileStore) -> [Error; 2] {
    let opened = FileStore::open(folder.at("")).await;
    [fault(opened), fault(Asked(early).get("db").await)]
}

#[tokio::test]
async fn f105_b093_b089_current_that_is_no_link_to_a_release_is_refused() {
    let folder = Folder::with_two_releases();
    fs::create_dir_all(folder.outside("else/releases").join(STAMP)).unwrap();
    fs::write(folder.outside("else/releases").join(STAMP).join("db"), "canary-outside").unwrap();
    folder.link(STAMP, "releases/alias");
    folder.link("other", "current-2");
    folder.link("current-2", "other");
    let early = folder.store().await;
    let root = folder.at("");
    let targets: Vec<PathBuf> = vec![
        "current".into(),
        "current-2".into(),
        "other".into(),
        "releases".into(),
        "releases/".into(),
        "releases/../../etc".into(),
        format!("releases/../releases/{STAMP}").into(),
        format!("releases/{STAMP}/../{STAMP}").into(),
        format!("../secrets/releases/{STAMP}").into(),
        format!("releases/{STAMP}/db").into(),
        "releases/alias".into(),
        "releases/2026-02-15".into(),
        "releases/20260230T000000Z".into(),
        "releases/20260215T090000Z-0001".into(),
        STAMP.into(),
        "nowhere".into(),
        "/".into(),
        "/etc".into(),
        "/etc/passwd".into(),
        folder.outside("else/releases").join(STAMP),
        folder.outside(&format!("secretsx/releases/{STAMP}")),
        root.join("releases").join("../releases").join(STAMP),
        root.join("../else/releases").join(STAMP),
        root.clone(),
        root.join("releases"),
        root.join("current"),
        "releases/a\nb\u{1b}[31m".into(),
    ];
    for target in targets {
        folder.move_link(&target, "current");
        for error in faults(&folder, &early).await {
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{target:?}: {error}");
        }
        let before = folder.picture();
        let put = Asked(&early).put("db", "canary").await;
        assert_eq!(kind(put), ErrorKind::Misconfigured, "{target:?}");
        assert_eq!(kind(Asked(&early).versions("db").await), ErrorKind::Misconfigured);
        assert_eq!(folder.picture(), before);
    }
    folder.move_link(format!("releases/{LATER}"), "current");
    assert_eq!(Asked(&early).text("db").await, "canary-2");
}

#[tokio::test]
async fn f105_current_that_is_a_file_or_folder_is_refused() {
    let folder = Folder::with_two_releases();
    let early = folder.store().await;
    folder.remove("current");
    folder.file("current", format!("releases/{STAMP}"));
    for error in faults(&folder, &early).await {
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    }
    let put = Asked(&early).put("db", "canary").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
    folder.remove("current");
    folder.file("current/db", "canary");
    for error in faults(&folder, &early).await {
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    }
    let put = Asked(&early).put("db", "canary").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn f105_a_dangling_link_without_any_releases_is_refused() {
    let folder = Folder::new();
    folder.link(format!("releases/{STAMP}"), "current");
    assert_eq!(kind(FileStore::open(folder.at("")).await), ErrorKind::Misconfigured);
    let error = fault(FileStore::open(folder.at("")).await);
    assert_eq!(error.key(), Some("SECRETS_DIR"));
}

#[tokio::test]
async fn b091_a_release_or_the_folder_of_releases_that_is_a_link_is_refused() {
    let folder = Folder::with_two_releases();
    let early = folder.store().await;
    let elsewhere = folder.outside("elsewhere");
    folder.rename("releases/20260215T090000Z", "../elsewhere");
    folder.link(&elsewhere, &format!("releases/{STAMP}"));
    for error in faults(&folder, &early).await {
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    }
    assert_eq!(kind(Asked(&early).select("db", exact(STAMP)).await), ErrorKind::Misconfigured);
    folder.move_link(format!("releases/{LATER}"), "current");
    folder.rename("releases", "../moved");
    folder.link("../moved", "releases");
    for error in faults(&folder, &early).await {
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    }
    let put = Asked(&early).put("db", "canary").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn b091_links_and_second_names_of_files_in_a_release_are_refused() {
    let folder = Folder::with_two_releases();
    fs::write(folder.outside("elsewhere"), "canary-outside").unwrap();
    let release = format!("releases/{STAMP}");
    folder.link("db", &format!("{release}/inside"));
    folder.link(folder.outside("elsewhere"), &format!("{release}/outside"));
    folder.link(".", &format!("{release}/folder"));
    folder.file(&format!("{release}/twice"), "canary");
    fs::hard_link(folder.at(&release).join("twice"), folder.outside("second-name")).unwrap();
    let store = folder.store().await;
    for name in ["inside", "outside", "folder/db", "twice"] {
        let got = Asked(&store).get(name).await;
        assert_eq!(kind(got), ErrorKind::Misconfigured, "{name}");
    }
    let before = folder.picture();
    let put = Asked(&store).put("new", "canary").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured, "no copy of a bad release");
    assert_eq!(folder.picture(), before);
    assert_eq!(Asked(&store).text("db").await, "canary-1");
}

#[tokio::test]
async fn b091_a_link_put_into_a_published_release_is_refused_by_its_manifest() {
    let (folder, release) = published(&["a", "db"]).await;
    let store = folder.store().await;
    assert_eq!(Asked(&store).text("db").await, "canary-db");
    folder.rename(&format!("{release}/db"), "moved");
    folder.link("../../moved", &format!("{release}/db"));
    for error in faults(&folder, &store).await {
        let kinds = [ErrorKind::Malformed, ErrorKind::Misconfigured];
        assert!(kinds.contains(&error.kind()), "{error}");
    }
}

/// Changes one thing in a published release of `a`, `db` and `n/b`, and reads it anew.
async fn tampered(change: impl FnOnce(&Folder, &str)) -> Error {
    let (folder, release) = published(&["a", "db", "n/b"]).await;
    let early = folder.store().await;
    Asked(&early).text("db").await;
    change(&folder, &release);
    let opened = fault(FileStore::open(folder.at("")).await);
    let put = fault(Asked(&early).put("new", "canary-new").await);
    assert_eq!(put.kind(), opened.kind(), "a bad release is not written on");
    opened
}

#[tokio::test]
async fn b092_f101_a_release_that_does_not_match_its_manifest_is_refused_by_name() {
    let missing = tampered(|folder, release| folder.remove(&format!("{release}/db"))).await;
    let nested = tampered(|folder, release| folder.remove(&format!("{release}/n/b"))).await;
    let extra = tampered(|folder, release| folder.file(&format!("{release}/zz"), "canary")).await;
    let value =
        tampered(|folder, release| folder.file(&format!("{release}/db"), "canary-xx")).await;
    let size = tampered(|folder, release| folder.file(&format!("{release}/db"), "canary")).await;
    let swapped = tampered(|folder, release| {
        folder.rename(&format!("{release}/a"), "a");
        folder.rename(&format!("{release}/db"), &format!("{release}/a"));
        folder.rename("a", &format!("{release}/db"));
    });
    let swapped = swapped.await;
    for (error, names) in [
        (missing, &["db"][..]),
        (nested, &["n/b"]),
        (extra, &["zz"]),
        (value, &["db"]),
        (size, &["db"]),
        (swapped, &["a", "db"]),
    ] {
        assert_eq!((error.kind(), error.reason()), MANIFEST);
        let text = error.to_string();
        let listed = text.rsplit(": ").next().unwrap();
        assert_eq!(listed, names.join(", "), "{text}");
    }
}

#[tokio::test]
async fn b092_a_value_changed_in_place_is_refused_by_stores_that_read_it_before() {
    let (folder, release) = published(&["a", "db"]).await;
    let store = folder.store().await;
    assert_eq!(Asked(&store).text("db").await, "canary-db");
    fs::write(folder.at(&release).join("db"), "canary-xx").unwrap();
    assert_eq!(refused(Asked(&store).get("db").await), MANIFEST);
    assert_eq!(Asked(&store).text("a").await, "canary-a");
    fs::write(folder.at(&release).join("db"), "canary-db").unwrap();
    assert_eq!(Asked(&store).text("db").await, "canary-db");
}

#[tokio::test]
async fn b092_a_listed_file_that_goes_missing_later_is_damage_and_not_absence() {
    let (folder, release) = published(&["db", "n/b"]).await;
    let store = folder.store().await;
    assert_eq!(Asked(&store).text("n/b").await, "canary-n/b");
    folder.remove(&format!("{release}/n/b"));
    assert_eq!(refused(Asked(&store).get("n/b").await), MANIFEST);
    let put = Asked(&store).put("other", "canary").await;
    assert_eq!(refused(put), MANIFEST, "the loss is not written on");
    let delete = Asked(&store).delete("db").await;
    assert_eq!(refused(delete), MANIFEST);
}

#[tokio::test]
async fn b092_a_manifest_that_is_damaged_is_no_manifest_made_by_hand() {
    for damage in ["", "{", "null", "[]", "{\"format\":1}", "canary"] {
        let error = tampered(|folder, release| {
            folder.file(&format!("{release}/.manifest.json"), damage);
        });
        let error = error.await;
        assert_eq!((error.kind(), error.reason()), MANIFEST, "{damage:?}");
    }
    let rewritten = |from: &'static str, to: &'static str| {
        move |folder: &Folder, release: &str| {
            let path = format!("{release}/.manifest.json");
            let text = String::from_utf8(folder.bytes(&path)).expect("text");
            assert!(text.contains(from));
            folder.file(&path, text.replacen(from, to, 1));
        }
    };
    for (from, to) in [
        ("\"format\": 1", "\"format\": 2"),
        ("\"format\": 1", "\"format\": 1, \"canary\": 1"),
        ("\"db\"", "\"DB\""),
        ("\"db\"", "\"../db\""),
        ("\"db\"", "\"d\\nb\\u001b[31m\""),
        ("\"bytes\": 8", "\"bytes\": 9"),
        ("\"bytes\": 8", "\"bytes\": -8"),
    ] {
        let error = tampered(rewritten(from, to)).await;
        assert_eq!((error.kind(), error.reason()), MANIFEST, "{from} {to}");
    }
}

#[tokio::test]
async fn b092_a_damaged_release_is_refused_by_version_and_does_not_hide_the_others() {
    let (folder, _) = published(&["db"]).await;
    let store = folder.with_clock(ManualClock::at(NINE + 60)).await;
    let second = Asked(&*store).write("db", "canary-2").await;
    folder.file(&format!("releases/{STAMP}/db"), "canary-x");
    let store = folder.store().await;
    assert_eq!(refused(Asked(&store).select("db", exact(STAMP)).await), MANIFEST);
    assert_eq!(Asked(&store).versions("db").await.unwrap(), [format!("{second} current")]);
    assert_eq!(Asked(&store).text("db").await, "canary-2");
    let promoted = Asked(&store).promote("db", STAMP, None).await;
    assert_eq!(refused(promoted), MANIFEST);
}

/// Every kind of file that is none, under the name that it is to have.
fn make_odd_files(folder: &Folder, at: &str) {
    let path = |name: &str| folder.at(at).join(name);
    let mode = Mode::from_raw_mode(0o640);
    folder.dir(&format!("{at}/folder"));
    rustix::fs::mknodat(CWD, path("fifo"), FileType::Fifo, mode, 0).expect("a FIFO");
    drop(UnixListener::bind(path("socket")).expect("a socket"));
    folder.link("/dev/zero", &format!("{at}/zero"));
    folder.link("/proc/self/environ", &format!("{at}/proc"));
    folder.link("/dev/stdin", &format!("{at}/stdin"));
    folder.file(&format!("{at}/huge"), "");
    let huge = fs::OpenOptions::new().write(true).open(path("huge"));
    let huge = huge.expect("the sparse file");
    huge.set_len(10 << 30).expect("a file of 10 GiB");
}

#[tokio::test]
async fn f108_case_106_what_is_no_ordinary_file_is_refused_without_waiting() {
    let flat = Folder::new();
    make_odd_files(&flat, "odd");
    flat.file("db", "canary");
    let releases = Folder::with_two_releases();
    make_odd_files(&releases, &format!("releases/{STAMP}/odd"));
    let stores = [flat.store().await, releases.store().await];
    for store in &stores {
        for (name, expected) in [
            ("odd/fifo", (ErrorKind::Misconfigured, None)),
            ("odd/socket", (ErrorKind::Misconfigured, None)),
            ("odd/folder", (ErrorKind::Misconfigured, None)),
            ("odd/zero", (ErrorKind::Misconfigured, None)),
            ("odd/proc", (ErrorKind::Misconfigured, None)),
            ("odd/stdin", (ErrorKind::Misconfigured, None)),
            ("odd/huge", (ErrorKind::Malformed, Some(Reason::TooLarge))),
        ] {
            assert_eq!(refused(Asked(store).get(name).await), expected, "{name}");
        }
    }
    let before = releases.picture().len();
    assert!(Asked(&stores[1]).put("db", "canary").await.is_err());
    assert_eq!(releases.picture().len(), before);
    let store = FileStore::open("/proc/self").await;
    if let Ok(store) = store {
        assert!(Asked(&store).get("environ").await.is_err());
    }
}

#[tokio::test]
async fn f108_a_device_is_refused_where_the_folder_holds_one() {
    let folder = Folder::new();
    folder.file("db", "canary");
    let zero = rustix::fs::makedev(1, 5);
    let made = rustix::fs::mknodat(
        CWD,
        folder.at("zero"),
        FileType::CharacterDevice,
        Mode::from_raw_mode(0o640),
        zero,
    );
    if made.is_err() {
        say("skipped: this process may not make device nodes");
        return;
    }
    let store = folder.store().await;
    let got = Asked(&store).get("zero").await;
    assert_eq!(kind(got), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn f108_the_folder_itself_may_be_wrong_in_every_way() {
    let folder = Folder::new();
    folder.file("file", "canary");
    rustix::fs::mknodat(CWD, folder.at("fifo"), FileType::Fifo, Mode::from_raw_mode(0o640), 0)
        .unwrap();
    folder.link("loop", "loop");
    for wrong in ["absent", "file", "fifo", "loop", "file/below", "absent/below"] {
        let error = fault(FileStore::open(folder.at(wrong)).await);
        assert_eq!(
            (error.kind(), error.key()),
            (ErrorKind::Misconfigured, Some("SECRETS_DIR")),
            "{wrong}: {error}"
        );
    }
}

#[tokio::test]
async fn case_106_a_file_this_process_may_not_read_is_denied_and_not_absent() {
    if common::is_root() {
        say("skipped: root may read everything");
        return;
    }
    let folder = Folder::new();
    folder.file("db", "canary");
    folder.file("closed/db", "canary");
    folder.chmod("db", 0o000);
    folder.chmod("closed", 0o000);
    let store = FileStore::open(folder.at("")).await.unwrap();
    let got = [kind(Asked(&store).get("db").await), kind(Asked(&store).get("closed/db").await)];
    folder.chmod("closed", 0o750);
    assert_eq!(got, [ErrorKind::PermissionDenied; 2]);
}

#[tokio::test]
async fn a_folder_that_goes_away_is_an_outage_and_no_secret_is_absent() {
    let folder = Folder::with_two_releases();
    let store = folder.store().await;
    folder.rename("", "../gone");
    let outage = ErrorKind::Unavailable;
    assert_eq!(kind(Asked(&store).get("db").await), outage);
    assert_eq!(kind(Asked(&store).list(None).await), outage);
    assert_eq!(kind(Asked(&store).put("db", "canary").await), outage);
    assert_eq!(kind(Asked(&store).select("db", Select::Previous).await), outage);
    // What is left of a mount that is gone: its empty mount point.
    folder.dir("");
    assert_eq!(kind(Asked(&store).get("db").await), outage);
    assert_eq!(kind(Asked(&store).list(None).await), outage);
    assert_eq!(kind(Asked(&store).put("db", "canary").await), outage);
    assert!(folder.entries("").iter().all(|name| name == ".lock"));
    folder.remove("");
    fs::rename(folder.outside("gone"), folder.at("")).unwrap();
    assert_eq!(Asked(&store).text("db").await, "canary-1");
}

/// What a writer leaves that was killed on the way.
fn leave_debris(folder: &Folder) {
    folder.file("releases/.new-20260215T120000Z/db", "canary-half");
    folder.file("releases/.new-20260215T120000Z/n/b", "canary-half");
    folder.file("releases/.new-20260215T130000Z/.manifest.json", "{");
    folder.link("releases/20260215T120000Z", ".current-20260215T120000Z");
    folder.file(".activations.new", "half a line");
}

#[tokio::test]
async fn f102_what_a_dead_writer_left_is_ignored_by_readers_and_swept_by_the_next_put() {
    let (folder, _) = published(&["db"]).await;
    leave_debris(&folder);
    let store = folder.with_clock(ManualClock::at(NINE + 60)).await;
    let store = Asked(&*store);
    assert_eq!(store.text("db").await, "canary-db");
    assert_eq!(store.list(None).await.unwrap(), ["db"]);
    assert_eq!(store.versions("db").await.unwrap(), [format!("{STAMP} current")]);
    assert_eq!(kind(store.select("db", Select::Pending).await), ErrorKind::NotFound);
    let stamp = store.write("db", "canary-2").await;
    assert_eq!(folder.entries("releases"), [STAMP, &stamp]);
    assert_eq!(folder.entries(""), [".activations", ".lock", "current", "releases"]);
}

#[tokio::test]
async fn f102_a_first_put_that_died_leaves_a_folder_that_can_be_written() {
    let folder = Folder::new();
    folder.file("releases/.new-20260215T120000Z/db", "canary-half");
    folder.link("releases/20260215T120000Z", ".current-20260215T120000Z");
    folder.file(".lock", "");
    let store = folder.store().await;
    assert!(Asked(&store).list(None).await.unwrap().is_empty());
    assert_eq!(kind(Asked(&store).get("db").await), ErrorKind::NotFound);
    let stamp = Asked(&store).write("db", "canary").await;
    assert_eq!(folder.entries("releases"), [stamp]);
}

#[tokio::test]
async fn f102_a_promotion_that_died_between_link_and_rename_can_be_repeated() {
    let (folder, _) = published(&["key"]).await;
    let store = folder.with_clock(ManualClock::at(NINE + 60)).await;
    let store = Asked(&*store);
    let pending = PutOptions::default().stage(Stage::Pending);
    let put = store.put_with("key", "canary-2", pending).await.unwrap();
    let next = put.unwrap();
    folder.link(format!("releases/{next}"), &format!(".current-{next}"));
    store.promote("key", next.as_str(), Some(STAMP)).await.unwrap();
    assert_eq!(store.text("key").await, "canary-2");
    assert!(!folder.entries("").iter().any(|name| name.starts_with(".current")));
}

#[tokio::test]
async fn f102_a_writer_that_died_after_naming_the_release_left_a_pending_one() {
    let (folder, release) = published(&["db"]).await;
    let clock = ManualClock::at(NINE + 60);
    let store = folder.with_clock(clock).await;
    let second = Asked(&*store).write("db", "canary-2").await;
    // As if it had been killed before the link moved, and before it was noted.
    folder.move_link(&release, "current");
    folder.file(".activations", format!("{STAMP} {NINE}\n"));
    let store = Asked(&*store);
    assert_eq!(store.text("db").await, "canary-db");
    assert_eq!(
        store.versions("db").await.unwrap(),
        [format!("{second} pending"), format!("{STAMP} current")]
    );
    let third = store.write("db", "canary-3").await;
    assert!(third > second);
    assert_eq!(store.text("db").await, "canary-3");
}

#[tokio::test]
async fn f103_a_put_that_cannot_write_leaves_current_as_it_was() {
    let (folder, _) = published(&["db"]).await;
    let store = folder.store().await;
    let before = folder.picture();
    let long = "x".repeat(256);
    assert!(Asked(&store).put(&long, "canary").await.is_err());
    assert!(Asked(&store).put("db/below", "canary").await.is_err());
    assert_eq!(folder.picture(), before);
    // Taken by something that is no folder: the new release cannot be built.
    folder.rename("releases", "kept");
    folder.file("releases", "not a folder");
    let put = Asked(&store).put("db", "canary-2").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
    folder.remove("releases");
    folder.rename("kept", "releases");
    assert_eq!(folder.picture(), before);
    assert_eq!(Asked(&store).text("db").await, "canary-db");
}

#[tokio::test]
async fn f103_a_journal_that_cannot_be_written_does_not_turn_a_done_put_into_a_failed_one() {
    let (folder, _) = published(&["db"]).await;
    let store = folder.with_clock(ManualClock::at(NINE + 60)).await;
    folder.file(".activations.new/in-the-way", "");
    let put = Asked(&*store).put("db", "canary-2").await;
    let now = Asked(&*store).text("db").await;
    match put {
        Ok(_) => assert_eq!(now, "canary-2"),
        Err(_) => assert_eq!(now, "canary-db", "failed, so nothing may have changed"),
    }
}

#[tokio::test]
async fn f103_debris_of_another_kind_does_not_stop_writers_for_good() {
    let (folder, _) = published(&["db"]).await;
    folder.file("releases/.new-20260215T120000Z", "a file");
    folder.link("nowhere", "releases/.new-20260215T130000Z");
    folder.dir(".current-20260215T120000Z");
    let store = folder.store().await;
    Asked(&store).write("db", "canary-2").await;
    assert!(!folder.entries("releases").iter().any(|name| name.starts_with(".new")));
}

#[tokio::test]
async fn f104_a_held_lock_is_a_conflict_and_changes_nothing() {
    let flat = Folder::new();
    flat.file("db", "canary-db");
    let (releases, _) = published(&["db"]).await;
    for folder in [&flat, &releases] {
        folder.file(".lock", "");
        let lock = fs::File::open(folder.at(".lock")).unwrap();
        rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
        let store = folder.store().await;
        let before = folder.picture();
        let locked = (ErrorKind::Conflict, Some(Reason::Locked));
        assert_eq!(refused(Asked(&store).put("db", "canary-2").await), locked);
        assert_eq!(refused(Asked(&store).delete("db").await), locked);
        if store.capabilities().pending {
            let promoted = Asked(&store).promote("db", STAMP, None).await;
            assert_eq!(refused(promoted), locked);
        }
        assert_eq!(Asked(&store).text("db").await, "canary-db", "reading needs no lock");
        assert_eq!(folder.picture(), before);
        drop(lock);
        Asked(&store).put("db", "canary-2").await.unwrap();
        assert_eq!(Asked(&store).text("db").await, "canary-2");
    }
}

#[tokio::test]
async fn a_lock_file_that_is_a_link_is_not_followed() {
    let (folder, _) = published(&["db"]).await;
    folder.remove(".lock");
    folder.link(folder.outside("made-by-us"), ".lock");
    let store = folder.store().await;
    let put = Asked(&store).put("db", "canary").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
    assert!(!folder.outside("made-by-us").exists());
}

#[tokio::test]
async fn f105_a_link_that_is_missing_or_dangles_is_a_mistake_at_the_start_and_an_outage_later() {
    for target in [None, Some("releases/20260215T113000Z")] {
        let folder = Folder::with_two_releases();
        let early = folder.store().await;
        match target {
            Some(target) => folder.move_link(target, "current"),
            None => folder.remove("current"),
        }
        let late = FileStore::open(folder.at("")).await;
        assert_eq!(kind(late), ErrorKind::Misconfigured, "{target:?}");
        // What was read before may serve: `ln -sfn` of some systems removes the link for a moment.
        assert_eq!(kind(Asked(&early).get("db").await), ErrorKind::Unavailable, "{target:?}");
        assert_eq!(kind(Asked(&early).put("db", "canary").await), ErrorKind::Unavailable);
        folder.move_link(format!("releases/{STAMP}"), "current");
        assert!(Asked(&early).get("db").await.is_ok());
    }
}

#[tokio::test]
async fn f102_a_first_put_that_died_before_its_release_came_into_force_is_none() {
    let folder = Folder::new();
    Asked(&folder.store().await).write("db", "canary-1").await;
    folder.remove("current");
    folder.remove(".activations");
    let store = folder.store().await;
    let store = Asked(&store);
    assert_eq!(kind(store.get("db").await), ErrorKind::NotFound);
    store.write("db", "canary-2").await;
    assert_eq!(store.text("db").await, "canary-2");
}

#[tokio::test]
async fn files_that_are_no_secrets_do_not_hide_those_that_are() {
    let folder = Folder::new();
    folder.file("db", "canary-1");
    folder.file("#db#", "canary-editor");
    folder.file("copy ", "canary-copy");
    fs::create_dir(folder.at("lost+found")).unwrap();
    let store = folder.store().await;
    assert_eq!(Asked(&store).text("db").await, "canary-1");
    assert_eq!(Asked(&store).list(None).await.unwrap(), ["db"]);
    let warnings = store.inspect().await.unwrap().concat();
    assert!(
        warnings.contains("`#db#` is not the name") && !warnings.contains("canary"),
        "{warnings}"
    );
}

#[tokio::test]
async fn a_release_with_files_that_are_no_secrets_is_not_built_upon() {
    let folder = Folder::with_two_releases();
    folder.file(&format!("releases/{STAMP}/copy "), "canary-copy");
    folder.move_link(format!("releases/{STAMP}"), "current");
    let store = folder.store().await;
    let before = folder.picture();
    assert_eq!(kind(Asked(&store).put("other", "canary").await), ErrorKind::Misconfigured);
    assert_eq!(folder.picture(), before, "leaving the file out would lose it");
}
