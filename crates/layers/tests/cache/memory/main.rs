//! What the cache leaves in the memory of its process.
//!
//! A program of its own: other tests would be measured along. Its own tests go one after the other.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod growth;
mod needle;
mod wiping;

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Builder, Runtime};

static ALONE: Mutex<()> = Mutex::new(());

/// To be held by a test, so that no other one runs.
fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtime(is_paused: bool) -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(is_paused).build().unwrap()
}

/// How many bytes of this process are in memory: proc(5), `/proc/pid/statm`, second field, in pages.
fn resident() -> i64 {
    const PAGE: i64 = 4_096;
    let sizes = fs::read_to_string("/proc/self/statm").unwrap();
    sizes.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap() * PAGE
}

/// Lets every task do what it can without time.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}
