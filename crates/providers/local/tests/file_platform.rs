//! `file` on folders that a platform mounts and swaps: Kubernetes secrets and projected volumes.

mod common;

use std::os::unix::fs::chown;

use common::{Asked, Folder, exact, kind, names, refused, say, shown};
use strongroom_core::{ErrorKind, Reason, SecretStore, Select};

const FIRST: &str = "..2026_02_15_09_00_00.1";
const SECOND: &str = "..2026_02_15_10_00_00.2";

/// A folder as the kubelet's atomic writer leaves it, with `user` and `password` of this generation.
fn mounted() -> Folder {
    let folder = Folder::new();
    write(&folder, FIRST, "1");
    folder.link(FIRST, "..data");
    for name in ["user", "password", "tls"] {
        folder.link(format!("..data/{name}"), name);
    }
    folder.chmod("", 0o1777);
    folder
}

fn write(folder: &Folder, generation: &str, number: &str) {
    for name in ["user", "password", "tls/key"] {
        let path = format!("{generation}/{name}");
        folder.file(&path, format!("canary-{name}-{number}"));
        folder.chmod(&path, 0o644);
    }
    folder.chmod(&format!("{generation}/tls"), 0o755);
    folder.chmod(generation, 0o755);
}

#[tokio::test]
async fn a_mounted_secret_is_read_though_everyone_may() {
    let folder = mounted();
    let opened = folder.open(&[], strongroom_core::SystemClock).await;
    let opened = opened.unwrap();
    assert!(
        opened.warnings.iter().any(|text| text.contains("`password`")),
        "{:?}",
        opened.warnings
    );
    let store = Asked(&*opened.store);
    assert_eq!(store.text("user").await, "canary-user-1");
    assert_eq!(store.text("tls/key").await, "canary-tls/key-1");
    assert_eq!(store.list(None).await.unwrap(), ["password", "tls/key", "user"]);
    let absent = (ErrorKind::NotFound, Some(Reason::Secret));
    assert_eq!(refused(store.get("absent").await), absent);
}

#[tokio::test]
async fn case_107_strict_refuses_a_mounted_secret_that_everyone_may_read() {
    let folder = mounted();
    let strict = folder.strict().await.unwrap();
    let got = Asked(&*strict.store).get("password").await;
    assert_eq!(kind(got), ErrorKind::Misconfigured);
    folder.chmod(&format!("{FIRST}/password"), 0o640);
    assert_eq!(Asked(&*strict.store).text("password").await, "canary-password-1");
}

#[tokio::test]
async fn case_105_a_swap_gives_the_new_secrets_all_at_once() {
    let folder = mounted();
    let store = folder.store().await;
    let read = async || {
        let asked = names(&["user", "password"]);
        let got = store.get_many(&asked, Default::default()).await;
        let texts: Vec<_> = got.iter().map(|one| shown(one.as_ref().unwrap())).collect();
        texts.join(" ")
    };
    assert_eq!(read().await, "canary-user-1 canary-password-1");
    write(&folder, SECOND, "2");
    assert_eq!(read().await, "canary-user-1 canary-password-1");
    folder.move_link(SECOND, "..data");
    folder.remove(FIRST);
    assert_eq!(read().await, "canary-user-2 canary-password-2");
}

#[tokio::test]
async fn a_platforms_folder_is_not_written() {
    let folder = mounted();
    let store = folder.store().await;
    let can = store.capabilities();
    assert!(can.list && !can.put && !can.delete && !can.cas && !can.versions && !can.pending);
    let before = folder.picture();
    let unsupported = ErrorKind::Unsupported;
    assert_eq!(kind(Asked(&store).put("user", "canary").await), unsupported);
    assert_eq!(kind(Asked(&store).put("new", "canary").await), unsupported);
    assert_eq!(kind(Asked(&store).delete("user").await), unsupported);
    assert_eq!(kind(Asked(&store).versions("user").await), unsupported);
    let promoted = Asked(&store).promote("user", "20260215T090000Z", None).await;
    assert_eq!(kind(promoted), unsupported);
    for select in [Select::Previous, Select::Pending, exact("1")] {
        let got = Asked(&store).select("user", select).await;
        assert_eq!(kind(got), unsupported);
    }
    assert_eq!(folder.picture(), before);
    assert!(!folder.at(".lock").exists());
}

#[tokio::test]
async fn a_data_link_that_leaves_the_folder_is_refused() {
    let folder = mounted();
    let store = folder.store().await;
    std::fs::create_dir(folder.outside("..evil")).unwrap();
    folder.file("plain/user", "canary-plain");
    folder.link(FIRST, "..alias");
    for target in [
        "/etc",
        "..",
        ".",
        "../..evil",
        "plain",
        "..data",
        "..alias",
        "..2026_02_15_09_00_00.1/tls",
    ] {
        folder.move_link(target, "..data");
        let got = Asked(&store).get("user").await;
        assert_eq!(kind(got), ErrorKind::Misconfigured, "{target}");
        assert_eq!(
            kind(strongroom_local::FileStore::open(folder.at("")).await),
            ErrorKind::Misconfigured,
            "{target}"
        );
    }
}

#[tokio::test]
async fn f107_what_everyone_may_write_is_refused_even_where_a_platform_mounts() {
    let folder = mounted();
    let store = folder.store().await;
    let misconfigured = ErrorKind::Misconfigured;
    folder.chmod(&format!("{FIRST}/user"), 0o646);
    assert_eq!(kind(Asked(&store).get("user").await), misconfigured);
    folder.chmod(&format!("{FIRST}/tls"), 0o777);
    assert_eq!(kind(Asked(&store).get("tls/key").await), misconfigured);
    folder.chmod(FIRST, 0o777);
    assert_eq!(kind(Asked(&store).get("password").await), misconfigured);
    folder.chmod(FIRST, 0o755);
    assert!(Asked(&store).get("password").await.is_ok());
    folder.chmod("", 0o777);
    assert_eq!(kind(Asked(&store).get("password").await), misconfigured);
}

#[tokio::test]
async fn f107_a_data_link_that_a_stranger_made_in_a_sticky_folder_is_refused() {
    if !common::is_root() {
        say("skipped: only root can make files of another user");
        return;
    }
    let folder = Folder::new();
    write(&folder, FIRST, "1");
    folder.link(FIRST, "..data");
    folder.chmod("", 0o1777);
    let store = folder.store().await;
    assert!(Asked(&store).get("user").await.is_ok());
    let stranger = rustix::fs::Uid::from_raw(12_345);
    rustix::fs::chownat(
        rustix::fs::CWD,
        folder.at("..data"),
        Some(stranger),
        None,
        rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
    )
    .unwrap();
    assert_eq!(kind(Asked(&store).get("user").await), ErrorKind::Misconfigured);
    folder.move_link(FIRST, "..data");
    chown(folder.at(FIRST), Some(12_345), None).unwrap();
    assert_eq!(kind(Asked(&store).get("user").await), ErrorKind::Misconfigured);
}
