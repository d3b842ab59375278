//! Both layers around a store and signer that follow a script, on tokio's paused clock.

mod batch;
mod forwarding;
mod retry;
mod scripted;
mod timeout;
