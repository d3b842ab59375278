//! What tells one value from another: the whole key, and which cache it is.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use proptest::collection::vec;
use proptest::prelude::*;
use strongroom_core::{Result, Secret};
use strongroom_layers::{Cache, Limits, Source};
use strongroom_testkit::ManualClock;
use tokio::runtime::Builder;

use crate::scene::{settle, text};

/// Everything that two questions may differ in. Few of each, so that they meet.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Identity {
    origin: &'static str,
    account: Option<&'static str>,
    name: &'static str,
    field: Option<&'static str>,
    version: Option<u8>,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

fn identity() -> impl Strategy<Value = Identity> {
    let name = prop::sample::select(vec!["db", "d", "db/b", "b"]);
    let part = || prop::option::of(prop::sample::select(vec!["", "b", "db"]));
    let origin = prop::sample::select(vec!["https://a", "https://b"]);
    (origin, part(), name, part(), prop::option::of(0..2u8)).prop_map(
        |(origin, account, name, field, version)| Identity {
            origin,
            account,
            name,
            field,
            version,
        },
    )
}

/// Answers with its own name and the question.
#[derive(Debug)]
struct Echo(&'static str, bool);

impl Echo {
    fn answer(&self, key: &Identity) -> String {
        format!("canary of {} for {key}", self.0)
    }
}

#[async_trait]
impl Source for Echo {
    type Key = Identity;
    type Value = Secret;

    fn provider(&self) -> &'static str {
        "echo"
    }

    fn batches(&self) -> bool {
        self.1
    }

    async fn load(&self, keys: &[Identity]) -> Vec<Result<Secret>> {
        keys.iter().map(|key| Ok(Secret::new(self.answer(key).as_str().into()))).collect()
    }
}

type Asked = (usize, Vec<Identity>, u64);

async fn answers_are_never_mixed(batches: bool, questions: Vec<Asked>) {
    let clock = ManualClock::at(1_800_000_000);
    let cache = |name| {
        let limits = Limits::new(Duration::from_secs(60), Duration::from_secs(300));
        Cache::new(Echo(name, batches), limits, Arc::new(clock.clone()))
    };
    let caches = [cache("one"), cache("other")];
    for (which, keys, seconds) in questions {
        let cache = &caches[which];
        let texts: Vec<_> = keys.iter().map(Identity::to_string).collect();
        let asked: Vec<_> =
            keys.iter().zip(&texts).map(|(key, text)| (key.clone(), Some(text.as_str()))).collect();
        for (read, key) in cache.get_many(&asked, None).await.iter().zip(&keys) {
            assert_eq!(text(read.as_ref().unwrap()), cache.source().answer(key));
        }
        for (key, found) in keys.iter().zip(&texts) {
            let read = cache.get(key, Some(found), None).await.unwrap();
            let hits = [Some(read), cache.hit(found), cache.cached(found).map(|hit| hit.clone())];
            for hit in hits.into_iter().flatten() {
                assert_eq!(text(&hit), cache.source().answer(key));
            }
        }
        clock.advance(Duration::from_secs(seconds));
        settle().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn f018_no_two_questions_and_no_two_caches_share_an_answer(
        batches: bool,
        questions in vec((0..2usize, vec(identity(), 1..6), 0..200u64), 1..12),
    ) {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(answers_are_never_mixed(batches, questions));
    }
}
