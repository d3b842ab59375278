//! Measures times. `hot [--check] [TABLE]..`

use std::process::ExitCode;

fn main() -> ExitCode {
    strongroom_benches::hot()
}
