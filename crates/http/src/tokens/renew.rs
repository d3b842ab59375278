//! The task that renews the token while nobody calls.

use std::sync::{Arc, Weak};
use std::time::Duration;

use strongroom_core::Clock;
use tokio::sync::Notify;

use super::shared::Shared;

/// Longest sleep: a machine may sleep with us, and its time may be set.
const LOOK: Duration = Duration::from_secs(30);

/// Renews whenever that is due. Ends with the cache.
pub(super) async fn run(shared: Weak<Shared>, changed: Arc<Notify>, clock: Arc<dyn Clock>) {
    loop {
        let moved = clock.moved();
        let next = match shared.upgrade() {
            Some(shared) => shared.next(),
            None => return,
        };
        match next {
            None => tokio::select! {
                () = moved => {}
                () = changed.notified() => {}
            },
            Some(Duration::ZERO) => match shared.upgrade() {
                Some(shared) => shared.renew().await,
                None => return,
            },
            Some(wait) => tokio::select! {
                () = tokio::time::sleep(wait.min(LOOK)) => {}
                () = moved => {}
                () = changed.notified() => {}
            },
        }
    }
}
