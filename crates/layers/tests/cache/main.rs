//! The cache: what is served, for how long, and how often the provider is asked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod batch;
mod beats;
mod bounds;
mod clocks;
mod crossed;
mod force;
mod handles;
mod herd;
mod identity;
mod last_chance;
mod log;
mod logging;
mod model;
mod negative;
mod order;
mod outage;
mod runtimes;
mod scene;
mod timer;
mod upstream;
mod world;
