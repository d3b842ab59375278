//! Conformance cases 77 to 88: what is cached, for how long, and what a rotation does, on each sort of store.

#![expect(clippy::unwrap_used, reason = "scenarios that the tests of several stores share")]

mod entries;
mod failures;
mod keys;
mod place;
mod reads;
mod telemetry;
mod times;

use std::time::Duration;

const TTL: Duration = Duration::from_secs(60);
const AGE: Duration = Duration::from_secs(360);
const GRACE: Duration = Duration::from_secs(900);
const SECOND: Duration = Duration::from_secs(1);

/// Runs each test on a store in memory, on a folder of releases, and on KV version 2 of the fake.
macro_rules! on_each {
    ($($test:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::place::Place::memory()).await;
            })+
        }

        mod file {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::place::Place::file().await).await;
            })+
        }

        mod vault {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::place::Place::vault().await).await;
            })+
        }
    };
}
use on_each;
