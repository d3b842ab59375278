//! The provider of the model test.

use async_trait::async_trait;
use strongroom_core::{Result, Secret};
use strongroom_layers::Source;
use tokio::task::yield_now;

use crate::world::World;

/// How long an answer takes, in turns of the runtime.
pub(crate) const YIELDS: usize = 6;

/// A source that answers, some yields later, what was true when it was asked.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) world: World,
    pub(crate) batches: bool,
}

#[async_trait]
impl Source for Upstream {
    type Key = String;
    type Value = Secret;

    fn provider(&self) -> &'static str {
        "upstream"
    }

    fn batches(&self) -> bool {
        self.batches
    }

    async fn load(&self, keys: &[String]) -> Vec<Result<Secret>> {
        let loads: Vec<_> = keys.iter().map(|key| self.world.begin(key)).collect();
        self.world.note_call(keys, &loads);
        for _ in 0..YIELDS {
            yield_now().await;
        }
        keys.iter().zip(&loads).for_each(|(key, load)| self.world.end(key, load));
        loads.into_iter().map(|load| load.answer).collect()
    }
}
