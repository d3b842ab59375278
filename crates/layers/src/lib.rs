//! What stands between a caller and a provider: [`Cache`] keeps what was read, [`RetryLayer`] tries again,
//! [`TimeoutLayer`] gives up.
//!
//! The cache is not a [`Layer`](strongroom_core::Layer): what makes it fast are handles, which a store cannot
//! give. It stands in front of all layers, so that a hit meets none of them.
//!
//! Timeout outside, retry inside, provider innermost: the deadline is then that of the whole operation,
//! waits included. The other way round each attempt would have it anew.
//!
//! Both wait with tokio's timer and panic in a runtime that was built without `enable_time`.
//!
//! ```
//! # use async_trait::async_trait;
//! # use strongroom_core::{Capabilities, Error, ErrorKind, GetOptions, ProviderInfo, Result, Secret};
//! # use strongroom_core::{SecretName, SecretStore};
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use strongroom_core::Layer;
//! use strongroom_layers::{RetryLayer, TimeoutLayer};
//!
//! # #[derive(Debug)]
//! # struct Down;
//! # #[async_trait]
//! # impl SecretStore for Down {
//! #     fn info(&self) -> &ProviderInfo {
//! #         const { &ProviderInfo::new("down") }
//! #     }
//! #     fn capabilities(&self) -> Capabilities {
//! #         Capabilities::default()
//! #     }
//! #     async fn get(&self, _: &SecretName, _: GetOptions) -> Result<Secret> {
//! #         Err(Error::new(ErrorKind::Unavailable, "connection refused"))
//! #     }
//! # }
//! # let runtime =
//! #     tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
//! # runtime.block_on(async {
//! # let provider = Down;
//! let deadline = Duration::from_secs(10);
//! let store = RetryLayer::new(RetryLayer::ATTEMPTS, deadline).store(Arc::new(provider));
//! let store = TimeoutLayer::new(deadline).store(store);
//!
//! let error = store.get(&"billing/key".parse()?, GetOptions::default()).await.unwrap_err();
//! assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 3));
//! # Ok::<(), Error>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod cache;
mod retry;
mod timeout;

pub use cache::{
    Cache, Follow, Limits, Live, LiveRef, Nudged, Ref, Reloaded, Source, Status, Value,
};
pub use retry::RetryLayer;
pub use timeout::TimeoutLayer;
