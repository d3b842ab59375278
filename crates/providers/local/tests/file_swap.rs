//! `file` while `current` is swapped under its readers: they see one release or the other, whole.

mod common;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::readers::{READERS, Seen, read_while, two_releases};
use common::{Asked, name, say};
use strongroom_core::{Clock, SecretStore, SystemClock};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f099_200_000_reads_of_two_files_are_never_torn_and_never_fail() {
    let (folder, stamps) = two_releases().await;
    let store = folder.store().await;
    let root = folder.at("");
    let started = SystemClock.monotonic();
    let (seen, swaps) = read_while(&store, 200_000, 1, move |number| {
        let target = format!("releases/{}", stamps[number % 2]);
        let next = root.join("next");
        std::os::unix::fs::symlink(target, &next).expect("a new link");
        fs::rename(&next, root.join("current")).expect("the swap");
    })
    .await;
    let seconds = SystemClock.monotonic().duration_since(started).as_secs_f32();
    let first = seen.first.load(Ordering::SeqCst);
    say(&format!("200,000 reads, {first} of the first release, {swaps} swaps, {seconds:.1} s"));
    assert_eq!(seen.counted(), [200_000, 0, 0]);
    assert!(first > 0 && first < 200_000, "both releases were seen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f099_readers_of_a_folder_that_is_written_by_us_see_whole_releases() {
    let (folder, _) = two_releases().await;
    let store = folder.store().await;
    let seen = Arc::new(Seen::default());
    let done = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..READERS {
        let (store, seen, done) = (store.clone(), seen.clone(), done.clone());
        tasks.spawn(async move {
            while !done.load(Ordering::SeqCst) {
                let got = store.get(&name("a"), Default::default()).await;
                seen.count(vec![got]);
            }
        });
    }
    for number in 0..100 {
        Asked(&store).write("a", &format!("canary-{number}")).await;
    }
    done.store(true, Ordering::SeqCst);
    tasks.join_all().await;
    assert_eq!(seen.counted()[1..], [0, 0]);
}
