//! Developer commands of the workspace.
//!
//! `cargo xtask test` runs every test, `cargo xtask check` everything else that a change must pass.
//! Both end with a table of minutes per step and, as their last line, `N passed, N failed`.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a developer's command talks to a developer"
)]

mod check;
mod command;
mod deny;
mod layering;
mod metadata;
mod offline;
mod report;
mod rust_version;
mod tally;
mod test;
mod transcript;
mod tree;

use std::process::ExitCode;

use report::Report;

fn main() -> ExitCode {
    // Cargo picks the package of an example by the folder it runs in, so every command runs at the root.
    if let Err(cause) = std::env::set_current_dir(ROOT) {
        eprintln!("cannot enter the workspace at {ROOT}: {cause}");
        return ExitCode::FAILURE;
    }
    let mut report = Report::default();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test::run(&mut report),
        ["check"] => check::run(&mut report),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    println!("\n{report}");
    report.exit_code()
}

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

const USAGE: &str = "\
usage: cargo xtask COMMAND
  test   run every test, the examples and the crate count
  check  format, lints, docs, features, Rust version, layering, licences";
