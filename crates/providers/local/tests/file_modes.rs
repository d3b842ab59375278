//! `file` and who else may read or write: modes, owners, ACLs.

mod common;

use std::os::unix::fs::chown;

use common::{Asked, Folder, STAMP, fault, kind, say};
use rustix::fs::XattrFlags;
use strongroom_core::{ErrorKind, SystemClock};
use strongroom_local::FileStore;

/// What a mode leads to: refused always, a warning unless strict, or nothing to say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Refused,
    Warned,
    Fine,
}
use Verdict::{Fine, Refused, Warned};

/// Asks a folder that can be opened about one secret: with and without strict.
async fn judged(folder: &Folder, name: &str, mention: &str) -> Verdict {
    let opened = folder.open(&[], SystemClock).await;
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Misconfigured);
            return Refused;
        }
    };
    let loose = Asked(&*opened.store).get(name).await;
    let strict = match folder.strict().await {
        Ok(strict) => Asked(&*strict.store).get(name).await,
        Err(error) => Err(error),
    };
    for error in [&loose, &strict].into_iter().filter_map(|one| one.as_ref().err()) {
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
    }
    let warned = opened.warnings.iter().any(|text| text.contains(mention));
    match (loose.is_ok(), strict.is_ok(), warned) {
        (true, true, false) => Fine,
        (true, false, true) => Warned,
        (false, false, true) => Refused,
        seen => unreachable!("readable, readable when strict, warned: {seen:?}"),
    }
}

#[tokio::test]
async fn f107_case_107_files_by_mode() {
    for (mode, verdict) in [
        (0o400, Fine),
        (0o600, Fine),
        (0o640, Fine),
        (0o440, Fine),
        (0o660, Warned),
        (0o750, Warned),
        (0o700, Warned),
        (0o2640, Warned),
        (0o4640, Warned),
        (0o644, Refused),
        (0o604, Refused),
        (0o666, Refused),
        (0o642, Refused),
        (0o777, Refused),
    ] {
        let flat = Folder::new();
        flat.file("db", "canary");
        flat.chmod("db", mode);
        assert_eq!(judged(&flat, "db", "`db`").await, verdict, "flat {mode:o}");
        let releases = Folder::with_two_releases();
        releases.file(&format!("releases/{STAMP}/n/db"), "canary");
        releases.chmod(&format!("releases/{STAMP}/n/db"), mode);
        assert_eq!(judged(&releases, "n/db", "`n/db`").await, verdict, "release {mode:o}");
    }
}

#[tokio::test]
async fn f107_folders_by_mode() {
    let flat = Folder::new();
    flat.file("n/db", "canary");
    let releases = Folder::with_two_releases();
    releases.file(&format!("releases/{STAMP}/n/db"), "canary");
    let release = format!("releases/{STAMP}");
    let nested = format!("{release}/n");
    for (mode, verdict) in [
        (0o700, Fine),
        (0o750, Fine),
        (0o755, Warned),
        (0o770, Warned),
        (0o2750, Warned),
        (0o777, Refused),
        (0o757, Refused),
        (0o1777, Refused),
    ] {
        for (folder, path, mention) in [
            (&flat, "", "folder"),
            (&flat, "n", "`n`"),
            (&releases, "", "folder"),
            (&releases, "releases", "releases"),
            (&releases, &release, STAMP),
            (&releases, &nested, "`n`"),
        ] {
            folder.chmod(path, mode);
            let judged = judged(folder, "n/db", mention).await;
            folder.chmod(path, 0o750);
            assert_eq!(judged, verdict, "{path:?} {mode:o}");
        }
    }
}

#[tokio::test]
async fn f107_a_mode_that_gets_wider_while_the_store_is_open_is_seen() {
    let folder = Folder::new();
    folder.file("db", "canary");
    let store = folder.store().await;
    assert_eq!(Asked(&store).text("db").await, "canary");
    folder.chmod("db", 0o644);
    assert_eq!(kind(Asked(&store).get("db").await), ErrorKind::Misconfigured);
    folder.chmod("db", 0o640);
    folder.chmod("", 0o777);
    assert_eq!(kind(Asked(&store).get("db").await), ErrorKind::Misconfigured);
    assert_eq!(kind(Asked(&store).list(None).await), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn f107_nothing_is_written_where_everyone_may_write() {
    let folder = Folder::new();
    folder.file("n/db", "canary");
    let store = folder.store().await;
    folder.chmod("n", 0o777);
    let before = folder.picture();
    let put = Asked(&store).put("n/new", "canary").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
    folder.chmod("n", 0o750);
    folder.chmod("", 0o777);
    let put = Asked(&store).put("new", "canary").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
    folder.chmod("", 0o750);
    assert_eq!(folder.picture().len(), before.len());

    let releases = Folder::with_two_releases();
    let store = releases.store().await;
    releases.chmod("releases", 0o777);
    let before = releases.picture();
    let put = Asked(&store).put("db", "canary").await;
    assert_eq!(kind(put), ErrorKind::Misconfigured);
    assert_eq!(releases.picture(), before);
}

#[tokio::test]
async fn f107_a_manifest_or_journal_that_everyone_may_write_is_refused() {
    let folder = Folder::new();
    let store = folder.store().await;
    let stamp = Asked(&store).write("db", "canary").await;
    folder.chmod(".activations", 0o666);
    assert_eq!(kind(Asked(&store).versions("db").await), ErrorKind::Misconfigured);
    folder.chmod(".activations", 0o640);
    folder.chmod(&format!("releases/{stamp}/.manifest.json"), 0o666);
    let error = fault(FileStore::open(folder.at("")).await);
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn f107_owners_who_are_neither_root_nor_we_are_named() {
    if !common::is_root() {
        say("skipped: only root can give files to another user");
        return;
    }
    let flat = Folder::new();
    flat.file("n/db", "canary");
    let releases = Folder::with_two_releases();
    releases.file(&format!("releases/{STAMP}/n/db"), "canary");
    let (release, file) = (format!("releases/{STAMP}"), format!("releases/{STAMP}/n/db"));
    for (folder, path, mention) in [
        (&flat, "n/db", "12345"),
        (&flat, "n", "12345"),
        (&flat, "", "12345"),
        (&releases, file.as_str(), "12345"),
        (&releases, release.as_str(), "12345"),
        (&releases, "releases", "12345"),
    ] {
        chown(folder.at(path), Some(12_345), None).unwrap();
        assert_eq!(judged(folder, "n/db", mention).await, Warned, "{path}");
        chown(folder.at(path), Some(0), None).unwrap();
        assert_eq!(judged(folder, "n/db", mention).await, Fine, "{path}");
    }
}

#[tokio::test]
async fn f107_a_file_with_an_acl_is_warned_about_and_refused_when_strict() {
    let folder = Folder::new();
    folder.file("db", "canary");
    // POSIX ACL, version 2: owner rw, user 12345 r, group r, mask r, others nothing.
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 6, u32::MAX),
        (0x02, 4, 12_345),
        (0x04, 4, u32::MAX),
        (0x10, 4, u32::MAX),
        (0x20, 0, u32::MAX),
    ];
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        acl.extend(tag.to_le_bytes());
        acl.extend(rights.to_le_bytes());
        acl.extend(id.to_le_bytes());
    }
    let path = folder.at("db");
    let set = rustix::fs::setxattr(&path, "system.posix_acl_access", &acl, XattrFlags::empty());
    if set.is_err() {
        say("skipped: this file system has no ACLs");
        return;
    }
    assert_eq!(folder.mode("db"), 0o640, "the mode does not show it");
    assert_eq!(judged(&folder, "db", "ACL").await, Warned);
}
