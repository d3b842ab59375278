//! A place where a test stops calls.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// A gate at which calls wait until the test lets them go on. Made by the test, put into a
/// [`Step`](super::Step) or several.
///
/// Arrivals and releases are both counted, so neither is lost when the other side is not there yet. It has no
/// time limit: a call that nobody releases waits, and so does a test for a call that never comes.
#[derive(Debug)]
pub struct Gate(Arc<Passage>);

/// What a step knows of its gate.
#[derive(Debug)]
pub(super) struct Passage {
    /// Calls that came, and that the test was not told of yet.
    arrivals: Semaphore,
    /// Calls that may pass. Closed, which lets all pass, once the gate is gone.
    releases: Semaphore,
}

impl Gate {
    /// A gate that lets no call pass.
    pub fn shut() -> Self {
        let (arrivals, releases) = (Semaphore::new(0), Semaphore::new(0));
        Self(Arc::new(Passage { arrivals, releases }))
    }

    /// Completes when a call came here, before or after this was asked. Tells of each call once: asked a
    /// second time, it completes with the second call.
    ///
    /// Safe to drop: the call is then told of next time.
    pub async fn arrived(&self) {
        if let Ok(arrival) = self.0.arrivals.acquire().await {
            arrival.forget();
        }
    }

    /// Lets one call go on: the one that waits longest, or the next one that comes. A call that is dropped
    /// while it waits leaves that to another.
    pub fn release(&self) {
        self.0.releases.add_permits(1);
    }

    pub(super) fn passage(&self) -> Arc<Passage> {
        Arc::clone(&self.0)
    }
}

/// Lets every call go on: those that wait, and those that come later.
impl Drop for Gate {
    fn drop(&mut self) {
        self.0.releases.close();
    }
}

/// One call arrives at all of these, once at each, and waits until it may pass all.
pub(super) async fn pass<'a>(passages: impl Iterator<Item = &'a Arc<Passage>>) {
    let mut distinct: Vec<&Arc<Passage>> = Vec::new();
    for passage in passages {
        if !distinct.iter().any(|seen| Arc::ptr_eq(seen, passage)) {
            distinct.push(passage);
        }
    }
    for passage in &distinct {
        passage.arrivals.add_permits(1);
    }
    for passage in distinct {
        if let Ok(release) = passage.releases.acquire().await {
            release.forget();
        }
    }
}
