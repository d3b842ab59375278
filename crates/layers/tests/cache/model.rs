//! Random operations on a cache, compared with a model of what it may know.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use strongroom_core::{ErrorKind, Result, Secret};
use strongroom_layers::{Cache, Follow, Limits, Live};
use strongroom_testkit::ManualClock;
use tokio::runtime::Builder;
use tokio::task::yield_now;

use crate::scene::{AGE, STALE, TTL, text};
use crate::upstream::{NAMES, Upstream, WATCHED, World};

const CASES: u64 = 500;
const OPERATIONS: usize = 60;

struct Play {
    cache: Cache<Upstream>,
    world: World,
    clock: ManualClock,
    live: Option<Live<Secret>>,
    random: Rng,
}

#[test]
fn random_operations_agree_with_a_model() {
    for seed in 0..CASES {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut play = Play::new(seed);
            for step in 0..OPERATIONS {
                let what = play.operate().await;
                settle().await;
                play.world.check_calls(&format!("seed {seed}, step {step}: {what}"));
                play.check(&format!("seed {seed}, step {step}: {what}"));
            }
            play.recover(&format!("seed {seed}, at the end")).await;
        });
    }
}

impl Play {
    fn new(seed: u64) -> Self {
        let clock = ManualClock::at(1_800_000_000);
        let world = World::new(clock.clone());
        let mut random = Rng::with_seed(seed);
        let mut limits = Limits::new(TTL, STALE);
        limits.seed = Some(seed);
        let source = Upstream { world: world.clone(), batches: random.bool() };
        let cache = Cache::new(source, limits, Arc::new(clock.clone()));
        Self { cache, world, clock, live: None, random }
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.random.usize(..NAMES.len())]
    }

    /// One operation. What it was.
    async fn operate(&mut self) -> String {
        let name = self.name();
        match self.random.u8(..20) {
            0..=4 => {
                self.advance();
                // Whatever is late: nothing past its age limit is given out.
                self.get(name).await;
                format!("time passes, get {name}")
            }
            5..=7 => {
                self.get(name).await;
                format!("get {name}")
            }
            8 => {
                self.get_many().await;
                "get many".to_owned()
            }
            9 => {
                self.burst(name).await;
                format!("many get {name} while it is forgotten")
            }
            10 => {
                let live = self.cache.watch(&WATCHED.into(), None, Follow::Changes, |secret| {
                    Ok(secret.clone())
                });
                self.live = live.await.ok().or(self.live.take());
                "watch".to_owned()
            }
            11..=12 => {
                self.world.put(name);
                format!("put {name}")
            }
            13 => {
                self.world.remove(name);
                format!("remove {name}")
            }
            14..=15 => {
                let kinds: Vec<_> = ErrorKind::all().collect();
                let kind = self.random.choice(kinds);
                self.world.fail(kind);
                format!("the provider answers {kind:?}")
            }
            16..=17 => {
                self.world.fail(None);
                "the provider is up".to_owned()
            }
            18 => {
                self.cache.invalidate(|key| key == name);
                self.world.invalidate(name);
                format!("invalidate {name}")
            }
            _ => {
                self.cache.expire(|key| key == name);
                self.world.expire(name);
                format!("expire {name}")
            }
        }
    }

    fn advance(&mut self) {
        let by = match self.random.bool() {
            true => self.random.u64(..5_000),
            false => self.random.u64(..400_000),
        };
        self.clock.advance(Duration::from_millis(by));
        self.world.moved();
    }

    async fn get(&mut self, name: &'static str) {
        let before = self.world.known(name);
        let hit = self.cache.hit(name);
        let read = self.cache.get(&name.into(), Some(name), None).await;
        self.world.check_read(name, before.clone(), &read);
        if let Some(hit) = hit {
            self.world.check_read(name, before, &Ok(hit));
        }
    }

    async fn get_many(&mut self) {
        let asked: Vec<_> = NAMES.map(|name| (name.into(), Some(name))).into();
        let before = NAMES.map(|name| self.world.known(name));
        let read = self.cache.get_many(&asked, None).await;
        assert_eq!(read.len(), NAMES.len());
        for ((name, before), read) in NAMES.iter().zip(before).zip(&read) {
            if read.is_ok() || !self.cache.source().batches {
                self.world.check_read(name, before, read);
            }
        }
        if self.cache.source().batches {
            let good = NAMES.iter().zip(&read).filter_map(|(name, read)| {
                Some((*name, text(read.as_ref().ok()?)))
            });
            self.world.check_one_call(&good.collect::<Vec<_>>());
        }
    }

    /// Readers whose load is under way when the name is invalidated, and readers who come after that.
    async fn burst(&mut self, name: &'static str) {
        let before = self.world.known(name);
        let read = || {
            let cache = self.cache.clone();
            tokio::spawn(async move { cache.get(&name.into(), Some(name), None).await })
        };
        let early = [read(), read(), read()];
        for _ in 0..8 {
            yield_now().await;
        }
        let overtaken = self.world.under_way(name);
        self.cache.invalidate(|key| key == name);
        self.world.invalidate(name);
        let after = self.world.known(name);
        assert!(after.is_none());
        let late = [read(), read(), read()];
        for read in early {
            let read: Result<Secret> = read.await.unwrap();
            if let Ok(secret) = read {
                let known = [&before, &overtaken].into_iter().flatten();
                assert!(known.clone().any(|known| *known == text(&secret)), "{name}");
            }
        }
        for read in late {
            self.world.check_read(name, None, &read.await.unwrap());
        }
    }

    /// What is shown without asking, once everything that is due has happened.
    fn check(&self, place: &str) {
        for name in NAMES {
            let known = self.world.known(name);
            for shown in [self.cache.hit(name), self.cache.cached(name).map(|hit| hit.clone())] {
                let shown = shown.map(|secret| text(&secret));
                assert!(shown.is_none() || shown == known, "{place}: {name} is {shown:?}");
            }
        }
        if let Some(live) = &self.live {
            let shown = live.load().ok().map(|secret| text(&secret));
            assert_eq!(shown, self.world.known(WATCHED), "{place}: the handle");
            let mut live = live.clone();
            let _ = crate::scene::now(pin!(live.changed()));
        }
    }

    /// The provider is up: within a gate and a TTL all that it holds is read.
    async fn recover(&mut self, place: &str) {
        self.world.fail(None);
        for by in [31, 61] {
            self.clock.advance(Duration::from_secs(by));
            self.world.moved();
            settle().await;
        }
        for name in NAMES {
            let read = self.cache.get(&name.into(), Some(name), None).await;
            let read = read.map(|secret| text(&secret)).map_err(|error| error.kind());
            let answer = self.world.answer(name).map_err(|error| error.kind());
            assert_eq!(read, answer.map(|secret| text(&secret)), "{place}: {name}");
        }
        self.check(place);
        self.world.check_bound(place);
        assert!(AGE > TTL);
    }
}

async fn settle() {
    for _ in 0..40 {
        yield_now().await;
    }
}
