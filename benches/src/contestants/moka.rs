//! The cache that most would put in front of a provider.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::{names, value};

/// moka with a bound and a TTL.
pub(crate) struct Moka(Cache<String, Arc<Vec<u8>>>);

impl Moka {
    /// With all secrets.
    pub(crate) fn new() -> Self {
        let ttl = Duration::from_secs(3600);
        let cache = Cache::builder().max_capacity(1000).time_to_live(ttl).build();
        for (index, name) in names().into_iter().enumerate() {
            cache.insert(name, Arc::new(value(index).into_bytes()));
        }
        Self(cache)
    }

    /// A hit.
    pub(crate) fn get(&self, name: &str) -> Arc<Vec<u8>> {
        self.0.get(name).expect("all are there")
    }
}
