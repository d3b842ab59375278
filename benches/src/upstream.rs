//! A provider that takes its time and counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use strongroom::provider::{Capabilities, ProviderInfo, SecretStore};
use strongroom::{Clock, GetOptions, Result, Secret, SecretName, SecretValue, SystemClock};

/// Knows every name, and answers each time with a new version of a value. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Upstream(Arc<State>);

#[derive(Debug)]
struct State {
    takes: Duration,
    value: Vec<u8>,
    calls: AtomicU64,
    slowest_nanos: AtomicU64,
}

const INFO: ProviderInfo = ProviderInfo::new("upstream");

impl Upstream {
    /// Takes so long for a value of so many bytes.
    pub(crate) fn new(takes: Duration, bytes: usize) -> Self {
        let (calls, slowest_nanos) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(State { takes, value: vec![b'c'; bytes], calls, slowest_nanos }))
    }

    /// How often it was asked.
    pub(crate) fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::SeqCst)
    }

    /// How long the slowest answer took since this was last asked.
    pub(crate) fn take_slowest(&self) -> Duration {
        Duration::from_nanos(self.0.slowest_nanos.swap(0, Ordering::SeqCst))
    }
}

#[async_trait]
impl SecretStore for Upstream {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn get(&self, _: &SecretName, _: GetOptions) -> Result<Secret> {
        let call = self.0.calls.fetch_add(1, Ordering::SeqCst);
        if !self.0.takes.is_zero() {
            let start = SystemClock.monotonic();
            tokio::time::sleep(self.0.takes).await;
            let took = SystemClock.monotonic().saturating_duration_since(start).as_nanos() as u64;
            self.0.slowest_nanos.fetch_max(took, Ordering::SeqCst);
        }
        // Bytes of its own: of shared ones a leak would not show.
        let value = SecretValue::copy_from(&self.0.value);
        Ok(Secret::new(value).with_version(call.to_string().as_str().into()))
    }
}
