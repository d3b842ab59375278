//! The example as a program that its tests can start: under `cargo test --all-targets` cargo makes a
//! test of the example itself, and no program.

#[path = "../../axum_service.rs"]
mod axum_service;

fn main() -> std::process::ExitCode {
    axum_service::main()
}
