//! Names that do not exist, and values that come and go, cost no memory that stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use strongroom_core::{Error, ErrorKind, Result, Secret};
use strongroom_layers::{Cache, Limits, Source};
use strongroom_testkit::ManualClock;

use crate::{alone, resident, runtime, settle};

const MEBIBYTE: i64 = 1 << 20;
const FLOOD: usize = 100_000;
const CYCLES: usize = 10_000;

/// Has every name but those that begin with `absent`, and keeps no account of them.
#[derive(Debug, Default)]
struct Numbers(AtomicUsize);

#[async_trait]
impl Source for Numbers {
    type Key = String;
    type Value = Secret;

    fn provider(&self) -> &'static str {
        "numbers"
    }

    fn batches(&self) -> bool {
        false
    }

    async fn load(&self, keys: &[String]) -> Vec<Result<Secret>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let answer = |key: &String| match key.starts_with("absent") {
            true => Err(Error::new(ErrorKind::NotFound, "no such value")),
            false => Ok(Secret::new("canary".repeat(100).as_str().into())),
        };
        keys.iter().map(answer).collect()
    }
}

fn cache(clock: &ManualClock) -> Cache<Numbers> {
    let limits = Limits::new(Duration::from_secs(60), Duration::from_secs(300));
    Cache::new(Numbers::default(), limits, Arc::new(clock.clone()))
}

async fn read(cache: &Cache<Numbers>, name: &str) -> bool {
    cache.get(&name.to_owned(), Some(name), None).await.is_ok()
}

async fn flood(cache: &Cache<Numbers>, names: std::ops::Range<usize>) {
    for number in names {
        assert!(!read(cache, &format!("absent-{number}")).await);
    }
}

#[test]
fn f016_names_that_do_not_exist_take_no_memory_and_no_place() {
    let _alone = alone();
    runtime(false).block_on(async {
        let cache = cache(&ManualClock::at(1_800_000_000));
        let once: Vec<_> = (0..900).map(|number| format!("once-{number}")).collect();
        for _ in 0..2 {
            assert!(read(&cache, "in-use").await);
        }
        for name in &once {
            assert!(cache.get(name, None, None).await.is_ok());
        }
        flood(&cache, 0..5_000).await;
        settle().await;
        let (before, loads) = (resident(), cache.source().0.load(Ordering::Relaxed));
        flood(&cache, 5_000..5_000 + FLOOD).await;
        let growth = resident() - before;
        assert!(growth <= MEBIBYTE, "{growth} bytes");
        assert_eq!(cache.source().0.load(Ordering::Relaxed) - loads, FLOOD, "each name once");

        assert!(cache.cached("in-use").is_some());
        for name in &once {
            assert!(cache.get(name, None, None).await.is_ok());
        }
        // The last ones that failed are remembered.
        flood(&cache, FLOOD + 4_500..FLOOD + 5_000).await;
        assert_eq!(cache.source().0.load(Ordering::Relaxed) - loads, FLOOD, "nothing was evicted");
    });
}

#[test]
fn f127_ten_thousand_loads_that_expire_leave_nothing() {
    let _alone = alone();
    runtime(false).block_on(async {
        let clock = ManualClock::at(1_800_000_000);
        let cache = cache(&clock);
        let cycle = async |number: usize| {
            // One in use and renewed, some that are read now and then, and some that were never read before.
            let name = match number % 4 {
                0 | 1 => "in-use".to_owned(),
                2 => format!("again-{}", number % 24),
                _ => format!("once-{number}"),
            };
            assert!(read(&cache, &name).await);
            match number % 5 {
                0 => cache.invalidate(|_| true),
                1 => assert!(!read(&cache, &format!("absent-{number}")).await),
                2 => clock.advance(Duration::from_secs(61)),
                _ => clock.advance(Duration::from_secs(400)),
            }
            settle().await;
        };
        for number in 0..1_000 {
            cycle(number).await;
        }
        let before = resident();
        for number in 0..CYCLES {
            cycle(number).await;
        }
        let growth = resident() - before;
        assert!(growth < MEBIBYTE, "{growth} bytes");
    });
}
