//! What is measured, all on the same 64 secrets.

mod aws;
mod floor;
mod limit;
mod moka;
mod ours;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Runtime};

pub(crate) use aws::AwsCaching;
pub(crate) use floor::{KeyedState, Swaps};
pub(crate) use limit::Limit;
pub(crate) use moka::Moka;
pub(crate) use ours::{Keys, Ours, key_bytes};

/// How many secrets there are.
pub(crate) const SECRETS: usize = 64;

/// How many reads go by before their order starts over.
const READS: usize = 1 << 12;

/// The names, 40 bytes each.
pub(crate) fn names() -> Vec<String> {
    (0..SECRETS).map(|index| format!("services/payments/{index:04}/database-password")).collect()
}

/// The value of the secret of this index, 32 bytes.
fn value(index: usize) -> String {
    format!("canary-{index:025}")
}

/// Which secret is read when: pseudo-random, and the same for all.
pub(crate) struct Order(Vec<u8>);

impl Order {
    /// From a seed.
    pub(crate) fn new() -> Self {
        let mut random = fastrand::Rng::with_seed(64);
        Self((0..READS).map(|_| random.u8(..SECRETS as u8)).collect())
    }

    /// The secret of this read.
    pub(crate) fn at(&self, read: usize) -> usize {
        usize::from(self.0[read % READS])
    }
}

/// What a future that need not wait answers.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("what is warm is not waited for"),
    }
}

/// A runtime with so many threads.
pub(crate) fn runtime(threads: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).enable_time().build().expect("threads to run on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_of_the_sizes_that_the_tables_tell() {
        assert!(names().iter().all(|name| name.len() == 40));
        assert!((0..SECRETS).all(|index| value(index).len() == 32));
    }

    #[test]
    fn the_order_reaches_every_secret() {
        let order = Order::new();
        let reached: std::collections::BTreeSet<_> =
            (0..READS).map(|read| order.at(read)).collect();
        assert_eq!(reached.len(), SECRETS);
    }
}
