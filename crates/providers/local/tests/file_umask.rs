//! `file` under any umask. A test crate of its own: the umask belongs to the whole process.

mod common;

use common::{Asked, Folder};
use rustix::fs::Mode;

#[tokio::test]
async fn s60_files_are_0640_and_folders_0750_whatever_the_umask() {
    for umask in [0o000, 0o022, 0o027, 0o077] {
        rustix::process::umask(Mode::from_raw_mode(0o022));
        let (releases, flat) = (Folder::new(), Folder::new());
        flat.file("there", "canary");
        let stores = [releases.store().await, flat.store().await];
        rustix::process::umask(Mode::from_raw_mode(umask));
        let first = Asked(&stores[0]).put("a/b/c", "canary-1").await;
        let second = Asked(&stores[0]).put("d", "canary-2").await;
        let third = Asked(&stores[1]).put("a/b/c", "canary-3").await;
        rustix::process::umask(Mode::from_raw_mode(0o022));
        let second = (first.and(second)).unwrap().unwrap();
        third.unwrap();
        for file in [".manifest.json", "a/b/c", "d"] {
            let path = format!("releases/{second}/{file}");
            assert_eq!(releases.mode(&path), 0o640, "{umask:o} {path}");
        }
        for dir in ["", "/a", "/a/b"] {
            let path = format!("releases/{second}{dir}");
            assert_eq!(releases.mode(&path), 0o750, "{umask:o} {path}");
        }
        assert_eq!(releases.mode("releases"), 0o750);
        assert_eq!(releases.mode(".activations"), 0o640);
        assert_eq!(releases.mode(".lock") & !0o640, 0);
        assert_eq!(flat.mode("a/b/c"), 0o640, "{umask:o}");
        assert_eq!((flat.mode("a"), flat.mode("a/b")), (0o750, 0o750));
    }
}
