//! The example `axum_service`: its routes over real HTTP, and the program as a process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[expect(dead_code, reason = "its `main` runs in the tests of the process")]
#[path = "../../axum_service.rs"]
mod axum_service;

mod client;
mod health;
mod orders;
mod process;
mod scene;
