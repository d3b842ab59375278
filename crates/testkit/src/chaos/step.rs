//! What one call does, other than to ask.

use std::sync::Arc;
use std::time::Duration;

use strongroom_core::{Error, Result, Secret};

use super::gate::{self, Gate, Passage};

/// What a call that reaches a [`ChaosStore`](super::ChaosStore) does: how it ends, and what it waits for
/// before and after that.
///
/// In this order: the gate of [`wait`](Self::wait), the [`delay`](Self::delay), the end, the gate of
/// [`hold`](Self::hold).
#[derive(Clone, Debug)]
#[must_use = "a step does nothing until a store is told of it"]
pub struct Step {
    end: End,
    wait: Option<Arc<Passage>>,
    delay: Option<Duration>,
    hold: Option<Arc<Passage>>,
    times: Option<usize>,
}

#[derive(Clone, Debug)]
enum End {
    Ask,
    Answer(Secret),
    Fail(Error),
    Panic,
}

impl Step {
    /// Asks the inner store, as a call without a step does. To wait with, and to leave a name out of what is
    /// scripted for all.
    pub fn ask() -> Self {
        Self::new(End::Ask)
    }

    /// Answers a `get`, or the name in a `get_many`, with this secret in place of asking, whatever the options
    /// say. Other calls leave it for the next read.
    pub fn answer(secret: Secret) -> Self {
        Self::new(End::Answer(secret))
    }

    /// Fails with this error as it is: no name, provider or operation is added. In a `get_many` the other
    /// names have answers of their own.
    pub fn fail(error: Error) -> Self {
        Self::new(End::Fail(error))
    }

    /// Panics, with a text that names no secret. Takes a whole `get_many` along.
    pub fn panic() -> Self {
        Self::new(End::Panic)
    }

    /// Waits at this gate before anything else. Default: at none.
    pub fn wait(mut self, gate: &Gate) -> Self {
        self.wait = Some(gate.passage());
        self
    }

    /// Waits this long by tokio's timer before it ends, or before it asks. Default: not at all.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Waits at this gate with the result in hand: what the inner store holds by then no longer matters.
    /// Default: at none.
    pub fn hold(mut self, gate: &Gate) -> Self {
        self.hold = Some(gate.passage());
        self
    }

    /// For so many calls one after the other. Default: 1. Zero is none.
    pub fn times(mut self, count: usize) -> Self {
        self.times = Some(count);
        self
    }

    fn new(end: End) -> Self {
        Self { end, wait: None, delay: None, hold: None, times: None }
    }

    /// How many calls it is for, if that was said.
    pub(super) fn count(&self) -> Option<usize> {
        self.times
    }

    /// Whether it can end a call that is not a read.
    pub(super) fn suits_all(&self) -> bool {
        !matches!(self.end, End::Answer(_))
    }

    /// The result, or `None` if the inner store has to be asked.
    #[expect(clippy::panic, reason = "what the test asked for")]
    pub(super) fn end(&self) -> Option<Result<Secret>> {
        match &self.end {
            End::Ask => None,
            End::Answer(secret) => Some(Ok(secret.clone())),
            End::Fail(error) => Some(Err(error.clone())),
            End::Panic => panic!("a panic that the script of a test asked for"),
        }
    }
}

/// Waits for what one call has to wait for before it ends: at each gate once, and for the longest delay.
pub(super) async fn before(steps: &[Step]) {
    gate::pass(steps.iter().filter_map(|step| step.wait.as_ref())).await;
    if let Some(delay) = steps.iter().filter_map(|step| step.delay).max() {
        tokio::time::sleep(delay).await;
    }
}

/// Waits for what one call has to wait for with its result in hand.
pub(super) async fn after(steps: &[Step]) {
    gate::pass(steps.iter().filter_map(|step| step.hold.as_ref())).await;
}
