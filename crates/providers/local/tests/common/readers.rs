//! A crowd of readers, and what they saw.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use strongroom_core::{Result, Secret, SecretStore};
use strongroom_local::FileStore;

use super::{Asked, Folder, names, quiet, say, shown};

pub(crate) const READERS: usize = 4;

/// What a crowd of readers saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    reads: AtomicUsize,
    torn: AtomicUsize,
    failed: AtomicUsize,
    pub(crate) first: AtomicUsize,
}

impl Seen {
    pub(crate) fn count(&self, got: Vec<Result<Secret>>) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let mut values = Vec::new();
        for one in got {
            match quiet(one) {
                Ok(secret) => values.push(shown(&secret)),
                Err(error) => {
                    if self.failed.fetch_add(1, Ordering::Relaxed) < 5 {
                        say(&format!("{error:?}"));
                    }
                    return;
                }
            }
        }
        let whole = values.windows(2).all(|pair| pair[0] == pair[1]);
        self.torn.fetch_add(usize::from(!whole), Ordering::Relaxed);
        let first = values.first().is_some_and(|value| value.ends_with('1'));
        self.first.fetch_add(usize::from(first), Ordering::Relaxed);
    }

    /// Reads, torn ones, failed ones.
    pub(crate) fn counted(&self) -> [usize; 3] {
        [&self.reads, &self.torn, &self.failed].map(|count| count.load(Ordering::SeqCst))
    }
}

/// Reads two names at once, in several tasks, while a thread of its own repeats a change, once in so many
/// reads (`pace`).
///
/// The change gets a number that counts up; it is repeated until the readers are done. Gives what they saw,
/// and how many changes there were.
pub(crate) async fn read_while(
    store: &FileStore,
    reads: usize,
    pace: usize,
    change: impl Fn(usize) + Send + 'static,
) -> (Arc<Seen>, usize) {
    let seen = Arc::new(Seen::default());
    let done = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (done, seen) = (done.clone(), seen.clone());
        move || {
            let (mut changes, mut next) = (0, 0);
            while !done.load(Ordering::SeqCst) {
                // A writer that never rests takes the processor away from the readers, and a folder that
                // changes faster than it is read is not what is asked about.
                if seen.reads.load(Ordering::SeqCst) < next {
                    std::thread::yield_now();
                    continue;
                }
                changes += 1;
                change(changes);
                next = seen.reads.load(Ordering::SeqCst) + pace;
            }
            changes
        }
    });
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..READERS {
        let (store, seen) = (store.clone(), seen.clone());
        tasks.spawn(async move {
            let asked = names(&["a", "n/b"]);
            for _ in 0..reads / READERS {
                seen.count(store.get_many(&asked, Default::default()).await);
            }
        });
    }
    tasks.join_all().await;
    done.store(true, Ordering::SeqCst);
    (seen, writer.join().expect("the writer ends"))
}

/// Two releases made by the provider, with manifests: `a` and `n/b` both say which.
pub(crate) async fn two_releases() -> (Folder, [String; 2]) {
    let folder = Folder::new();
    let store = folder.store().await;
    let mut stamps = Vec::new();
    for value in ["canary-1", "canary-2"] {
        Asked(&store).write("a", value).await;
        stamps.push(Asked(&store).write("n/b", value).await);
    }
    let stamps = stamps.try_into().expect("two of them");
    (folder, stamps)
}
