//! Random operations on a cache, compared with a model of what it may know.
//!
//! How often a name may be loaded, as `world.rs` counts: in a time W in which all is well, `2 + W / (2/3 TTL)`. A
//! name in use is loaded once a beat, one that is not once a TTL; going from one to the other and back takes two
//! beats and costs one load more, so three loads come in two TTLs at most. Each change of what the provider
//! answers adds 8, and the time in which it fails costs `O / 29.1 s` in place of the above; an answer about the
//! secret is asked for again every 5 s. Each invalidation adds 7. At one instant a name is loaded once, and once
//! more for each time that it was forgotten or asked for together with others.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use strongroom_core::{ErrorKind, Result, Secret};
use strongroom_layers::{Cache, Follow, Limits, Live};
use strongroom_testkit::ManualClock;
use tokio::runtime::Builder;
use tokio::task::yield_now;

use crate::scene::{STALE, TTL, text};
use crate::upstream::{Upstream, YIELDS};
use crate::world::{NAMES, WATCHED, World};

const CASES: u64 = 500;
const OPERATIONS: usize = 50;

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
            for _ in 0..OPERATIONS {
                play.operate().await;
                settle().await;
                play.check();
            }
            play.recover().await;
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

    async fn operate(&mut self) {
        let name = self.name();
        match self.random.u8(..20) {
            0..=4 => {
                self.advance();
                // Whoever renews has not looked yet.
                self.get(name).await;
            }
            5..=7 => self.get(name).await,
            8 => self.get_many().await,
            9 => self.burst(name).await,
            10 => {
                self.world.tell("watch".to_owned());
                let key = WATCHED.to_owned();
                let parse = |secret: &Secret| Ok(secret.clone());
                let live = self.cache.watch(&key, None, Follow::Changes, parse).await;
                self.live = live.ok().or(self.live.take());
            }
            11..=12 => self.world.put(name),
            13 => self.world.remove(name),
            14..=15 => {
                let kinds: Vec<_> = ErrorKind::all().collect();
                self.world.fail(self.random.choice(kinds));
            }
            16..=17 => self.world.fail(None),
            18 => {
                self.cache.invalidate(|key| key == name);
                self.world.invalidate(name);
            }
            _ => {
                self.cache.expire(|key| key == name);
                self.world.expire(name);
            }
        }
    }

    fn advance(&mut self) {
        let by = match self.random.bool() {
            true => self.random.u64(..5_000),
            false => self.random.u64(..400_000),
        };
        self.pass(Duration::from_millis(by));
    }

    fn pass(&self, by: Duration) {
        self.world.moved(by);
        self.clock.advance(by);
    }

    async fn get(&mut self, name: &'static str) {
        self.world.tell(format!("get {name}"));
        let before = self.world.known(name);
        let hit = self.cache.hit(name);
        let read = self.cache.get(&name.into(), Some(name), None).await;
        self.world.check_read(name, before.clone(), &read);
        if let Some(hit) = hit {
            self.world.check_read(name, before, &Ok(hit));
        }
    }

    async fn get_many(&mut self) {
        self.world.tell("get many".to_owned());
        let asked: Vec<_> = NAMES.map(|name| (name.into(), Some(name))).into();
        let before = NAMES.map(|name| self.world.known(name));
        if self.cache.source().batches {
            self.world.ask_together();
        }
        let read = self.cache.get_many(&asked, None).await;
        assert_eq!(read.len(), NAMES.len());
        for ((name, before), read) in NAMES.iter().zip(before).zip(&read) {
            if read.is_ok() || !self.cache.source().batches {
                self.world.check_read(name, before, read);
            }
        }
        if self.cache.source().batches {
            let good = NAMES
                .iter()
                .zip(&read)
                .filter_map(|(name, read)| Some((*name, text(read.as_ref().ok()?))));
            self.world.check_one_call(&good.collect::<Vec<_>>());
        }
    }

    /// Readers whose load is under way when the name is invalidated, and readers who come after that.
    async fn burst(&mut self, name: &'static str) {
        self.world.tell(format!("readers of {name}"));
        let before = self.world.known(name);
        let read = || {
            let cache = self.cache.clone();
            tokio::spawn(async move { cache.get(&name.into(), Some(name), None).await })
        };
        let early = [read(), read(), read()];
        for _ in 0..YIELDS / 2 {
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
    fn check(&self) {
        self.world.check_calls();
        let story = self.world.story();
        for name in NAMES {
            let known = self.world.known(name);
            for shown in [self.cache.hit(name), self.cache.cached(name).map(|hit| hit.clone())] {
                let shown = shown.map(|secret| text(&secret));
                assert!(
                    shown.is_none() || shown == known,
                    "{name} is {shown:?}, not {known:?}; {story}"
                );
            }
        }
        if let Some(live) = &self.live {
            let shown = live.load().ok().map(|secret| text(&secret));
            assert_eq!(shown, self.world.known(WATCHED), "the handle; {story}");
        }
    }

    /// The provider is up: within a gate and a TTL all that it holds is read.
    async fn recover(&mut self) {
        self.world.fail(None);
        for by in [31, 61] {
            self.pass(Duration::from_secs(by));
            settle().await;
        }
        for name in NAMES {
            let read = self.cache.get(&name.into(), Some(name), None).await;
            let read = read.map(|secret| text(&secret)).map_err(|error| error.kind());
            let answer = self.world.answer(name).map_err(|error| error.kind());
            assert_eq!(read, answer.map(|secret| text(&secret)), "{name}; {}", self.world.story());
        }
        self.check();
    }
}

async fn settle() {
    for _ in 0..3 * YIELDS {
        yield_now().await;
    }
}
