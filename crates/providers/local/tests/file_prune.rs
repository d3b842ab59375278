//! `file` while what its readers read is replaced and then removed.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::readers::{read_while, two_releases};
use common::{Asked, Folder, LATER, STAMP, names, quiet, say};
use strongroom_core::{ErrorKind, SecretStore};

/// Makes a release by hand out of a template, swaps to it, and prunes the one before.
fn publish_and_prune(folder: &Folder, template: &[(&str, Vec<u8>)], number: usize) {
    let stamp = |number: usize| format!("20260215T{:02}{:02}00Z", number / 60 % 24, number % 60);
    let (new, old) = (stamp(number), folder.target("current"));
    let release = format!("releases/{new}");
    if folder.at(&release).exists() {
        folder.remove(&release);
    }
    for (name, bytes) in template {
        folder.file(&format!("{release}/{name}"), bytes);
    }
    folder.move_link(&release, "current");
    if old != release {
        folder.remove(&old);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f100_readers_do_not_notice_that_releases_are_pruned_right_after_a_swap() {
    for with_manifest in [true, false] {
        let (made, stamps) = two_releases().await;
        let mut template = Vec::new();
        for name in [".manifest.json", "a", "n/b"] {
            template.push((name, made.bytes(&format!("releases/{}/{name}", stamps[1]))));
        }
        if !with_manifest {
            template.remove(0);
        }
        let folder = Arc::new(Folder::new());
        for (name, bytes) in &template {
            folder.file(&format!("releases/{STAMP}/{name}"), bytes);
        }
        folder.link(format!("releases/{STAMP}"), "current");
        let store = folder.store().await;
        let writer = folder.clone();
        let (seen, swaps) = read_while(&store, 20_000, 40, move |number| {
            publish_and_prune(&writer, &template, number);
        })
        .await;
        say(&format!("manifest {with_manifest}: {swaps} swaps, {:?}", seen.counted()));
        assert_eq!(seen.counted(), [20_000, 0, 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f100_readers_of_a_platforms_folder_do_not_notice_its_swaps() {
    let folder = Arc::new(Folder::new());
    let write = |folder: &Folder, number: usize| {
        for name in ["a", "n/b"] {
            folder.file(&format!("..{number}/{name}"), format!("canary-{number}"));
        }
    };
    write(&folder, 0);
    folder.link("..0", "..data");
    let store = folder.store().await;
    let writer = folder.clone();
    let (seen, swaps) = read_while(&store, 20_000, 40, move |number| {
        write(&writer, number);
        writer.move_link(format!("..{number}"), "..data");
        writer.remove(&format!("..{}", number - 1));
    })
    .await;
    say(&format!("{swaps} swaps, {:?}", seen.counted()));
    assert_eq!(seen.counted(), [20_000, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f100_a_list_is_whole_though_releases_are_pruned() {
    let template = [("a", b"canary".to_vec()), ("n/b", b"canary".to_vec())];
    let folder = Arc::new(Folder::new());
    for (name, bytes) in &template {
        folder.file(&format!("releases/{STAMP}/{name}"), bytes);
    }
    folder.link(format!("releases/{STAMP}"), "current");
    let store = folder.store().await;
    let (listed, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let writer = std::thread::spawn({
        let (folder, listed, done) = (folder.clone(), listed.clone(), done.clone());
        move || {
            let (mut number, mut next) = (0, 0);
            while !done.load(Ordering::SeqCst) {
                if listed.load(Ordering::SeqCst) < next {
                    std::thread::yield_now();
                    continue;
                }
                number += 1;
                publish_and_prune(&folder, &template, number);
                next = listed.load(Ordering::SeqCst) + 2;
            }
        }
    });
    for _ in 0..1_000 {
        assert_eq!(Asked(&store).list(None).await.unwrap(), ["a", "n/b"]);
        listed.fetch_add(1, Ordering::SeqCst);
    }
    done.store(true, Ordering::SeqCst);
    writer.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f100_a_link_replaced_in_two_steps_never_makes_a_secret_absent() {
    // What `ln -sfn` of old or small systems does: unlink, then symlink.
    let folder = Arc::new(Folder::new());
    for (stamp, value) in [(STAMP, "canary-1"), (LATER, "canary-2")] {
        for name in ["a", "n/b"] {
            folder.file(&format!("releases/{stamp}/{name}"), value);
        }
    }
    folder.link(format!("releases/{STAMP}"), "current");
    let store = folder.store().await;
    let done = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (folder, done) = (folder.clone(), done.clone());
        move || {
            while !done.load(Ordering::SeqCst) {
                for stamp in [LATER, STAMP] {
                    folder.remove("current");
                    folder.link(format!("releases/{stamp}"), "current");
                }
            }
        }
    });
    let asked = names(&["a", "n/b"]);
    let mut absent = 0;
    for _ in 0..5_000 {
        for one in store.get_many(&asked, Default::default()).await {
            if let Err(error) = quiet(one) {
                absent += usize::from(error.kind() == ErrorKind::NotFound);
            }
        }
    }
    done.store(true, Ordering::SeqCst);
    writer.join().unwrap();
    assert_eq!(absent, 0, "NotFound would be taken for the truth");
}
