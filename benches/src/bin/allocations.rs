//! Counts allocations. `allocations [--check]`

use std::alloc::System;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use strongroom_benches::Allocated;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    strongroom_benches::allocations(|run| {
        let region = Region::new(ALLOCATOR);
        run();
        let change = region.change();
        Allocated {
            times: change.allocations + change.reallocations,
            bytes: change.bytes_allocated,
        }
    })
}
