//! The cache: what is served, for how long, and how often the provider is asked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod herd;
mod log;
mod outage;
mod scene;
mod timer;
