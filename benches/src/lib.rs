//! What a warm read, a signature and a renewal cost, measured beside the peers, and held to bars.
//!
//! Two programs: `hot` measures times, `allocations` counts allocations. They are two because a counting
//! allocator would slow the contestants that allocate, and so flatter the ones that do not. Method and figures:
//! `docs/performance.md`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "tables for people")]

mod bar;
mod contest;
mod contestants;
mod pair;
mod program;
mod report;
mod stopwatch;
mod tables;
mod upstream;

use std::process::ExitCode;

use program::Section;

pub use tables::allocations::Allocated;

/// Measures times: prints the tables that the command line names, all without one. With `--check` it fails if a
/// bar is missed.
pub fn hot() -> ExitCode {
    program::run(&[
        // First: what other tables freed would hide what this one leaks.
        Section { name: "memory", measure: &tables::memory::measure },
        Section { name: "reads", measure: &tables::reads::measure },
        Section { name: "one-secret", measure: &tables::one_secret::measure },
        Section { name: "hmac", measure: &tables::hmac::measure },
        Section { name: "stampede", measure: &tables::stampede::measure },
        Section { name: "refresh", measure: &tables::refresh::measure },
    ])
}

/// Counts allocations, with a function that tells what the whole process allocated while it ran another. Same
/// command line as [`hot`].
pub fn allocations(count: impl Fn(&dyn Fn()) -> Allocated) -> ExitCode {
    let measure = || tables::allocations::measure(&count);
    program::run(&[Section { name: "allocations", measure: &measure }])
}
