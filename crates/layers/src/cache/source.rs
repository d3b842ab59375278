//! What a cache holds, and where it comes from.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::time::SystemTime;

use async_trait::async_trait;
use strongroom_core::{Change, Freshness, Result, Secret, SecretVersion};

/// Where the values of a cache come from. One source is one identity: what two providers, addresses,
/// accounts or namespaces give is never in one cache.
#[async_trait]
pub trait Source: Debug + Send + Sync + 'static {
    /// What tells one value from another: the whole of it, so that no two questions share an answer.
    /// Printed in logs.
    type Key: Clone + Eq + Hash + Display + Debug + Send + Sync + 'static;
    /// What is held. Cloning it has to be cheap.
    type Value: Value;

    /// The id of the provider, for logs.
    fn provider(&self) -> &'static str;

    /// Whether several keys are asked for in one call. If not, each is a call of its own, and one that hangs
    /// does not hold up the others.
    fn batches(&self) -> bool;

    /// Asks for some keys, at least one: one result a key, in their order.
    async fn load(&self, keys: &[Self::Key]) -> Vec<Result<Self::Value>>;
}

/// A value that can be compared with its successor.
pub trait Value: Clone + Send + Sync + 'static {
    /// How this, just read, relates to the one held.
    fn change_from(&self, held: &Self) -> Change;

    /// The provider's id of the version, for logs.
    fn version(&self) -> Option<&SecretVersion>;

    /// Notes when it was asked for and how it stands with its time, if the type tells that.
    #[must_use]
    fn noted(self, loaded_at: SystemTime, freshness: Freshness) -> Self {
        let _ = (loaded_at, freshness);
        self
    }
}

impl Value for Secret {
    fn change_from(&self, held: &Self) -> Change {
        Self::change_from(self, held)
    }

    fn version(&self) -> Option<&SecretVersion> {
        Self::version(self)
    }

    fn noted(self, loaded_at: SystemTime, freshness: Freshness) -> Self {
        self.with_loaded_at(loaded_at).with_freshness(freshness)
    }
}
